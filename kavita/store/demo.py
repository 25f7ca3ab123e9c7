"""The demo clinic: two patients with appointments in the coming open days."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from kavita.scheduling.clinic import Clinic
from kavita.scheduling.errors import Conflict
from kavita.scheduling.slots import last_day, nearest, next_open_day
from kavita.scheduling.times import to_clinic
from kavita.store import journal
from kavita.store.appointments import book, upcoming
from kavita.store.availability import slots_of_day
from kavita.store.database import Database
from kavita.store.origin import write_origin
from kavita.store.patients import add_patient
from kavita.store.tables import Patient

PATIENTS = {"1001": "Archit Ojha", "2045": "Priya Sharma"}


@dataclass(frozen=True)
class _Visit:
    patient_id: str
    open_days_ahead: int
    start: time
    purpose: str


VISITS = (
    _Visit("1001", 1, time(10, 0), "General checkup"),
    _Visit("2045", 3, time(11, 0), "Dental cleaning"),
    _Visit("1001", 6, time(14, 30), "Follow-up visit"),
)


def seed_demo(database: Database, clinic: Clinic, now: datetime) -> int:
    """Give each demo patient without a coming appointment theirs; return how many were booked.

    A time that is taken gives way to the nearest free one.
    """
    database.run(partial(_add_patients, now))
    without = {patient_id for patient_id in PATIENTS if not upcoming(database, patient_id, now)}
    visits = [visit for visit in VISITS if visit.patient_id in without]
    return sum(_book_visit(database, clinic, visit, now) for visit in visits)


def _add_patients(now: datetime, session: Session) -> None:
    write_origin(session, "demo")
    known = set(session.scalars(select(Patient.id)))
    new = [Patient(id=key, name=name) for key, name in PATIENTS.items() if key not in known]
    added = [patient for patient in new if add_patient(session, patient)]
    entries = [journal.wrote_patient(patient, "registered") for patient in added]
    journal.append(session, journal.Request(tool="seed"), now, entries)


def _book_visit(database: Database, clinic: Clinic, visit: _Visit, now: datetime) -> bool:
    days = list(_open_days(clinic, now))[visit.open_days_ahead - 1 :]
    for day in days:
        free = slots_of_day(database, clinic, day, now).free
        for start in nearest(free, visit.start, count=1):
            try:
                book(database, clinic, visit.patient_id, day, start, visit.purpose, now)
            except Conflict:  # somebody was faster
                continue
            return True
    return False


def _open_days(clinic: Clinic, now: datetime) -> Iterator[date]:
    day = next_open_day(clinic, to_clinic(now, clinic.timezone).date())
    while day is not None and day <= last_day(clinic, now):
        yield day
        day = next_open_day(clinic, day)
