import re
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from kavita.scheduling import errors
from kavita.scheduling.clinic import Clinic
from kavita.scheduling.errors import ClinicClosed, SchedulingError
from kavita.scheduling.rules import bookable as bookable_with
from kavita.scheduling.rules import check_day
from kavita.scheduling.slots import TimeRange

ZONE = ZoneInfo("Asia/Kolkata")
CLINIC = Clinic(name="Sunrise Clinic", timezone=ZONE)
NOW = datetime(2026, 2, 9, 11, 0, tzinfo=ZONE)


def bookable(clinic: Clinic, day: date, start: time, now: datetime) -> TimeRange:
    """What the plain clinic's only practitioner may be booked for."""
    slot, offered = bookable_with(
        clinic, clinic.visit_types[0], clinic.practitioners, day, start, now
    )
    assert offered == clinic.practitioners
    return slot


@pytest.mark.parametrize(
    ("day", "start", "code"),
    [
        (date(2026, 2, 8), time(12), "past_time"),
        (date(2026, 2, 9), time(10, 30), "past_time"),
        (date(2026, 2, 9), time(11), "past_time"),
        (date(2027, 2, 10), time(12), "too_far_ahead"),
        (date.max, time(12), "too_far_ahead"),
        (date.min, time(12), "past_time"),
        (date(2026, 2, 15), time(12), "clinic_closed"),
        (date(2026, 2, 12), time(12, 15), "invalid_time"),
        (date(2026, 2, 12), time(8, 30), "invalid_time"),
        (date(2026, 2, 12), time(18), "invalid_time"),
    ],
)
def test_what_may_not_be_booked_is_refused_with_its_code(day: date, start: time, code: str) -> None:
    with pytest.raises(SchedulingError) as refused:
        bookable(CLINIC, day, start, NOW)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("day", "start"),
    [
        (date(2026, 2, 9), time(11, 30)),
        (date(2026, 2, 12), time(12)),
        (date(2027, 2, 9), time(17, 30)),
    ],
)
def test_a_coming_grid_time_may_be_booked_for_one_slot(day: date, start: time) -> None:
    slot = bookable(CLINIC, day, start, NOW)
    assert slot.ends_at - slot.starts_at == timedelta(minutes=30)
    assert slot.starts_at == datetime.combine(day, start, ZONE)


def test_a_closed_day_names_the_next_open_one() -> None:
    with pytest.raises(ClinicClosed, match="Sundays") as refused:
        bookable(CLINIC, date(2026, 2, 15), time(12), NOW)
    assert refused.value.details == {"next_open_date": "2026-02-16"}


def test_today_is_the_clinics_day_not_utc() -> None:
    late_in_utc = datetime(2026, 2, 10, 1, 0, tzinfo=ZONE)  # still the 9th in UTC
    check_day(CLINIC, date(2026, 2, 10), late_in_utc)
    with pytest.raises(SchedulingError):
        check_day(CLINIC, date(2026, 2, 9), late_in_utc)


def test_a_slot_that_the_clocks_skip_is_refused() -> None:
    berlin = replace(CLINIC, timezone=ZoneInfo("Europe/Berlin"), opens=time(1))
    berlin = replace(berlin, closed_weekdays=frozenset())
    with pytest.raises(SchedulingError) as refused:
        bookable(berlin, date(2026, 3, 29), time(2, 30), NOW)
    assert refused.value.code == "invalid_time"


def test_the_tree_in_the_docstring_is_the_tree_of_the_code() -> None:
    drawn = dict(re.findall(r"── (\w+) +([a-z_]+)", errors.__doc__ or ""))
    kinds = [kind for group in SchedulingError.__subclasses__() for kind in group.__subclasses__()]
    assert drawn == {kind.__name__: kind.code for kind in kinds}
    assert all(kind().message.endswith((".", "?")) for kind in kinds)
