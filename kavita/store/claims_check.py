"""Whether the claims are those that the booked appointments and the holds must own, no others."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from kavita.scheduling.working_time import CELL_SECONDS
from kavita.store.tables import BOOKED, Appointment, Hold, PatientClaim, PractitionerClaim

CHUNK = 500

Owned = dict[Any, tuple[Any, ...]]
"""By appointment or hold, in sum: whose cells, how many, the first, the last, and off the grid."""


def appointments_problems(session: Session, rows: Sequence[Appointment]) -> Iterator[str]:
    """Compare the claims of some appointments with what they must own."""
    booked = [row for row in rows if row.status == BOOKED and isinstance(row.id, str)]
    keys = [row.id for row in booked]
    one, other = PatientClaim, PractitionerClaim
    patients = _owned(session, one.appointment_id, keys, one.patient_id, one.cell_start)
    practitioners = _owned(
        session, other.appointment_id, keys, other.practitioner_id, other.cell_start
    )
    for row in booked:
        starts, ends = int(row.starts_at.timestamp()), int(row.ends_at.timestamp())
        if patients.get(row.id) != _due(row.patient_id, starts, ends):
            yield f"The appointment {row.id} does not own exactly its patient's time."
        if practitioners.get(row.id) != _due_to(row):
            yield f"The appointment {row.id} does not own exactly its practitioner's time."


def other_problems(session: Session) -> Iterator[str]:
    """Compare the claims of holds with what they must own, and name what owns without a right."""
    table = PractitionerClaim
    query = select(Hold).order_by(Hold.id)
    for rows in session.scalars(query, execution_options={"yield_per": CHUNK}).partitions():
        keys = [row.id for row in rows]
        owned = _owned(session, table.hold_id, keys, table.practitioner_id, table.cell_start)
        for row in rows:
            if owned.get(row.id) != _due_to(row):
                yield f"The hold {row.id} does not own exactly its time."
    yield from _strays(session)


def _owned(
    session: Session,
    owner: InstrumentedAttribute[Any],
    keys: Sequence[Any],
    whose: InstrumentedAttribute[Any],
    cell: InstrumentedAttribute[int],
) -> Owned:
    """Sum up who owns what; a primary key keeps the cells of one person different."""
    columns: list[ColumnElement[Any]] = [
        *(func.min(whose), func.max(whose), func.count()),
        *(func.min(cell), func.max(cell), func.sum(cell % CELL_SECONDS)),
    ]
    query = select(owner, *columns).where(owner.in_(keys)).group_by(owner)
    return {key: tuple(summed) for key, *summed in session.execute(query)}


def _due_to(row: Appointment | Hold) -> tuple[Any, ...]:
    return _due(row.practitioner_id, row.occupied_from, row.occupied_until)


def _due(whose: Any, first: int, end: int) -> tuple[Any, ...]:
    """Return what must be owned, in sum; raises TypeError for a damaged row."""
    due = range(first // CELL_SECONDS * CELL_SECONDS, end, CELL_SECONDS)
    return (whose, whose, len(due), due[0] if due else None, due[-1] if due else None, 0)


def _strays(session: Session) -> Iterator[str]:
    for table in (PatientClaim, PractitionerClaim):
        owner = table.appointment_id
        booked = exists().where(Appointment.id == owner, Appointment.status == BOOKED)
        for key in session.scalars(select(owner).where(owner.is_not(None), ~booked).distinct()):
            yield f"The appointment {key} is not booked, but owns time."
    hold_id = PractitionerClaim.hold_id
    there = exists().where(Hold.id == hold_id)
    for hold in session.scalars(select(hold_id).where(hold_id.is_not(None), ~there).distinct()):
        yield f"The hold {hold} does not exist, but owns time."
