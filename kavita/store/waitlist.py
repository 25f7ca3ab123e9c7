"""The waiting list: who would like a time that is not free, and between when.

What becomes free is kept for the first patient whom it suits (`waitlist_offers`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from kavita.scheduling.clinic import Clinic, VisitType
from kavita.scheduling.errors import AppointmentNotFound
from kavita.store import journal
from kavita.store.database import Database
from kavita.store.journal import Entry, Request
from kavita.store.snapshots import snapshot
from kavita.store.tables import (
    BOOKED,
    Appointment,
    WaitlistEntry,
    WaitlistOffer,
)
from kavita.store.waitlist_offers import give_up


@dataclass(frozen=True)
class Wish:
    """What a patient waits for: a visit that begins within [earliest, latest)."""

    earliest: datetime
    latest: datetime
    visit: VisitType
    practitioner_id: int | None = None
    """None: anybody who offers the visit."""
    appointment_id: str | None = None
    """The appointment that would be moved; None: a new one would be booked."""


def join(
    database: Database,
    clinic: Clinic,
    patient_id: str,
    wish: Wish,
    now: datetime,
    request: Request,
) -> WaitlistEntry:
    """Put a patient on the list; a wish for the same appointment replaces an older one.

    Raises AppointmentNotFound when the patient no longer has the appointment to be moved.
    """

    def work(session: Session) -> WaitlistEntry:
        _check_own(session, patient_id, wish)
        same = WaitlistEntry.appointment_id == wish.appointment_id
        same = same if wish.appointment_id else WaitlistEntry.appointment_id.is_(None)
        mine = WaitlistEntry.patient_id == patient_id
        entries = _withdraw(session, clinic, now, mine, same)
        entry = WaitlistEntry(
            patient_id=patient_id,
            appointment_id=wish.appointment_id,
            practitioner_id=wish.practitioner_id,
            visit_type_id=wish.visit.id,
            minutes=wish.visit.minutes,
            earliest=wish.earliest,
            latest=wish.latest,
            status="waiting",
            created_at=now,
        )
        session.add(entry)
        session.flush()
        entries.append(Entry("waitlist", patient_id, "waiting", snapshot(entry)))
        journal.append(session, request, now, entries)
        return entry

    return database.run(work)


def leave(
    database: Database, clinic: Clinic, patient_id: str, now: datetime, request: Request
) -> int:
    """Take a patient off the list, and pass on what is kept for them; return how many wishes."""

    def work(session: Session) -> int:
        mine = select(func.count()).where(
            WaitlistEntry.patient_id == patient_id, WaitlistEntry.status == "waiting"
        )
        count = session.scalar(mine) or 0
        entries = _withdraw(session, clinic, now, WaitlistEntry.patient_id == patient_id)
        journal.append(session, request, now, entries)
        return count

    return database.run(work)


def withdraw(
    session: Session, clinic: Clinic, appointment: Appointment, now: datetime
) -> list[Entry]:
    """Take a cancelled appointment's patient off the list, as far as it was to be moved."""
    return _withdraw(session, clinic, now, WaitlistEntry.appointment_id == appointment.id)


def follow(
    session: Session, clinic: Clinic, appointment: Appointment, now: datetime
) -> list[Entry]:
    """Let a wish for an earlier time mean earlier than where the appointment was moved to.

    A wish that has nothing left to wait for is withdrawn.
    """
    entries = []
    mine = WaitlistEntry.appointment_id == appointment.id
    for entry in _waiting(session, mine, WaitlistEntry.latest > appointment.starts_at):
        entry.latest = appointment.starts_at
        if entry.earliest >= entry.latest:
            entry.status = "withdrawn"
        session.flush()
        entries.append(Entry("waitlist", entry.patient_id, entry.status, snapshot(entry)))
        later = and_(WaitlistOffer.entry_id == entry.id, WaitlistOffer.starts_at >= entry.latest)
        entries += give_up(session, clinic, "declined", now, later)
    return entries


def _check_own(session: Session, patient_id: str, wish: Wish) -> None:
    if wish.appointment_id is None:
        return
    own = select(Appointment.id).where(
        Appointment.id == wish.appointment_id,
        Appointment.patient_id == patient_id,
        Appointment.status == BOOKED,
        Appointment.starts_at >= wish.latest,
    )
    if session.scalar(own.with_for_update()) is None:
        raise AppointmentNotFound


def _withdraw(
    session: Session, clinic: Clinic, now: datetime, *which: ColumnElement[bool]
) -> list[Entry]:
    entries = []
    for entry in _waiting(session, *which):
        entry.status = "withdrawn"
        session.flush()
        entries.append(Entry("waitlist", entry.patient_id, "withdrawn", snapshot(entry)))
        entries += give_up(session, clinic, "declined", now, WaitlistOffer.entry_id == entry.id)
    return entries


def _waiting(session: Session, *which: ColumnElement[bool]) -> Sequence[WaitlistEntry]:
    """Return some of those who wait, locked until the commit."""
    query = select(WaitlistEntry).where(WaitlistEntry.status == "waiting", *which)
    return session.scalars(query.order_by(WaitlistEntry.id).with_for_update()).all()
