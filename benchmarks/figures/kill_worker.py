"""The process that is killed: it books, moves and cancels, and dies where it was told to."""

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from multiprocessing.connection import Connection
from random import Random
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from benchmarks.figures.clinics import KOLKATA, new_clinic, patients
from kavita.scheduling.clinic import Clinic
from kavita.scheduling.errors import SchedulingError
from kavita.store.appointments import book, cancel, move
from kavita.store.database import Database
from kavita.store.journal import Request
from kavita.store.snapshots import Snapshot, snapshot

NOW = datetime(2026, 2, 9, 8, 0, tzinfo=KOLKATA)
FIRST_DAY = date(2026, 2, 10)
DAYS = 60
PATIENTS = 40
FAULT_POINTS = (
    "before BEGIN",
    "after BEGIN",
    "after the idempotency row",
    "after the appointment row",
    "after the patient's claims",
    "after the practitioner's claims",
    "before the journal",
    "after the journal",
    "before COMMIT",
    "after COMMIT",
    "before the reply",
)
_AFTER = {
    "INSERT INTO idempotency": "after the idempotency row",
    "INSERT INTO appointment": "after the appointment row",
    "UPDATE appointment": "after the appointment row",
    "INSERT INTO patient_claim": "after the patient's claims",
    "INSERT INTO practitioner_claim": "after the practitioner's claims",
    "INSERT INTO journal ": "after the journal",
}


@dataclass(frozen=True)
class Wish:
    """One request of the worker, which can be sent again as it was."""

    kind: str
    """book, move or cancel."""
    key: str
    patient: str
    practitioner: int
    visit: int
    day: date
    start: time
    appointment: str
    """To be moved or cancelled; empty for a new one."""

    def send(self, database: Database, clinic: Clinic) -> Snapshot:
        """Carry it out, and return the appointment as it was answered; SchedulingError."""
        request = Request("call", 1, self.kind, self.key)
        who = [clinic.practitioners[self.practitioner]]
        if self.kind == "cancel":
            answer = cancel(database, clinic, self.patient, self.appointment, NOW, request)
        elif self.kind == "move":
            answer = move(
                database,
                clinic,
                self.patient,
                self.appointment,
                NOW,
                self.day,
                self.start,
                who=who,
                request=request,
            ).appointment
        else:
            answer = book(
                database,
                clinic,
                self.patient,
                self.day,
                self.start,
                f"Visit {self.key}",
                NOW,
                who=who,
                visit=clinic.visit_types[self.visit],
                request=request,
            )
        return snapshot(answer)


def kill_clinic() -> Clinic:
    """Return the clinic that the worker books in."""
    return new_clinic(4, time(8), time(20), buffers=True, step_minutes=15)


def draw(random: Random, key: str, booked: list[tuple[str, str]]) -> Wish:
    """Return a request; `booked` are patients and the IDs of their appointments."""
    kind = random.choices(("book", "move", "cancel"), (5, 4, 3))[0] if booked else "book"
    patient, appointment = random.choice(booked) if kind != "book" else ("", "")
    return Wish(
        kind,
        key,
        patient or random.choice(patients(PATIENTS)),
        random.randrange(4),
        random.randrange(7),
        FIRST_DAY + timedelta(days=random.randrange(DAYS)),
        time(random.randrange(8, 18), random.choice((0, 15, 30, 45))),
        appointment,
    )


def work(
    url: str, seed: str, booked: list[tuple[str, str]], point: str, skip: int, pipe: Connection
) -> None:
    """Send requests until killed; at a fault point after `skip` of them, or by the parent.

    Each is told to the pipe before it is sent, and its answer after the commit.
    """
    database, clinic, random = Database(url), kill_clinic(), Random(seed)
    trap = _Trap(point)
    if point:
        trap.listen()
    number = 0
    while True:
        wish = draw(random, f"{seed} {number}", booked)
        pipe.send(("asked", wish))
        trap.is_armed = number >= skip
        try:
            answer = wish.send(database, clinic)
        except SchedulingError:
            trap.is_armed = False
            pipe.send(("refused", wish))
        else:
            trap.spring("before the reply")
            trap.is_armed = False
            pipe.send(("done", wish, answer))
            _note(booked, wish, answer)
        number += 1


def _note(booked: list[tuple[str, str]], wish: Wish, answer: Snapshot) -> None:
    if wish.kind == "book":
        booked.append((wish.patient, answer["id"]))
    elif wish.kind == "cancel":
        booked.remove((wish.patient, wish.appointment))


class _Trap:
    """Kills this process at one point of a transaction, when it is armed."""

    def __init__(self, point: str) -> None:
        self.is_armed = False
        self._point = point
        self._has_written = False

    def spring(self, point: str) -> None:
        """Die if this is the point."""
        if self.is_armed and point == self._point:
            os.kill(os.getpid(), signal.SIGKILL)

    def listen(self) -> None:
        """Notice what every engine of this process does."""
        listeners: dict[str, Callable[..., None]] = {
            "begin": self._begin,
            "before_cursor_execute": self._before,
            "after_cursor_execute": self._after,
            "commit": lambda _connection: self._commit("before COMMIT"),
        }
        for name, listener in listeners.items():
            event.listen(Engine, name, listener)
        event.listen(Session, "after_commit", lambda _session: self._commit("after COMMIT"))

    def _begin(self, connection: Any) -> None:
        self._has_written = False
        if connection.dialect.name == "postgresql":
            self.spring("before BEGIN")

    def _commit(self, point: str) -> None:
        """Let the search for other times after a refusal pass."""
        if self._has_written:
            self.spring(point)

    def _before(self, connection: Any, cursor: Any, statement: str, *_: object) -> None:
        if statement.startswith("BEGIN"):
            self.spring("before BEGIN")
        if connection.dialect.name == "postgresql" and self._point == "after BEGIN":
            if self.is_armed:
                cursor.execute("SELECT 1")  # the driver sends BEGIN with the first statement only
            self.spring("after BEGIN")
        if statement.startswith("INSERT INTO journal "):
            self.spring("before the journal")

    def _after(self, _connection: Any, _cursor: Any, statement: str, *_: object) -> None:
        self._has_written |= statement.startswith("INSERT INTO journal ")
        if statement.startswith("BEGIN"):
            self.spring("after BEGIN")
        for beginning, point in _AFTER.items():
            if statement.startswith(beginning):
                self.spring(point)
