"""One worker of the contention: what it tries, and what it was told was done.

All workers want the same few practitioners, patients and days, one of which has an hour twice.
"""

import time as clock
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from random import Random

from sqlalchemy.exc import SQLAlchemyError

from benchmarks.figures.clinics import LONDON, new_clinic, patients
from kavita.scheduling.clinic import Clinic, Practitioner, VisitType
from kavita.scheduling.errors import SchedulingError
from kavita.scheduling.slots import slot_range
from kavita.store.appointments import book, cancel, move
from kavita.store.database import Database, StoreUnavailable
from kavita.store.holds import hold_times
from kavita.store.journal import Request
from kavita.store.tables import Appointment

NOW = datetime(2026, 10, 1, 8, 0, tzinfo=LONDON)
CLINIC_SECONDS = 120
"""Of the clinic's time pass in each second of the run: a hold lasts two and a half."""
DAYS = (date(2026, 10, 24), date(2026, 10, 25), date(2026, 10, 26))
"""On the middle one the hour from 01:00 to 02:00 comes twice."""
OPENS, CLOSES = time(0), time(6)
PATIENTS = 6
PRACTITIONERS = 2
KINDS = ("book", "move", "cancel", "hold", "expire")
_WEIGHTS = (34, 28, 8, 18, 12)
_STARTS = tuple(time(minute // 60, minute % 60) for minute in range(0, 6 * 60, 5))

Acknowledged = tuple[str, str, int, float, float, str]
"""An appointment as the worker was told: ID, patient, practitioner, start, end, status."""


def contended_clinic() -> Clinic:
    """Return a clinic of two practitioners, open in the small hours, with visits of all lengths."""
    return new_clinic(PRACTITIONERS, OPENS, CLOSES, buffers=True, zone=LONDON)


class Worker:
    """Tries one thing after the other at random; only it changes the appointments it booked."""

    def __init__(
        self,
        database: Database,
        seed: int,
        number: int,
        began: float,
        tell: Callable[[Acknowledged], object],
    ) -> None:
        """Take the moment at which all began, and whom to tell of what was acknowledged."""
        self.succeeded, self.refused = Counter[str](), Counter[str]()
        self.errors: list[str] = []
        self._database, self._clinic = database, contended_clinic()
        self._random = Random(f"{seed} {number}")
        self._number, self._began, self._tell = number, began, tell
        self._count = 0
        self._mine: list[tuple[str, str]] = []
        """The booked appointments: patient and ID."""
        self._held: list[tuple[datetime, Practitioner, VisitType, date, time]] = []
        """When holds are over, the oldest first, and what they are on."""

    def attempt(self) -> None:
        """Try one thing, and count what came of it."""
        self._count += 1
        kind = self._random.choices(KINDS, _WEIGHTS)[0]
        if kind in ("move", "cancel") and not self._mine:
            kind = "book"
        now = NOW + timedelta(seconds=CLINIC_SECONDS * (clock.monotonic() - self._began))
        if kind == "expire" and not (self._held and self._held[0][0] <= now):
            kind = "hold"
        try:
            done = getattr(self, f"_{kind}")(now)
        except SchedulingError:
            done = False
        except (StoreUnavailable, SQLAlchemyError) as error:
            self.errors.append(f"{kind}: {type(error).__name__}: {error}")
            return
        (self.succeeded if done else self.refused)[kind] += 1

    def _book(self, now: datetime) -> bool:
        who, visit, day, start = self._wanted()
        return self._booked(who, visit, day, start, now, self._request("book"))

    def _move(self, now: datetime) -> bool:
        patient, appointment = self._random.choice(self._mine)
        who, _, day, start = self._wanted()
        moved = move(
            self._database,
            self._clinic,
            patient,
            appointment,
            now,
            day,
            start,
            who=(who,),
            request=self._request("modify"),
        )
        self._acknowledge(moved.appointment)
        return True

    def _cancel(self, now: datetime) -> bool:
        mine = self._random.choice(self._mine)
        cancelled = cancel(self._database, self._clinic, *mine, now, self._request("cancel"))
        self._mine.remove(mine)
        self._acknowledge(cancelled)
        return True

    def _hold(self, now: datetime) -> bool:
        """Keep a time for a call that nobody hangs up: it ends by itself."""
        who, visit, day, start = self._wanted()
        slot = slot_range(self._clinic, visit, day, start)
        call = f"hold-{self._number}-{self._count}"
        if not hold_times(self._database, self._clinic, visit, [(who, slot)], call, now):
            return False
        over = now + timedelta(minutes=self._clinic.hold_minutes)
        self._held.append((over, who, visit, day, start))
        return True

    def _expire(self, now: datetime) -> bool:
        """Book what was kept for another call until a moment ago."""
        _, who, visit, day, start = self._held.pop(0)
        return self._booked(who, visit, day, start, now, self._request("book"))

    def _booked(
        self,
        who: Practitioner,
        visit: VisitType,
        day: date,
        start: time,
        now: datetime,
        request: Request,
    ) -> bool:
        patient = self._random.choice(patients(PATIENTS))
        booked = book(
            self._database,
            self._clinic,
            patient,
            day,
            start,
            "Visit",
            now,
            who=(who,),
            visit=visit,
            request=request,
        )
        self._mine.append((patient, booked.id))
        self._acknowledge(booked)
        return True

    def _wanted(self) -> tuple[Practitioner, VisitType, date, time]:
        pick = self._random.choice
        visit = pick(self._clinic.visit_types)
        return pick(self._clinic.practitioners), visit, pick(DAYS), pick(_STARTS)

    def _request(self, tool: str) -> Request:
        key = f"{self._number}-{self._count}"
        return Request(f"call-{self._number}", self._count, tool, key)

    def _acknowledge(self, told: Appointment) -> None:
        self._tell(
            (
                told.id,
                told.patient_id,
                told.practitioner_id,
                told.starts_at.timestamp(),
                told.ends_at.timestamp(),
                told.status,
            )
        )
