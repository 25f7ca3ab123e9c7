"""Working hours and days as an operator writes them: "09:00-13:00, 14:00-18:00", 2026-12-25."""

import re
from datetime import date, datetime, time
from itertools import pairwise

from kavita.scheduling.clinic import CELL_MINUTES, Hours

CLOSED = "closed"
MAX_STRETCHES = 8
"""Of work in one day."""

_FORM = 'write hours as "09:00-13:00, 14:00-18:00"'
_STRETCH = re.compile(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})", re.ASCII)


def read_hours(written: object) -> tuple[Hours, ...]:
    """Return a day's stretches of work in order, none for "closed"; raises ValueError in words."""
    if not isinstance(written, str):
        raise ValueError(_FORM)  # noqa: TRY004
    if written.strip().lower() == CLOSED:
        return ()
    stretches = sorted(_read_stretch(part.strip()) for part in written.split(","))
    if len(stretches) > MAX_STRETCHES:
        raise ValueError(f"write at most {MAX_STRETCHES} stretches of work for a day")
    for one, other in pairwise(stretches):
        if other.opens < one.closes:
            raise ValueError(f"{_write_stretch(one)} and {_write_stretch(other)} overlap")
        if other.opens == one.closes:
            raise ValueError(
                f"{_write_stretch(one)} and {_write_stretch(other)} have no break between them: "
                f'write "{_write_stretch(Hours(one.opens, other.closes))}"'
            )
    return tuple(stretches)


def write_hours(hours: tuple[Hours, ...]) -> str:
    """Return a day's hours as `read_hours` reads them."""
    return ", ".join(_write_stretch(each) for each in hours) or CLOSED


def read_day(written: object) -> date:
    """Return a day that is written as 2026-12-25, in quotes or not; raises ValueError in words."""
    if isinstance(written, date) and not isinstance(written, datetime):
        return written
    if isinstance(written, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", written, re.ASCII):
        try:
            return date.fromisoformat(written)
        except ValueError:
            raise ValueError("there is no such day in the calendar") from None
    raise ValueError("write the day as 2026-12-25")


def _read_stretch(written: str) -> Hours:
    found = _STRETCH.fullmatch(written)
    if not found:
        raise ValueError(_FORM)
    opens, closes = _read_time(found[1], found[2]), _read_time(found[3], found[4])
    if closes <= opens:
        raise ValueError(f"{written} ends before it begins")
    return Hours(opens, closes)


def _read_time(hour: str, minute: str) -> time:
    if int(hour) > 23 or int(minute) > 59:
        raise ValueError(f"there is no {hour}:{minute}; a day goes from 00:00 to 23:55")
    if int(minute) % CELL_MINUTES:
        raise ValueError(f"{hour}:{minute} is not on a five-minute mark")
    return time(int(hour), int(minute))


def _write_stretch(hours: Hours) -> str:
    return f"{hours.opens:%H:%M}-{hours.closes:%H:%M}"
