"""The clinic as the rules see it: its hours, its closed days and its time zone."""

from dataclasses import dataclass
from datetime import time, tzinfo


@dataclass(frozen=True)
class Clinic:
    """What every rule needs to know of the clinic; all times are in its own zone."""

    name: str
    timezone: tzinfo
    opens: time = time(9, 0)
    closes: time = time(18, 0)
    slot_minutes: int = 30
    closed_weekdays: frozenset[int] = frozenset({6})
    """Monday is 0, Sunday is 6."""
    horizon_days: int = 365
    """How far ahead an appointment may be booked."""
    emergency_number: str = "112"
