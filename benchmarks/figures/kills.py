"""Kill -9 at random moments and at every step of a transaction: nothing lost, nothing half done."""

import multiprocessing
import os
import signal
import sys
import time as clock
from collections import Counter
from dataclasses import dataclass
from multiprocessing.connection import Connection
from random import Random

from sqlalchemy import func, select, text

from benchmarks.figures.books import fill, is_sqlite
from benchmarks.figures.clinics import patients
from benchmarks.figures.judging import Verdict, judge
from benchmarks.figures.kill_worker import FAULT_POINTS, NOW, PATIENTS, Wish, kill_clinic, work
from kavita.scheduling.clinic import Clinic
from kavita.scheduling.errors import SchedulingError
from kavita.store.database import Database
from kavita.store.record_tables import Idempotency, JournalEntry
from kavita.store.snapshots import Snapshot, snapshot
from kavita.store.tables import Appointment

AT_RANDOM = "random moment"
COMMITTED_AT = ("after COMMIT", "before the reply")
MAX_LIFE_SECONDS = 0.12
MAX_SKIPPED = 5
TIMEOUT_SECONDS = 60


@dataclass(frozen=True)
class Kills:
    """Where the worker was killed, and what was found each time the book was opened again."""

    kills: int
    at_random: int
    at_fault_points: dict[str, int]
    acknowledged: int
    lost: int
    """Acknowledged appointments that were not as acknowledged."""
    half_done: int
    """Kills after which rows of one write were there without the others."""
    in_doubt: int
    in_doubt_committed: int
    in_doubt_resolved: int
    """Requests without an answer that, sent again with their key, were in the book just once."""
    on_the_wrong_side: int
    """Kills before COMMIT that had committed, or after it that had not."""
    broken_files: int
    errors: int
    verdict: Verdict
    holds: bool


@dataclass(frozen=True)
class _Life:
    """What a worker told before it died."""

    asked: Wish | None
    """The last request, if it was not answered any more."""
    answered: list[tuple[Wish, Snapshot]]
    was_killed: bool


class _Recovery:
    """The parent's side: what was acknowledged so far, and what was found wrong."""

    def __init__(self, url: str) -> None:
        self.faults = Counter[str]()
        self.told: dict[str, Snapshot] = {}
        self._url = url
        self._clinic = kill_clinic()

    def booked(self) -> list[tuple[str, str]]:
        """Return the patients and IDs of the booked appointments."""
        return [(row["patient_id"], key) for key, row in self.told.items() if _is_booked(row)]

    def after(self, life: _Life, point: str) -> None:
        """Open the book again, look for faults, and send the unanswered request again."""
        _wait_for_the_dead(self._url)
        database = Database(self._url)
        database.open()
        self.faults["errors"] += not life.was_killed
        self.faults["broken files"] += not _is_intact(database)
        for _, answer in life.answered:
            self.told[answer["id"]] = answer
        self.faults["half done"] += not _is_whole(database)
        if life.asked is not None:
            self._resolve(database, life.asked, point)
        self.faults["lost"] += _lost(database, self.told)
        database.close()

    def _resolve(self, database: Database, wish: Wish, point: str) -> None:
        before = _counts(database)
        was_committed = _has_key(database, wish.key)
        self.faults["in doubt"] += 1
        self.faults["in doubt, committed"] += was_committed
        if point != AT_RANDOM:
            self.faults["wrong side"] += was_committed != (point in COMMITTED_AT)
        answers = [_sent(database, self._clinic, wish) for _ in range(2)]
        added = _counts(database) - before
        expected = Counter[str]()
        answer = answers[0]
        if answer is not None:
            self.told[answer["id"]] = answer
            if not was_committed:
                expected = Counter(idempotency=1, journal=1, appointment=int(wish.kind == "book"))
        once = answers[0] == answers[1] and +added == +expected
        self.faults["resolved"] += once and (answer is not None or not was_committed)


def kill(url: str, kills: int, seed: int) -> Kills:
    """Kill a worker as often, every other time at a fault point, each in turn; new database."""
    database = fill(url, kill_clinic(), patients(PATIENTS), NOW)
    database.close()
    recovery, random, at = _Recovery(url), Random(seed), Counter[str]()
    for number in range(kills):
        points = (AT_RANDOM, FAULT_POINTS[number // 2 % len(FAULT_POINTS)])
        point = points[number % 2]
        at[point] += 1
        recovery.after(_live(url, f"{seed}-{number}", recovery.booked(), point, random), point)
        if number % 50 == 49:
            print(f"  {number + 1} of {kills} kills", file=sys.stderr, flush=True)
    verdict = judge(database)
    database.close()
    found = recovery.faults
    faults = ("lost", "half done", "wrong side", "broken files", "errors")
    return Kills(
        kills,
        at.pop(AT_RANDOM, 0),
        dict(at),
        len(recovery.told),
        found["lost"],
        found["half done"],
        found["in doubt"],
        found["in doubt, committed"],
        found["resolved"],
        found["wrong side"],
        found["broken files"],
        found["errors"],
        verdict,
        holds=verdict.is_sound
        and not any(found[name] for name in faults)
        and found["resolved"] == found["in doubt"],
    )


def _live(url: str, seed: str, booked: list[tuple[str, str]], point: str, random: Random) -> _Life:
    """Fork a worker, which has no connection yet, and kill it or let it kill itself."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    at = "" if point == AT_RANDOM else point
    process = context.Process(
        target=work, args=(url, seed, booked, at, random.randrange(MAX_SKIPPED), theirs)
    )
    process.start()
    theirs.close()
    pid = process.pid
    assert pid is not None
    if not at:
        ours.poll(TIMEOUT_SECONDS)
        clock.sleep(random.uniform(0, MAX_LIFE_SECONDS))
        os.kill(pid, signal.SIGKILL)
    asked, answered = _listen(ours)
    process.join(1)
    if process.is_alive():
        process.kill()
        return _Life(asked, answered, was_killed=False)
    return _Life(asked, answered, process.exitcode == -signal.SIGKILL)


def _listen(pipe: Connection) -> tuple[Wish | None, list[tuple[Wish, Snapshot]]]:
    asked, answered = None, []
    try:
        while pipe.poll(TIMEOUT_SECONDS):
            word, wish, *answer = pipe.recv()
            asked = wish if word == "asked" else None
            if word == "done":
                answered.append((wish, answer[0]))
    except EOFError:
        pass
    pipe.close()
    return asked, answered


def _sent(database: Database, clinic: Clinic, wish: Wish) -> Snapshot | None:
    try:
        return wish.send(database, clinic)
    except SchedulingError:
        return None


def _is_booked(row: Snapshot) -> bool:
    return bool(row["status"] == "booked")


def _wait_for_the_dead(url: str) -> None:
    """Wait until PostgreSQL has noticed that its client is gone."""
    if is_sqlite(url):
        return
    database = Database(url)
    query = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
    )
    while True:
        with database.transaction() as session:
            if not session.scalar(query):
                break
        clock.sleep(0.005)
    database.close()


def _is_intact(database: Database) -> bool:
    if not database.where.startswith("SQLite"):
        return True
    with database.transaction() as session:
        connection = session.connection()
        found = connection.exec_driver_sql("PRAGMA integrity_check").scalars().all()
        return found == ["ok"] and not connection.exec_driver_sql("PRAGMA foreign_key_check").all()


def _is_whole(database: Database) -> bool:
    """Tell whether each write is there with its claims, its journal and its answered key."""
    counts = _counts(database)
    with database.transaction() as session:
        unanswered = session.scalar(
            select(func.count()).select_from(Idempotency).where(Idempotency.answer.is_(None))
        )
    whole = counts["idempotency"] == counts["journal"] and not unanswered
    return whole and judge(database).is_sound


def _counts(database: Database) -> Counter[str]:
    tables = {
        "idempotency": select(func.count()).select_from(Idempotency),
        "journal": select(func.count()).where(JournalEntry.action == "appointment"),
        "appointment": select(func.count()).select_from(Appointment),
    }
    with database.transaction() as session:
        return Counter({name: session.scalar(query) or 0 for name, query in tables.items()})


def _has_key(database: Database, key: str) -> bool:
    with database.transaction() as session:
        return session.get(Idempotency, key) is not None


def _lost(database: Database, told: dict[str, Snapshot]) -> int:
    with database.transaction() as session:
        rows = {row.id: snapshot(row) for row in session.scalars(select(Appointment))}
    return sum(rows.get(key) != row for key, row in told.items())
