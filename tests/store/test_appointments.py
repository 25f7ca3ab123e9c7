"""Booking, moving and cancelling on both databases."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import chain, repeat

import pytest
from sqlalchemy import select

from kavita.scheduling.clinic import Clinic
from kavita.scheduling.errors import (
    AlreadyBooked,
    AppointmentNotFound,
    ClinicClosed,
    InvalidTime,
    NotActive,
    PastTime,
    SlotTaken,
)
from kavita.store.appointments import book, cancel, move, upcoming
from kavita.store.availability import next_day_with_room, slots_of_day
from kavita.store.database import Database
from kavita.store.exchange.appointments_json import export_text
from kavita.store.tables import Patient, PatientClaim, Practitioner, PractitionerClaim

THURSDAY = date(2026, 2, 12)
FRIDAY = date(2026, 2, 13)
NOON = time(12)


@pytest.fixture
def any_book(any_database: Database) -> Database:
    """A book with two patients and no appointment."""
    with any_database.transaction() as session:
        session.add_all(
            [Patient(id="1001", name="Archit Ojha"), Patient(id="2045", name="Priya Sharma")]
        )
    return any_database


def another_practitioner() -> Practitioner:
    return Practitioner(
        id=2, key="another", name="Another", specialty="", languages=[], is_active=True
    )


def test_a_booked_time_is_no_longer_free(any_book: Database, clinic: Clinic, now: datetime) -> None:
    booked = book(any_book, clinic, "1001", THURSDAY, NOON, "Lab visit", now)
    assert (booked.patient_name, booked.purpose, booked.status) == (
        *("Archit Ojha", "Lab visit", "booked"),
    )
    assert len(booked.id) == 8
    assert booked.created_at == now
    assert booked.modified_at is None
    slots = slots_of_day(any_book, clinic, THURSDAY, now)
    assert (slots.booked, len(slots.free)) == ((NOON,), 17)
    assert [row.id for row in upcoming(any_book, "1001", now)] == [booked.id]


def test_a_taken_time_is_refused_with_the_nearest_free_ones(
    any_book: Database, clinic: Clinic, now: datetime
) -> None:
    book(any_book, clinic, "2045", THURSDAY, time(11), "Dental cleaning", now)
    with pytest.raises(SlotTaken) as refused:
        book(any_book, clinic, "1001", THURSDAY, time(11), "Lab visit", now)
    assert refused.value.details == {
        "date": "2026-02-12",
        "alternatives": ["10:00 AM", "10:30 AM", "11:30 AM"],
    }
    assert upcoming(any_book, "1001", now) == []


def test_a_patient_cannot_be_in_two_places_at_once(
    any_book: Database, clinic: Clinic, now: datetime
) -> None:
    booked = book(any_book, clinic, "1001", THURSDAY, NOON, "Lab visit", now)
    with pytest.raises(AlreadyBooked):
        book(any_book, clinic, "1001", THURSDAY, NOON, "Another visit", now)
    with any_book.transaction() as session:
        session.add(another_practitioner())
    elsewhere = replace(clinic.practitioners[0], key="another", id=2)
    quarter = replace(clinic, practitioners=(elsewhere,), slot_minutes=15)
    with pytest.raises(AlreadyBooked):
        book(any_book, quarter, "1001", THURSDAY, time(12, 15), "Elsewhere", now)
    assert [row.id for row in upcoming(any_book, "1001", now)] == [booked.id]


def test_a_cancelled_appointment_frees_its_time(
    any_book: Database, clinic: Clinic, now: datetime
) -> None:
    booked = book(any_book, clinic, "1001", THURSDAY, NOON, "Lab visit", now)
    later = now + timedelta(hours=1)
    cancelled = cancel(any_book, clinic, "1001", booked.id, later)
    assert (cancelled.status, cancelled.modified_at) == ("cancelled", later)
    assert upcoming(any_book, "1001", now) == []
    again = book(any_book, clinic, "2045", THURSDAY, NOON, "Dental cleaning", now)
    assert again.id != booked.id


def test_moving_takes_the_new_time_and_frees_the_old(
    any_book: Database, clinic: Clinic, now: datetime
) -> None:
    booked = book(any_book, clinic, "1001", THURSDAY, NOON, "Lab visit", now)
    moved = move(any_book, clinic, "1001", booked.id, now, new_day=FRIDAY)
    assert moved.previously == booked.starts_at
    assert moved.appointment.starts_at == booked.starts_at + timedelta(days=1)
    assert slots_of_day(any_book, clinic, THURSDAY, now).booked == ()
    assert slots_of_day(any_book, clinic, FRIDAY, now).booked == (NOON,)
    moved = move(any_book, clinic, "1001", booked.id, now, new_start=time(12, 30))
    assert slots_of_day(any_book, clinic, FRIDAY, now).booked == (time(12, 30),)
    with any_book.transaction() as session:
        for table in (PatientClaim, PractitionerClaim):
            assert len(session.scalars(select(table.cell_start)).all()) == 6


@pytest.mark.parametrize(
    ("day", "start", "error"),
    [
        (None, time(11), SlotTaken),
        (FRIDAY, None, AlreadyBooked),
        (None, None, AlreadyBooked),
        (date(2026, 2, 15), None, ClinicClosed),
        (date(2026, 2, 8), None, PastTime),
        (None, time(12, 10), InvalidTime),
    ],
)
def test_a_move_that_fails_keeps_the_old_time(
    any_book: Database,
    clinic: Clinic,
    now: datetime,
    day: date | None,
    start: time | None,
    error: type[Exception],
) -> None:
    booked = book(any_book, clinic, "1001", THURSDAY, NOON, "Lab visit", now)
    book(any_book, clinic, "1001", FRIDAY, NOON, "Follow-up visit", now)
    book(any_book, clinic, "2045", THURSDAY, time(11), "Dental cleaning", now)
    before = export_text(any_book, clinic)
    with pytest.raises(error):
        move(any_book, clinic, "1001", booked.id, now, day, start)
    assert export_text(any_book, clinic) == before
    with pytest.raises(SlotTaken):
        book(any_book, clinic, "2045", THURSDAY, NOON, "Dental cleaning", now)


def test_an_appointment_may_move_onto_part_of_its_own_time(
    any_book: Database, clinic: Clinic, now: datetime
) -> None:
    booked = book(any_book, clinic, "1001", THURSDAY, NOON, "Lab visit", now)
    quarter = Clinic(clinic.name, clinic.timezone, slot_minutes=15)
    moved = move(any_book, quarter, "1001", booked.id, now, new_start=time(12, 15))
    assert moved.appointment.starts_at == booked.starts_at + timedelta(minutes=15)


def test_another_patients_appointment_does_not_exist_for_this_one(
    any_book: Database, clinic: Clinic, now: datetime
) -> None:
    booked = book(any_book, clinic, "2045", THURSDAY, NOON, "Dental cleaning", now)
    with pytest.raises(AppointmentNotFound):
        cancel(any_book, clinic, "1001", booked.id, now)
    with pytest.raises(AppointmentNotFound):
        move(any_book, clinic, "1001", booked.id, now, FRIDAY)


def test_what_is_cancelled_or_past_stays_as_it_is(
    any_book: Database, clinic: Clinic, now: datetime
) -> None:
    gone = book(any_book, clinic, "1001", THURSDAY, NOON, "Lab visit", now)
    cancel(any_book, clinic, "1001", gone.id, now)
    past = book(any_book, clinic, "1001", THURSDAY, NOON, "Lab visit", now)
    for appointment, moment in ((gone, now), (past, past.starts_at)):
        with pytest.raises(NotActive):
            cancel(any_book, clinic, "1001", appointment.id, moment)
        with pytest.raises(NotActive):
            move(any_book, clinic, "1001", appointment.id, moment, FRIDAY)
    assert upcoming(any_book, "1001", past.starts_at) == []


def test_an_id_that_is_in_use_is_drawn_again(
    any_book: Database, clinic: Clinic, now: datetime
) -> None:
    ids = chain(repeat("a1b2c3d4", 3), ["00000001"])
    first = book(any_book, clinic, "1001", THURSDAY, NOON, "One", now, ids.__next__)
    second = book(any_book, clinic, "1001", FRIDAY, NOON, "Two", now, ids.__next__)
    assert (first.id, second.id) == ("a1b2c3d4", "00000001")


def test_the_next_day_with_room_is_found_behind_full_and_closed_ones(
    any_book: Database, clinic: Clinic, now: datetime
) -> None:
    saturday = date(2026, 2, 14)
    for start in slots_of_day(any_book, clinic, saturday, now).free:
        book(any_book, clinic, "1001", saturday, start, "Check", now)
    assert slots_of_day(any_book, clinic, saturday, now).free == ()
    assert next_day_with_room(any_book, clinic, FRIDAY, now) == date(2026, 2, 16)
    with pytest.raises(SlotTaken) as refused:
        book(any_book, clinic, "2045", saturday, NOON, "Dental cleaning", now)
    assert refused.value.details["alternatives"] == []
