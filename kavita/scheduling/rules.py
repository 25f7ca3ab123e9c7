"""What may be booked: a day that the book is open for, a time that is offered, not in the past."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from kavita.scheduling.clinic import CELL_MINUTES, Clinic, Practitioner, VisitType
from kavita.scheduling.errors import (
    ClinicClosed,
    InvalidTime,
    NotWorking,
    PastTime,
    TooFarAhead,
    TooSoon,
)
from kavita.scheduling.slots import TimeRange, is_open, last_day, next_open_day, slot_range
from kavita.scheduling.times import format_day, format_time, to_clinic, weekday_name
from kavita.scheduling.working_time import hours_of, working_day


def check_day(clinic: Clinic, day: date, now: datetime) -> None:
    """Refuse a day before today (PastTime) or beyond the horizon (TooFarAhead)."""
    if day < to_clinic(now, clinic.timezone).date():
        raise PastTime("That day has already passed.")
    if day > last_day(clinic, now):
        raise TooFarAhead


def bookable(
    clinic: Clinic,
    visit: VisitType,
    who: Iterable[Practitioner],
    day: date,
    start: time,
    now: datetime,
) -> tuple[TimeRange, tuple[Practitioner, ...]]:
    """Return the time that the visit would take, and with whom of `who` it is offered then.

    Raises PastTime, TooFarAhead, TooSoon, ClinicClosed and NotWorking (both with
    `next_open_date`), or InvalidTime.
    """
    check_day(clinic, day, now)
    who = tuple(who)
    _check_open(clinic, who, day)
    starts = {one: _fitting_starts(clinic, one, visit, day) for one in who}
    offered = tuple(one for one in who if start in starts[one])
    if not offered:
        raise InvalidTime(
            _in_words(clinic, sorted({at for each in starts.values() for at in each}))
        )
    slot = slot_range(clinic, visit, day, start)
    if slot.starts_at <= now:
        raise PastTime
    if slot.starts_at <= now + timedelta(minutes=clinic.notice_minutes):
        raise TooSoon
    return slot, offered


def _check_open(clinic: Clinic, who: tuple[Practitioner, ...], day: date) -> None:
    if any(hours_of(clinic, one, day) for one in who):
        return
    if is_open(clinic, day):
        raise NotWorking(_whose(who), next_open_date=_next_day_of(clinic, who, day))
    opening = next_open_day(clinic, day)
    every_week = not any(one.week[day.weekday()] for one in clinic.practitioners)
    closed = f"{weekday_name(day)}s" if every_week and not clinic.closure(day) else format_day(day)
    raise ClinicClosed(
        f"The clinic is closed on {closed}.",
        next_open_date=opening.isoformat() if opening else None,
    )


def _whose(who: tuple[Practitioner, ...]) -> str:
    return f"{who[0].name} does not see patients on that day." if len(who) == 1 else ""


def _next_day_of(clinic: Clinic, who: tuple[Practitioner, ...], after: date) -> str | None:
    days = (after + timedelta(days=step) for step in range(1, clinic.horizon_days + 1))
    return next(
        (day.isoformat() for day in days if any(hours_of(clinic, one, day) for one in who)), None
    )


def _fitting_starts(
    clinic: Clinic, practitioner: Practitioner, visit: VisitType, day: date
) -> set[time]:
    hours = working_day(clinic, practitioner, day)
    cells = visit.minutes // CELL_MINUTES
    return {
        at
        for at, cell in hours.starts
        if any(begin <= cell and cell + cells <= end for begin, end in hours.ranges)
    }


def _in_words(clinic: Clinic, starts: list[time]) -> str:
    if not starts:
        return "There is no time on that day that is long enough."
    return (
        f"Appointments start every {clinic.slot_minutes} minutes, "
        f"from {format_time(starts[0])} to {format_time(starts[-1])}."
    )
