"""What may be booked: a day that the book is open for, a time of the grid, not in the past."""

from datetime import date, datetime, time

from kavita.scheduling.clinic import Clinic
from kavita.scheduling.errors import ClinicClosed, InvalidTime, PastTime, TooFarAhead
from kavita.scheduling.slots import (
    TimeRange,
    day_grid,
    is_open,
    last_day,
    next_open_day,
    slot_range,
)
from kavita.scheduling.times import format_time, to_clinic, weekday_name


def check_day(clinic: Clinic, day: date, now: datetime) -> None:
    """Refuse a day before today (PastTime) or beyond the horizon (TooFarAhead)."""
    if day < to_clinic(now, clinic.timezone).date():
        raise PastTime("That day has already passed.")
    if day > last_day(clinic, now):
        raise TooFarAhead


def bookable(clinic: Clinic, day: date, start: time, now: datetime) -> TimeRange:
    """Return the time that an appointment would take.

    Raises PastTime, TooFarAhead, ClinicClosed (with `next_open_date`) or InvalidTime.
    """
    check_day(clinic, day, now)
    if not is_open(clinic, day):
        opening = next_open_day(clinic, day)
        raise ClinicClosed(
            f"The clinic is closed on {weekday_name(day)}s.",
            next_open_date=opening.isoformat() if opening else None,
        )
    grid = day_grid(clinic)
    if start not in grid:
        raise InvalidTime(
            f"Appointments start every {clinic.slot_minutes} minutes, "
            f"from {format_time(grid[0])} to {format_time(grid[-1])}."
        )
    slot = slot_range(clinic, day, start)
    if slot.starts_at <= now:
        raise PastTime
    return slot
