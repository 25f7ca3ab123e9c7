"""Where the book's first content came from: the demo, an import, or the clinic's own work."""

from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kavita.store.database import Database
from kavita.store.tables import Appointment, Book, Patient

Origin = Literal["demo", "imported", "own"]


def read_origin(database: Database) -> Origin:
    """Return the book's origin; "own" when nothing else was written down."""
    with database.transaction() as session:
        origin = session.scalar(select(Book.origin))
    return "demo" if origin == "demo" else "imported" if origin == "imported" else "own"


def write_origin(session: Session, origin: Origin) -> None:
    """Write the origin down, unless the book has one already."""
    if session.get(Book, 1) is None:
        session.add(Book(id=1, origin=origin))


def is_empty(session: Session) -> bool:
    """Tell whether the book holds no patient and no appointment."""
    rows = (session.scalar(select(func.count()).select_from(table)) for table in _CONTENT)
    return not any(rows)


_CONTENT = (Patient, Appointment)
