"""The clinics in which the figures are measured."""

from collections.abc import Iterable
from datetime import time, tzinfo
from zoneinfo import ZoneInfo

from kavita.scheduling.clinic import Clinic, Hours, Practitioner, VisitType

KOLKATA = ZoneInfo("Asia/Kolkata")
LONDON = ZoneInfo("Europe/London")
FIRST_PRACTITIONER = 101
"""The book's own row 1 is the plain clinic itself."""
LENGTHS = (15, 20, 30, 45, 60, 90, 120)
"""Of visits, in minutes."""


def new_clinic(
    practitioners: int,
    opens: time,
    closes: time,
    *,
    lengths: Iterable[int] = LENGTHS,
    buffers: bool = False,
    step_minutes: int = 5,
    zone: tzinfo = KOLKATA,
) -> Clinic:
    """Return a clinic that is open every day, with a kind of visit for each length.

    With `buffers` every other kind of visit has five minutes before and ten after it.
    """
    week = ((Hours(opens, closes),),) * 7
    visits = tuple(
        VisitType(
            f"visit-{minutes}",
            f"Visit of {minutes} minutes",
            minutes,
            id=number,
            buffer_before_minutes=5 if buffers and number % 2 else 0,
            buffer_after_minutes=10 if buffers and number % 2 else 0,
        )
        for number, minutes in enumerate(lengths, start=1)
    )
    who = tuple(
        Practitioner(f"practitioner-{number}", f"Practitioner {number}", week, id=number)
        for number in range(FIRST_PRACTITIONER, FIRST_PRACTITIONER + practitioners)
    )
    return Clinic(
        "Test Clinic",
        zone,
        slot_minutes=step_minutes,
        practitioners=who,
        visit_types=visits,
    )


def patients(count: int) -> list[str]:
    """Return the IDs of some patients."""
    return [str(1000 + number) for number in range(count)]
