"""The clinic as the rules see it: who works there and when, what can be booked, in which zone."""

from dataclasses import dataclass
from datetime import date, time, tzinfo

CELL_MINUTES = 5
"""Appointments start and end on this raster; the book's claims are this long."""

MAX_VISIT_MINUTES = 120


@dataclass(frozen=True, order=True)
class Hours:
    """From `opens` up to, but not including, `closes`, on the clinic's wall clock."""

    opens: time
    closes: time


Week = tuple[tuple[Hours, ...], ...]
"""The working hours of Monday to Sunday, each day's in order; between them are the breaks."""

NO_DAYS: Week = ((),) * 7


@dataclass(frozen=True)
class VisitType:
    """A kind of visit that can be booked."""

    key: str
    """Names it in `clinic.toml` and in the book; empty for the only kind of a plain clinic."""
    name: str
    minutes: int
    id: int | None = None
    """The row in the book; None for that only kind."""
    buffer_before_minutes: int = 0
    """Kept free of other appointments before each visit; not told to the caller."""
    buffer_after_minutes: int = 0


@dataclass(frozen=True)
class Practitioner:
    """Somebody whose time is booked."""

    key: str
    name: str
    week: Week
    id: int = 1
    """The row in the book."""
    specialty: str = ""
    languages: tuple[str, ...] = ()
    visit_types: frozenset[str] = frozenset()
    """Keys of what they offer; empty: everything."""
    exceptions: tuple[tuple[date, tuple[Hours, ...]], ...] = ()
    """Days whose hours differ from the week's; no hours: away."""

    def __hash__(self) -> int:
        """Hash the name only: plans are looked up by practitioner in each search."""
        return hash(self.key)

    def offers(self, visit_type: VisitType) -> bool:
        """Tell whether the visit can be booked with them."""
        return not self.visit_types or visit_type.key in self.visit_types


@dataclass(frozen=True)
class Closure:
    """Days on which the whole clinic is closed, `last` included; for everybody, always."""

    first: date
    last: date
    reason: str = ""


@dataclass(frozen=True)
class Clinic:
    """What every rule needs to know of the clinic; all times are in its own zone.

    Without `practitioners` the clinic itself is the only one, open from `opens` to `closes` on all
    but the `closed_weekdays`; without `visit_types` every visit takes one slot. Raises ValueError
    when its hours hold no slot, or are off the five-minute raster.
    """

    name: str
    timezone: tzinfo
    opens: time = time(9, 0)
    closes: time = time(18, 0)
    slot_minutes: int = 30
    """Visits are offered at this distance from each other."""
    closed_weekdays: frozenset[int] = frozenset({6})
    """Monday is 0, Sunday is 6."""
    horizon_days: int = 365
    """How far ahead an appointment may be booked."""
    emergency_number: str = "112"
    own_week: Week | None = None
    """The clinic's own hours where it is the only practitioner, if the days are not all alike."""
    practitioners: tuple[Practitioner, ...] = ()
    visit_types: tuple[VisitType, ...] = ()
    closures: tuple[Closure, ...] = ()
    notice_minutes: int = 0
    """How long before its start an appointment can still be booked or moved."""
    hold_minutes: int = 5
    """How long a time that was offered aloud is kept for the caller; 0: not at all."""
    pin_for_changes: bool = False
    """A patient's PIN is asked for before an appointment is cancelled or moved."""
    waitlist_claim_minutes: int = 60
    """How long a freed time is kept for the first patient on the waiting list."""

    def __post_init__(self) -> None:
        """Refuse hours that no slot fits into, and fill in a plain clinic's only practitioner."""
        opens, closes = _minute(self.opens), _minute(self.closes)
        if self.slot_minutes < CELL_MINUTES or closes - opens < self.slot_minutes:
            raise ValueError("the clinic's hours must have room for at least one slot")
        if any(minutes % CELL_MINUTES for minutes in (opens, closes, self.slot_minutes)):
            raise ValueError(
                f"the clinic's hours and slots must be multiples of {CELL_MINUTES} min"
            )
        if not self.practitioners or self.practitioners[0].key == OWN_KEY:
            object.__setattr__(self, "practitioners", (self._itself(),))
        if not self.visit_types or not self.visit_types[0].key:
            plain = VisitType("", "Visit", self.slot_minutes)
            object.__setattr__(self, "visit_types", (plain,))

    def __hash__(self) -> int:
        """Hash the name only, as above."""
        return hash(self.name)

    @property
    def is_plain(self) -> bool:
        """Tell whether the clinic has no practitioners and visit types of its own to choose."""
        return self.practitioners[0].key == OWN_KEY and not self.visit_types[0].key

    @property
    def has_choice(self) -> bool:
        """Tell whether there is more than one practitioner to choose from."""
        return len(self.practitioners) > 1

    def practitioner(self, practitioner_id: int) -> Practitioner | None:
        """Return who has that row in the book, if they still work here."""
        return next((one for one in self.practitioners if one.id == practitioner_id), None)

    def visit_type(self, key: str) -> VisitType | None:
        """Return the kind of visit with that key, if it is still offered."""
        return next((one for one in self.visit_types if one.key == key), None)

    def closure(self, day: date) -> Closure | None:
        """Return why the whole clinic is closed on a day, if it is."""
        return next((one for one in self.closures if one.first <= day <= one.last), None)

    def _itself(self) -> Practitioner:
        day = (Hours(self.opens, self.closes),)
        alike = tuple(() if n in self.closed_weekdays else day for n in range(7))
        return Practitioner(OWN_KEY, "The clinic", self.own_week or alike)


OWN_KEY = "clinic"
"""The one practitioner of a plain clinic: the clinic itself."""


def _minute(moment: time) -> int:
    return moment.hour * 60 + moment.minute
