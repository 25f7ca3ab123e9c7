"""The database: opened with its migrations, used one transaction at a time."""

import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache, partial
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

from alembic.util import CommandError
from sqlalchemy import (
    URL,
    Connection,
    Engine,
    create_engine,
    event,
    inspect,
    make_url,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    IntegrityError,
    OperationalError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool, QueuePool

from kavita.store.columns import Base
from kavita.store.connections import try_idle_connections
from kavita.store.fair_lock import FairLock, TurnTimeout
from kavita.store.upgrade import Upgrade, upgrade

T = TypeVar("T")

WAL_IS_SAFE = (3, 51, 3)
"""Older SQLite can corrupt a WAL when two connections checkpoint at the same instant."""
HIDE_PARAMETERS = True
"""The drivers' errors must not repeat what patients said."""
WAIT_SECONDS = 5
ATTEMPTS = 5
IDLE_SECONDS = 10
"""A PostgreSQL connection that was unused for longer is tried before it is used."""
ONE_CONNECTION: dict[str, Any] = {
    "poolclass": QueuePool,
    "pool_size": 1,
    "max_overflow": 0,
    "pool_timeout": 2 * WAIT_SECONDS,
}
"""Callers of this process queue in the pool, not in SQLite's busy loop."""
_SERIALIZATION_FAILURE, _DEADLOCK = "40001", "40P01"


class StoreUnavailable(Exception):
    """The book cannot be opened, read or written; the words are for the operator.

    `transient` tells that nothing was done, and that it may well go another time: others were at it
    at the same moment, or the connection was lost.
    """

    def __init__(self, message: str, transient: bool = False) -> None:
        """Take the whole message; it must not hold a password."""
        super().__init__(message)
        self.transient = transient


class Database:
    """A connection pool and the one way to use it; safe to share between threads."""

    def __init__(self, url: str) -> None:
        """Take `sqlite:///path` or `postgresql://...`; raises StoreUnavailable for another."""
        self._url = _understood(url)
        self.where = _described(self._url)
        self._engine = _engine(self._url)
        self._reader = _reader(self._url, self._engine)
        self._single = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        is_sqlite = self._url.drivername == "sqlite"
        self._turns = FairLock(2 * WAIT_SECONDS) if is_sqlite else None

    def open(self) -> Upgrade:
        """Create the database where there is none, and bring its tables up to date."""
        file = _file(self._url)
        with self._plain_errors():
            if file is not None:
                _prepare(file)
            with self._engine.begin() as connection:
                return upgrade(connection, file)

    @contextmanager
    def transaction(self, gives_way: bool = False) -> Iterator[Session]:
        """Give a session whose work is committed at the end, or undone when it raises.

        One at a time: with SQLite a second one, inside the first, waits until it gives up. One that
        `gives_way` lets those of a caller who waits for an answer go first.
        """
        turn = self._turns.turn(gives_way) if self._turns else nullcontext()
        with self._plain_errors(), turn:
            with Session(self._engine, expire_on_commit=False) as session, session.begin():
                session.connection()  # begins now, not at the first statement
                yield session

    @contextmanager
    def snapshot(self) -> Iterator[Session]:
        """Give a session that sees the book at one moment, and must not write.

        Others go on meanwhile; in SQLite without WAL their commits wait, up to `WAIT_SECONDS`.
        """
        with self._plain_errors():
            with Session(self._reader, expire_on_commit=False) as session, session.begin():
                session.connection()
                yield session

    def run(self, work: Callable[[Session], T], gives_way: bool = False) -> T:
        """Do `work` in one transaction; all of it again when it met a transient conflict.

        Or when the connection was lost before the commit was sent: then nothing has been done. For
        `gives_way` see `transaction`.
        """
        return self._persevere(partial(self.transaction, gives_way), work)

    def read(self, work: Callable[[Session], T]) -> T:
        """Do `work`, which reads by one single statement; PostgreSQL is asked nothing else."""
        return self._persevere(self._statement if self._turns is None else self.transaction, work)

    def check(self) -> None:
        """Ask the database for a sign of life; raises StoreUnavailable."""
        self.read(lambda session: session.execute(select(1)).one())

    @contextmanager
    def _statement(self) -> Iterator[Session]:
        """Give a session without a transaction."""
        with self._plain_errors(), Session(self._single) as session:
            yield session

    def _persevere(
        self, begin: Callable[[], AbstractContextManager[Session]], work: Callable[[Session], T]
    ) -> T:
        for attempt in count(1):
            try:
                with begin() as session:
                    return work(session)
            except StoreUnavailable as error:
                if not error.transient or attempt >= ATTEMPTS:
                    raise
            time.sleep(random.uniform(0.005, 0.02) * 2**attempt)
        raise AssertionError  # count never ends

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    @contextmanager
    def _plain_errors(self) -> Iterator[None]:
        """Turn what the drivers raise into StoreUnavailable; constraints speak for themselves."""
        try:
            yield
        except IntegrityError:
            raise
        except DBAPIError as error:
            raise self._unavailable(_first_line(error.orig), _is_transient(error)) from error
        except self._engine.dialect.loaded_dbapi.Error as error:
            raise self._unavailable(_first_line(error)) from error
        except (PoolTimeout, TurnTimeout) as error:
            raise self._unavailable("all of its connections are busy") from error
        except CommandError as error:
            raise self._unavailable("a newer Kavita has written it") from error
        except OSError as error:
            raise self._unavailable(error.strerror or type(error).__name__) from error

    def _unavailable(self, why: str, transient: bool = False) -> StoreUnavailable:
        return StoreUnavailable(
            f"The appointment book ({self.where}) cannot be used: {why}", transient
        )


def sqlite_file(url: str) -> Path | None:
    """Return the file of an SQLite book, with its whole path; None for any other book.

    Raises StoreUnavailable like Database.
    """
    file = _file(_understood(url))
    return file and file.resolve()


def sqlite_url(file: Path) -> str:
    """Return the URL of a book that is kept in a file."""
    return URL.create("sqlite", database=str(file)).render_as_string(hide_password=False)


def insert_new(session: Session, table: type[Base], values: dict[str, Any]) -> Any:
    """Insert a row and return its primary key, or None when a key of its is there already."""
    connection = session.connection()
    statement = _insert_new(connection.dialect.name, table)
    row = connection.execute(statement, values).first()
    return None if row is None else row[0]


@cache
def _insert_new(dialect: str, table: type[Base]) -> Any:
    kind = postgresql if dialect == "postgresql" else sqlite
    primary_key = inspect(table).primary_key
    return kind.insert(table).on_conflict_do_nothing().returning(*primary_key)


def _understood(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # their words may repeat the password
        raise StoreUnavailable(
            "The database URL cannot be read; it should look like sqlite:///data/kavita.db "
            "or postgresql://user:password@host/name"
        ) from None
    if parsed.drivername in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername not in ("sqlite", "postgresql+psycopg"):
        raise StoreUnavailable(
            f"The appointment book is kept in sqlite or postgresql, not in {parsed.drivername}"
        )
    return parsed


def _described(url: URL) -> str:
    if url.drivername == "sqlite":
        return f"SQLite, {url.database or 'in memory'}"
    host = (
        f"{url.host or url.query.get('host', 'local socket')}{f':{url.port}' if url.port else ''}"
    )
    return f"PostgreSQL at {host}, database {url.database or 'of the user'}"


def _engine(url: URL) -> Engine:
    if url.drivername == "sqlite":
        return _sqlite_engine(url, **ONE_CONNECTION)
    defaults: dict[str, Any] = {
        "connect_timeout": WAIT_SECONDS,
        "options": f"-c lock_timeout={WAIT_SECONDS}s -c timezone=UTC",
    }
    arguments = {key: value for key, value in defaults.items() if key not in url.query}
    try:
        engine = create_engine(
            url,
            isolation_level="READ COMMITTED",
            hide_parameters=HIDE_PARAMETERS,
            connect_args=arguments,
            pool_timeout=2 * WAIT_SECONDS,
        )
    except ModuleNotFoundError as error:
        raise StoreUnavailable(
            f"PostgreSQL needs the package {error.name}: install kavita[postgres]"
        ) from error
    try_idle_connections(engine, IDLE_SECONDS)
    return engine


def _reader(url: URL, engine: Engine) -> Engine:
    """Return what reads the book at one moment: beside the writers, where that is possible."""
    if url.drivername != "sqlite":
        return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    if _file(url) is not None:
        engine = _sqlite_engine(url, poolclass=NullPool)
    return engine.execution_options(is_reading=True)


def _sqlite_engine(url: URL, **pool: Any) -> Engine:
    engine = create_engine(
        url,
        hide_parameters=HIDE_PARAMETERS,
        connect_args={"timeout": WAIT_SECONDS, "check_same_thread": False},
        **pool,
    )
    wal_is_safe = sqlite3.sqlite_version_info >= WAL_IS_SAFE
    journal, synchronous = ("WAL", "FULL") if wal_is_safe else ("TRUNCATE", "EXTRA")

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # BEGIN is ours
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA journal_mode = {journal}")
        connection.execute(f"PRAGMA synchronous = {synchronous}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        is_reading = connection.get_execution_options().get("is_reading")
        connection.exec_driver_sql("BEGIN" if is_reading else "BEGIN IMMEDIATE")

    return engine


def _file(url: URL) -> Path | None:
    if url.drivername != "sqlite" or url.database in (None, "", ":memory:") or "uri" in url.query:
        return None
    return Path(str(url.database))


def _prepare(file: Path) -> None:
    """Make the folder of a new SQLite file, and the file readable by its owner only."""
    file.parent.mkdir(parents=True, exist_ok=True)
    if not file.exists():
        file.touch(mode=0o600)


def _is_transient(error: DBAPIError) -> bool:
    if error.connection_invalidated and error.statement is not None:  # COMMIT is no statement
        return True
    cause = error.orig
    if not isinstance(error, OperationalError):
        return False
    if isinstance(cause, sqlite3.OperationalError):
        return cause.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
    return getattr(cause, "sqlstate", None) in (_SERIALIZATION_FAILURE, _DEADLOCK)


def _first_line(error: BaseException | None) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
