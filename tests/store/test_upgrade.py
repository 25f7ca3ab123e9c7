"""A book that an older Kavita has written is brought up to date, and nothing of it is lost."""

import stat
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import MetaData, Table, create_engine, func, insert, select, text

from kavita import store
from kavita.scheduling.clinic import Clinic
from kavita.store.appointments import book
from kavita.store.database import Database, StoreUnavailable
from kavita.store.exchange.appointments_json import export_text
from kavita.store.record_tables import JournalEntry
from kavita.store.tables import Appointment, Patient, PatientClaim, PractitionerClaim
from kavita.store.upgrade import read_revision
from kavita.store.upkeep.journal_check import check_journal

STARTS = datetime(2026, 2, 12, 4, 30, tzinfo=UTC)
PATIENTS = 1500
"""More than one chunk."""


@pytest.fixture
def old_url(any_url: str) -> str:
    """The URL of a book at revision 0001, with patients and two appointments."""
    make_old_book(any_url)
    return any_url


def make_old_book(url: str) -> None:
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    config = Config()
    config.set_main_option("script_location", str(Path(store.__path__[0]) / "migrations"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")

        def put(name: str, rows: list[dict[str, Any]]) -> None:
            connection.execute(insert(Table(name, MetaData(), autoload_with=connection)), rows)

        put("patient", [{"id": f"p{n}", "name": "Test Patient"} for n in range(PATIENTS)])
        put("appointment", [old_appointment("a1", "booked"), old_appointment("a2", "cancelled")])
        cells = [int(STARTS.timestamp()) + 300 * cell for cell in range(6)]
        for whose, key in (("patient", "p7"), ("practitioner", 1)):
            owner = {f"{whose}_id": key, "appointment_id": "a1"}
            put(f"{whose}_claim", [owner | {"cell_start": cell} for cell in cells])
    engine.dispose()


def old_appointment(key: str, status: str) -> dict[str, Any]:
    return {
        "id": key,
        "patient_id": "p7",
        "practitioner_id": 1,
        "patient_name": "Test Patient",
        "starts_at": STARTS,
        "ends_at": STARTS + timedelta(minutes=30),
        "purpose": "Checkup",
        "status": status,
        "created_at": STARTS - timedelta(days=3),
        "modified_at": None,
    }


def test_a_book_that_is_older_than_its_journal_begins_it_with_what_is_there(
    old_url: str, clinic: Clinic, now: datetime
) -> None:
    database = Database(old_url)
    upgraded = database.open()
    assert (upgraded.before, upgraded.after) == ("0001", "0003")
    with database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(Patient)) == PATIENTS
        rows = session.scalars(select(Appointment).order_by(Appointment.id)).all()
        assert [(row.id, row.status, row.starts_at) for row in rows] == [
            ("a1", "booked", STARTS),
            ("a2", "cancelled", STARTS),
        ]
        for table in (PatientClaim, PractitionerClaim):
            assert set(session.scalars(select(table.appointment_id))) == {"a1"}
            assert session.scalar(select(func.count()).select_from(table)) == 6
        told = session.execute(
            select(JournalEntry.tool, JournalEntry.result, func.count()).group_by(
                JournalEntry.tool, JournalEntry.result
            )
        ).tuples()
        assert list(told) == [("migrate", "taken_over", PATIENTS + 2)]
    assert check_journal(database).problems == ()
    book(database, clinic, "p8", date(2026, 2, 12), time(11), "Checkup", now)
    assert check_journal(database).problems == ()
    assert database.open().before == "0003"
    assert check_journal(database).entries == PATIENTS + 3
    database.close()


def test_a_new_book_begins_with_an_empty_journal(any_url: str) -> None:
    database = Database(any_url)
    assert database.open().before is None
    assert check_journal(database).entries == 0
    database.close()


def test_a_journal_that_was_emptied_is_not_begun_anew(old_url: str) -> None:
    database = Database(old_url)
    database.open()
    with database.transaction() as session:
        if old_url.startswith("sqlite"):
            session.execute(text("DROP TRIGGER journal_no_delete"))
        else:
            session.execute(text("ALTER TABLE journal DISABLE TRIGGER ALL"))
        session.execute(text("DELETE FROM journal"))
        session.execute(
            text("UPDATE journal_head SET position = 0, seal = :none"), {"none": "0" * 64}
        )
    database.open()
    assert "in the book, but not in the journal" in check_journal(database).problems[0]
    database.close()


def test_an_sqlite_book_is_copied_before_it_is_changed(tmp_path: Path, clinic: Clinic) -> None:
    path = tmp_path / "book.db"
    make_old_book(f"sqlite:///{path}")
    database = Database(f"sqlite:///{path}")
    copy = database.open().copy
    assert copy == tmp_path / "book.db.revision-0001"
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert read_revision(copy) == "0001"
    again = Database(f"sqlite:///{copy}")
    again.open()
    assert export_text(again, clinic) == export_text(database, clinic)
    again.close()
    assert database.open().copy is None
    database.close()


def test_a_new_or_current_book_is_not_copied(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'book.db'}")
    assert database.open().copy is None
    assert database.open().copy is None
    database.close()
    assert list(tmp_path.glob("*revision*")) == []


def test_a_migration_that_fails_changes_nothing(old_url: str) -> None:
    engine = create_engine(old_url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE hold (id INTEGER)"))
    database = Database(old_url)
    with pytest.raises(StoreUnavailable, match="hold"):
        database.open()
    with engine.begin() as connection:
        assert connection.scalar(text("SELECT count(*) FROM appointment")) == 2
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "0001"
        connection.execute(text("DROP TABLE hold"))
    engine.dispose()
    database.open()
    assert check_journal(database).problems == ()
    database.close()
