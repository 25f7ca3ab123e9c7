"""Booking, moving and cancelling, each in one transaction; the claims decide who gets a time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import uuid4

from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kavita.scheduling.clinic import CELL_MINUTES, Clinic
from kavita.scheduling.errors import (
    AlreadyBooked,
    AppointmentNotFound,
    NotActive,
    SlotTaken,
)
from kavita.scheduling.rules import bookable
from kavita.scheduling.slots import (
    DaySlots,
    TimeRange,
    day_slots,
    last_day,
    nearest,
    next_free_day,
)
from kavita.scheduling.times import format_time, to_clinic
from kavita.store.database import Database
from kavita.store.tables import (
    BOOKED,
    CANCELLED,
    OWN_PRACTITIONER,
    Appointment,
    Patient,
    PatientClaim,
    PractitionerClaim,
)

CELL_SECONDS = CELL_MINUTES * 60
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
) -> Appointment:
    """Book a time for the patient.

    Raises what `bookable` raises, SlotTaken (with `date` and `alternatives`) or AlreadyBooked.
    """
    slot = bookable(clinic, day, start, now)

    def work(session: Session) -> Appointment:
        patient = session.scalars(select(Patient).where(Patient.id == patient_id)).one()
        appointment = _add(session, patient, slot, purpose, now, new_id)
        claim(session, appointment)
        return appointment

    try:
        return database.run(work)
    except SlotTaken as taken:
        taken.details |= _alternatives(database, clinic, day, start, now)
        raise


def cancel(database: Database, patient_id: str, appointment_id: str, now: datetime) -> Appointment:
    """Cancel and free the time; raises AppointmentNotFound or NotActive."""

    def work(session: Session) -> Appointment:
        appointment = _active(session, patient_id, appointment_id, now)
        _release(session, appointment)
        appointment.status = CANCELLED
        appointment.modified_at = _stamp(now)
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
) -> Moved:
    """Move to another day, time or both; whatever fails, the old time is kept.

    Raises AppointmentNotFound, NotActive and what `book` raises.
    """
    wanted: list[tuple[date, time]] = []

    def work(session: Session) -> Moved:
        appointment = _active(session, patient_id, appointment_id, now)
        previously = appointment.starts_at
        was = to_clinic(previously, clinic.timezone)
        wanted[:] = [(new_day or was.date(), was.time() if new_start is None else new_start)]
        if wanted[0] == (was.date(), was.time()):
            raise AlreadyBooked("Your appointment is already at that time.")
        slot = bookable(clinic, *wanted[0], now)
        _release(session, appointment)
        appointment.starts_at, appointment.ends_at = slot.starts_at, slot.ends_at
        appointment.modified_at = _stamp(now)
        session.flush()
        claim(session, appointment)
        return Moved(appointment, previously)

    try:
        return database.run(work)
    except SlotTaken as taken:
        taken.details |= _alternatives(database, clinic, *wanted[0], now)
        raise


def upcoming(database: Database, patient_id: str, now: datetime) -> list[Appointment]:
    """Return the patient's booked appointments that have not begun, soonest first."""
    query = (
        select(Appointment)
        .where(Appointment.patient_id == patient_id)
        .where(Appointment.status == BOOKED, Appointment.starts_at > now)
        .order_by(Appointment.starts_at)
    )
    with database.transaction() as session:
        return list(session.scalars(query))


def slots_of_day(database: Database, clinic: Clinic, day: date, now: datetime) -> DaySlots:
    """Return the day's coming times, free and booked; a hint, for others book too."""
    return day_slots(clinic, day, _booked(database, clinic, day, day), now)


def next_day_with_room(
    database: Database, clinic: Clinic, after: date, now: datetime
) -> date | None:
    """Return the first day after `after` that has a free time."""
    booked = _booked(database, clinic, after, last_day(clinic, now))
    return next_free_day(clinic, after, booked, now)


def claim(session: Session, appointment: Appointment) -> None:
    """Take the appointment's cells; raises AlreadyBooked or SlotTaken when one is not free."""
    cells = list(claim_cells(appointment.starts_at, appointment.ends_at))
    own = {"appointment_id": appointment.id}
    try:
        key = {"patient_id": appointment.patient_id}
        session.execute(insert(PatientClaim), [own | key | {"cell_start": c} for c in cells])
    except IntegrityError:
        raise AlreadyBooked from None
    try:
        whose = {"practitioner_id": appointment.practitioner_id}
        session.execute(insert(PractitionerClaim), [own | whose | {"cell_start": c} for c in cells])
    except IntegrityError:
        raise SlotTaken from None


def claim_cells(starts_at: datetime, ends_at: datetime) -> Iterator[int]:
    """Return the cells that a time touches, in order: every booking locks them in this order."""
    first = int(starts_at.timestamp()) // CELL_SECONDS * CELL_SECONDS
    return iter(range(first, int(ends_at.timestamp()), CELL_SECONDS))


def _add(
    session: Session,
    patient: Patient,
    slot: TimeRange,
    purpose: str,
    now: datetime,
    new_id: Callable[[], str],
) -> Appointment:
    for _ in range(ID_ATTEMPTS):
        appointment = Appointment(
            id=new_id(),
            patient_id=patient.id,
            practitioner_id=OWN_PRACTITIONER,
            patient_name=patient.name,
            starts_at=slot.starts_at,
            ends_at=slot.ends_at,
            purpose=purpose,
            status=BOOKED,
            created_at=_stamp(now),
        )
        taken = select(Appointment.id).where(Appointment.id == appointment.id)
        if session.scalar(taken) is None:
            session.add(appointment)
            session.flush()
            return appointment
    raise RuntimeError("no free appointment id")


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


def _stamp(now: datetime) -> datetime:
    """Return the time to write down: whole seconds, as the file format shows them."""
    return now.astimezone(UTC).replace(microsecond=0)


def _release(session: Session, appointment: Appointment) -> None:
    for table in (PatientClaim, PractitionerClaim):
        session.execute(delete(table).where(table.appointment_id == appointment.id))


def _booked(database: Database, clinic: Clinic, first: date, last: date) -> list[TimeRange]:
    """Return the booked times of some days, with a day to spare on both sides for the zone."""
    midnight = datetime.combine(first, time(), UTC)
    query = (
        select(Appointment.starts_at, Appointment.ends_at)
        .where(Appointment.practitioner_id == OWN_PRACTITIONER, Appointment.status == BOOKED)
        .where(Appointment.starts_at >= midnight - timedelta(days=2))
        .where(Appointment.starts_at < midnight + (last - first) + timedelta(days=3))
    )
    with database.transaction() as session:
        return [TimeRange(starts_at, ends_at) for starts_at, ends_at in session.execute(query)]


def _alternatives(
    database: Database, clinic: Clinic, day: date, start: time, now: datetime
) -> dict[str, object]:
    free = slots_of_day(database, clinic, day, now).free
    times = [format_time(moment) for moment in nearest(free, start)]
    return {"date": day.isoformat(), "alternatives": times}
