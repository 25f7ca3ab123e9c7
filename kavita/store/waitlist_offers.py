"""Freed times that are kept for those who wait, and given to them when they call.

Until an offer is taken, declined or over, a hold keeps the time; then the next patient's turn
comes, and when nobody is left the time is free for all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select
from sqlalchemy.orm import Session

from kavita.scheduling.clinic import Clinic, VisitType
from kavita.scheduling.errors import SchedulingError, SlotTaken
from kavita.scheduling.rules import bookable
from kavita.scheduling.slots import TimeRange, who_offers
from kavita.scheduling.times import to_clinic
from kavita.store.claims import cells, claim_hold, occupied, release_holds
from kavita.store.journal import Entry
from kavita.store.snapshots import snapshot
from kavita.store.tables import (
    Appointment,
    Hold,
    PatientClaim,
    WaitlistEntry,
    WaitlistOffer,
)


@dataclass(frozen=True)
class Offer:
    """A time that is kept for a patient until `expires_at`."""

    practitioner_id: int
    starts_at: datetime
    expires_at: datetime
    appointment_id: str | None
    """To be moved; None: a new one would be booked."""
    visit_type_id: int | None


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
        .with_for_update(of=WaitlistOffer)
    )
    offers = []
    for offer, entry in session.execute(query):
        offer.given_in_call = call_id
        offers.append(
            Offer(
                *(offer.practitioner_id, offer.starts_at, offer.expires_at),
                *(entry.appointment_id, entry.visit_type_id),
            )
        )
        entries.append(Entry("waitlist", patient_id, "offer_given", snapshot(offer)))
    return offers, entries


def offer_freed(
    session: Session,
    clinic: Clinic,
    practitioner_id: int,
    freed: TimeRange,
    now: datetime,
    by: str = "",
) -> list[Entry]:
    """Keep a freed time for the first waiting patient whom it suits; return the journal of it.

    The patient `by` whom it was freed has had it, and is left out.
    """
    for entry in session.scalars(_suited(practitioner_id, freed, by)).all():
        visit = _visit_of(clinic, entry)
        slot = _bookable_slot(clinic, practitioner_id, visit, freed, now)
        if slot is None or _is_busy(session, entry, slot) or not _lock(session, entry):
            continue
        offer = _keep(session, clinic, entry, practitioner_id, slot, visit, now)
        if offer is not None:
            return [Entry("waitlist", entry.patient_id, "offered", snapshot(offer))]
    return []


def settle(
    session: Session, clinic: Clinic, gone: Sequence[int], appointment: Appointment, now: datetime
) -> list[Entry]:
    """Close the offers that an appointment has taken, or that cannot be taken beside it any more.

    `gone` are the offers whose holds gave way to it. Returns the journal of it.
    """
    others = select(WaitlistEntry.id).where(
        WaitlistEntry.patient_id == appointment.patient_id,
        WaitlistEntry.appointment_id.is_distinct_from(appointment.id),
    )
    in_two_places = and_(
        WaitlistOffer.entry_id.in_(others),
        WaitlistOffer.starts_at < appointment.ends_at,
        WaitlistOffer.ends_at > appointment.starts_at,
    )
    entries = []
    for offer in _open(session, or_(WaitlistOffer.id.in_(gone), in_two_places)):
        entry = session.get_one(WaitlistEntry, offer.entry_id)
        place = (entry.patient_id, offer.practitioner_id, offer.starts_at)
        if place == (appointment.patient_id, appointment.practitioner_id, appointment.starts_at):
            offer.status, offer.hold_id, entry.status = "taken", None, "served"
            session.flush()
            for row in (offer, entry):
                entries.append(Entry("waitlist", entry.patient_id, row.status, snapshot(row)))
        else:
            status = "lapsed" if offer.expires_at <= now else "declined"
            entries += _pass_on(session, clinic, offer, status, now)
    return entries


def decline_given(session: Session, clinic: Clinic, call_id: str, now: datetime) -> list[Entry]:
    """Pass on what was offered in a call and not taken; the patient stays on the list."""
    return give_up(session, clinic, "declined", now, WaitlistOffer.given_in_call == call_id)


def lapse(
    session: Session, clinic: Clinic, now: datetime, gone: Sequence[int] | None = None
) -> list[Entry]:
    """Pass on what was kept for patients who did not call in time.

    With `gone` only these offers, whose holds have given way.
    """
    over = WaitlistOffer.expires_at <= now if gone is None else WaitlistOffer.id.in_(gone)
    return give_up(session, clinic, "lapsed", now, over)


def give_up(
    session: Session, clinic: Clinic, status: str, now: datetime, which: ColumnElement[bool]
) -> list[Entry]:
    """Close open offers with a status, and pass their times on; return the journal of it."""
    offers = _open(session, which)
    return [entry for offer in offers for entry in _pass_on(session, clinic, offer, status, now)]


def _open(session: Session, which: ColumnElement[bool]) -> Sequence[WaitlistOffer]:
    """Return open offers, and let nobody else close them until the commit."""
    query = select(WaitlistOffer).where(WaitlistOffer.status == "open", which)
    return session.scalars(query.order_by(WaitlistOffer.id).with_for_update()).all()


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
        *offer_freed(session, clinic, offer.practitioner_id, freed, now, patient_id),
    ]


def _suited(practitioner_id: int, freed: TimeRange, by: str) -> Select[WaitlistEntry]:
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
            WaitlistEntry.patient_id != by,
            or_(anybody, WaitlistEntry.practitioner_id == practitioner_id),
            ~offered,
        )
        .order_by(WaitlistEntry.created_at, WaitlistEntry.id)
    )


def _lock(session: Session, entry: WaitlistEntry) -> bool:
    """Keep others from offering to the entry too; False when somebody is at it, or was already.

    Nobody waits here: two that pass on times to each other's patients would wait for ever.
    """
    this = select(WaitlistEntry.id).where(
        WaitlistEntry.id == entry.id, WaitlistEntry.status == "waiting"
    )
    if session.scalar(this.with_for_update(skip_locked=True)) is None:
        return False
    is_open = (WaitlistOffer.entry_id == entry.id, WaitlistOffer.status == "open")
    return session.scalar(select(WaitlistOffer.id).where(*is_open).limit(1)) is None


def _bookable_slot(
    clinic: Clinic, practitioner_id: int, visit: VisitType, freed: TimeRange, now: datetime
) -> TimeRange | None:
    """Return the visit's time from the freed start on; None where the clinic does not offer it."""
    practitioner = clinic.practitioner(practitioner_id)
    if practitioner is None:
        return None
    wall = to_clinic(freed.starts_at, clinic.timezone)
    try:
        who = who_offers(clinic, visit, (practitioner,))
        slot, _ = bookable(clinic, visit, who, wall.date(), wall.time(), now)
    except SchedulingError:
        return None
    return slot if slot.starts_at == freed.starts_at else None


def _is_busy(session: Session, entry: WaitlistEntry, slot: TimeRange) -> bool:
    """Tell whether the patient is elsewhere then, not counting the appointment to be moved."""
    span = list(cells(int(slot.starts_at.timestamp()), int(slot.ends_at.timestamp())))
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
    too_soon = slot.starts_at - timedelta(minutes=clinic.notice_minutes)
    expires_at = min(now + timedelta(minutes=clinic.waitlist_claim_minutes), too_soon)
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


def _visit_of(clinic: Clinic, entry: WaitlistEntry) -> VisitType:
    for visit in clinic.visit_types:
        if visit.id == entry.visit_type_id:
            return visit
    return VisitType("", "Visit", entry.minutes, entry.visit_type_id)
