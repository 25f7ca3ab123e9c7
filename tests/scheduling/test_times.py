from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kavita.scheduling.errors import InvalidDate, InvalidTime
from kavita.scheduling.times import (
    format_day,
    format_time,
    parse_date,
    parse_time,
    to_clinic,
    to_utc,
    weekday_name,
)

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = st.sampled_from(
    ["UTC", "Asia/Kolkata", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("09:00 AM", time(9)),
        ("9:30 am", time(9, 30)),
        (" 9:30am ", time(9, 30)),
        ("9:30 a.m.", time(9, 30)),
        ("12 PM", time(12)),
        ("12:00 AM", time(0)),
        ("12:30 p.m", time(12, 30)),
        ("15:30", time(15, 30)),
        ("9:05", time(9, 5)),
        ("00:00", time(0)),
        ("11:59 PM", time(23, 59)),
    ],
)
def test_a_time_is_read_as_people_and_models_write_it(text: str, expected: time) -> None:
    assert parse_time(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "noon", "9", "25:00", "9:60", "13 PM", "0 AM", "9 M", "9 a", "9:3", "९:३०", "9:30 AM PM"],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(InvalidTime):
        parse_time(text)


@given(st.times().map(lambda moment: moment.replace(second=0, microsecond=0)))
def test_a_written_time_reads_back(moment: time) -> None:
    assert parse_time(format_time(moment)) == moment


@given(st.text(max_size=12))
def test_any_text_is_a_time_or_refused(text: str) -> None:
    try:
        parse_time(text)
    except InvalidTime:
        return


def test_a_date_is_read_and_named() -> None:
    day = parse_date(" 2026-02-12 ")
    assert day == date(2026, 2, 12)
    assert weekday_name(day) == "Thursday"
    assert format_day(day) == "Thursday, February 12, 2026"


@pytest.mark.parametrize(
    "text", ["", "tomorrow", "2026-02-30", "20260212", "2026-W07-4", "12/02/2026", "0000-01-01"]
)
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(InvalidDate):
        parse_date(text)


def test_a_time_that_the_clocks_skip_is_refused_clearly() -> None:
    with pytest.raises(InvalidTime, match="clocks skip"):
        to_utc(date(2026, 3, 29), time(2, 30), BERLIN)


def test_a_repeated_time_means_the_first_one() -> None:
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert to_utc(date(2026, 10, 25), time(2, 30), BERLIN) == first


@pytest.mark.parametrize("day", [date.min, date.max])
def test_the_ends_of_the_calendar_are_refused_not_a_crash(day: date) -> None:
    edge = time(0, 30) if day == date.min else time(23, 30)
    zone = ZoneInfo("Asia/Kolkata") if day == date.min else ZoneInfo("America/New_York")
    with pytest.raises(InvalidTime):
        to_utc(day, edge, zone)


@given(
    st.datetimes(datetime.fromisoformat("1950-01-01"), datetime.fromisoformat("2100-01-01")), ZONES
)
def test_a_clinic_time_comes_back_from_utc_or_was_refused(wall: datetime, name: str) -> None:
    zone = ZoneInfo(name)
    try:
        instant = to_utc(wall.date(), wall.time(), zone)
    except InvalidTime:
        return
    assert to_clinic(instant, zone) == wall
