"""Connections that wait in a pool: a server may close them while nobody looks."""

import time
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import InvalidatePoolError

_LAST_USED = "last_used"


def try_idle_connections(engine: Engine, idle_seconds: float) -> None:
    """Have a connection that was unused for so long tried, and all replaced if it is dead.

    A question before every transaction would cost a round trip each; one that is lost meanwhile is
    noticed by the first statement.
    """
    dialect = engine.dialect

    @event.listens_for(engine, "checkin")
    def note(_connection: Any, record: Any) -> None:
        record.info[_LAST_USED] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def try_out(connection: Any, record: Any, _proxy: Any) -> None:
        last_used = record.info.get(_LAST_USED)
        if last_used is None or time.monotonic() - last_used <= idle_seconds:
            return
        try:
            dialect.do_ping(connection)
        except dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError from error
