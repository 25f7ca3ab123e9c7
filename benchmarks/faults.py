"""When providers fail and callers cut in: python benchmarks/faults.py [--quick] [--json].

Exits with 0 only if every figure that was measured holds, and names those that do not.
"""

import argparse
import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from loguru import logger
from rich.console import Console

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from benchmarks.model.bad_calls import bad_calls  # noqa: E402
from benchmarks.model.cutting_in import CHANGES, cut_in  # noqa: E402
from benchmarks.model.injections import inject  # noqa: E402
from benchmarks.model.line import Books  # noqa: E402
from benchmarks.report import WIDTH, Measured, Report, known  # noqa: E402
from benchmarks.voice.cases import PAIRS, SAMPLE, SINGLES, calls_with  # noqa: E402

RESULTS = ROOT / "benchmarks" / "results" / "faults.json"


@dataclass(frozen=True)
class Run:
    """What a figure is measured with."""

    books: Books
    seed: int
    quick: bool

    def size(self, full: int, sample: int) -> int:
        """Return how much of something is done in this run."""
        return sample if self.quick else full


Results = Iterable[tuple[str, Any]]
"""On what it was measured, and the numbers: a dataclass with `holds`."""


async def _faults(run: Run) -> Results:
    return await calls_with(SAMPLE if run.quick else (*SINGLES, *PAIRS))


async def _bad_calls(run: Run) -> Results:
    return [("", await bad_calls(run.books, run.size(10_000, 50), run.seed))]


async def _barge_in(run: Run) -> Results:
    offsets, rounds = run.size(50, 5), run.size(20, 1)
    return [(change, await cut_in(run.books, change, offsets, rounds)) for change in CHANGES]


async def _injections(run: Run) -> Results:
    return [("", await inject(run.books, run.size(300, 12)))]


@dataclass(frozen=True)
class Figure:
    """One promise, and how it is measured."""

    name: str
    bound: str
    measure: Callable[[Run], Awaitable[Results]]


FIGURES = (
    Figure(
        "faults",
        "a sound within 4 s (8 s when two stages fail), never two silent turns in a row, booked "
        "once, 0 false claims, no tool run twice, in use again within 60 s",
        _faults,
    ),
    Figure("bad-calls", "0 writes, 0 silent turns, 0 exceptions", _bad_calls),
    Figure("barge-in", "what is said, the record and the book agree in every call", _barge_in),
    Figure("injections", "0 unauthorised effects, 0 facts of another patient spoken", _injections),
)


def main(arguments: list[str] | None = None) -> int:
    """Measure what was asked for; return the exit code."""
    parser = _options()
    options = parser.parse_args(arguments)
    if options.results and options.quick:
        parser.error("results are those of the full sizes: leave --quick out")
    logger.remove()
    chosen = [each for each in FIGURES if not options.only or each.name in options.only]
    report = Report(options.seed, options.quick, {})
    books = Books()
    try:
        for figure in chosen:
            report.figures += _measured(figure, Run(books, options.seed, options.quick), report)
    finally:
        books.close()
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
    parser.add_argument("--results", action="store_true", help=f"write {RESULTS.name}, too")
    return parser


def _measured(figure: Figure, run: Run, report: Report) -> list[Measured]:
    _say(f"{figure.name} ...")
    began = time.monotonic()
    found = list(asyncio.run(_awaited(figure.measure(run))))
    took = round(time.monotonic() - began, 1)
    holds = all(numbers.holds for _, numbers in found)
    _say(f"{figure.name}: {took} s, {'holds' if holds else 'DOES NOT HOLD'}")
    return [
        Measured(
            figure=figure.name,
            on=on,
            bound=figure.bound,
            numbers=asdict(numbers),
            holds=numbers.holds,
            seconds=took,
            commit=report.commit,
            date=report.date,
            load=round(os.getloadavg()[0], 2),
        )
        for on, numbers in found
    ]


async def _awaited(measuring: Awaitable[Results]) -> Results:
    return await measuring


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
