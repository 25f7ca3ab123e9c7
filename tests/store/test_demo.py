"""The demo clinic, and what happens to the book at the start of the program."""

from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from kavita.scheduling.clinic import Clinic
from kavita.store.appointments import book, cancel, upcoming
from kavita.store.appointments_file import ImportRefused
from kavita.store.appointments_json import export_text
from kavita.store.availability import slots_of_day
from kavita.store.database import Database
from kavita.store.demo import seed_demo
from kavita.store.first_start import Prepared, prepare_book
from kavita.store.origin import read_origin
from kavita.store.patients import register_patient
from kavita.store.tables import Appointment, Patient

NOWHERE = Path("/nowhere/appointments.json")
THURSDAY = date(2026, 2, 12)


def test_the_demo_clinic_is_the_one_of_the_example_conversation(
    any_database: Database, clinic: Clinic, now: datetime
) -> None:
    prepared = prepare_book(any_database, NOWHERE, True, clinic, now)
    assert prepared == Prepared("seeded", 3)
    assert read_origin(any_database) == "demo"
    checkup, follow_up = upcoming(any_database, "1001", now)
    assert (checkup.patient_name, checkup.purpose) == ("Archit Ojha", "General checkup")
    assert checkup.starts_at.astimezone(clinic.timezone) == datetime(
        *(2026, 2, 10, 10, 0), tzinfo=clinic.timezone
    )
    assert follow_up.starts_at > checkup.starts_at
    slots = slots_of_day(any_database, clinic, THURSDAY, now)
    assert (slots.booked, len(slots.free)) == ((time(11),), 17)
    (cleaning,) = upcoming(any_database, "2045", now)
    assert (cleaning.patient_name, cleaning.purpose) == ("Priya Sharma", "Dental cleaning")


def test_a_second_start_adds_nothing(any_database: Database, clinic: Clinic, now: datetime) -> None:
    prepare_book(any_database, NOWHERE, True, clinic, now)
    before = export_text(any_database, clinic)
    assert prepare_book(any_database, NOWHERE, True, clinic, now) == Prepared("nothing")
    assert export_text(any_database, clinic) == before


@pytest.mark.parametrize("days", range(0, 400, 37))
def test_whenever_it_starts_the_demo_patients_have_coming_appointments(
    database: Database, clinic: Clinic, now: datetime, days: int
) -> None:
    prepare_book(database, NOWHERE, True, clinic, now)
    later = now + timedelta(days=days, hours=days % 24)
    prepare_book(database, NOWHERE, False, clinic, later)
    assert len(upcoming(database, "1001", later)) >= 1
    assert len(upcoming(database, "2045", later)) >= 1


def test_a_demo_patient_whose_appointments_are_gone_gets_new_ones(
    database: Database, clinic: Clinic, now: datetime
) -> None:
    prepare_book(database, NOWHERE, True, clinic, now)
    for appointment in upcoming(database, "1001", now):
        cancel(database, clinic, "1001", appointment.id, now)
    assert prepare_book(database, NOWHERE, True, clinic, now) == Prepared("topped_up", 2)
    assert len(upcoming(database, "1001", now)) == 2
    assert len(upcoming(database, "2045", now)) == 1


def test_times_that_are_taken_give_way_to_the_nearest_free_ones(
    database: Database, clinic: Clinic, now: datetime
) -> None:
    other = register_patient(database, "Test Patient", now).id
    book(database, clinic, other, date(2026, 2, 10), time(10), "Visit", now)
    for start in slots_of_day(database, clinic, THURSDAY, now).free:
        book(database, clinic, other, THURSDAY, start, "Visit", now)
    assert seed_demo(database, clinic, now) == 3
    (cleaning,) = upcoming(database, "2045", now)
    assert cleaning.starts_at.astimezone(clinic.timezone).date() == date(2026, 2, 13)
    checkup = upcoming(database, "1001", now)[0].starts_at.astimezone(clinic.timezone)
    assert (checkup.date(), checkup.time()) == (date(2026, 2, 10), time(9, 30))


def test_an_existing_file_comes_before_the_demo(
    database: Database, clinic: Clinic, now: datetime, tmp_path: Path
) -> None:
    path = tmp_path / "appointments.json"
    path.write_text('{"users": ')
    with pytest.raises(ImportRefused):
        prepare_book(database, path, True, clinic, now)
    user = '{"1001": {"name": "Archit Ojha", "user_id": "1001"}}'
    path.write_text(f'{path.read_text()}{user}, "appointments": []}}')
    assert prepare_book(database, path, True, clinic, now) == Prepared("imported", 0)
    assert read_origin(database) == "imported"
    path.unlink()
    assert prepare_book(database, path, True, clinic, now) == Prepared("nothing")


def test_a_book_of_ones_own_is_left_alone(
    database: Database, clinic: Clinic, now: datetime, tmp_path: Path
) -> None:
    assert prepare_book(database, NOWHERE, False, clinic, now) == Prepared("nothing")
    register_patient(database, "Test Patient", now, "+919876543210")
    path = tmp_path / "appointments.json"
    path.write_text("not even JSON")
    assert prepare_book(database, path, True, clinic, now) == Prepared("nothing")
    assert read_origin(database) == "own"
    with database.transaction() as session:
        assert len(session.scalars(select(Patient)).all()) == 1
        assert session.scalars(select(Appointment)).all() == []
