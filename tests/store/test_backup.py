"""Backups are complete, sound and private; a restored book is the book that was backed up."""

import hashlib
import sqlite3
import stat
import threading
import time as clock
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from kavita.scheduling.clinic import Clinic
from kavita.scheduling.errors import SchedulingError
from kavita.store import journal
from kavita.store.appointments import book
from kavita.store.appointments_json import export_text
from kavita.store.availability import slots_of_day
from kavita.store.backup import SUSPECT, back_up, restore
from kavita.store.calls import add_tool_call, add_turn, finish_call, start_call
from kavita.store.claims import cells
from kavita.store.columns import Base
from kavita.store.database import Database, StoreUnavailable
from kavita.store.identity import check_pin
from kavita.store.journal_check import check_journal
from kavita.store.patients import register_patient
from kavita.store.tables import Appointment, Patient, PatientClaim, Practitioner, PractitionerClaim
from kavita.store.upgrade import read_revision
from tests.fakes.lived_in_book import live_in
from tests.fakes.postgres import PostgresServer
from tests.store.test_upgrade import make_old_book

THURSDAY = date(2026, 2, 12)


@pytest.fixture
def elsewhere(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Callable[[str], Database]]:
    """Makes a new, open book in the database of that name."""
    opened: list[Database] = []

    def new(kind: str) -> Database:
        server: PostgresServer = request.getfixturevalue("postgres")
        file = f"sqlite:///{tmp_path / f'elsewhere{len(opened)}.db'}"
        database = Database(file if kind == "sqlite" else server.new_database())
        database.open()
        opened.append(database)
        return database

    yield new
    for database in opened:
        database.close()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_restored_book_is_the_one_that_was_backed_up(
    any_database: Database,
    elsewhere: Callable[[str], Database],
    kind: str,
    clinic: Clinic,
    now: datetime,
    tmp_path: Path,
) -> None:
    patients = live_in(any_database, clinic, now)
    have_a_call(any_database, now)
    made = back_up(any_database, tmp_path / "b.db", now)
    other = elsewhere(kind)
    restored = restore(made.path, other, now)
    before, after = content(any_database), content(other)
    told = after["journal"].pop()
    assert (told[4:6], told[7]) == (("restore", "restore"), "restored")
    assert restored.entries == made.entries + 1
    after["journal_head"] = before["journal_head"]
    assert after == before
    assert export_text(other, clinic) == export_text(any_database, clinic)
    check_pin(other, clinic, patients[0], "2468", now, journal.Request("c", 1, "check_pin"))


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_restored_book_goes_on_as_if_nothing_had_been(
    any_database: Database,
    elsewhere: Callable[[str], Database],
    kind: str,
    clinic: Clinic,
    now: datetime,
    tmp_path: Path,
) -> None:
    live_in(any_database, clinic, now)
    have_a_call(any_database, now)
    other = elsewhere(kind)
    restore(back_up(any_database, tmp_path / "b.db", now).path, other, now)
    other.open()
    patient = register_patient(other, "Test Patient", now).id
    book(other, clinic, patient, THURSDAY, time(17), "Checkup", now)
    have_a_call(other, now, "another call")
    with pytest.raises(SchedulingError):
        book(other, clinic, patient, THURSDAY, time(12), "Checkup", now)
    assert check_journal(other).problems == ()
    with other.transaction() as session:
        context = MigrationContext.configure(session.connection())
        assert compare_metadata(context, Base.metadata) == []


def test_a_backup_is_one_file_for_its_owner_only(
    any_database: Database, clinic: Clinic, now: datetime, tmp_path: Path
) -> None:
    live_in(any_database, clinic, now)
    folder = tmp_path / "back ups 100%"
    made = back_up(any_database, folder / "b.db", now)
    assert list(folder.iterdir()) == [made.path]
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o600
    assert (made.begun_at, made.size) == (now, made.path.stat().st_size)
    with sqlite3.connect(made.path) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    connection.close()


def test_a_restore_does_not_change_the_file(
    any_database: Database, clinic: Clinic, now: datetime, tmp_path: Path
) -> None:
    with Opened(f"sqlite:///{tmp_path / 'source.db'}") as source:
        live_in(source, clinic, now)
        path = back_up(source, tmp_path / "backups" / "b.db", now).path
    before = hashlib.sha256(path.read_bytes()).digest()
    restore(path, any_database, now)
    assert hashlib.sha256(path.read_bytes()).digest() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_restore_drill_while_calls_go_on(
    any_database: Database,
    elsewhere: Callable[[str], Database],
    clinic: Clinic,
    now: datetime,
    tmp_path: Path,
    any_url: str,
) -> None:
    patient = register_patient(any_database, "Test Patient", now).id
    acknowledged: list[str] = []
    over = threading.Event()

    def book_on_and_on() -> None:
        for ahead in count(3):
            day = now.date() + timedelta(days=ahead)
            for start in slots_of_day(any_database, clinic, day, now).free:
                if over.is_set():
                    return
                booked = book(any_database, clinic, patient, day, start, "Checkup", now)
                acknowledged.append(booked.id)

    caller = threading.Thread(target=book_on_and_on)
    caller.start()
    try:
        for number in range(3):
            while len(acknowledged) < 20 * (number + 1):
                clock.sleep(0.005)
            before = list(acknowledged)
            made = back_up(any_database, tmp_path / f"{number}.db", now)
            other = elsewhere(any_url.split(":")[0])
            restore(made.path, other, now)
            assert check_journal(other).problems == ()
            with other.transaction() as session:
                there = set(session.scalars(select(Appointment.id)))
            assert there.issuperset(before)
    finally:
        over.set()
        caller.join()
    assert len(acknowledged) > len(before), "nobody booked during the last drill"


def test_a_book_that_is_not_empty_is_not_restored_over(
    any_database: Database, clinic: Clinic, now: datetime, tmp_path: Path
) -> None:
    live_in(any_database, clinic, now)
    made = back_up(any_database, tmp_path / "b.db", now)
    before = content(any_database)
    with pytest.raises(StoreUnavailable, match="not empty"):
        restore(made.path, any_database, now)
    assert content(any_database) == before


def test_a_backup_that_was_tampered_with_is_refused_and_nothing_is_restored(
    any_database: Database, clinic: Clinic, now: datetime, tmp_path: Path
) -> None:
    before = content(any_database)
    with Opened(f"sqlite:///{tmp_path / 'source.db'}") as source:
        live_in(source, clinic, now)
        path = back_up(source, tmp_path / "b.db", now).path
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE appointment SET purpose = 'Surgery' WHERE position = 1")
    connection.close()
    with pytest.raises(StoreUnavailable, match=r"b\.db is not sound: The appointment \w+ is not"):
        restore(path, any_database, now)
    assert content(any_database) == before


def test_a_backup_with_a_damaged_page_is_refused(
    database: Database, clinic: Clinic, now: datetime, tmp_path: Path
) -> None:
    with Opened(f"sqlite:///{tmp_path / 'source.db'}") as source:
        live_in(source, clinic, now)
        path = back_up(source, tmp_path / "b.db", now).path
    whole = path.read_bytes()
    for cut in (len(whole) // 2, 4096):
        path.write_bytes(whole[:cut])
        with pytest.raises(StoreUnavailable, match=r"b\.db is not sound"):
            restore(path, database, now)
    path.write_bytes(whole[:4096] + b"\xff" * 4096 + whole[8192:])
    with pytest.raises(StoreUnavailable, match=r"b\.db is not sound"):
        restore(path, database, now)


@pytest.mark.parametrize("what", ["nothing", "text", "empty", "another", "folder"])
def test_what_is_no_backup_is_refused(
    database: Database, now: datetime, tmp_path: Path, what: str
) -> None:
    path = tmp_path / "notes.db"
    if what == "text":
        path.write_text("my notes" * 1000)
    elif what == "empty":
        path.touch()
    elif what == "another":
        with sqlite3.connect(path) as connection:
            connection.execute("CREATE TABLE notes (id INTEGER)")
        connection.close()
    elif what == "folder":
        path.mkdir()
    with pytest.raises(
        StoreUnavailable,
        match=r"notes\.db (cannot be read|is not a backup|is not sound: file is not a)",
    ):
        restore(path, database, now)


def test_a_backup_of_an_older_book_is_brought_up_to_date_and_kept_as_it_is(
    any_database: Database, clinic: Clinic, now: datetime, tmp_path: Path
) -> None:
    path = tmp_path / "old.db"
    make_old_book(f"sqlite:///{path}")
    restored = restore(path, any_database, now)
    assert restored.revision == "0001"
    assert read_revision(path) == "0001"
    assert len(content(any_database)["patient"]) == 1500
    assert check_journal(any_database).problems == ()


def test_a_backup_of_a_newer_kavita_is_refused(
    database: Database, clinic: Clinic, now: datetime, tmp_path: Path
) -> None:
    path = back_up(database, tmp_path / "b.db", now).path
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'tomorrow'")
    connection.close()
    with pytest.raises(StoreUnavailable, match="newer Kavita"):
        restore(path, database, now)


def test_a_book_that_is_not_sound_is_backed_up_as_suspect(
    any_database: Database, clinic: Clinic, now: datetime, tmp_path: Path
) -> None:
    live_in(any_database, clinic, now)
    with any_database.transaction() as session:
        session.execute(text("UPDATE appointment SET purpose = 'Surgery' WHERE position = 1"))
    folder = tmp_path / "backups"
    with pytest.raises(StoreUnavailable, match=r"does not pass.*b\.db\.suspect\."):
        back_up(any_database, folder / "b.db", now)
    assert [path.name for path in folder.iterdir()] == [f"b.db{SUSPECT}"]


def test_a_book_that_is_not_up_to_date_is_left_as_it_is(
    any_url: str, now: datetime, tmp_path: Path
) -> None:
    make_old_book(any_url)
    database = Database(any_url)
    with pytest.raises(StoreUnavailable, match="kavita migrate"):
        back_up(database, tmp_path / "b.db", now)
    assert database.open().before == "0001"
    database.close()


@pytest.mark.parametrize("where", ["file/b.db", "folder"])
def test_a_place_that_cannot_be_written_is_named(
    database: Database, now: datetime, tmp_path: Path, where: str
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    with pytest.raises(StoreUnavailable, match=f"{where} cannot be written"):
        back_up(database, tmp_path / where, now)
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".kavita")]


@pytest.mark.heavy
@pytest.mark.timeout(600)
def test_a_hundred_thousand_appointments_are_restored_in_a_minute(
    any_database: Database,
    elsewhere: Callable[[str], Database],
    any_url: str,
    now: datetime,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    fill(any_database, now, 100_000)
    kind = any_url.split(":")[0]
    begun = clock.perf_counter()
    made = back_up(any_database, tmp_path / "b.db", now)
    backed_up = clock.perf_counter() - begun
    other = elsewhere(kind)
    begun, used = clock.perf_counter(), clock.process_time()
    restore(made.path, other, now)
    took, busy = clock.perf_counter() - begun, clock.process_time() - used
    with capsys.disabled():
        print(
            f"\n{kind}: 100,000 appointments ({made.size / 1e6:.0f} MB) backed up in "
            f"{backed_up:.1f} s, restored and verified in {took:.1f} s, "
            f"{busy:.1f} s of them computing"
        )
    assert took <= 60


class Opened:
    """A book for the length of a block."""

    def __init__(self, url: str) -> None:
        self._database = Database(url)

    def __enter__(self) -> Database:
        self._database.open()
        return self._database

    def __exit__(self, *_: object) -> None:
        self._database.close()


def have_a_call(database: Database, now: datetime, call_id: str = "a call") -> None:
    start_call(database, call_id, now)
    add_turn(database, call_id, "caller", "Hello ☎ \x07 'quoted' \\N\t", False, now)
    add_tool_call(database, call_id, "fetch_slots", {"date": "अ"}, {"status": None}, now)
    finish_call(database, call_id, "page", "", now)


def content(database: Database) -> dict[str, list[Any]]:
    """Every row of every table."""
    tables = Base.metadata.sorted_tables
    with database.transaction() as session:
        return {
            table.name: [
                tuple(row) for row in session.execute(select(table).order_by(*table.primary_key))
            ]
            for table in tables
        }


def fill(database: Database, now: datetime, appointments: int) -> None:
    """Write a large book: 2,000 patients, 20 practitioners, visits of half an hour."""
    with database.transaction() as session:
        patients = [Patient(id=f"p{n}", name="Test Patient") for n in range(2000)]
        session.add_all(patients)
        session.add_all(
            Practitioner(
                id=n, key=f"k{n}", name="Dr. Rao", specialty="", languages=[], is_active=True
            )
            for n in range(2, 21)
        )
        session.flush()
        entries = [journal.wrote_patient(patient, "registered") for patient in patients]
        journal.append(session, journal.Request(tool="seed"), now, entries)
    for numbers in in_batches(range(appointments), 5000):
        with database.transaction() as session:
            fill_with(session, numbers, now)


def in_batches(numbers: range, size: int) -> Iterator[range]:
    for first in range(numbers.start, numbers.stop, size):
        yield range(first, min(first + size, numbers.stop))


def fill_with(session: Session, numbers: range, now: datetime) -> None:
    first = datetime(2026, 3, 1, tzinfo=UTC)
    rows = []
    for n in numbers:
        starts = first + timedelta(minutes=30) * (n // 20)
        rows.append(
            Appointment(
                id=f"{n:08x}",
                patient_id=f"p{n % 2000}",
                practitioner_id=n % 20 + 1,
                patient_name="Test Patient",
                starts_at=starts,
                ends_at=starts + timedelta(minutes=30),
                occupied_from=int(starts.timestamp()),
                occupied_until=int(starts.timestamp()) + 1800,
                purpose="Checkup",
                status="booked",
                created_at=first,
            )
        )
    session.add_all(rows)
    session.flush()
    for table, owner in ((PatientClaim, "patient_id"), (PractitionerClaim, "practitioner_id")):
        claims = [
            {owner: getattr(row, owner), "cell_start": cell, "appointment_id": row.id}
            for row in rows
            for cell in cells(row.occupied_from, row.occupied_until)
        ]
        session.execute(insert(table), claims)
    entries = [journal.wrote_appointment(row, "booked") for row in rows]
    journal.append(session, journal.Request(tool="seed"), now, entries)
