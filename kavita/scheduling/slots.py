"""Bookable time: where a visit fits into working hours and between what is taken already.

A stretch of days is one integer for each practitioner, with a bit for every cell of five minutes:
"an hour is free here" is a handful of shifts and ANDs, whatever the number of days.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from kavita.scheduling.clinic import CELL_MINUTES, Clinic, Practitioner, VisitType
from kavita.scheduling.errors import NotOfferedThere
from kavita.scheduling.times import to_clinic, to_utc
from kavita.scheduling.working_time import cell_of, hours_of, working_day

WEEK = 7
SEARCH_DAYS = 30
"""Days looked at in one search."""
SPAN_WIDTH = 1024
"""A span is one number: its first cell times this, plus its length in cells."""


@dataclass(frozen=True, order=True)
class TimeRange:
    """From `starts_at` up to, but not including, `ends_at`; both aware."""

    starts_at: datetime
    ends_at: datetime

    def overlaps(self, other: "TimeRange") -> bool:
        """Tell whether the two share any time; ranges that only touch do not."""
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at


@dataclass(frozen=True)
class Start:
    """A time at which a practitioner's visits may be offered."""

    day: date
    at: time
    cell: int


@dataclass(frozen=True)
class DaySlots:
    """The times of one day that are still to come, in order."""

    day: date
    free: tuple[time, ...]
    booked: tuple[time, ...]
    """Offered on that day, but not free with anybody."""
    free_with: Mapping[time, tuple[Practitioner, ...]]
    """Who is free at each of the free times."""


class Busy:
    """Which cells of some days are taken, by practitioner."""

    def __init__(self, first: date, last: date) -> None:
        """Cover the days with one to spare on either side, for the distance to UTC."""
        self.first_cell = _utc_cell(first, -1)
        self.end_cell = _utc_cell(last, 2)
        self._taken: dict[int, int] = {}

    def take(self, practitioner_id: int, spans: npt.ArrayLike) -> None:
        """Mark spans as taken that lie within the days covered and do not overlap each other.

        Each is a number: cells after `first_cell`, times SPAN_WIDTH, plus its length in cells.
        """
        firsts, lengths = np.divmod(np.asarray(spans, dtype=np.int64), SPAN_WIDTH)
        edges = np.zeros(self.end_cell - self.first_cell + 1, dtype=np.uint8)
        edges[firsts] ^= 1
        edges[firsts + lengths] ^= 1
        taken = _filled(_as_bits(edges), self.end_cell - self.first_cell)
        self._taken[practitioner_id] = self.bits(practitioner_id) | taken

    def count(self, practitioner_id: int, first_cell: int, end_cell: int) -> int:
        """Return how many cells are taken from one up to, but not including, another."""
        taken = self.bits(practitioner_id) >> (first_cell - self.first_cell)
        return (taken & ((1 << (end_cell - first_cell)) - 1)).bit_count()

    def bits(self, practitioner_id: int) -> int:
        """Return the taken cells, the first one in the lowest bit."""
        return self._taken.get(practitioner_id, 0)


def free_starts(
    clinic: Clinic,
    who: Iterable[Practitioner],
    visit: VisitType,
    first: date,
    last: date,
    busy: Busy,
    now: datetime,
) -> dict[int, list[Start]]:
    """Return the free times of some days, in order, for each practitioner by their id."""
    found = {}
    for one in who:
        plan = _plan(clinic, one, first, last)
        found[one.id] = _select(plan, _free(plan, visit, busy, one, _coming(clinic, plan, now)))
    return found


def day_slots(
    clinic: Clinic,
    who: Sequence[Practitioner],
    visit: VisitType,
    day: date,
    busy: Busy,
    now: datetime,
) -> DaySlots:
    """Sort the day's coming times into free (with somebody) and booked (free with nobody)."""
    free_with: dict[time, tuple[Practitioner, ...]] = {}
    taken: set[time] = set()
    for one in who:
        plan = _plan(clinic, one, day, day)
        coming = _coming(clinic, plan, now) & _run(plan.working, visit.minutes // CELL_MINUTES)
        free = _free(plan, visit, busy, one, coming)
        for start in _select(plan, free):
            free_with[start.at] = (*free_with.get(start.at, ()), one)
        taken |= {start.at for start in _select(plan, coming & ~free)}
    return DaySlots(day, tuple(sorted(free_with)), tuple(sorted(taken - set(free_with))), free_with)


def slot_range(clinic: Clinic, visit: VisitType, day: date, start: time) -> TimeRange:
    """Return the time that the visit takes; raises InvalidTime (clock change)."""
    starts_at = to_utc(day, start, clinic.timezone)
    return TimeRange(starts_at, starts_at + timedelta(minutes=visit.minutes))


def with_buffers(visit: VisitType, slot: TimeRange) -> TimeRange:
    """Return what the visit takes of the practitioner's time."""
    return TimeRange(
        slot.starts_at - timedelta(minutes=visit.buffer_before_minutes),
        slot.ends_at + timedelta(minutes=visit.buffer_after_minutes),
    )


def who_offers(
    clinic: Clinic, visit: VisitType, wanted: Sequence[Practitioner] = ()
) -> tuple[Practitioner, ...]:
    """Return with whom of those wanted the visit can be booked; with nobody wanted, of all.

    Raises NotOfferedThere (with `practitioners`) when it is none of them.
    """
    offering = tuple(one for one in clinic.practitioners if one.offers(visit))
    chosen = tuple(one for one in wanted if one in offering) if wanted else offering
    if not chosen:
        raise NotOfferedThere(practitioners=[one.name for one in offering])
    return chosen


def is_open(clinic: Clinic, day: date) -> bool:
    """Tell whether anybody sees patients on that day."""
    return any(hours_of(clinic, one, day) for one in clinic.practitioners)


def nearest(free: Sequence[time], wanted: time, count: int = 3) -> list[time]:
    """Return the `count` free times closest to `wanted`, in the order of the day."""

    def distance(start: time) -> tuple[int, time]:
        return abs(start.hour * 60 + start.minute - wanted.hour * 60 - wanted.minute), start

    return sorted(sorted(free, key=distance)[:count])


def last_day(clinic: Clinic, now: datetime) -> date:
    """Return the last day that the book is open for."""
    return to_clinic(now, clinic.timezone).date() + timedelta(days=clinic.horizon_days)


def next_open_day(clinic: Clinic, after: date) -> date | None:
    """Return the first open day within a year after `after`; None when there is none."""
    days = (after + timedelta(days=step) for step in range(1, 53 * WEEK))
    return next((day for day in days if is_open(clinic, day)), None)


@dataclass(frozen=True)
class _Plan:
    """Some days of a practitioner; bit n stands for the n-th cell after `base`."""

    base: int
    width: int
    working: int
    offered: int
    starts: npt.NDArray[np.object_]
    """Each a Start, in order."""
    offsets: npt.NDArray[np.int64]
    """The bits of the starts."""


@lru_cache(maxsize=1024)
def _plan(clinic: Clinic, practitioner: Practitioner, first: date, last: date) -> _Plan:
    base, end = _utc_cell(first, -1), _utc_cell(last, 2)
    working, offered = 0, 0
    starts: list[Start] = []
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        hours = working_day(clinic, practitioner, day)
        for begin, stop in hours.ranges:
            working |= ((1 << (stop - begin)) - 1) << (begin - base)
        for at, cell in hours.starts:
            offered |= 1 << (cell - base)
            starts.append(Start(day, at, cell))
    offsets = np.array([start.cell - base for start in starts], dtype=np.int64)
    return _Plan(base, end - base, working, offered, np.array(starts, dtype=object), offsets)


def _coming(clinic: Clinic, plan: _Plan, now: datetime) -> int:
    """Return the starts that can still be booked."""
    earliest = cell_of(now + timedelta(minutes=clinic.notice_minutes)) + 1
    gone = max(0, earliest - plan.base)
    return plan.offered >> gone << gone


def _free(plan: _Plan, visit: VisitType, busy: Busy, one: Practitioner, among: int) -> int:
    """Return which of some starts have room for the visit and its buffers."""
    before = visit.buffer_before_minutes // CELL_MINUTES
    length = visit.minutes // CELL_MINUTES
    around = before + length + visit.buffer_after_minutes // CELL_MINUTES
    not_taken = busy.bits(one.id) ^ ((1 << plan.width) - 1)
    return among & _run(plan.working, length) & (_run(not_taken, around) << before)


def _run(bits: int, length: int) -> int:
    """Return the bits at which `length` set bits in a row begin."""
    done = 1
    while done < length:
        step = min(done, length - done)
        bits &= bits >> step
        done += step
    return bits


def _select(plan: _Plan, bits: int) -> list[Start]:
    """Return the starts whose bits are set, in order."""
    if not bits:
        return []
    packed = np.frombuffer(bits.to_bytes(plan.width // 8 + 1, "little"), dtype=np.uint8)
    is_set = np.unpackbits(packed, bitorder="little").view(np.bool_)
    chosen: list[Start] = plan.starts[is_set[plan.offsets]].tolist()
    return chosen


def _as_bits(flags: npt.NDArray[np.uint8]) -> int:
    """Return flags as an integer, the first one in the lowest bit."""
    return int.from_bytes(np.packbits(flags, bitorder="little").tobytes(), "little")


def _filled(edges: int, width: int) -> int:
    """Set the bits from every other edge up to, but not including, the next one."""
    step = 1
    while step < width:
        edges ^= edges << step
        step *= 2
    return edges & ((1 << width) - 1)


def _utc_cell(day: date, shift_days: int) -> int:
    return cell_of(datetime.combine(day + timedelta(days=shift_days), time(), UTC))
