"""The claims: an appointment or a hold owns every five minutes of its time, by primary key.

This is what makes double booking impossible, on SQLite and on PostgreSQL alike. Nothing here looks
before it inserts; the constraint decides.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import and_, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
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
    spans = cells(int(appointment.starts_at.timestamp()), int(appointment.ends_at.timestamp()))
    key = own | {"patient_id": appointment.patient_id}
    try:
        session.execute(insert(PatientClaim), [key | {"cell_start": cell} for cell in spans])
    except IntegrityError:
        raise AlreadyBooked from None
    _claim_practitioner(
        session,
        own | {"practitioner_id": appointment.practitioner_id, "hold_id": None},
        (appointment.occupied_from, appointment.occupied_until),
    )


def claim_hold(session: Session, hold: Hold) -> None:
    """Take a hold's cells; raises SlotTaken when one is not free."""
    _claim_practitioner(
        session,
        {"practitioner_id": hold.practitioner_id, "hold_id": hold.id, "appointment_id": None},
        (hold.occupied_from, hold.occupied_until),
    )


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
    on_the_span = and_(
        Hold.practitioner_id == practitioner_id,
        Hold.occupied_from < span[1],
        Hold.occupied_until > span[0],
        or_(Hold.expires_at <= now, Hold.patient_id == patient_id),
    )
    gone = or_(on_the_span, Hold.call_id == call_id) if call_id else on_the_span
    holds = session.scalars(select(Hold.id).where(gone).order_by(Hold.id)).all()
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


def occupied(visit: VisitType, slot: TimeRange) -> tuple[int, int]:
    """Return what a visit takes of the practitioner with its buffers: seconds, whole cells."""
    around = with_buffers(visit, slot)
    first = int(around.starts_at.timestamp()) // CELL_SECONDS * CELL_SECONDS
    return first, -(-int(around.ends_at.timestamp()) // CELL_SECONDS) * CELL_SECONDS


def cells(first: int, end: int) -> Iterator[int]:
    """Return the cells that a time in seconds touches, in order."""
    return iter(range(first // CELL_SECONDS * CELL_SECONDS, end, CELL_SECONDS))


def _claim_practitioner(session: Session, owner: dict[str, object], span: tuple[int, int]) -> None:
    try:
        session.execute(
            insert(PractitionerClaim), [owner | {"cell_start": cell} for cell in cells(*span)]
        )
    except IntegrityError:
        raise SlotTaken from None
