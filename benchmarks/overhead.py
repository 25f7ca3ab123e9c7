"""What a turn costs beyond its vendors' delays: python benchmarks/overhead.py [--quick] [--json].

Exits with 0 only if every figure that was measured holds, and names those that do not.
"""

import argparse
import asyncio
import os
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median, quantiles

from loguru import logger
from rich.console import Console

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from benchmarks.report import WIDTH, Measured, Report  # noqa: E402
from benchmarks.voice.turn_times import PARTS, TurnTimes, measure  # noqa: E402

RESULTS = ROOT / "benchmarks" / "results" / "overhead.json"
BOUND_MS = 60.0
TURNS = 40
QUICK_TURNS = 3
KAVITA = "kavita"


@dataclass(frozen=True)
class OverheadFound:
    """Of one system, in milliseconds; medians unless they say otherwise."""

    turns: int
    lost: int
    overhead: float
    overhead_p90: float
    parts: dict[str, float]
    turn_end: float
    """From the caller's last sample to the ruling that the turn is over."""
    gap: float
    """From the caller's last sample to the agent's first."""
    bound: float | None

    @property
    def holds(self) -> bool:
        """Whether the figure keeps its bound; a peer has none."""
        return self.bound is None or (self.turns > self.lost and self.overhead <= self.bound)


def summary(turns: int, times: list[TurnTimes], bound: float | None) -> OverheadFound:
    """What the times of so many turns, of which some may be lost, come to."""
    beyond = [sum(one.parts().values()) for one in times]
    return OverheadFound(
        turns=turns,
        lost=turns - len(times),
        overhead=_median(beyond),
        overhead_p90=round(quantiles(beyond, n=10)[-1], 1) if len(beyond) > 1 else _median(beyond),
        parts={part: _median([one.parts()[part] for one in times]) for part in PARTS},
        turn_end=_median([1000 * (one.over - one.spoken) for one in times]),
        gap=_median([1000 * (one.heard - one.spoken) for one in times]),
        bound=bound,
    )


def main(arguments: list[str] | None = None) -> int:
    """Measure both systems; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few turns, in a minute")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of the table")
    parser.add_argument("--turns", type=int, default=TURNS, help=f"of each (default: {TURNS})")
    parser.add_argument("--results", action="store_true", help=f"write {RESULTS.name}, too")
    options = parser.parse_args(arguments)
    if options.results and options.quick:
        parser.error("results are those of the full size: leave --quick out")
    logger.remove()
    report = Report(0, options.quick, {})
    turns, began = QUICK_TURNS if options.quick else options.turns, time.monotonic()
    times = asyncio.run(measure(turns))
    took = round(time.monotonic() - began, 1)
    report.load_at_end = os.getloadavg()[0]
    for system, found in times.items():
        numbers = summary(turns, found, BOUND_MS if system == KAVITA else None)
        report.figures.append(
            Measured(
                figure="overhead",
                on=system,
                bound=f"median at most {BOUND_MS:.0f} ms" if system == KAVITA else "",
                numbers=asdict(numbers),
                holds=numbers.holds,
                seconds=took,
                commit=report.commit,
                date=report.date,
                load=round(report.load_at_end, 2),
            )
        )
    if options.results:
        report.write(RESULTS)
    if options.json:
        print(report.as_json())
    else:
        report.show(Console() if sys.stdout.isatty() else Console(width=WIDTH))
    return 1 if report.failing() else 0


def _median(values: list[float]) -> float:
    return round(median(values), 1) if values else 0.0


if __name__ == "__main__":
    sys.exit(main())
