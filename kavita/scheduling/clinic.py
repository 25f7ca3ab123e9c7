"""The clinic as the rules see it: its hours, its closed days and its time zone."""

from dataclasses import dataclass
from datetime import time, tzinfo

CELL_MINUTES = 5
"""Appointments start and end on this raster; the book's claims are this long."""


@dataclass(frozen=True)
class Clinic:
    """What every rule needs to know of the clinic; all times are in its own zone.

    Raises ValueError when its hours hold no slot, or are off the five-minute raster.
    """

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

    def __post_init__(self) -> None:
        """Refuse hours that no slot fits into."""
        opens = self.opens.hour * 60 + self.opens.minute
        closes = self.closes.hour * 60 + self.closes.minute
        if self.slot_minutes < CELL_MINUTES or closes - opens < self.slot_minutes:
            raise ValueError("the clinic's hours must have room for at least one slot")
        if any(minutes % CELL_MINUTES for minutes in (opens, closes, self.slot_minutes)):
            raise ValueError(
                f"the clinic's hours and slots must be multiples of {CELL_MINUTES} min"
            )
