"""Export to `data/appointments.json`, and an appointment as the tools show it.

The file is what the program before Kavita kept its book in:
`{"users": {"1001": {"name", "user_id"}}, "appointments": [{"appointment_id", ...}]}`.
Where the clinic has practitioners or kinds of visit, an appointment names their keys too.
"""

import json
import os
from pathlib import Path
from typing import Any

from sqlalchemy import select

from kavita.scheduling.clinic import Clinic
from kavita.scheduling.times import format_time, to_clinic
from kavita.store.appointments import visit_of
from kavita.store.database import Database
from kavita.store.directory import Directory, read_directory
from kavita.store.tables import Appointment, Patient


def export_text(database: Database, clinic: Clinic) -> str:
    """Return the whole book in the file's format, in the order in which it was written."""
    with database.transaction() as session:
        patients = session.scalars(select(Patient).order_by(Patient.position)).all()
        appointments = session.scalars(select(Appointment).order_by(Appointment.position)).all()
        directory = read_directory(session, clinic)
    content = {
        "users": {patient.id: file_user(patient) for patient in patients},
        "appointments": [_exported(row, directory) for row in appointments],
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
    """Return an appointment as the tools show it, in the clinic's zone.

    With whom and what for is named only where there is a choice.
    """
    row = _plain_row(appointment, clinic)
    if clinic.is_plain:
        return row
    one = clinic.practitioner(appointment.practitioner_id)
    who = {"practitioner": one.name} if one else {}
    return row | who | {"visit_type": visit_of(clinic, appointment).name}


def file_user(patient: Patient) -> dict[str, str]:
    """Return a patient as the file holds them."""
    row = {"name": patient.name, "user_id": patient.id}
    if patient.phone is not None:
        row["phone"] = patient.phone
    if patient.birth_date is not None:
        row["date_of_birth"] = patient.birth_date.isoformat()
    return row


def file_appointment(appointment: Appointment, directory: Directory) -> dict[str, Any]:
    """Return an appointment as the file holds it, with the keys of practitioner and visit."""
    return _plain_row(appointment, directory.clinic) | {
        "practitioner": directory.practitioner_keys[appointment.practitioner_id],
        "visit_type": directory.visit_type_keys[appointment.visit_type_id],
    }


def _exported(appointment: Appointment, directory: Directory) -> dict[str, Any]:
    """Leave out what a plain clinic's file need not say."""
    row, clinic = file_appointment(appointment, directory), directory.clinic
    if clinic.is_plain and row["practitioner"] == clinic.practitioners[0].key:
        del row["practitioner"]
    if clinic.is_plain and not row["visit_type"]:
        del row["visit_type"]
    return row


def _plain_row(appointment: Appointment, clinic: Clinic) -> dict[str, Any]:
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
