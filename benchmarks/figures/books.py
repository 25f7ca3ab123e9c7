"""Books to measure: new ones in SQLite and in a PostgreSQL that writes through to the disk."""

import logging
import sqlite3
import tempfile
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from pathlib import Path

import psycopg

from kavita.scheduling.clinic import Clinic
from kavita.store import journal
from kavita.store.database import Database
from kavita.store.journal import Request, wrote_patient
from kavita.store.tables import Patient, Practitioner, VisitType
from tests.fakes.postgres import running_postgres

DATABASES = ("sqlite", "postgresql")


class Books:
    """Makes new, empty databases; PostgreSQL is started when first asked for."""

    def __init__(self, folder: Path, postgres: Generator[str]) -> None:
        self._folder = folder
        self._postgres = postgres
        self._numbers = count(1)

    def new(self, kind: str) -> str:
        """Return the URL of a new, empty database of one of the DATABASES."""
        if kind == "sqlite":
            return f"sqlite:///{self._folder / f'book{next(self._numbers)}.db'}"
        return next(self._postgres)


@contextmanager
def new_books() -> Iterator[Books]:
    """Give a source of new databases, all of which are gone at the end."""
    postgres = _postgres_databases()
    with tempfile.TemporaryDirectory(prefix="kavita-books-") as folder:
        try:
            yield Books(Path(folder), postgres)
        finally:
            postgres.close()


def describe(url: str) -> str:
    """Return the version of a database and how carefully it writes."""
    database = Database(url)
    with database.transaction() as session:
        connection = session.connection()
        if is_sqlite(url):
            mode = connection.exec_driver_sql("PRAGMA journal_mode").scalar_one()
            level = connection.exec_driver_sql("PRAGMA synchronous").scalar_one()
            names = ("OFF", "NORMAL", "FULL", "EXTRA")
            words = f"SQLite {sqlite3.sqlite_version}, journal {mode}, synchronous {names[level]}"
        else:
            settings = (
                connection.exec_driver_sql(f"SHOW {name}").scalar_one()
                for name in ("server_version", "fsync", "synchronous_commit")
            )
            words = "PostgreSQL {}, fsync {}, synchronous_commit {}".format(*settings)
    database.close()
    return words


def quiet_drivers() -> None:
    """Keep psycopg from warning of each claim that was refused while others were on their way."""
    logging.getLogger("psycopg").setLevel(logging.ERROR)


def is_sqlite(url: str) -> bool:
    """Tell which of the two databases it is."""
    return url.startswith("sqlite")


def vacuum(url: str) -> None:
    """Do what PostgreSQL does by itself within minutes of many new rows; SQLite needs nothing."""
    if not is_sqlite(url):
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")


def fill(url: str, clinic: Clinic, patients: Sequence[str], now: datetime) -> Database:
    """Open the database, and write a clinic and its patients down; return it, open."""
    database = Database(url)
    database.open()
    write_down(database, clinic, patients, now)
    return database


def write_down(database: Database, clinic: Clinic, patients: Sequence[str], now: datetime) -> None:
    """Add the rows that a clinic's appointments refer to, the patients with their journal."""
    who = [
        Practitioner(
            id=one.id, key=one.key, name=one.name, specialty="", languages=[], is_active=True
        )
        for one in clinic.practitioners
    ]
    visits = [
        VisitType(id=each.id, key=each.key, name=each.name, minutes=each.minutes, is_active=True)
        for each in clinic.visit_types
    ]
    rows = [Patient(id=patient, name="Test Patient") for patient in patients]
    with database.transaction() as session:
        session.add_all([*who, *visits, *rows])
        session.flush()
        request = Request(tool="benchmark")
        journal.append(session, request, now, [wrote_patient(row, "registered") for row in rows])


def _postgres_databases() -> Generator[str]:
    """Yield URLs; fsync is on in between, and off again so that stopping does not take long."""
    with running_postgres() as server:
        switch = server.new_database()
        _set_fsync(switch, "on")
        try:
            while True:
                yield server.new_database()
        finally:
            _set_fsync(switch, "off")


def _set_fsync(url: str, value: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"ALTER SYSTEM SET fsync = {value}")
        connection.execute("SELECT pg_reload_conf()")
    while True:
        with psycopg.connect(url) as connection:
            row = connection.execute("SHOW fsync").fetchone()
        if row == (value,):
            return
        time.sleep(0.05)
