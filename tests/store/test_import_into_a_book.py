"""An appointments.json meets a book that holds something already, and clinics with a choice."""

import json
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete, inspect, select

from kavita.scheduling.clinic import NO_DAYS, Clinic, Hours, Practitioner, VisitType
from kavita.scheduling.slots import TimeRange
from kavita.store import tables
from kavita.store.appointments import book, cancel, move
from kavita.store.appointments_import import Imported, import_file
from kavita.store.appointments_json import appointment_row, export_text
from kavita.store.columns import Base
from kavita.store.database import Database
from kavita.store.first_start import Prepared, prepare_book
from kavita.store.holds import hold_times
from kavita.store.patients import register_patient, set_birth_date
from kavita.store.quarantine import quarantined_rows
from kavita.store.record_tables import JournalEntry
from kavita.store.snapshots import canonical, snapshot
from kavita.store.tables import (
    Appointment,
    Patient,
    PatientClaim,
    PractitionerClaim,
    Reschedule,
)
from tests.fakes.example_file import EXAMPLE, write_changed

THURSDAY = date(2026, 2, 12)


@pytest.fixture
def example(tmp_path: Path) -> Path:
    path = tmp_path / "appointments.json"
    path.write_text(EXAMPLE, encoding="utf-8")
    return path


def places(database: Database) -> list[tuple[str, int, str]]:
    return [(row.place, row.line, row.reason) for row in quarantined_rows(database)]


def the_only_reason(done: Imported) -> str:
    (bad,) = done.unusable
    return bad.reason


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("General checkup", "Something else", "appointments/1"),
        ("2026-02-10", "2026-02-11", "appointments/1"),
        ('"name": "Archit Ojha", "user_id"', '"name": "Test Patient", "user_id"', "users/1001"),
        ("f3g4h5i6", "00000001", "appointments/0"),
        ('1"}', '1", "date_of_birth": "1990-05-17"}', "users/1001"),
    ],
    ids=["purpose", "day", "name", "same time, another id", "date of birth"],
)
def test_what_contradicts_the_book_is_quarantined_and_the_book_kept(
    any_database: Database,
    clinic: Clinic,
    now: datetime,
    example: Path,
    old: str,
    new: str,
    place: str,
) -> None:
    import_file(any_database, example, clinic, now)
    before = export_text(any_database, clinic)
    write_changed(example, old, new, 1)
    done = import_file(any_database, example, clinic, now)
    bad = places(any_database)
    assert (bad[0][0], len(bad)) == (place, 2 if place == "users/1001" else 1)
    assert "the book" in bad[0][2]
    assert (done.patients, done.appointments) == (0, 0)
    assert done.present + done.quarantined == done.total == 4
    assert export_text(any_database, clinic) == before


def test_what_the_file_does_not_say_does_not_contradict_the_book(
    database: Database, clinic: Clinic, now: datetime, example: Path
) -> None:
    import_file(database, example, clinic, now)
    set_birth_date(database, "1001", date(1990, 5, 17), now)
    assert import_file(database, example, clinic, now) == Imported(0, 0, 4, 4)


def test_a_second_run_changes_nothing(
    any_database: Database, clinic: Clinic, now: datetime, example: Path
) -> None:
    write_changed(example, "10:00 AM", "25:00 PM")
    import_file(any_database, example, clinic, now)
    before = everything(any_database)
    done = import_file(any_database, example, clinic, now + timedelta(days=1))
    assert (done.patients, done.appointments, done.present, done.quarantined) == (0, 0, 3, 1)
    assert everything(any_database) == before


def everything(database: Database) -> list[object]:
    """Every row of every table, as text."""
    with database.transaction() as session:
        return [
            tuple(map(str, row))
            for table in Base.metadata.sorted_tables
            for row in session.execute(select(table))
        ]


def test_a_row_that_can_be_used_by_now_leaves_the_quarantine(
    database: Database, clinic: Clinic, now: datetime, example: Path
) -> None:
    write_changed(example, '"f3g4h5i6"', '"00000001"')
    other = tmp_copy(example, EXAMPLE)
    import_file(database, other, clinic, now)
    assert import_file(database, example, clinic, now).quarantined == 1
    cancel(database, clinic, "2045", "f3g4h5i6", now)
    assert import_file(database, example, clinic, now) == Imported(0, 1, 3, 4)
    assert places(database) == []


def tmp_copy(path: Path, text: str) -> Path:
    other = path.with_name("other.json")
    other.write_text(text, encoding="utf-8")
    return other


def test_all_that_is_imported_is_in_the_journal_as_it_is_in_the_book(
    any_database: Database, clinic: Clinic, now: datetime, example: Path
) -> None:
    write_changed(example, '1"}', '1", "date_of_birth": "1990-05-17"}')
    import_file(any_database, example, clinic, now)
    with any_database.transaction() as session:
        entries = session.scalars(select(JournalEntry).order_by(JournalEntry.position)).all()
        patients = session.scalars(select(Patient).order_by(Patient.position)).all()
        appointments = session.scalars(select(Appointment).order_by(Appointment.position)).all()
    assert [(one.action, one.patient_id) for one in entries] == [
        *[("patient", one.id) for one in patients],
        *[("appointment", one.patient_id) for one in appointments],
    ]
    assert {(one.tool, one.result, one.at) for one in entries} == {("import", "imported", now)}
    rows = [*patients, *appointments]
    assert [one.content for one in entries] == [canonical(snapshot(row)) for row in rows]


def test_a_time_that_a_caller_was_offered_long_ago_is_free_for_an_import(
    database: Database, clinic: Clinic, now: datetime, example: Path
) -> None:
    starts = datetime(2026, 2, 12, 11, tzinfo=clinic.timezone)
    slot = TimeRange(starts, starts + timedelta(minutes=30))
    times = [(clinic.practitioners[0], slot)]
    hold_times(database, clinic, clinic.visit_types[0], times, "call", now)
    done = import_file(database, example, clinic, now)
    assert the_only_reason(done) == "the book has something else at that time"
    done = import_file(database, example, clinic, now + timedelta(minutes=clinic.hold_minutes))
    assert done == Imported(0, 1, 3, 4)


def test_a_file_with_bad_rows_does_not_keep_the_program_from_starting(
    database: Database, clinic: Clinic, now: datetime, example: Path
) -> None:
    write_changed(example, "10:00 AM", "25:00 PM")
    assert prepare_book(database, example, True, clinic, now) == Prepared("imported", 1)
    assert prepare_book(database, example, True, clinic, now) == Prepared("nothing")
    assert len(quarantined_rows(database)) == 1


WEEK = ((Hours(time(9), time(18)),),) * 7
LARGE = Clinic(
    "Large Clinic",
    ZoneInfo("Asia/Kolkata"),
    practitioners=(
        Practitioner("rao", "Dr. Rao", WEEK, 11),
        Practitioner("mehta", "Dr. Mehta", WEEK, 12),
    ),
    visit_types=(
        VisitType("checkup", "Checkup", 30, 21),
        VisitType("surgery", "Surgery", 90, 22, buffer_before_minutes=10, buffer_after_minutes=15),
    ),
)


def furnish(database: Database) -> None:
    """Give the book the rows of the large clinic, and of somebody who has left it."""
    who = {one.key: one for one in LARGE.practitioners}
    who["iyer"] = Practitioner("iyer", "Dr. Iyer", NO_DAYS, 13)
    visits = (*LARGE.visit_types, VisitType("x-ray", "X-ray", 15, 23))
    with database.transaction() as session:
        for key, one in who.items():
            row = tables.Practitioner(id=one.id, key=key, name=one.name, is_active=key != "iyer")
            row.specialty, row.languages = "", []
            session.add(row)
        for visit in visits:
            row_of = {"id": visit.id, "key": visit.key, "name": visit.name}
            active = visit.key != "x-ray"
            session.add(tables.VisitType(**row_of, minutes=visit.minutes, is_active=active))


def test_a_clinic_with_a_choice_makes_the_round_trip_exactly(
    any_database: Database, clinic: Clinic, now: datetime, example: Path
) -> None:
    furnish(any_database)
    surgery, rao, mehta = LARGE.visit_types[1], *LARGE.practitioners
    born = date(1990, 5, 17)
    patient = register_patient(any_database, "Archit Ojha", now, birth_date=born).id
    other = register_patient(any_database, "Priya Sharma", now).id
    ten, noon = time(10), time(12)
    book(any_database, LARGE, patient, THURSDAY, ten, "Tooth", now, who=(mehta,), visit=surgery)
    book(any_database, LARGE, other, THURSDAY, ten, "Tooth", now, who=(rao,))
    moved = book(any_database, LARGE, other, THURSDAY, noon, "Tooth", now, who=(rao,))
    move(any_database, LARGE, other, moved.id, now, new_start=time(13), who=(mehta,))
    book(any_database, clinic, other, THURSDAY, time(15), "From before", now)
    text = export_text(any_database, LARGE)
    example.write_text(text, encoding="utf-8")
    before = contents(any_database)
    forget_everything(any_database)
    done = import_file(any_database, example, LARGE, now)
    assert done == Imported(2, 4, 0, 6)
    assert export_text(any_database, LARGE) == text
    assert contents(any_database) == before
    assert import_file(any_database, example, LARGE, now) == Imported(0, 0, 6, 6)


def contents(database: Database) -> list[object]:
    """Patients, appointments and claims, but for how many arrived before them."""
    with database.transaction() as session:
        return [
            {name: value for name, value in snapshot(row).items() if name != "position"}
            for table in (Patient, Appointment, PatientClaim, PractitionerClaim)
            for row in session.scalars(select(table).order_by(*inspect(table).primary_key))
        ]


def forget_everything(database: Database) -> None:
    forgotten = (PatientClaim, PractitionerClaim, Reschedule, Appointment, Patient)
    with database.transaction() as session:
        for table in forgotten:
            session.execute(delete(table))


def test_the_file_of_a_plain_clinic_is_as_it_always_was_and_keeps_what_was_before(
    database: Database, clinic: Clinic, now: datetime, example: Path
) -> None:
    furnish(database)
    import_file(database, example, clinic, now)
    assert json.loads(export_text(database, clinic)) == json.loads(EXAMPLE)
    patient = register_patient(database, "Test Patient", now).id
    book(database, LARGE, patient, THURSDAY, time(15), "Visit", now, who=LARGE.practitioners[1:])
    last = json.loads(export_text(database, clinic))["appointments"][-1]
    assert (last["practitioner"], last["visit_type"]) == ("mehta", "checkup")


def test_the_tools_are_shown_names_where_there_is_a_choice(
    database: Database, clinic: Clinic, now: datetime, example: Path
) -> None:
    furnish(database)
    import_file(database, example, LARGE, now)
    with database.transaction() as session:
        first = session.scalars(select(Appointment).order_by(Appointment.position)).first()
    assert first is not None
    plain = json.loads(EXAMPLE)["appointments"][0]
    assert appointment_row(first, clinic) == plain
    named = {"practitioner": "Dr. Rao", "visit_type": "Checkup"}
    assert appointment_row(first, LARGE) == plain | named


@pytest.mark.parametrize(
    ("what", "minutes"),
    [
        ('"practitioner": "mehta"', 30),
        ('"visit_type": "surgery"', 90),
        ('"practitioner": "iyer", "visit_type": "x-ray"', 15),
        ('"visit_type": ""', 30),
    ],
)
def test_practitioners_and_visit_types_are_known_by_key_even_when_they_are_gone(
    database: Database, now: datetime, example: Path, what: str, minutes: int
) -> None:
    furnish(database)
    write_changed(example, '"purpose": "Dental', f'{what}, "purpose": "Dental')
    assert import_file(database, example, LARGE, now) == Imported(2, 2, 0, 4)
    said = json.loads(f"{{{what}}}")
    exported = json.loads(export_text(database, LARGE))["appointments"][0]
    assert {key: exported[key] for key in said} == said
    with database.transaction() as session:
        first = session.scalars(select(Appointment).order_by(Appointment.position)).first()
    assert first is not None
    assert first.ends_at - first.starts_at == timedelta(minutes=minutes)
    assert import_file(database, example, LARGE, now) == Imported(0, 0, 4, 4)


@pytest.mark.parametrize(
    ("user", "who", "at", "reason"),
    [
        ("1001", "rao", "11:30 AM", ""),
        ("1001", "mehta", "11:00 AM", ""),
        ("1001", "rao", "11:00 AM", "overlaps the appointment on line 7"),
        ("2045", "mehta", "11:00 AM", "overlaps the appointment of the same patient on line 7"),
    ],
)
def test_overlaps_count_for_each_practitioner_and_each_patient(
    any_database: Database,
    now: datetime,
    example: Path,
    user: str,
    who: str,
    at: str,
    reason: str,
) -> None:
    furnish(any_database)
    content = json.loads(EXAMPLE)
    content["appointments"][1] |= {"user_id": user, "date": "2026-02-12", "time": at}
    content["appointments"][1] |= {"status": "booked", "practitioner": who}
    example.write_text(json.dumps(content, indent=2), encoding="utf-8")
    lines = example.read_text().splitlines()
    first = lines.index('      "appointment_id": "f3g4h5i6",')
    done = import_file(any_database, example, LARGE, now)
    assert [row.reason for row in done.unusable] == (
        [reason.replace("line 7", f"line {first}")] if reason else []
    )
    assert done.appointments == (1 if reason else 2)


def test_buffers_keep_their_distance_in_a_file_too(
    database: Database, now: datetime, example: Path
) -> None:
    furnish(database)
    content = json.loads(EXAMPLE)
    content["appointments"][1] |= {"date": "2026-02-12", "time": "11:30 AM", "status": "booked"}
    content["appointments"][1] |= {"visit_type": "surgery"}
    example.write_text(json.dumps(content), encoding="utf-8")
    done = import_file(database, example, LARGE, now)
    assert [row.place for row in done.unusable] == ["appointments/1"]
