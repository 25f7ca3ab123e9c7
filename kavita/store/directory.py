"""The keys by which a file names practitioners and kinds of visit, and what the book knows of them.

Who has left, and what is no longer offered, is in the book still, as long as appointments are.
"""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from kavita.scheduling.clinic import Clinic, VisitType
from kavita.store import tables


@dataclass(frozen=True)
class Directory:
    """Practitioners and kinds of visit by key, and back."""

    clinic: Clinic
    practitioners: dict[str, int]
    """The row of each in the book."""
    visit_types: dict[str, VisitType]
    practitioner_keys: dict[int, str]
    visit_type_keys: dict[int | None, str]


def read_directory(session: Session, clinic: Clinic) -> Directory:
    """Read who and what the book knows; the clinic's own definitions come first."""
    practitioners = {
        row.key: row.id
        for row in session.execute(select(tables.Practitioner.key, tables.Practitioner.id))
    }
    practitioners |= {one.key: one.id for one in clinic.practitioners}
    visits = {"": VisitType("", "Visit", clinic.slot_minutes)}
    visits |= {
        row.key: VisitType(row.key, row.name, row.minutes, row.id)
        for row in session.scalars(select(tables.VisitType))
    }
    visits |= {visit.key: visit for visit in clinic.visit_types}
    return Directory(
        clinic,
        practitioners,
        visits,
        {number: key for key, number in practitioners.items()},
        {visit.id: key for key, visit in visits.items()},
    )
