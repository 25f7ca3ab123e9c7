"""Booking, moving and cancelling, each in one transaction; the claims decide who gets a time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from uuid import uuid4

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session

from kavita.scheduling.clinic import Clinic, Practitioner, VisitType
from kavita.scheduling.errors import (
    AlreadyBooked,
    AppointmentNotFound,
    NotActive,
    SlotTaken,
)
from kavita.scheduling.rules import bookable
from kavita.scheduling.slots import TimeRange, nearest, who_offers
from kavita.scheduling.times import format_time, to_clinic
from kavita.scheduling.working_time import CELL_SECONDS, cell_of
from kavita.store import journal, waitlist, waitlist_offers
from kavita.store.availability import read_busy, slots_of_day
from kavita.store.claims import claim, make_way, occupied, release
from kavita.store.database import Database, insert_new
from kavita.store.idempotency import remember, reserve
from kavita.store.journal import NOBODY, Entry, Request, wrote_appointment
from kavita.store.snapshots import restored, snapshot
from kavita.store.tables import BOOKED, CANCELLED, Appointment, Patient, Reschedule

ID_ATTEMPTS = 10


@dataclass(frozen=True)
class Moved:
    """An appointment at its new time, and when it used to be."""

    appointment: Appointment
    previously: datetime


def new_appointment_id() -> str:
    """Return 8 random characters, 0-9 and a-f."""
    return uuid4().hex[:8]


def book(
    database: Database,
    clinic: Clinic,
    patient_id: str,
    day: date,
    start: time,
    purpose: str,
    now: datetime,
    new_id: Callable[[], str] = new_appointment_id,
    *,
    who: Sequence[Practitioner] = (),
    visit: VisitType | None = None,
    request: Request = NOBODY,
) -> Appointment:
    """Book a time for the patient, with one of `who`: the least busy that is free.

    Without `who` anybody who offers the visit will do. Raises what `bookable` and `reserve` raise,
    SlotTaken (with `date` and `alternatives`) or AlreadyBooked.
    """
    visit = visit or clinic.visit_types[0]
    who = who_offers(clinic, visit, who)
    arguments = {
        "patient": patient_id,
        "when": f"{day} {start}",
        "purpose": purpose,
        "who": [one.key for one in who],
        "visit": visit.key,
    }

    def work(session: Session) -> Appointment:
        answered = reserve(session, request, arguments, now)
        if answered is not None:
            return restored(Appointment, answered)
        slot, offered = bookable(clinic, visit, who, day, start, now)
        appointment = Appointment(
            patient_id=patient_id,
            visit_type_id=visit.id,
            patient_name=_name_of(session, patient_id),
            starts_at=slot.starts_at,
            ends_at=slot.ends_at,
            purpose=purpose,
            status=BOOKED,
            created_at=_stamp(now),
            modified_at=None,
        )
        appointment.occupied_from, appointment.occupied_until = occupied(visit, slot)
        settled = _take_first_free(session, clinic, appointment, offered, day, now, request, new_id)
        remember(session, request, snapshot(appointment))
        entries = [wrote_appointment(appointment, BOOKED), *settled]
        journal.append(session, request, now, entries)
        return appointment

    try:
        return database.run(work)
    except SlotTaken as taken:
        taken.details |= _alternatives(
            database, clinic, day, start, now, who, visit, request.call_id, patient_id
        )
        raise


def cancel(
    database: Database,
    clinic: Clinic,
    patient_id: str,
    appointment_id: str,
    now: datetime,
    request: Request = NOBODY,
) -> Appointment:
    """Cancel and free the time, which the first on the waiting list is then offered.

    Raises AppointmentNotFound, NotActive and what `reserve` raises.
    """

    def work(session: Session) -> Appointment:
        arguments = {"patient": patient_id, "appointment": appointment_id}
        answered = reserve(session, request, arguments, now)
        if answered is not None:
            return restored(Appointment, answered)
        appointment = _active(session, patient_id, appointment_id, now)
        release(session, appointment)
        appointment.status = CANCELLED
        appointment.modified_at = _stamp(now)
        session.flush()
        entries = [wrote_appointment(appointment, CANCELLED)]
        entries += waitlist.withdraw(session, clinic, appointment, now)
        freed = TimeRange(appointment.starts_at, appointment.ends_at)
        entries += waitlist_offers.offer_freed(
            session, clinic, appointment.practitioner_id, freed, now, patient_id
        )
        remember(session, request, snapshot(appointment))
        journal.append(session, request, now, entries)
        return appointment

    return database.run(work)


def move(
    database: Database,
    clinic: Clinic,
    patient_id: str,
    appointment_id: str,
    now: datetime,
    new_day: date | None = None,
    new_start: time | None = None,
    *,
    who: Sequence[Practitioner] = (),
    request: Request = NOBODY,
) -> Moved:
    """Move to another day, time or practitioner; whatever fails, the old time is kept.

    Without `who` it stays with its practitioner. Its own time counts as free. Raises
    AppointmentNotFound, NotActive and what `book` raises.
    """
    tried: list[tuple[date, time, Sequence[Practitioner], VisitType]] = []
    arguments = {
        "patient": patient_id,
        "appointment": appointment_id,
        "to": f"{new_day} {new_start}",
        "who": [one.key for one in who],
    }

    def work(session: Session) -> Moved:
        answered = reserve(session, request, arguments, now)
        if answered is not None:
            previously = datetime.fromisoformat(answered["previously"])
            return Moved(restored(Appointment, answered["appointment"]), previously)
        appointment = _active(session, patient_id, appointment_id, now)
        was = TimeRange(appointment.starts_at, appointment.ends_at)
        was_with = appointment.practitioner_id
        wall = to_clinic(was.starts_at, clinic.timezone)
        day, start = new_day or wall.date(), wall.time() if new_start is None else new_start
        visit = visit_of(clinic, appointment)
        same = clinic.practitioner(was_with)
        candidates = who_offers(clinic, visit, who or ((same,) if same else ()))
        if (day, start) == (wall.date(), wall.time()) and same in candidates:
            raise AlreadyBooked("Your appointment is already at that time.")
        tried[:] = [(day, start, candidates, visit)]
        slot, offered = bookable(clinic, visit, candidates, day, start, now)
        release(session, appointment)
        appointment.starts_at, appointment.ends_at = slot.starts_at, slot.ends_at
        appointment.occupied_from, appointment.occupied_until = occupied(visit, slot)
        appointment.modified_at = _stamp(now)
        settled = _take_first_free(session, clinic, appointment, offered, day, now, request)
        session.add(
            Reschedule(
                appointment_id=appointment.id,
                rescheduled_from=was.starts_at,
                from_practitioner_id=was_with,
                at=appointment.modified_at,
            )
        )
        entries = [wrote_appointment(appointment, "modified"), *settled]
        entries += waitlist.follow(session, clinic, appointment, now)
        entries += waitlist_offers.offer_freed(session, clinic, was_with, was, now, patient_id)
        answer = {"appointment": snapshot(appointment), "previously": was.starts_at.isoformat()}
        remember(session, request, answer)
        journal.append(session, request, now, entries)
        return Moved(appointment, was.starts_at)

    try:
        return database.run(work)
    except SlotTaken as taken:
        day, start, candidates, visit = tried[0]
        taken.details |= _alternatives(
            database,
            clinic,
            *(day, start, now, candidates, visit, request.call_id, patient_id, appointment_id),
        )
        raise


def upcoming(database: Database, patient_id: str, now: datetime) -> list[Appointment]:
    """Return the patient's booked appointments that have not begun, soonest first."""
    with database.transaction() as session:
        return coming(session, patient_id, now)


def list_upcoming(
    database: Database, patient_id: str, now: datetime, request: Request
) -> list[Appointment]:
    """Return the same, and write down that it was read."""

    def work(session: Session) -> list[Appointment]:
        rows = coming(session, patient_id, now)
        shown = {"appointments": [row.id for row in rows]}
        journal.append(session, request, now, [Entry("read", patient_id, "listed", shown)])
        return rows

    return database.run(work)


def coming(session: Session, patient_id: str, now: datetime) -> list[Appointment]:
    """Return the same, within a transaction."""
    query = (
        select(Appointment)
        .where(Appointment.patient_id == patient_id)
        .where(Appointment.status == BOOKED, Appointment.starts_at > now)
        .order_by(Appointment.starts_at)
    )
    return list(session.scalars(query))


def _take_first_free(
    session: Session,
    clinic: Clinic,
    appointment: Appointment,
    offered: Sequence[Practitioner],
    day: date,
    now: datetime,
    request: Request,
    new_id: Callable[[], str] | None = None,
) -> list[Entry]:
    """Claim the appointment's time with the first of `offered` who is free; SlotTaken.

    Returns the journal of the offers that were settled by it.
    """
    if len(offered) == 1:
        return _take(session, clinic, appointment, offered[0].id, now, request, new_id)
    for one in _least_busy_first(session, clinic, appointment, offered, day, now, request):
        try:
            with session.begin_nested():
                return _take(session, clinic, appointment, one.id, now, request, new_id)
        except SlotTaken:
            continue
    raise SlotTaken


def _take(
    session: Session,
    clinic: Clinic,
    appointment: Appointment,
    practitioner_id: int,
    now: datetime,
    request: Request,
    new_id: Callable[[], str] | None,
) -> list[Entry]:
    appointment.practitioner_id = practitioner_id
    span = (appointment.occupied_from, appointment.occupied_until)
    patient_id = appointment.patient_id
    gone = make_way(session, practitioner_id, span, now, request.call_id, patient_id)
    if new_id is not None:
        _insert(session, appointment, new_id)
    else:
        session.flush()
    claim(session, appointment)
    return waitlist_offers.settle(session, clinic, gone, appointment, now)


def _least_busy_first(
    session: Session,
    clinic: Clinic,
    appointment: Appointment,
    offered: Sequence[Practitioner],
    day: date,
    now: datetime,
    request: Request,
) -> list[Practitioner]:
    """Order who might take the appointment: free before taken, then by how full their day is."""
    own = (request.call_id, appointment.patient_id, appointment.id or "")
    busy = read_busy(session, offered, day, day, now, *own)
    span = [at // CELL_SECONDS for at in (appointment.occupied_from, appointment.occupied_until)]
    midnights = (datetime.combine(day + timedelta(days=n), time(), clinic.timezone) for n in (0, 1))
    whole_day = [cell_of(midnight) for midnight in midnights]

    def fullness(one: Practitioner) -> tuple[bool, int]:
        return busy.count(one.id, *span) > 0, busy.count(one.id, *whole_day)

    return sorted(offered, key=fullness)


def _insert(session: Session, appointment: Appointment, new_id: Callable[[], str]) -> None:
    """Write a new appointment down under an ID that is free."""
    for _ in range(ID_ATTEMPTS):
        appointment.id = new_id()
        values = {name: value for name, value in vars(appointment).items() if name[0] != "_"}
        position = insert_new(session, Appointment, values)
        if position is not None:
            appointment.position = position
            return
    raise RuntimeError("no free appointment id")


def _name_of(session: Session, patient_id: str) -> str:
    return session.connection().execute(_name_of_patient(), {"id": patient_id}).scalar_one()


@cache
def _name_of_patient() -> Select[str]:
    return select(Patient.name).where(Patient.id == bindparam("id"))


def _active(session: Session, patient_id: str, appointment_id: str, now: datetime) -> Appointment:
    appointment = session.scalar(
        select(Appointment)
        .where(Appointment.id == appointment_id, Appointment.patient_id == patient_id)
        .with_for_update()
    )
    if appointment is None:
        raise AppointmentNotFound
    if appointment.status != BOOKED or appointment.starts_at <= now:
        raise NotActive
    return appointment


def visit_of(clinic: Clinic, appointment: Appointment) -> VisitType:
    """Return the appointment's kind of visit; one that is no longer offered keeps its length."""
    for visit in clinic.visit_types:
        if visit.id == appointment.visit_type_id:
            return visit
    length = appointment.ends_at - appointment.starts_at
    return VisitType("", "Visit", int(length.total_seconds()) // 60, appointment.visit_type_id)


def _stamp(now: datetime) -> datetime:
    """Return the time to write down: whole seconds, as the file format shows them."""
    return now.astimezone(UTC).replace(microsecond=0)


def _alternatives(
    database: Database,
    clinic: Clinic,
    day: date,
    start: time,
    now: datetime,
    who: Sequence[Practitioner],
    visit: VisitType,
    call_id: str,
    patient_id: str,
    ignoring: str = "",
) -> dict[str, object]:
    free = slots_of_day(database, clinic, day, now, who, visit, call_id, patient_id, ignoring).free
    times = [format_time(moment) for moment in nearest(free, start)]
    return {"date": day.isoformat(), "alternatives": times}
