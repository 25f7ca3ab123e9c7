"""When a practitioner works, as ranges of real time, and where visits may start in them."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo
from functools import lru_cache

from kavita.scheduling.clinic import CELL_MINUTES, Clinic, Hours, Practitioner
from kavita.scheduling.errors import InvalidTime
from kavita.scheduling.times import to_utc

CELL_SECONDS = CELL_MINUTES * 60


@dataclass(frozen=True)
class WorkingDay:
    """A practitioner's day in cells of five minutes, counted since 1970 in UTC."""

    ranges: tuple[tuple[int, int], ...]
    """First cell, and the one after the last, of each stretch of work."""
    starts: tuple[tuple[time, int], ...]
    """The wall-clock times at which visits are offered, with their cells, in order."""


AWAY = WorkingDay((), ())


def hours_of(clinic: Clinic, practitioner: Practitioner, day: date) -> tuple[Hours, ...]:
    """Return the hours in which the practitioner works on that day; closures come first."""
    if clinic.closure(day):
        return ()
    for exceptional, hours in practitioner.exceptions:
        if exceptional == day:
            return hours
    return practitioner.week[day.weekday()]


def working_day(clinic: Clinic, practitioner: Practitioner, day: date) -> WorkingDay:
    """Return the practitioner's day; AWAY when they do not work."""
    hours = hours_of(clinic, practitioner, day)
    return _in_cells(hours, clinic.slot_minutes, day, clinic.timezone) if hours else AWAY


def cell_of(instant: datetime) -> int:
    """Return the cell that an aware time lies in."""
    return int(instant.timestamp()) // CELL_SECONDS


def cell_start(cell: int) -> datetime:
    """Return the aware time at which a cell begins, in UTC."""
    return datetime.fromtimestamp(cell * CELL_SECONDS, UTC)


@lru_cache(maxsize=4096)
def _in_cells(hours: tuple[Hours, ...], step_minutes: int, day: date, zone: tzinfo) -> WorkingDay:
    """Lay wall-clock hours on the real day: what the clocks skip is gone, what they repeat counts
    once for starting, and a visit that runs through the change keeps its length."""
    ranges = [
        (cell_of(_instant(day, each.opens, zone, 0)), cell_of(_instant(day, each.closes, zone, 1)))
        for each in hours
    ]
    starts: list[tuple[time, int]] = []
    for each, (_, end) in zip(hours, ranges, strict=True):
        for start in _steps(each, step_minutes):
            try:
                cell = cell_of(to_utc(day, start, zone))
            except InvalidTime:
                continue
            if cell < end:
                starts.append((start, cell))
    return WorkingDay(tuple(span for span in ranges if span[0] < span[1]), tuple(starts))


def _steps(hours: Hours, step_minutes: int) -> list[time]:
    first, end = (each.hour * 60 + each.minute for each in (hours.opens, hours.closes))
    return [time(minute // 60, minute % 60) for minute in range(first, end, step_minutes)]


def _instant(day: date, moment: time, zone: tzinfo, fold_in_gap: int) -> datetime:
    """Return a clinic time as an instant; of a skipped one the reading that makes work shorter.

    In a gap fold 0 is read after it, and fold 1 before it; of a repeated hour the first is meant.
    """
    try:
        return to_utc(day, moment, zone)
    except InvalidTime:
        wall = datetime.combine(day, moment).replace(tzinfo=zone, fold=fold_in_gap)
        return wall.astimezone(UTC)
