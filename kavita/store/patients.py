"""The patients in the book."""

import secrets

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kavita.scheduling.errors import NoFreeId
from kavita.store.database import Database
from kavita.store.tables import Patient

FIRST_ID, LAST_ID = 1000, 9999
"""New patients get an ID of four digits that is free, at random."""


def find_patient(database: Database, patient_id: str) -> Patient | None:
    """Return the patient with that ID, if there is one."""
    with database.transaction() as session:
        return session.scalar(select(Patient).where(Patient.id == patient_id))


def register_patient(database: Database, name: str, phone: str | None = None) -> Patient:
    """Write down a new patient under a free ID; raises NoFreeId when there is none left."""
    return database.run(lambda session: _register(session, name, phone))


def add_patient(session: Session, patient: Patient) -> bool:
    """Add the patient within a transaction; False when the ID is already in the book."""
    try:
        with session.begin_nested():
            session.add(patient)
    except IntegrityError:
        return False
    return True


def _register(session: Session, name: str, phone: str | None) -> Patient:
    used = set(session.scalars(select(Patient.id)))
    free = [str(number) for number in range(FIRST_ID, LAST_ID + 1) if str(number) not in used]
    while free:
        patient = Patient(id=secrets.choice(free), name=name, phone=phone)
        if add_patient(session, patient):
            return patient
        free.remove(patient.id)
    raise NoFreeId
