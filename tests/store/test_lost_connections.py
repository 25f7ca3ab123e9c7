"""A PostgreSQL server that hangs up: nothing is lost, nothing is done twice, nobody is told."""

from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import create_engine, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from kavita.store.connections import try_idle_connections
from kavita.store.database import Database, StoreUnavailable
from kavita.store.tables import Patient
from tests.fakes.postgres import PostgresServer

HANG_UP = "SELECT pg_terminate_backend(pg_backend_pid())"
HANG_UP_AT_COMMIT = """
    CREATE FUNCTION hang_up() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER hang_up AFTER INSERT ON patient
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION hang_up()
"""


@pytest.fixture
def url(postgres: PostgresServer) -> str:
    """The URL of a new database."""
    return postgres.new_database()


@pytest.fixture
def book(url: str) -> Iterator[Database]:
    """An open book with a connection in its pool."""
    database = Database(url)
    database.open()
    yield database
    database.close()


def test_a_connection_that_was_cut_since_its_last_use_is_replaced_unnoticed(
    url: str, book: Database
) -> None:
    _cut_connections(url)
    book.run(lambda session: session.add(Patient(id="1", name="Test Patient")))
    _cut_connections(url)
    assert book.read(lambda session: session.scalar(select(Patient.id))) == "1"


def test_work_whose_connection_is_cut_before_the_commit_is_done_once_all_the_same(
    book: Database,
) -> None:
    attempts = []

    def work(session: Session) -> None:
        attempts.append(session)
        session.add(Patient(id="1", name="Test Patient"))
        session.flush()
        if len(attempts) == 1:
            session.execute(text(HANG_UP))

    book.run(work)
    assert len(attempts) == 2
    assert _patients(book) == ["1"]


def test_work_whose_connection_is_cut_at_the_commit_is_not_done_again(
    url: str, book: Database
) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(HANG_UP_AT_COMMIT)
    attempts = []

    def work(session: Session) -> None:
        attempts.append(session)
        session.add(Patient(id="1", name="Test Patient"))

    with pytest.raises(StoreUnavailable) as told:
        book.run(work)
    assert len(attempts) == 1
    assert not told.value.transient


def test_a_connection_that_was_idle_for_long_is_tried_before_it_is_used(url: str) -> None:
    for idle_seconds, is_tried in ((0, True), (3600, False)):
        engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
        try_idle_connections(engine, idle_seconds)
        with engine.connect():
            pass
        _cut_connections(url)
        with engine.connect() as connection:
            if is_tried:
                assert connection.scalar(text("SELECT 1")) == 1
            else:
                with pytest.raises(OperationalError):
                    connection.scalar(text("SELECT 1"))
        engine.dispose()


def test_a_sign_of_life_is_missed_when_the_server_refuses_connections(
    postgres: PostgresServer, url: str, book: Database
) -> None:
    book.check()
    with psycopg.connect(postgres.new_database(), autocommit=True) as connection:
        name = book.where.split("database ")[1]
        connection.execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false")
        _cut_connections(connection.info.dsn, name)
        with pytest.raises(StoreUnavailable):
            book.check()
        connection.execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true")
    book.check()


def _cut_connections(url: str, name: str = "") -> None:
    """Let the server end every connection to a database but this one."""
    query = """SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
        WHERE datname = coalesce(nullif(%s, ''), current_database()) AND pid <> pg_backend_pid()"""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(query, [name])


def _patients(book: Database) -> list[str]:
    return book.read(lambda session: list(session.scalars(select(Patient.id))))
