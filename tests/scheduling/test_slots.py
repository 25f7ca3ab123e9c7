from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kavita.scheduling.clinic import Clinic
from kavita.scheduling.errors import SchedulingError
from kavita.scheduling.rules import bookable
from kavita.scheduling.slots import SPAN_WIDTH, Busy, DaySlots, TimeRange, nearest, next_open_day
from kavita.scheduling.slots import day_slots as day_slots_with
from kavita.scheduling.slots import slot_range as range_of
from kavita.scheduling.times import format_time
from kavita.scheduling.working_time import cell_of

ZONE = ZoneInfo("Asia/Kolkata")
CLINIC = Clinic(name="Sunrise Clinic", timezone=ZONE)
NOW = datetime(2026, 2, 9, 8, 0, tzinfo=ZONE)
THURSDAY = date(2026, 2, 12)
SUNDAY = date(2026, 2, 15)
CLINICS = st.builds(
    lambda opens, slots, minutes, closed: Clinic(
        name="Any Clinic",
        timezone=ZoneInfo("Europe/Berlin"),
        opens=time(opens // 60, opens % 60),
        closes=time((opens + slots * minutes) // 60, (opens + slots * minutes) % 60),
        slot_minutes=minutes,
        closed_weekdays=frozenset(closed),
        horizon_days=60,
    ),
    opens=st.integers(0, 24).map(lambda halves: halves * 30),
    slots=st.integers(1, 10),
    minutes=st.sampled_from([5, 15, 30, 45, 60]),
    closed=st.sets(st.integers(0, 6)),
)
BERLIN_NOW = datetime(2026, 3, 20, 10, 7, tzinfo=ZoneInfo("Europe/Berlin"))
DAYS = st.dates(date(2026, 3, 10), date(2026, 6, 10))


def day_slots(clinic: Clinic, day: date, booked: list[TimeRange], now: datetime) -> DaySlots:
    """A day of the plain clinic's only practitioner, given what is booked."""
    busy = Busy(day, day)
    for taken in booked:
        first, last = cell_of(taken.starts_at), cell_of(taken.ends_at - timedelta(seconds=1))
        if busy.first_cell <= first and last < busy.end_cell:
            busy.take(1, [(first - busy.first_cell) * SPAN_WIDTH + last + 1 - first])
    return day_slots_with(clinic, clinic.practitioners, clinic.visit_types[0], day, busy, now)


def slot_range(clinic: Clinic, day: date, start: time) -> TimeRange:
    return range_of(clinic, clinic.visit_types[0], day, start)


def day_grid(clinic: Clinic) -> tuple[time, ...]:
    """Every time that a day may offer."""
    minutes = range(0, 24 * 60, 5)
    return tuple(time(minute // 60, minute % 60) for minute in minutes)


def test_an_open_day_has_18_half_hour_slots_from_nine_to_half_past_five() -> None:
    grid = [format_time(start) for start in day_slots(CLINIC, THURSDAY, [], NOW).free]
    assert len(grid) == 18
    assert (grid[0], grid[1], grid[-1]) == ("09:00 AM", "09:30 AM", "05:30 PM")


def test_the_last_slot_ends_by_closing_time() -> None:
    clinic = replace(CLINIC, opens=time(9), closes=time(10, 40))
    assert day_slots(clinic, THURSDAY, [], NOW).free == (time(9), time(9, 30), time(10))


@pytest.mark.parametrize(
    "wrong",
    [
        {"opens": time(18), "closes": time(9)},
        {"closes": time(9, 15)},
        {"slot_minutes": 0},
        {"slot_minutes": 7},
        {"opens": time(9, 1)},
    ],
)
def test_hours_without_room_for_a_slot_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="clinic's hours"):
        replace(CLINIC, **wrong)


def test_a_booked_range_takes_exactly_the_slots_it_overlaps() -> None:
    taken = slot_range(CLINIC, THURSDAY, time(11))
    slots = day_slots(CLINIC, THURSDAY, [taken], NOW)
    assert slots.booked == (time(11),)
    assert len(slots.free) == 17
    across = TimeRange(taken.starts_at + timedelta(minutes=10), taken.ends_at)
    shifted = TimeRange(across.starts_at, across.starts_at + timedelta(minutes=30))
    assert day_slots(CLINIC, THURSDAY, [shifted], NOW).booked == (time(11), time(11, 30))


def test_past_slots_of_today_are_in_neither_list() -> None:
    at_eleven = datetime(2026, 2, 9, 11, 0, tzinfo=ZONE)
    slots = day_slots(CLINIC, at_eleven.date(), [], at_eleven)
    assert slots.free[0] == time(11, 30)


def test_a_closed_day_has_no_slots() -> None:
    slots = day_slots(CLINIC, SUNDAY, [], NOW)
    assert slots.free == slots.booked == ()
    assert next_open_day(CLINIC, SUNDAY) == date(2026, 2, 16)
    assert next_open_day(replace(CLINIC, closed_weekdays=frozenset(range(7))), SUNDAY) is None


def test_slots_that_the_clocks_skip_are_not_offered() -> None:
    night = Clinic("Night Clinic", ZoneInfo("Europe/Berlin"), time(1), time(5), 30, frozenset())
    free = day_slots(night, date(2026, 3, 29), [], BERLIN_NOW).free
    assert free == (time(1), time(1, 30), time(3), time(3, 30), time(4), time(4, 30))


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (time(11), [time(10), time(10, 30), time(11, 30)]),
        (time(9), [time(10), time(10, 30), time(11, 30)]),
        (time(23), [time(11, 30), time(12), time(17)]),
    ],
)
def test_the_nearest_free_times_come_in_the_order_of_the_day(
    wanted: time, expected: list[time]
) -> None:
    free = [time(10), time(10, 30), time(11, 30), time(12), time(17)]
    assert nearest(free, wanted) == expected
    assert nearest([], wanted) == []


@settings(deadline=None)
@given(CLINICS, DAYS, st.lists(st.integers(0, 2000), max_size=8))
def test_free_and_booked_slots_are_the_bookable_ones_and_nothing_else(
    clinic: Clinic, day: date, offsets: list[int]
) -> None:
    midnight = datetime.combine(day, time(), clinic.timezone)
    starts = [midnight + timedelta(minutes=offset) for offset in offsets]
    booked = [TimeRange(start, start + timedelta(minutes=30)) for start in starts]
    slots = day_slots(clinic, day, booked, BERLIN_NOW)
    for start in slots.free:
        slot = slot_range(clinic, day, start)
        assert not any(slot.overlaps(other) for other in booked)
    allowed = {start for start in day_grid(clinic) if _is_bookable(clinic, day, start)}
    if day <= BERLIN_NOW.date() + timedelta(days=60):
        assert allowed == {*slots.free, *slots.booked}
    assert not {*slots.free} & {*slots.booked}


@settings(deadline=None)
@given(CLINICS, DAYS)
def test_slots_of_a_day_never_overlap_each_other(clinic: Clinic, day: date) -> None:
    slots = day_slots(clinic, day, [], BERLIN_NOW).free
    ranges = [slot_range(clinic, day, start) for start in slots]
    assert all(not one.overlaps(other) for one in ranges for other in ranges if one is not other)


def _is_bookable(clinic: Clinic, day: date, start: time) -> bool:
    try:
        bookable(clinic, clinic.visit_types[0], clinic.practitioners, day, start, BERLIN_NOW)
    except SchedulingError:
        return False
    return True
