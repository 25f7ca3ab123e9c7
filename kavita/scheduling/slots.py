"""Bookable time: the grid of a day, which of it is free, and what lies nearest."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from kavita.scheduling.clinic import Clinic
from kavita.scheduling.errors import InvalidTime
from kavita.scheduling.times import to_clinic, to_utc

WEEK = 7


@dataclass(frozen=True, order=True)
class TimeRange:
    """From `starts_at` up to, but not including, `ends_at`; both aware."""

    starts_at: datetime
    ends_at: datetime

    def overlaps(self, other: "TimeRange") -> bool:
        """Tell whether the two share any time; ranges that only touch do not."""
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at


@dataclass(frozen=True)
class DaySlots:
    """The grid times of one day that are still to come, in order."""

    day: date
    free: tuple[time, ...]
    booked: tuple[time, ...]


def day_grid(clinic: Clinic) -> tuple[time, ...]:
    """Return the start times of an open day; the last slot ends by closing time."""
    opens = clinic.opens.hour * 60 + clinic.opens.minute
    closes = clinic.closes.hour * 60 + clinic.closes.minute
    starts = range(opens, closes - clinic.slot_minutes + 1, clinic.slot_minutes)
    return tuple(time(minute // 60, minute % 60) for minute in starts)


def is_open(clinic: Clinic, day: date) -> bool:
    """Tell whether the clinic sees patients on that day."""
    return day.weekday() not in clinic.closed_weekdays


def slot_range(clinic: Clinic, day: date, start: time) -> TimeRange:
    """Return the time that an appointment at `start` takes; raises InvalidTime (clock change)."""
    starts_at = to_utc(day, start, clinic.timezone)
    return TimeRange(starts_at, starts_at + timedelta(minutes=clinic.slot_minutes))


def day_slots(clinic: Clinic, day: date, booked: Iterable[TimeRange], now: datetime) -> DaySlots:
    """Sort the day's coming grid times into free and booked; none on a closed day."""
    free: list[time] = []
    taken: list[time] = []
    booked = tuple(booked)
    for start in day_grid(clinic) if is_open(clinic, day) else ():
        try:
            slot = slot_range(clinic, day, start)
        except InvalidTime:  # the clocks skip it
            continue
        if slot.starts_at > now:
            (taken if any(slot.overlaps(range_) for range_ in booked) else free).append(start)
    return DaySlots(day, tuple(free), tuple(taken))


def nearest(free: Sequence[time], wanted: time, count: int = 3) -> list[time]:
    """Return the `count` free times closest to `wanted`, in the order of the day."""

    def distance(start: time) -> tuple[int, time]:
        return abs(start.hour * 60 + start.minute - wanted.hour * 60 - wanted.minute), start

    return sorted(sorted(free, key=distance)[:count])


def last_day(clinic: Clinic, now: datetime) -> date:
    """Return the last day that the book is open for."""
    return to_clinic(now, clinic.timezone).date() + timedelta(days=clinic.horizon_days)


def next_open_day(clinic: Clinic, after: date) -> date | None:
    """Return the first open day after `after`; None for a clinic that never opens."""
    days = (after + timedelta(days=step) for step in range(1, WEEK + 1))
    return next((day for day in days if is_open(clinic, day)), None)


def next_free_day(
    clinic: Clinic, after: date, booked: Iterable[TimeRange], now: datetime
) -> date | None:
    """Return the first day after `after`, up to the horizon, that has a free slot."""
    by_day: defaultdict[date, list[TimeRange]] = defaultdict(list)
    for taken in booked:
        by_day[to_clinic(taken.starts_at, clinic.timezone).date()].append(taken)
    day = next_open_day(clinic, after)
    while day is not None and day <= last_day(clinic, now):
        if day_slots(clinic, day, by_day[day], now).free:
            return day
        day = next_open_day(clinic, day)
    return None
