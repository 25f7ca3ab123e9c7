"""The revisions: a book is brought up to date in the transaction that opens it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, select, text
from sqlalchemy.orm import Session

from kavita.store import journal
from kavita.store.tables import Appointment, Patient

_MIGRATION_LOCK = 0x6B617669
_CHUNK = 1000


@dataclass(frozen=True)
class Upgrade:
    """What opening a book did to its tables."""

    before: str | None
    """The revision that it had; None: it was new."""
    after: str
    copy: Path | None = None
    """The SQLite file as it was, kept beside the book."""


def upgrade(connection: Connection, file: Path | None) -> Upgrade:
    """Bring the tables up to date; raises CommandError when a newer Kavita has written them.

    `file` is what an SQLite book is kept in: it is copied before it is changed. A book that is
    older than the journal begins its journal with what is there.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
    config = _config(connection)
    scripts = ScriptDirectory.from_config(config)
    head = str(scripts.get_current_head())
    before = _revision(connection)
    if before == head:
        return Upgrade(before, head)
    if before is not None:
        scripts.get_revision(before)
    copy = _copied(file, before) if file and before else None
    had_journal = inspect(connection).has_table("journal")
    command.upgrade(config, "head")
    if not had_journal:
        _begin_journal(connection)
    return Upgrade(before, head, copy)


def read_revision(file: Path) -> str | None:
    """Return the revision of the book in an SQLite file, or None; raises sqlite3.Error."""
    with closing(sqlite3.connect(file)) as connection:
        tables = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'")
        if tables.fetchone() is None:
            return None
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        return str(row[0]) if row else None


def is_current(connection: Connection) -> bool:
    """Tell whether a book has the tables that this Kavita knows; opening one makes it so."""
    head = ScriptDirectory.from_config(_config(connection)).get_current_head()
    return _revision(connection) == head


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _config(connection: Connection) -> Config:
    config = Config()
    scripts = str(Path(__file__).with_name("migrations"))
    config.set_main_option("script_location", scripts.replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _copied(file: Path, revision: str) -> Path:
    """Copy a book while nobody else can write it; a copy of an attempt that failed is replaced."""
    copy = file.with_name(f"{file.name}.revision-{revision}")
    draft = copy.with_name(f"{copy.name}.new")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(draft)) as target:
        source.backup(target)
    return draft.replace(copy)


def _begin_journal(connection: Connection) -> None:
    request = journal.Request(tool="migrate")
    with Session(connection) as session, session.begin():
        for entries in _taken_over(session):
            journal.append(session, request, datetime.now(UTC), entries)


def _taken_over(session: Session) -> Iterator[list[journal.Entry]]:
    chunked = {"yield_per": _CHUNK}
    patients = select(Patient).order_by(Patient.position)
    for some in session.scalars(patients, execution_options=chunked).partitions():
        yield [journal.wrote_patient(patient, "taken_over") for patient in some]
    appointments = select(Appointment).order_by(Appointment.position)
    for others in session.scalars(appointments, execution_options=chunked).partitions():
        yield [journal.wrote_appointment(appointment, "taken_over") for appointment in others]
