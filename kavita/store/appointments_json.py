"""Import and export of `data/appointments.json`: everything is checked before anything is written.

The file is what the program before Kavita kept its book in:
`{"users": {"1001": {"name", "user_id"}}, "appointments": [{"appointment_id", ...}]}`.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kavita.scheduling.clinic import Clinic
from kavita.scheduling.times import format_time, to_clinic
from kavita.store.appointments_file import AppointmentsFile, ImportRefused, Row, read_file
from kavita.store.claims import cells
from kavita.store.database import Database
from kavita.store.origin import is_empty, write_origin
from kavita.store.tables import (
    BOOKED,
    OWN_PRACTITIONER,
    Appointment,
    Patient,
    PatientClaim,
    PractitionerClaim,
)

__all__ = [
    "ImportRefused",
    "Imported",
    "appointment_row",
    "export_file",
    "export_text",
    "import_file",
]


@dataclass(frozen=True)
class Imported:
    """How much was new; what the book held already, word for word, is not counted."""

    patients: int
    appointments: int


def import_file(database: Database, path: Path, clinic: Clinic) -> Imported:
    """Put a file's users and appointments into the book, all or nothing.

    Raises ImportRefused with file, line and reason; neither file nor book is changed then.
    """
    file = read_file(path, clinic)
    try:
        return database.run(lambda session: _insert_new(session, file))
    except IntegrityError:
        raise ImportRefused(path, None, "the book was changed at the same moment") from None


def export_text(database: Database, clinic: Clinic) -> str:
    """Return the whole book in the file's format, in the order in which it was written."""
    with database.transaction() as session:
        patients = session.scalars(select(Patient).order_by(Patient.position)).all()
        appointments = session.scalars(select(Appointment).order_by(Appointment.position)).all()
    content = {
        "users": {patient.id: _user(patient) for patient in patients},
        "appointments": [appointment_row(row, clinic) for row in appointments],
    }
    return json.dumps(content, indent=2, ensure_ascii=False)


def export_file(database: Database, clinic: Clinic, path: Path) -> None:
    """Write `export_text` to a file, replacing it in one step; raises OSError."""
    text = export_text(database, clinic)
    draft = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        with draft.open("x", encoding="utf-8", newline="\n") as file:
            draft.chmod(0o600)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def appointment_row(appointment: Appointment, clinic: Clinic) -> dict[str, Any]:
    """Return an appointment as the file and the tools show it, in the clinic's zone."""
    starts = to_clinic(appointment.starts_at, clinic.timezone)
    created = to_clinic(appointment.created_at, clinic.timezone)
    modified = appointment.modified_at and to_clinic(appointment.modified_at, clinic.timezone)
    return {
        "appointment_id": appointment.id,
        "user_id": appointment.patient_id,
        "name": appointment.patient_name,
        "date": starts.date().isoformat(),
        "time": format_time(starts.time()),
        "purpose": appointment.purpose,
        "status": appointment.status,
        "created_at": created.isoformat(),
        "modified_at": modified.isoformat() if modified else None,
    }


def _user(patient: Patient) -> dict[str, str]:
    phone = {} if patient.phone is None else {"phone": patient.phone}
    return {"name": patient.name, "user_id": patient.id, **phone}


def _insert_new(session: Session, file: AppointmentsFile) -> Imported:
    if is_empty(session):
        write_origin(session, "imported")
        session.flush()
    patients = _new_patients(session, file)
    appointments = _new_appointments(session, file)
    for table, rows in (
        (Patient, patients),
        (Appointment, appointments),
        (PatientClaim, _claims(appointments, "patient_id")),
        (PractitionerClaim, _claims(appointments, "practitioner_id")),
    ):
        if rows:
            session.connection().execute(insert(table), rows)  # without the ORM: a third faster
    return Imported(len(patients), len(appointments))


def _new_patients(session: Session, file: AppointmentsFile) -> list[Row]:
    known = {row.id: row for row in session.scalars(select(Patient))}
    new = []
    for user_id, user in file.users.items():
        there = known.get(user_id)
        if there is None:
            new.append(user)
        elif (there.name, there.phone) != (user["name"], user["phone"]):
            reason = f"user {user_id} is in the book with other details"
            raise file.refused(("users", user_id), reason)
    return new


def _new_appointments(session: Session, file: AppointmentsFile) -> list[Row]:
    known = {row.id: row for row in session.scalars(select(Appointment))}
    taken = set(session.scalars(select(PractitionerClaim.cell_start)))
    new = []
    for index, row in enumerate(file.appointments):
        there = known.get(row["id"])
        span = cells(row["occupied_from"], row["occupied_until"])
        if there is not None:
            if not _is_same(row, there):
                reason = f"appointment {there.id} is in the book with other details"
                raise file.refused(("appointments", index), reason)
        elif row["status"] == BOOKED and not taken.isdisjoint(span):
            reason = "the book has another appointment at that time"
            raise file.refused(("appointments", index), reason)
        else:
            new.append(row | {"practitioner_id": OWN_PRACTITIONER})
    return new


def _is_same(row: Row, there: Appointment) -> bool:
    return all(getattr(there, field) == row[field] for field in row if field not in _DERIVED)


_DERIVED = ("ends_at", "occupied_from", "occupied_until")


def _claims(appointments: list[Row], owner: str) -> list[Row]:
    return [
        {owner: row[owner], "cell_start": cell, "appointment_id": row["id"]}
        for row in appointments
        if row["status"] == BOOKED
        for cell in cells(row["occupied_from"], row["occupied_until"])
    ]
