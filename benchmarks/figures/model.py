"""What the eight tools should do, in the simplest words: a dict of appointments, sets of cells."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time

from benchmarks.figures.clinics import new_clinic
from kavita.scheduling.clinic import Practitioner, VisitType
from kavita.scheduling.identity import MAX_FAILURES_A_DAY, MAX_TRIES_A_CALL
from kavita.scheduling.times import format_time

CLINIC = new_clinic(2, time(9), time(12), lengths=(30, 60), step_minutes=30)
ZONE = CLINIC.timezone
LONG_AGO = datetime(2026, 1, 1, tzinfo=ZONE)
Cells = frozenset[tuple[int, int]]
"""Of a practitioner: five minutes from a second since 1970."""


@dataclass(frozen=True)
class Booked:
    """An appointment."""

    patient: str
    practitioner: int
    starts_at: datetime
    visit: VisitType
    active: bool = True

    @property
    def cells(self) -> Cells:
        """What it takes of the practitioner."""
        first, minutes = int(self.starts_at.timestamp()), range(0, self.visit.minutes, 5)
        return frozenset((self.practitioner, first + 60 * minute) for minute in minutes)

    def meets(self, other: "Booked") -> bool:
        """Tell whether the two share any time."""
        return bool({cell for _, cell in self.cells} & {cell for _, cell in other.cells})


@dataclass
class Caller:
    """A call: who is identified, and what it holds until when."""

    patient: str = ""
    tries: int = MAX_TRIES_A_CALL
    pending: str = ""
    registered: bool = False
    """A new patient was registered in this call: one a call."""
    closed: bool = False
    shown: dict[str, list[str]] = field(default_factory=dict)
    shown_day: tuple[date, VisitType] | None = None
    held: Cells = frozenset()
    until: datetime = LONG_AGO

    @property
    def over(self) -> str:
        """The refusal of everything, after the line was cut."""
        return "call_over" if self.closed else ""

    def refusal(self, user_id: str) -> str:
        """The refusal of what only the identified patient may do."""
        if self.closed or not self.patient:
            return self.over or "not_identified"
        return "" if user_id == self.patient else "wrong_user"


@dataclass
class Model:
    """The whole book, and the calls on it."""

    now: datetime
    born: dict[str, date | None]
    appointments: dict[str, Booked] = field(default_factory=dict)
    calls: dict[str, Caller] = field(default_factory=dict)
    failures: dict[tuple[str, date], int] = field(default_factory=dict)

    def identify(self, caller: Caller, user_id: str, born: date | None) -> str:
        """Return the status or the code of what `identify_user` says."""
        if caller.pending not in ("", user_id):
            caller.tries -= 1
        caller.pending = ""
        if caller.tries <= 0:
            return "too_many_tries"
        day = (user_id, self.now.date())
        if self.failures.get(day, 0) >= MAX_FAILURES_A_DAY:
            return "locked"
        if user_id in self.born and self.born[user_id] in (None, born):
            if caller.patient not in ("", user_id):
                caller.shown_day = None
            caller.patient = user_id
            return "found"
        if born is None:
            caller.pending = user_id
            return "date_of_birth_needed"
        self.failures[day] = self.failures.get(day, 0) + 1
        caller.tries -= 1
        return "not_found"

    def taken(self, caller: Caller, but: str = "") -> set[tuple[int, int]]:
        """Every cell that is booked, or held by another call."""
        others = (each for each in self.calls.values() if each is not caller)
        held = (each.held for each in others if each.until > self.now)
        booked = (one.cells for key, one in self.appointments.items() if one.active and key != but)
        return set().union(*booked, *held)

    def upcoming(self, patient: str) -> list[str]:
        """The patient's appointments to come, soonest first."""
        mine = self._of(patient).items()
        return [key for _, key in sorted((one.starts_at, key) for key, one in mine)]

    def choose(
        self,
        caller: Caller,
        who: Sequence[Practitioner],
        day: date,
        at: time,
        visit: VisitType,
        but: str = "",
    ) -> str | Booked:
        """Return the appointment that would be made, or the code of the refusal."""
        wanted = Booked(caller.patient, 0, datetime.combine(day, at, ZONE), visit)
        if day < self.now.date():
            return "past_time"
        if at not in grid(visit):
            return "invalid_time"
        if wanted.starts_at <= self.now:
            return "past_time"
        if any(one.meets(wanted) for key, one in self._of(caller.patient).items() if key != but):
            return "already_booked"
        taken = self.taken(caller, but)
        could = (replace(wanted, practitioner=one.id) for one in who)
        free = [each for each in could if not each.cells & taken]
        today = [who for who, cell in taken if datetime.fromtimestamp(cell, ZONE).date() == day]
        return min(free, key=lambda each: today.count(each.practitioner), default="slot_taken")

    def free(
        self, caller: Caller, who: Sequence[Practitioner], day: date, visit: VisitType
    ) -> dict[str, list[str]]:
        """Return who is free at each time of the day that is still to come."""
        taken = self.taken(caller)
        free = {}
        for at in grid(visit):
            starts_at = datetime.combine(day, at, ZONE)
            cells = {one.name: Booked("", one.id, starts_at, visit).cells for one in who}
            names = [name for name, each in cells.items() if not each & taken]
            if names and starts_at > self.now:
                free[format_time(at)] = names
        return free

    def not_active(self, caller: Caller, key: str) -> str:
        """Return the refusal of a change to an appointment."""
        one = self.appointments.get(key)
        if one is None or one.patient != caller.patient:
            return "appointment_not_found"
        return "" if one.active and one.starts_at > self.now else "not_active"

    def move(
        self, caller: Caller, key: str, day: date, at: time, who: Sequence[Practitioner]
    ) -> str | Booked:
        """Return the moved appointment, or the code of the refusal."""
        old = self.appointments[key]
        same = [one for one in CLINIC.practitioners if one.id == old.practitioner]
        if old.starts_at == datetime.combine(day, at, ZONE) and same[0] in (who or same):
            return "already_booked"
        return self.choose(caller, who or same, day, at, old.visit, key)

    def _of(self, patient: str) -> dict[str, Booked]:
        return {
            key: one
            for key, one in self.appointments.items()
            if one.patient == patient and one.active and one.starts_at > self.now
        }


def grid(visit: VisitType) -> list[time]:
    """Return the starts of a day that leave enough time for the visit."""
    minutes = range(9 * 60, 12 * 60 - visit.minutes + 1, 30)
    return [time(minute // 60, minute % 60) for minute in minutes]


def all_cells(each: Iterable[Cells]) -> set[tuple[int, int]]:
    """Join sets of cells."""
    return set().union(*each)
