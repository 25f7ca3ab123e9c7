"""Which times are free, read from the book: a hint for the caller, for others book too."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from functools import cache

import numpy as np
from sqlalchemy import (
    BigInteger,
    CompoundSelect,
    Select,
    String,
    bindparam,
    cast,
    func,
    or_,
    select,
    text,
    union_all,
)
from sqlalchemy.orm import Session

from kavita.scheduling.clinic import Clinic, Practitioner, VisitType
from kavita.scheduling.slots import (
    SEARCH_DAYS,
    SPAN_WIDTH,
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
from kavita.store.tables import Appointment, Hold


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
    own = (call_id, patient_id, ignoring)
    busy = database.read(lambda session: read_busy(session, who, day, day, now, *own))
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
    busy = database.read(lambda session: read_busy(session, who, first, last, now))
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

    A row for each of ten thousand appointments would cost more than all the rest of a search. One
    statement, which sees the book at one moment.
    """
    busy = Busy(first, last)
    asked = {
        "ids": [one.id for one in who],
        "base": busy.first_cell * CELL_SECONDS,
        "end": busy.end_cell * CELL_SECONDS,
        "now": now,
        "call_id": call_id,
        "patient_id": patient_id,
        "ignoring": ignoring,
    }
    rows = session.connection().execute(_taken(bool(ignoring)), asked)
    for practitioner_id, numbers in rows:
        busy.take(practitioner_id, np.fromstring(numbers, dtype=np.int64, sep=","))
    return busy


@cache
def _taken(ignoring_one: bool) -> CompoundSelect[int, str]:
    return union_all(_booked(ignoring_one), _held())


def _booked(ignoring_one: bool) -> Select[int, str]:
    """Spell the status out: only so does SQLite use the index of booked appointments alone."""
    query = _spans(Appointment).where(text("status = 'booked'"))
    return query.where(Appointment.id != bindparam("ignoring")) if ignoring_one else query


def _held() -> Select[int, str]:
    return _spans(Hold).where(
        Hold.expires_at > bindparam("now"),
        or_(Hold.call_id.is_(None), Hold.call_id != bindparam("call_id")),
        or_(Hold.patient_id.is_(None), Hold.patient_id != bindparam("patient_id")),
    )


def _spans(table: type[Appointment] | type[Hold]) -> Select[int, str]:
    start = (table.occupied_from - bindparam("base", type_=BigInteger)) // CELL_SECONDS
    length = (table.occupied_until - table.occupied_from) // CELL_SECONDS
    span = cast(start * SPAN_WIDTH + length, String)
    return (
        select(table.practitioner_id, func.aggregate_strings(span, ","))
        .where(
            table.practitioner_id.in_(bindparam("ids", expanding=True)),
            table.occupied_from >= bindparam("base"),
            table.occupied_from < bindparam("end"),
            table.occupied_until <= bindparam("end"),
        )
        .group_by(table.practitioner_id)
    )
