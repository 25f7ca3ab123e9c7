"""Whether the claims are those that the booked appointments and the holds must own, no others."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from kavita.scheduling.working_time import CELL_SECONDS
from kavita.store.tables import BOOKED, Appointment, Hold, PatientClaim, PractitionerClaim

CHUNK = 500

Owned = dict[Any, set[tuple[Any, int]]]
"""By appointment or hold: whose time, and where each five minutes of it begin."""


def problems(session: Session) -> Iterator[str]:
    """Compare both tables of claims with who must own them; sentences for the operator."""
    try:
        yield from _appointments(session)
        yield from _holds(session)
    except (TypeError, ValueError):
        yield "The claims cannot be compared: a value that is no time stands where one should."
    yield from _strays(session)


def _appointments(session: Session) -> Iterator[str]:
    query = select(Appointment).where(Appointment.status == BOOKED).order_by(Appointment.position)
    for rows in session.scalars(query, execution_options={"yield_per": CHUNK}).partitions():
        keys = [row.id for row in rows if isinstance(row.id, str)]
        patients, practitioners = _patients_claims(session, keys), _claims(session, keys)
        for row in rows:
            starts, ends = int(row.starts_at.timestamp()), int(row.ends_at.timestamp())
            if not _owns(patients, row.id, row.patient_id, starts, ends):
                yield f"The appointment {row.id} does not own exactly its patient's time."
            own = (row.practitioner_id, row.occupied_from, row.occupied_until)
            if not _owns(practitioners, row.id, *own):
                yield f"The appointment {row.id} does not own exactly its practitioner's time."


def _holds(session: Session) -> Iterator[str]:
    query = select(Hold).order_by(Hold.id)
    for rows in session.scalars(query, execution_options={"yield_per": CHUNK}).partitions():
        owned = _hold_claims(session, [row.id for row in rows])
        for row in rows:
            own = (row.practitioner_id, row.occupied_from, row.occupied_until)
            if not _owns(owned, row.id, *own):
                yield f"The hold {row.id} does not own exactly its time."


def _owns(owned: Owned, key: Any, who: Any, first: int, end: int) -> bool:
    due = range(first // CELL_SECONDS * CELL_SECONDS, end, CELL_SECONDS)
    cells = owned.get(key, set())
    return len(cells) == len(due) and cells == {(who, cell) for cell in due}


def _patients_claims(session: Session, appointments: Sequence[str]) -> Owned:
    columns = (PatientClaim.appointment_id, PatientClaim.patient_id, PatientClaim.cell_start)
    query = select(*columns).where(PatientClaim.appointment_id.in_(appointments))
    return _by_owner(session.execute(query).tuples())


def _claims(session: Session, appointments: Sequence[str]) -> Owned:
    one = PractitionerClaim
    query = select(one.appointment_id, one.practitioner_id, one.cell_start)
    return _by_owner(session.execute(query.where(one.appointment_id.in_(appointments))).tuples())


def _hold_claims(session: Session, holds: Sequence[int]) -> Owned:
    one = PractitionerClaim
    query = select(one.hold_id, one.practitioner_id, one.cell_start)
    return _by_owner(session.execute(query.where(one.hold_id.in_(holds))).tuples())


def _by_owner(rows: Any) -> Owned:
    found: Owned = {}
    for key, who, cell in rows:
        found.setdefault(key, set()).add((who, cell))
    return found


def _strays(session: Session) -> Iterator[str]:
    """Name what owns time without a right to."""
    for table in (PatientClaim, PractitionerClaim):
        owner = table.appointment_id
        booked = exists().where(Appointment.id == owner, Appointment.status == BOOKED)
        for key in session.scalars(select(owner).where(owner.is_not(None), ~booked).distinct()):
            yield f"The appointment {key} is not booked, but owns time."
    hold_id = PractitionerClaim.hold_id
    there = exists().where(Hold.id == hold_id)
    for hold in session.scalars(select(hold_id).where(hold_id.is_not(None), ~there).distinct()):
        yield f"The hold {hold} does not exist, but owns time."
