"""A book as large as a busy clinic's after years."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from sqlalchemy import insert
from sqlalchemy.orm import Session

from kavita.store import journal
from kavita.store.claims import cells
from kavita.store.database import Database
from kavita.store.tables import Appointment, Patient, PatientClaim, Practitioner, PractitionerClaim


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
