"""Dates and times as people and files write them, and the way between the clinic's zone and UTC."""

import re
from datetime import UTC, date, datetime, time, tzinfo

from kavita.scheduling.errors import InvalidDate, InvalidTime

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"([0-9]{1,2})(?::([0-9]{2}))?\s*([AaPp])?(?:\.?[Mm]\.?)?")


def parse_date(text: str) -> date:
    """Read "2026-02-12"; raises InvalidDate."""
    text = text.strip()
    if not _DATE.fullmatch(text):
        raise InvalidDate
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidDate("There is no such day in the calendar.") from None


def parse_time(text: str) -> time:
    """Read "09:00 AM", "9:30 am", "12 PM" or "15:30"; raises InvalidTime."""
    found = _TIME.fullmatch(text.strip())
    if not found:
        raise InvalidTime
    hour, minute, half = int(found[1]), found[2], (found[3] or "").upper()
    has_half = text.strip()[-1] in "mM."
    if has_half != bool(half) or (not half and minute is None):
        raise InvalidTime
    if half and not 1 <= hour <= 12:
        raise InvalidTime
    if half:
        hour = hour % 12 + (12 if half == "P" else 0)
    try:
        return time(hour, int(minute or 0))
    except ValueError:
        raise InvalidTime from None


def format_time(moment: time) -> str:
    """Write "09:00 AM", whatever the machine's locale."""
    return f"{moment.hour % 12 or 12:02d}:{moment.minute:02d} {'AM' if moment.hour < 12 else 'PM'}"


def weekday_name(day: date) -> str:
    """Return "Thursday", whatever the machine's locale."""
    return WEEKDAYS[day.weekday()]


def format_day(day: date) -> str:
    """Write "Thursday, February 12, 2026", whatever the machine's locale."""
    return f"{weekday_name(day)}, {MONTHS[day.month - 1]} {day.day}, {day.year}"


def to_utc(day: date, moment: time, zone: tzinfo) -> datetime:
    """Return the instant of a clinic time; of a repeated hour the first one.

    Raises InvalidTime when the clocks skip that time, or the calendar has no room for it.
    """
    wall = datetime.combine(day, moment)
    try:
        instant = wall.replace(tzinfo=zone).astimezone(UTC)
        exists = instant.astimezone(zone).replace(tzinfo=None) == wall
    except OverflowError:
        raise InvalidTime("That is outside the calendar.") from None
    if not exists:
        raise InvalidTime("The clocks skip that time on that day. Could you choose another?")
    return instant


def to_clinic(instant: datetime, zone: tzinfo) -> datetime:
    """Return an aware instant as the clinic's wall clock shows it, without a zone."""
    return instant.astimezone(zone).replace(tzinfo=None, fold=0)
