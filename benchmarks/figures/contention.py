"""A million contended attempts: several workers at one small book, and what they were told kept.

Every worker writes down what it was told was done. In the end the book must hold exactly that.
"""

import json
import sys
import tempfile
import time as clock
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select

from benchmarks.figures.attempts import (
    KINDS,
    NOW,
    PATIENTS,
    Acknowledged,
    Worker,
    contended_clinic,
)
from benchmarks.figures.books import fill, is_sqlite, quiet_drivers
from benchmarks.figures.clinics import patients
from benchmarks.figures.judging import Verdict, judge
from benchmarks.figures.processes import clean_processes
from kavita.store.database import Database
from kavita.store.tables import Appointment

PROGRESS_SECONDS = 15


@dataclass(frozen=True)
class Contention:
    """What the attempts came to, and what the book looked like afterwards."""

    workers: int
    attempts: int
    attempts_per_second: float
    succeeded: dict[str, int]
    refused: dict[str, int]
    errors: int
    error_words: tuple[str, ...]
    acknowledged: int
    lost_confirmations: int
    """Acknowledged appointments that are not in the book as they were acknowledged last."""
    unacknowledged: int
    """Appointments in the book that no worker was told of."""
    verdict: Verdict
    holds: bool


@dataclass(frozen=True)
class _Tally:
    succeeded: Counter[str]
    refused: Counter[str]
    errors: list[str]


def contend(url: str, attempts: int, seed: int, workers: int = 8) -> Contention:
    """Let workers try to book, move, cancel and hold in a new book, then judge it.

    They are processes on PostgreSQL, and threads of this process on SQLite.
    """
    database = fill(url, contended_clinic(), patients(PATIENTS), NOW)
    database.close()
    shares = [attempts // workers + (number < attempts % workers) for number in range(workers)]
    with tempfile.TemporaryDirectory(prefix="kavita-log-") as folder:
        logs = [Path(folder) / f"{number}.log" for number in range(workers)]
        began = clock.monotonic()
        jobs = [
            (url, str(log), seed, number, share, began)
            for number, (log, share) in enumerate(zip(logs, shares, strict=True))
        ]
        tallies = _in_threads(url, jobs) if is_sqlite(url) else _in_processes(jobs)
        took = clock.monotonic() - began
        told = [json.loads(line) for log in logs for line in log.read_text().splitlines()]
    return _judged(database, workers, attempts, took, tallies, told)


def _judged(
    database: Database,
    workers: int,
    attempts: int,
    took: float,
    tallies: Iterable[_Tally],
    told: list[list[Any]],
) -> Contention:
    succeeded, refused, errors = Counter[str](), Counter[str](), list[str]()
    for tally in tallies:
        succeeded += tally.succeeded
        refused += tally.refused
        errors += tally.errors
    last = {each[0]: tuple(each) for each in told}
    found = _appointments(database)
    lost = sum(found.get(key) != each for key, each in last.items())
    unacknowledged = len(found.keys() - last.keys())
    verdict = judge(database)
    database.close()
    return Contention(
        workers,
        attempts,
        round(attempts / took, 1),
        {kind: succeeded[kind] for kind in KINDS},
        {kind: refused[kind] for kind in KINDS},
        len(errors),
        tuple(sorted(set(errors)))[:3],
        len(last),
        lost,
        unacknowledged,
        verdict,
        holds=verdict.is_sound
        and not (errors or lost or unacknowledged)
        and sum(succeeded.values()) + sum(refused.values()) == attempts,
    )


def _appointments(database: Database) -> dict[str, Acknowledged]:
    query = select(
        Appointment.id,
        Appointment.patient_id,
        Appointment.practitioner_id,
        Appointment.starts_at,
        Appointment.ends_at,
        Appointment.status,
    )
    with database.transaction() as session:
        return {
            row[0]: (*row[:3], row[3].timestamp(), row[4].timestamp(), row[5])
            for row in session.execute(query)
        }


def _in_threads(url: str, jobs: list[tuple[str, str, int, int, int, float]]) -> list[_Tally]:
    database = Database(url)
    with ThreadPoolExecutor(len(jobs)) as pool:
        tallies = list(pool.map(lambda job: _work(database, *job[1:]), jobs))
    database.close()
    return tallies


def _in_processes(jobs: list[tuple[str, str, int, int, int, float]]) -> list[_Tally]:
    with clean_processes().Pool(len(jobs)) as pool:
        return pool.starmap(_process, jobs, chunksize=1)


def _process(url: str, log: str, seed: int, number: int, attempts: int, began: float) -> _Tally:
    quiet_drivers()
    database = Database(url)
    tally = _work(database, log, seed, number, attempts, began)
    database.close()
    return tally


def _work(
    database: Database, log: str, seed: int, number: int, attempts: int, began: float
) -> _Tally:
    with Path(log).open("w", buffering=1) as file:
        worker = Worker(
            database, seed, number, began, lambda told: file.write(f"{json.dumps(told)}\n")
        )
        shown = clock.monotonic()
        for done in range(attempts):
            worker.attempt()
            if number == 0 and clock.monotonic() - shown > PROGRESS_SECONDS:
                shown = clock.monotonic()
                rate = (done + 1) / (shown - began)
                words = f"  each worker: {done + 1} of {attempts} attempts, {rate:.0f}/s"
                print(words, file=sys.stderr, flush=True)
    return _Tally(worker.succeeded, worker.refused, worker.errors)
