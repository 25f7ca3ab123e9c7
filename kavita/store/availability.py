"""Which times are free, read from the book: a hint for the caller, for others book too."""

import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import String, cast, func, or_, select, union_all
from sqlalchemy.orm import Session

from kavita.scheduling.clinic import Clinic, Practitioner, VisitType
from kavita.scheduling.slots import (
    MAX_SPAN_CELLS,
    SEARCH_DAYS,
    Busy,
    DaySlots,
    Start,
    day_slots,
    free_starts,
    last_day,
    who_offers,
)
from kavita.scheduling.working_time import CELL_SECONDS
from kavita.store.database import Database
from kavita.store.tables import BOOKED, Appointment, Hold


def slots_of_day(
    database: Database,
    clinic: Clinic,
    day: date,
    now: datetime,
    who: Sequence[Practitioner] = (),
    visit: VisitType | None = None,
    call_id: str = "",
    patient_id: str = "",
    ignoring: str = "",
) -> DaySlots:
    """Return the day's coming times, free and booked; with anybody who offers the visit.

    Holds of others count as booked, those of this call and patient do not. `ignoring` is the ID of
    an appointment that is to be moved.
    """
    visit = visit or clinic.visit_types[0]
    who = who_offers(clinic, visit, who)
    with database.transaction() as session:
        busy = read_busy(session, who, day, day, now, call_id, patient_id, ignoring)
    return day_slots(clinic, who, visit, day, busy, now)


def search_slots(
    database: Database,
    clinic: Clinic,
    first: date,
    last: date,
    now: datetime,
    who: Sequence[Practitioner] = (),
    visit: VisitType | None = None,
) -> dict[int, list[Start]]:
    """Return all free times of some days in order, for each practitioner by their id."""
    visit = visit or clinic.visit_types[0]
    who = who_offers(clinic, visit, who)
    with database.transaction() as session:
        busy = read_busy(session, who, first, last, now)
    return free_starts(clinic, who, visit, first, last, busy, now)


def next_day_with_room(
    database: Database,
    clinic: Clinic,
    after: date,
    now: datetime,
    who: Sequence[Practitioner] = (),
    visit: VisitType | None = None,
) -> date | None:
    """Return the first day after `after`, up to the horizon, that has a free time."""
    first, horizon = after + timedelta(days=1), last_day(clinic, now)
    while first <= horizon:
        last = min(first + timedelta(days=SEARCH_DAYS - 1), horizon)
        free = search_slots(database, clinic, first, last, now, who, visit)
        days = [starts[0].day for starts in free.values() if starts]
        if days:
            return min(days)
        first = last + timedelta(days=1)
    return None


def read_busy(
    session: Session,
    who: Iterable[Practitioner],
    first: date,
    last: date,
    now: datetime,
    call_id: str = "",
    patient_id: str = "",
    ignoring: str = "",
) -> Busy:
    """Read what is taken on some days; one number for each appointment, joined by the database.

    A row for each of ten thousand appointments would cost more than all the rest of a search.
    """
    busy = Busy(first, last)
    base, end = busy.first_cell * CELL_SECONDS, busy.end_cell * CELL_SECONDS
    ids = [one.id for one in who]
    width = MAX_SPAN_CELLS + 1
    spans = []
    for table in (Appointment, Hold):
        start = (table.occupied_from - base) // CELL_SECONDS
        length = (table.occupied_until - table.occupied_from) // CELL_SECONDS
        span = (start * width + length).label("span")
        query = select(table.practitioner_id, span).where(
            table.practitioner_id.in_(ids),
            table.occupied_from >= base,
            table.occupied_from < end,
            table.occupied_until <= end,
        )
        spans.append(query)
    appointments = spans[0].where(Appointment.status == BOOKED, Appointment.id != ignoring)
    others = or_(Hold.call_id.is_(None), Hold.call_id != call_id)
    others_patients = or_(Hold.patient_id.is_(None), Hold.patient_id != patient_id)
    holds = spans[1].where(Hold.expires_at > now, others, others_patients)
    taken = union_all(appointments, holds).subquery()
    joined = func.aggregate_strings(cast(taken.c.span, String), ",")
    found = session.execute(
        select(taken.c.practitioner_id, joined).group_by(taken.c.practitioner_id)
    )
    for practitioner_id, numbers in found:
        read = json.loads(f"[{numbers}]")
        busy.take(practitioner_id, [divmod(number, width) for number in read])
    return busy
