"""The claims: an appointment or a hold owns every five minutes of its time, by primary key.

This is what makes double booking impossible, on SQLite and on PostgreSQL alike. Nothing here looks
before it inserts; the constraint decides.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, TextClause, and_, bindparam, delete, or_, select, text, update
from sqlalchemy.orm import Session

from kavita.scheduling.clinic import VisitType
from kavita.scheduling.errors import AlreadyBooked, SlotTaken
from kavita.scheduling.slots import TimeRange, with_buffers
from kavita.scheduling.working_time import CELL_SECONDS
from kavita.store.tables import (
    Appointment,
    Hold,
    PatientClaim,
    PractitionerClaim,
    WaitlistOffer,
)


def claim(session: Session, appointment: Appointment) -> None:
    """Take the appointment's cells; raises AlreadyBooked or SlotTaken when one is not free.

    The patient's cells come first, each table's in ascending order: two bookings lock alike.
    """
    own = {"appointment_id": appointment.id}
    visit = int(appointment.starts_at.timestamp()), int(appointment.ends_at.timestamp())
    if not _claim(session, _PATIENT, own | {"patient_id": appointment.patient_id}, visit):
        raise AlreadyBooked
    owner = own | {"practitioner_id": appointment.practitioner_id, "hold_id": None}
    span = appointment.occupied_from, appointment.occupied_until
    if not _claim(session, _PRACTITIONER, owner, span):
        raise SlotTaken


def claim_hold(session: Session, hold: Hold) -> None:
    """Take a hold's cells; raises SlotTaken when one is not free."""
    owner = {"practitioner_id": hold.practitioner_id, "hold_id": hold.id, "appointment_id": None}
    if not _claim(session, _PRACTITIONER, owner, (hold.occupied_from, hold.occupied_until)):
        raise SlotTaken


def release(session: Session, appointment: Appointment) -> None:
    """Free the appointment's cells."""
    for table in (PatientClaim, PractitionerClaim):
        session.execute(delete(table).where(table.appointment_id == appointment.id))


def release_holds(session: Session, holds: Sequence[int]) -> None:
    """Free the cells of some holds, and forget the holds."""
    if holds:
        session.execute(delete(PractitionerClaim).where(PractitionerClaim.hold_id.in_(holds)))
        session.execute(delete(Hold).where(Hold.id.in_(holds)))


def make_way(
    session: Session,
    practitioner_id: int,
    span: tuple[int, int],
    now: datetime,
    call_id: str = "",
    patient_id: str = "",
) -> Sequence[int]:
    """Release holds on the span that are over or the patient's own, and all holds of the call.

    Returns the waiting list's offers whose holds are gone. They forget their holds first, for
    SQLite gives the ID of a deleted row to the next one.
    """
    asked = {"practitioner_id": practitioner_id, "first": span[0], "end": span[1], "now": now}
    asked |= {"call_id": call_id, "patient_id": patient_id}
    holds = session.connection().execute(_in_the_way(), asked).scalars().all()
    if not holds:
        return []
    offers = session.scalars(
        update(WaitlistOffer)
        .where(WaitlistOffer.hold_id.in_(holds))
        .values(hold_id=None)
        .returning(WaitlistOffer.id)
    ).all()
    release_holds(session, holds)
    return offers


@cache
def _in_the_way() -> Select[int]:
    on_the_span = and_(
        Hold.practitioner_id == bindparam("practitioner_id"),
        Hold.occupied_from < bindparam("end"),
        Hold.occupied_until > bindparam("first"),
        or_(Hold.expires_at <= bindparam("now"), Hold.patient_id == bindparam("patient_id")),
    )
    gone = or_(on_the_span, Hold.call_id == bindparam("call_id"))
    return select(Hold.id).where(gone).order_by(Hold.id)


def occupied(visit: VisitType, slot: TimeRange) -> tuple[int, int]:
    """Return what a visit takes of the practitioner with its buffers: seconds, whole cells."""
    around = with_buffers(visit, slot)
    first = int(around.starts_at.timestamp()) // CELL_SECONDS * CELL_SECONDS
    return first, -(-int(around.ends_at.timestamp()) // CELL_SECONDS) * CELL_SECONDS


def cells(first: int, end: int) -> range:
    """Return the cells that a time in seconds touches, in order."""
    return range(first // CELL_SECONDS * CELL_SECONDS, end, CELL_SECONDS)


def _claim(
    session: Session, statement: TextClause, owner: dict[str, Any], span: tuple[int, int]
) -> bool:
    """Insert a row for each cell of a span; False when somebody else has one of them."""
    cell_starts = cells(*span)
    values = owner | {"first": cell_starts[0], "last": cell_starts[-1]}
    done = session.connection().execute(
        statement, values, execution_options={"preserve_rowcount": True}
    )
    return done.rowcount == len(cell_starts)


_CELLS = f"""WITH RECURSIVE cell(start) AS (
    SELECT CAST(:first AS BIGINT)
    UNION ALL SELECT start + {CELL_SECONDS} FROM cell WHERE start < :last
)
"""
_PATIENT = text(
    f"""INSERT INTO patient_claim (patient_id, cell_start, appointment_id) {_CELLS}
SELECT CAST(:patient_id AS VARCHAR(64)), start, CAST(:appointment_id AS VARCHAR(64))
FROM cell WHERE true ON CONFLICT DO NOTHING
"""
)
_PRACTITIONER = text(
    f"""INSERT INTO practitioner_claim (practitioner_id, cell_start, appointment_id, hold_id)
{_CELLS}
SELECT CAST(:practitioner_id AS INTEGER), start, CAST(:appointment_id AS VARCHAR(64)),
    CAST(:hold_id AS INTEGER)
FROM cell WHERE true ON CONFLICT DO NOTHING
"""
)
"""One statement for all cells: a taken one is left out, which tells that the time is taken."""
