"""The waiting list: a time that becomes free is kept for the first patient whom it suits.

The offer is given when that patient calls. Until it is taken, declined or over, a hold keeps the
time; then the next patient's turn comes, and when nobody is left the time is free for all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, exists, or_, select
from sqlalchemy.orm import Session

from kavita.scheduling.clinic import Clinic, VisitType
from kavita.scheduling.errors import SlotTaken
from kavita.scheduling.slots import TimeRange
from kavita.store import journal
from kavita.store.claims import cells, claim_hold, occupied, release_holds
from kavita.store.database import Database
from kavita.store.journal import Entry, Request
from kavita.store.snapshots import snapshot
from kavita.store.tables import (
    Appointment,
    Hold,
    PatientClaim,
    WaitlistEntry,
    WaitlistOffer,
)


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


@dataclass(frozen=True)
class Offer:
    """A time that is kept for a patient until `expires_at`."""

    practitioner_id: int
    starts_at: datetime
    expires_at: datetime
    appointment_id: str | None


def join(
    database: Database, patient_id: str, wish: Wish, now: datetime, request: Request
) -> WaitlistEntry:
    """Put a patient on the list; a wish for the same appointment replaces an older one."""

    def work(session: Session) -> WaitlistEntry:
        same = WaitlistEntry.appointment_id == wish.appointment_id
        same = same if wish.appointment_id else WaitlistEntry.appointment_id.is_(None)
        entries = _withdraw(session, WaitlistEntry.patient_id == patient_id, same)
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


def give_offers(
    session: Session, clinic: Clinic, patient_id: str, call_id: str, now: datetime
) -> tuple[list[Offer], list[Entry]]:
    """Return what is kept for a patient who calls, as given in this call, with its journal."""
    entries = lapse(session, clinic, now)
    query = (
        select(WaitlistOffer, WaitlistEntry)
        .join(WaitlistEntry, WaitlistEntry.id == WaitlistOffer.entry_id)
        .where(WaitlistEntry.patient_id == patient_id, WaitlistOffer.status == "open")
        .order_by(WaitlistOffer.starts_at)
    )
    offers = []
    for offer, entry in session.execute(query):
        offer.given_in_call = call_id
        offers.append(
            Offer(offer.practitioner_id, offer.starts_at, offer.expires_at, entry.appointment_id)
        )
        entries.append(Entry("waitlist", patient_id, "offer_given", snapshot(offer)))
    return offers, entries


def offer_freed(
    session: Session, clinic: Clinic, practitioner_id: int, freed: TimeRange, now: datetime
) -> list[Entry]:
    """Keep a freed time for the first waiting patient whom it suits; return the journal of it."""
    practitioner = clinic.practitioner(practitioner_id)
    if practitioner is None or freed.starts_at <= now + timedelta(minutes=clinic.notice_minutes):
        return []
    for entry in session.scalars(_suited(practitioner_id, freed)):
        visit = _visit_of(clinic, entry)
        if not practitioner.offers(visit) or _is_busy(session, entry, freed):
            continue
        slot = TimeRange(freed.starts_at, freed.starts_at + timedelta(minutes=visit.minutes))
        offer = _keep(session, clinic, entry, practitioner_id, slot, visit, now)
        if offer is not None:
            return [Entry("waitlist", entry.patient_id, "offered", snapshot(offer))]
    return []


def settle(
    session: Session, patient_id: str, gone: Sequence[int], appointment: Appointment
) -> None:
    """Note which offers an appointment has taken, of the holds that gave way to it."""
    if not gone:
        return
    taken = session.scalars(
        select(WaitlistOffer)
        .join(WaitlistEntry, WaitlistEntry.id == WaitlistOffer.entry_id)
        .where(WaitlistOffer.hold_id.in_(gone), WaitlistOffer.status == "open")
    ).all()
    for offer in taken:
        entry = session.get_one(WaitlistEntry, offer.entry_id)
        mine = entry.patient_id == patient_id and offer.starts_at == appointment.starts_at
        offer.status = "taken" if mine else "lapsed"
        offer.hold_id = None
        if mine:
            entry.status = "served"


def withdraw(session: Session, appointment: Appointment) -> list[Entry]:
    """Take a cancelled appointment's patient off the list, as far as it was to be moved."""
    return _withdraw(session, WaitlistEntry.appointment_id == appointment.id)


def decline_given(session: Session, clinic: Clinic, call_id: str, now: datetime) -> list[Entry]:
    """Pass on what was offered in a call and not taken; the patient stays on the list."""
    given = session.scalars(
        select(WaitlistOffer)
        .where(WaitlistOffer.given_in_call == call_id, WaitlistOffer.status == "open")
        .order_by(WaitlistOffer.id)
    ).all()
    return [entry for offer in given for entry in _pass_on(session, clinic, offer, "declined", now)]


def lapse(session: Session, clinic: Clinic, now: datetime) -> list[Entry]:
    """Pass on what was kept for patients who did not call in time."""
    over = session.scalars(
        select(WaitlistOffer)
        .where(WaitlistOffer.expires_at <= now, WaitlistOffer.status == "open")
        .order_by(WaitlistOffer.id)
    ).all()
    return [entry for offer in over for entry in _pass_on(session, clinic, offer, "lapsed", now)]


def _pass_on(
    session: Session, clinic: Clinic, offer: WaitlistOffer, status: str, now: datetime
) -> list[Entry]:
    release_holds(session, [offer.hold_id] if offer.hold_id is not None else [])
    offer.status, offer.hold_id = status, None
    session.flush()
    patient_id = session.get_one(WaitlistEntry, offer.entry_id).patient_id
    freed = TimeRange(offer.starts_at, offer.ends_at)
    return [
        Entry("waitlist", patient_id, status, snapshot(offer)),
        *offer_freed(session, clinic, offer.practitioner_id, freed, now),
    ]


def _suited(practitioner_id: int, freed: TimeRange) -> Select[WaitlistEntry]:
    """Who waits for such a time, the longest-waiting first, and was not offered it before."""
    offered = exists().where(
        WaitlistOffer.entry_id == WaitlistEntry.id,
        or_(
            WaitlistOffer.status == "open",
            (WaitlistOffer.starts_at == freed.starts_at)
            & (WaitlistOffer.practitioner_id == practitioner_id),
        ),
    )
    minutes = int((freed.ends_at - freed.starts_at).total_seconds()) // 60
    anybody = WaitlistEntry.practitioner_id.is_(None)
    return (
        select(WaitlistEntry)
        .where(
            WaitlistEntry.status == "waiting",
            WaitlistEntry.earliest <= freed.starts_at,
            WaitlistEntry.latest > freed.starts_at,
            WaitlistEntry.minutes <= minutes,
            or_(anybody, WaitlistEntry.practitioner_id == practitioner_id),
            ~offered,
        )
        .order_by(WaitlistEntry.created_at, WaitlistEntry.id)
        .with_for_update()
    )


def _is_busy(session: Session, entry: WaitlistEntry, freed: TimeRange) -> bool:
    """Tell whether the patient is elsewhere then, not counting the appointment to be moved."""
    first = int(freed.starts_at.timestamp())
    span = list(cells(first, first + 60 * entry.minutes))
    query = select(PatientClaim.cell_start).where(
        PatientClaim.patient_id == entry.patient_id,
        PatientClaim.cell_start.in_(span),
        PatientClaim.appointment_id != (entry.appointment_id or ""),
    )
    return session.scalar(query.limit(1)) is not None


def _keep(
    session: Session,
    clinic: Clinic,
    entry: WaitlistEntry,
    practitioner_id: int,
    slot: TimeRange,
    visit: VisitType,
    now: datetime,
) -> WaitlistOffer | None:
    """Hold the time for the patient; None when something else is in the way already."""
    span = occupied(visit, slot)
    expires_at = min(now + timedelta(minutes=clinic.waitlist_claim_minutes), slot.starts_at)
    hold = Hold(
        practitioner_id=practitioner_id,
        occupied_from=span[0],
        occupied_until=span[1],
        patient_id=entry.patient_id,
        expires_at=expires_at,
    )
    try:
        with session.begin_nested():
            session.add(hold)
            session.flush()
            claim_hold(session, hold)
    except SlotTaken:
        return None
    offer = WaitlistOffer(
        entry_id=entry.id,
        practitioner_id=practitioner_id,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        hold_id=hold.id,
        status="open",
        expires_at=expires_at,
    )
    session.add(offer)
    session.flush()
    return offer


def _withdraw(session: Session, *which: ColumnElement[bool]) -> list[Entry]:
    entries = []
    for entry in session.scalars(
        select(WaitlistEntry).where(WaitlistEntry.status == "waiting", *which)
    ):
        entry.status = "withdrawn"
        entries.append(Entry("waitlist", entry.patient_id, "withdrawn", snapshot(entry)))
    return entries


def _visit_of(clinic: Clinic, entry: WaitlistEntry) -> VisitType:
    for visit in clinic.visit_types:
        if visit.id == entry.visit_type_id:
            return visit
    return VisitType("", "Visit", entry.minutes, entry.visit_type_id)
