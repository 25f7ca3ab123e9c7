"""The race: many clients want overlapping times at the same moment; exactly one may win.

A process's first rounds connect, compile its statements and lay out its days. They are judged like
all others, but not timed: a server has been up for a while when two callers want the same time.
"""

import threading
import time as clock
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from benchmarks.figures.books import fill, is_sqlite, quiet_drivers
from benchmarks.figures.clinics import KOLKATA, new_clinic, patients
from benchmarks.figures.percentiles import percentile
from benchmarks.figures.processes import clean_processes
from benchmarks.figures.spans import overlaps, patient_spans, practitioner_spans
from kavita.scheduling.clinic import Clinic, VisitType
from kavita.scheduling.errors import Conflict
from kavita.store.appointments import book
from kavita.store.database import Database, StoreUnavailable

MAX_P99_MS = {"sqlite": 100.0, "postgresql": 50.0}
PROCESSES = 4
"""Of the clients on PostgreSQL; SQLite is for one process."""
NOW = datetime(2026, 2, 9, 8, 0, tzinfo=KOLKATA)
FIRST_DAY = date(2026, 2, 10)
MIDDLES = (time(3, 30), time(8), time(12, 30), time(17))
"""Every client of a round wants a visit around one of these; no two rounds touch."""
LENGTHS, STEP_MINUTES = (15, 30, 45, 60, 75, 90, 105, 120), 15
WARM_UP_ROUNDS = 2
TIMEOUT_SECONDS = 60


@dataclass(frozen=True)
class Race:
    """What came of the rounds, and of as many rounds without the claim constraint."""

    clients: int
    rounds: int
    rounds_not_timed: int
    """The first ones, in which each process warms up."""
    rounds_with_one_winner: int
    overlaps: int
    errors: int
    p50_ms: float
    p99_ms: float
    double_booked_rounds_without_constraint: int
    overlaps_without_constraint: int
    holds: bool


@dataclass(frozen=True)
class _Lap:
    """One client's try in one round."""

    round: int
    won: bool
    milliseconds: float
    error: str


def race(
    url: str,
    control_url: str,
    seed: int,
    clients: int = 16,
    rounds: int = 200,
    processes: int = PROCESSES,
) -> Race:
    """Run more than WARM_UP_ROUNDS in a new database, and in another one without the constraint."""
    size = (seed, clients, rounds, processes)
    laps, found = _run(url, *size, constrained=True)
    control, control_found = _run(control_url, *size, constrained=False)
    wins, control_wins = _wins(laps, rounds), _wins(control, rounds)
    times = [lap.milliseconds for lap in laps if lap.round >= WARM_UP_ROUNDS]
    errors = sum(bool(lap.error) for lap in laps)
    p99 = percentile(times, 0.99)
    bound = MAX_P99_MS["sqlite" if is_sqlite(url) else "postgresql"]
    double_booked = sum(winners > 1 for winners in control_wins)
    return Race(
        clients,
        rounds,
        WARM_UP_ROUNDS,
        wins.count(1),
        found,
        errors,
        round(percentile(times, 0.5), 1),
        round(p99, 1),
        double_booked,
        control_found,
        holds=wins.count(1) == rounds
        and not (found or errors)
        and p99 < bound
        and bool(double_booked and control_found),
    )


def wanted(clinic: Clinic, seed: int, client: int, lap: int) -> tuple[date, time, VisitType]:
    """Return what a client wants in a round: a visit that is under way in the round's middle."""
    random = Random(f"{seed} {client} {lap}")
    visit = random.choice(clinic.visit_types)
    day = FIRST_DAY + timedelta(days=lap // len(MIDDLES))
    before = timedelta(minutes=random.randrange(0, visit.minutes, STEP_MINUTES))
    start = datetime.combine(day, MIDDLES[lap % len(MIDDLES)]) - before
    return day, start.time(), visit


def _run(
    url: str, seed: int, clients: int, rounds: int, processes: int, *, constrained: bool
) -> tuple[list[_Lap], int]:
    clinic = _clinic()
    database = fill(url, clinic, patients(clients), NOW)
    if not constrained:
        _drop_claim_constraint(database)
    database.close()
    if is_sqlite(url):
        barrier = threading.Barrier(clients)
        laps = _clients(url, seed, range(clients), rounds, barrier.wait)
    else:
        laps = _in_processes(url, seed, clients, rounds, processes)
    found = overlaps(practitioner_spans(database)) + overlaps(patient_spans(database))
    database.close()
    return laps, found


def _in_processes(url: str, seed: int, clients: int, rounds: int, processes: int) -> list[_Lap]:
    context = clean_processes()
    barrier, results = context.Barrier(clients), context.Queue()
    shares = [range(first, clients, processes) for first in range(processes)]
    started = [
        context.Process(target=_process, args=(url, seed, share, rounds, barrier, results))
        for share in shares
    ]
    for process in started:
        process.start()
    laps = [lap for _ in started for lap in results.get(timeout=TIMEOUT_SECONDS + rounds)]
    for process in started:
        process.join()
    return laps


def _process(url: str, seed: int, share: range, rounds: int, barrier: Any, results: Any) -> None:
    quiet_drivers()
    results.put(_clients(url, seed, share, rounds, barrier.wait))


def _clients(
    url: str, seed: int, share: range, rounds: int, wait: Callable[[float], object]
) -> list[_Lap]:
    """Let some clients run in threads of this process, which share its connections."""
    clinic, database = _clinic(), Database(url)

    def client(number: int) -> list[_Lap]:
        laps = []
        for lap in range(rounds):
            day, start, visit = wanted(clinic, seed, number, lap)
            wait(TIMEOUT_SECONDS)
            laps.append(_try(database, clinic, number, lap, day, start, visit))
        return laps

    with ThreadPoolExecutor(len(share)) as pool:
        laps = [lap for done in pool.map(client, share) for lap in done]
    database.close()
    return laps


def _try(
    database: Database,
    clinic: Clinic,
    client: int,
    lap: int,
    day: date,
    start: time,
    visit: VisitType,
) -> _Lap:
    won, error, began = False, "", clock.perf_counter()
    try:
        book(database, clinic, patients(client + 1)[-1], day, start, "Race", NOW, visit=visit)
        won = True
    except Conflict:
        pass
    except (StoreUnavailable, SQLAlchemyError) as failed:
        error = str(failed)
    return _Lap(lap, won, 1000 * (clock.perf_counter() - began), error)


def _wins(laps: list[_Lap], rounds: int) -> list[int]:
    wins = [0] * rounds
    for lap in laps:
        wins[lap.round] += lap.won
    return wins


def _clinic() -> Clinic:
    return new_clinic(
        1, time(1), time(23), lengths=LENGTHS, buffers=True, step_minutes=STEP_MINUTES
    )


def _drop_claim_constraint(database: Database) -> None:
    with database.transaction() as session:
        session.execute(text("DROP TABLE practitioner_claim"))
        session.execute(
            text(
                "CREATE TABLE practitioner_claim (practitioner_id INTEGER, cell_start BIGINT, "
                "appointment_id VARCHAR(64), hold_id INTEGER)"
            )
        )
