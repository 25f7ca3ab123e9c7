"""The patients in the book."""

import secrets
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kavita.scheduling.errors import NoFreeId
from kavita.store import journal
from kavita.store.database import Database
from kavita.store.idempotency import remember, reserve
from kavita.store.journal import NOBODY, Request, wrote_patient
from kavita.store.snapshots import restored, snapshot
from kavita.store.tables import Patient

FIRST_ID, LAST_ID = 1000, 9999
"""New patients get an ID of four digits that is free, at random."""


def find_patient(database: Database, patient_id: str) -> Patient | None:
    """Return the patient with that ID, if there is one; for commands, not for callers."""
    with database.transaction() as session:
        return session.scalar(select(Patient).where(Patient.id == patient_id))


def register_patient(
    database: Database,
    name: str,
    now: datetime,
    phone: str | None = None,
    birth_date: date | None = None,
    request: Request = NOBODY,
) -> Patient:
    """Write down a new patient under a free ID.

    Raises NoFreeId when there is none left, and what `reserve` raises.
    """
    arguments = {"name": name, "phone": phone, "birth_date": str(birth_date)}

    def work(session: Session) -> Patient:
        answered = reserve(session, request, arguments, now)
        if answered is not None:
            return restored(Patient, answered)
        patient = _add_under_free_id(session, name, phone, birth_date)
        remember(session, request, snapshot(patient))
        journal.append(session, request, now, [wrote_patient(patient, "registered")])
        return patient

    return database.run(work)


def set_birth_date(
    database: Database, patient_id: str, birth_date: date | None, now: datetime
) -> bool:
    """Write a patient's date of birth down, which callers must then know; False for nobody."""

    def work(session: Session) -> bool:
        patient = session.scalar(select(Patient).where(Patient.id == patient_id))
        if patient is None:
            return False
        patient.birth_date = birth_date
        session.flush()
        request = Request(tool="patient")
        journal.append(session, request, now, [wrote_patient(patient, "changed")])
        return True

    return database.run(work)


def add_patient(session: Session, patient: Patient) -> bool:
    """Add the patient within a transaction; False when the ID is already in the book."""
    try:
        with session.begin_nested():
            session.add(patient)
    except IntegrityError:
        return False
    return True


def _add_under_free_id(
    session: Session, name: str, phone: str | None, birth_date: date | None
) -> Patient:
    used = set(session.scalars(select(Patient.id)))
    free = [str(number) for number in range(FIRST_ID, LAST_ID + 1) if str(number) not in used]
    while free:
        patient = Patient(id=secrets.choice(free), name=name, phone=phone, birth_date=birth_date)
        if add_patient(session, patient):
            return patient
        free.remove(patient.id)
    raise NoFreeId
