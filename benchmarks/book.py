"""The figures of the appointment book, measured: python benchmarks/book.py [--quick] [--json].

Exits with 0 only if every figure holds, and names those that do not.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any

from rich.console import Console

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from benchmarks.figures.books import DATABASES, Books, describe, new_books, quiet_drivers  # noqa: E402
from benchmarks.report import WIDTH, Measured, Report, known  # noqa: E402

RESULTS = ROOT / "benchmarks" / "results" / "book.json"
POSTGRES_NOTE = "fsync is switched off for stopping the server only"


@dataclass(frozen=True)
class Run:
    """What a figure is measured with."""

    books: Books
    seed: int
    quick: bool
    on: tuple[str, ...] = DATABASES

    def size(self, full: int, sample: int) -> int:
        """Return how much of something is done in this run."""
        return sample if self.quick else full


Results = Iterator[tuple[str, Any]]
"""On what it was measured, and the numbers: a dataclass with `holds`."""


def _race(run: Run) -> Results:
    module, rounds = _module("race"), run.size(200, 25)
    for kind in run.on:
        urls = run.books.new(kind), run.books.new(kind)
        yield kind, module.race(*urls, run.seed, rounds=rounds)


def _contention(run: Run) -> Results:
    module = _module("contention")
    attempts = {"sqlite": run.size(100_000, 400), "postgresql": run.size(1_000_000, 400)}
    for kind in run.on:
        yield kind, module.contend(run.books.new(kind), attempts[kind], run.seed)


def _kills(run: Run) -> Results:
    module, kills = _module("kills"), run.size(500, 22)
    for kind in run.on:
        yield kind, module.kill(run.books.new(kind), kills, run.seed)


def _moves(run: Run) -> Results:
    module, moves = _module("moves"), run.size(1000, 20)
    for kind in run.on:
        yield kind, module.move_onto_taken(run.books.new(kind), moves, run.seed)


def _search(run: Run) -> Results:
    module, searches, scans = _module("search"), run.size(2000, 120), run.size(20, 2)
    for kind in run.on:
        yield kind, module.compare_searches(run.books.new(kind), run.seed, searches, scans)


def _zones(run: Run) -> Results:
    module, examples = _module("zones"), run.size(30, 2)
    for kind in run.on:
        yield kind, module.check_zones(run.books.new(kind), run.seed, examples)


def _imports(run: Run) -> Results:
    yield "files", _module("imports").check_imports(run.size(300, 15), run.seed)


def _model(run: Run) -> Results:
    module, runs = _module("state_machine"), run.size(200, 3)
    for kind in run.on:
        yield kind, module.check_model(run.books.new(kind), runs, run.seed)


def _authorisation(run: Run) -> Results:
    module, ids = _module("authorisation"), run.size(10_000, 150)
    cells = run.size(len(module.MATRIX), 60)
    for kind in run.on:
        yield kind, module.check_authorisation(run.books.new(kind), run.seed, cells)
        yield f"{kind}, sweep", module.sweep(run.books.new(kind), ids, run.seed)


@dataclass(frozen=True)
class Figure:
    """One promise of the book, and how it is measured."""

    name: str
    bound: str
    measure: Callable[[Run], Results]


FIGURES = (
    Figure(
        "race",
        "one winner in each round, 0 overlaps, 0 errors, p99 under 100 ms (SQLite) and 50 ms "
        "(PostgreSQL); double-booked without the constraint",
        _race,
    ),
    Figure(
        "contention",
        "0 overlaps, 0 lost confirmations, claims as booked, journal sound, 0 errors",
        _contention,
    ),
    Figure(
        "kills",
        "nothing acknowledged lost, nothing half done, every request in doubt resolved by its key",
        _kills,
    ),
    Figure("moves", "every move refused, the old time kept every time", _moves),
    Figure(
        "search", "p99 at most 10 ms, at least 20 times faster than a scan, same results", _search
    ),
    Figure("zones", "0 failures around every clock change of 2026 and 2027", _zones),
    Figure(
        "imports",
        "imported + quarantined = total, nothing new the second time, source unchanged",
        _imports,
    ),
    Figure("model", "0 divergences of the tools from a small model", _model),
    Figure("authorisation", "0 leaks, 0 disclosures", _authorisation),
)


def main(arguments: list[str] | None = None) -> int:
    """Measure what was asked for; return the exit code."""
    parser = _options()
    options = parser.parse_args(arguments)
    if options.results and options.quick:
        parser.error("results are those of the full sizes: leave --quick out")
    quiet_drivers()
    chosen = [each for each in FIGURES if not options.only or each.name in options.only]
    with new_books() as books:
        report = Report(options.seed, options.quick, _databases(books))
        for figure in chosen:
            _say(f"{figure.name} ...")
            for each in _measured(figure, Run(books, options.seed, options.quick, options.on)):
                stamped = replace(
                    each, commit=report.commit, date=report.date, load=os.getloadavg()[0]
                )
                report.figures.append(stamped)
    report.load_at_end = os.getloadavg()[0]
    if options.results:
        report.write(RESULTS)
    if options.json:
        print(report.as_json())
    else:
        report.show(Console() if sys.stdout.isatty() else Console(width=WIDTH))
    return 1 if report.failing() else 0


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    names = [each.name for each in FIGURES]
    parser.add_argument("--quick", action="store_true", help="a sample of each, in a minute")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of the table")
    parser.add_argument("--seed", type=int, default=1, help="of all that is random (default: 1)")
    parser.add_argument(
        "--only",
        type=lambda text: known(text.split(","), names),
        default=(),
        metavar="NAME[,NAME]",
        help=f"some figures only: {', '.join(names)}",
    )
    parser.add_argument(
        "--on",
        type=lambda kind: (kind,),
        choices=[(kind,) for kind in DATABASES],
        default=DATABASES,
        metavar="DATABASE",
        help=f"one database only: {' or '.join(DATABASES)}",
    )
    parser.add_argument("--results", action="store_true", help=f"write {RESULTS.name}, too")
    return parser


def _measured(figure: Figure, run: Run) -> Iterator[Measured]:
    began = time.monotonic()
    try:
        for on, numbers in figure.measure(run):
            took = round(time.monotonic() - began, 1)
            content = asdict(numbers) | {"holds": numbers.holds}
            yield Measured(figure.name, on, figure.bound, content, numbers.holds, took)
            _say(f"{figure.name}, {on}: {took} s, {'holds' if numbers.holds else 'DOES NOT HOLD'}")
            began = time.monotonic()
    except ModuleNotFoundError as missing:
        words = {"not_measured": f"{missing.name} is missing"}
        yield Measured(figure.name, "", figure.bound, words, holds=False, seconds=0.0)


def _databases(books: Books) -> dict[str, str]:
    """Return the version of each database, and how carefully it writes."""
    found = {kind: describe(books.new(kind)) for kind in DATABASES}
    return found | {"postgresql": f"{found['postgresql']} ({POSTGRES_NOTE})"}


def _module(name: str) -> Any:
    """Load what measures a figure only when it is asked for."""
    return import_module(f"benchmarks.figures.{name}")


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
