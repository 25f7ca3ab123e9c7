"""How days, times and IDs are written: "Thursday, February 12", "12 PM", "f-3-g-4-h-5-i-6"."""

from collections.abc import Sequence
from datetime import date, time

from kavita.scheduling.times import MONTHS, weekday_name


def write_time(at: time) -> str:
    """ "12 PM", "9:30 AM"."""
    minutes = f":{at.minute:02d}" if at.minute else ""
    return f"{at.hour % 12 or 12}{minutes} {'AM' if at.hour < 12 else 'PM'}"


def write_day(day: date, today: date) -> str:
    """ "Thursday, February 12", with the year where it is not this one."""
    year = f", {day.year}" if day.year != today.year else ""
    return f"{weekday_name(day)}, {MONTHS[day.month - 1]} {day.day}{year}"


def write_month(day: date, today: date) -> str:
    """ "March", with the year where it is not this one."""
    return MONTHS[day.month - 1] + (f" {day.year}" if day.year != today.year else "")


def write_short_day(day: date) -> str:
    """ "Thursday, Feb 12", for confirmations."""
    return f"{weekday_name(day)}, {MONTHS[day.month - 1][:3]} {day.day}"


def write_id(identifier: str) -> str:
    """ "f-3-g-4", to be read out sign by sign."""
    return "-".join(identifier)


def write_list(parts: Sequence[str], word: str = "and") -> str:
    """ "A", "A and B", "A, B, and C"."""
    if len(parts) < 3:
        return f" {word} ".join(parts)
    return f"{', '.join(parts[:-1])}, {word} {parts[-1]}"
