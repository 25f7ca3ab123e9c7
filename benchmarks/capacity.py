"""How many calls a machine holds, what a further one costs, and what many leave behind.

python benchmarks/capacity.py [--quick] [--callers DIR] [--json] [--only calls|row]
"""

import argparse
import contextlib
import json
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from load.processes import CallersProcess, ServerProcess
from load.verdict import GAP_RATIO, LATE_MS, Step, fault, growth, held, step_of
from report import Measured, Report
from rich.console import Console
from rich.table import Table
from turntaking.callers import CallersError, recorded_callers

HERE = Path(__file__).resolve().parent
OURS, SHARED, PEER = "kavita", "kavita by workers", "P1"
"""One process, several on one book in PostgreSQL, and the peer in one process."""
WORKERS = 2

LADDER = (1, 2, 4, 5, 6, 7, 8, 10, 12, 16, 20, 24, 28, 32, 36, 40, 48, 56, 64)
SECONDS_OF_ONE, SECONDS = 180.0, 45.0
"""How long a step lasts; the one call longer, since its gaps are what all others are held to."""
SPREAD_SECONDS = 4.0
"""Within which the callers of a step begin to talk."""
QUICK_LADDER, QUICK_SECONDS, QUICK_SPREAD_SECONDS = (1, 3), 8.0, 1.0

WARM_UP_CALLS, CALLS = 30, 200
QUICK_WARM_UP_CALLS, QUICK_CALLS, QUICK_LANES = 4, 4, 4
SETTLE_SECONDS = 2.0
"""What ends after a call has this long, before the server's size is taken."""

MORE_CALLS = 4.0
MB_A_CALL = 12.0
MEMORY_PERCENT = 2.0

Row = tuple[str, str, str, dict[str, Any], bool]
"""(figure, on, bound, numbers, holds)"""


def main() -> int:
    """Measure, print, keep the results; 0 only if every figure measured holds."""
    options = _options()
    try:
        whose = (
            f"{len(recorded_callers(options.callers))} recordings" if options.callers else "espeak"
        )
    except CallersError as error:
        print(error, file=sys.stderr)
        return 2
    words = {"callers": f"{whose}, 40 % of the time", "underrun": "behind the page's 100 ms"}
    report, began = Report(0, options.quick, words), time.monotonic()
    rows: list[Row] = []
    steps: dict[str, list[Step]] = {}
    with contextlib.ExitStack() as stack:
        systems = [System(name, stack, options.callers) for name in _systems(options)]
        for system in systems:
            system.is_up()
        if options.only != "calls":
            rows.append(_in_a_row(systems[0], options.quick))
        if options.only != "row":
            steps = _climb_quickly(systems) if options.quick else _climb(systems)
            rows += _figures(steps, options.quick)
    report.load_at_end = os.getloadavg()[0]
    seconds = round(time.monotonic() - began, 1)
    when = (seconds, report.commit, report.date, report.load_at_end)
    report.figures = [Measured(*row, *when) for row in rows]
    name = "capacity-quick.json" if options.quick else "capacity.json"
    keep(HERE / "results" / name, report, steps)
    if options.json:
        print(json.dumps(json.loads(report.as_json()) | _details(steps), indent=1))
    else:
        _show(report, steps)
    return 1 if report.failing() else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few calls, under a minute")
    parser.add_argument("--callers", type=Path, help="a folder of WAVs with a manifest.jsonl")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--only", choices=("calls", "row"), help="live calls, or calls in a row")
    return parser.parse_args()


def _systems(options: argparse.Namespace) -> tuple[str, ...]:
    if options.only == "row":
        return (OURS,)
    return (OURS, PEER) if options.quick else (OURS, SHARED, PEER)


class System:
    """A server and the callers who call it."""

    def __init__(self, name: str, stack: contextlib.ExitStack, recordings: Path | None) -> None:
        self.name = name
        workers = WORKERS if name == SHARED else 1
        self.server = stack.enter_context(ServerProcess(name, workers))
        self.callers = stack.enter_context(CallersProcess(recordings))
        self.url = ""

    def is_up(self) -> None:
        """Return when both are ready."""
        self.url = self.server.url()
        self.callers.answer()

    def step(self, calls: int, seconds: float, spread: float) -> Step:
        """So many calls at a time, which begin to talk within `spread`."""
        before = self.server.size()
        found = self.callers.hold(self.url, calls, seconds, spread)
        after = self.server.size()
        self.callers.hang_up()
        return step_of(found, before, after)

    def quick_steps(self) -> list[Step]:
        """A few calls only."""
        return [self.step(calls, QUICK_SECONDS, QUICK_SPREAD_SECONDS) for calls in QUICK_LADDER]


def _climb(systems: list[System]) -> dict[str, list[Step]]:
    """More and more calls, the systems in turn, each until it has a fault twice.

    A step with a fault is taken once more: another program may have had the machine.
    """
    steps: dict[str, list[Step]] = {system.name: [] for system in systems}
    for calls in LADDER:
        seconds = SECONDS_OF_ONE if calls == 1 else SECONDS
        for system in systems:
            done = steps[system.name]
            if done and fault(done[-1], done[0]):
                continue
            done.append(system.step(calls, seconds, SPREAD_SECONDS))
            _tell(system.name, done)
            if fault(done[-1], done[0]):
                done[-1] = system.step(calls, seconds, SPREAD_SECONDS)
                _tell(system.name, done)
    return steps


def _climb_quickly(systems: list[System]) -> dict[str, list[Step]]:
    """A few calls, the systems side by side."""
    with ThreadPoolExecutor() as threads:
        done = threads.map(System.quick_steps, systems)
        steps = {system.name: found for system, found in zip(systems, done, strict=True)}
    for name, done in steps.items():
        _tell(name, done)
    return steps


def _tell(system: str, done: list[Step]) -> None:
    step = done[-1]
    words = f"{system}, {step.calls}: p50 {step.p50_ms:.0f} ms, p95 {step.p95_ms:.0f} ms"
    print(f"{words}; {fault(step, done[0]) or 'held'}", file=sys.stderr, flush=True)


def _figures(steps: dict[str, list[Step]], quick: bool) -> Iterator[Row]:
    for system, done in steps.items():
        last = done[-1]
        why = fault(last, done[0])
        numbers: dict[str, Any] = {"held": held(done), "of": last.calls, "p95_ms": last.p95_ms}
        numbers |= {"p95_of_one_ms": done[0].p95_ms, "fault": why or "none"}
        if quick:
            bound = f"p95 at most {GAP_RATIO} times that of one call, no underrun"
            yield f"{last.calls} calls at a time", system, bound, numbers, system == PEER or not why
        else:
            yield "live calls", system, "", numbers, True
    if not quick:
        for system, bound in ((OURS, ""), (SHARED, f"at least {MORE_CALLS:g}")):
            ratio = held(steps[system]) / held(steps[PEER]) if held(steps[PEER]) else 0.0
            holds = not bound or ratio >= MORE_CALLS
            yield "live calls, times P1's", system, bound, {"value": round(ratio, 2)}, holds
    for system, done in steps.items():
        more = _memory_of_a_call(done)
        if more is not None:
            bound = f"at most {MB_A_CALL:g} MB" if system != PEER else ""
            holds = system == PEER or more <= MB_A_CALL
            yield "memory of a further call", system, bound, {"mb": more}, holds
    late = max(step.late_p99_ms for done in steps.values() for step in done)
    bound = f"at most {LATE_MS:g} ms (p99)"
    yield "callers' own lateness", "callers", bound, {"ms": late}, late <= LATE_MS


def _memory_of_a_call(done: list[Step]) -> float | None:
    """MB that each call beyond the first adds, in the largest step that lost no line."""
    whole = [step for step in done if not step.lost]
    if len(whole) < 2:
        return None
    one, most = whole[0], whole[-1]
    return round((most.rss_mb - one.rss_mb) / (most.calls - one.calls), 2)


def _in_a_row(system: System, quick: bool) -> Row:
    """What calls one after the other leave behind in a server that is warm."""
    warm_up, calls, lanes = WARM_UP_CALLS, CALLS, 1
    if quick:
        warm_up, calls, lanes = QUICK_WARM_UP_CALLS, QUICK_CALLS, QUICK_LANES
    system.callers.row(system.url, warm_up, lanes)
    time.sleep(SETTLE_SECONDS)
    warm = system.server.size()
    done = system.callers.row(system.url, calls, lanes)
    time.sleep(SETTLE_SECONDS)
    grown = growth(warm, system.server.size())
    holds = (
        grown["memory_percent"] <= MEMORY_PERCENT
        and max(grown["tasks"], grown["threads"], grown["descriptors"]) <= 0
        and not done["lost"]
    )
    bound = f"memory at most {MEMORY_PERCENT:g} %, nothing else"
    return "growth by calls in a row", OURS, bound, {**done, **grown}, holds


def _details(steps: dict[str, list[Step]]) -> dict[str, Any]:
    return {"steps": {system: [step.in_words() for step in done] for system, done in steps.items()}}


def keep(path: Path, report: Report, steps: dict[str, list[Step]]) -> None:
    """Write the JSON; the half that was not measured stays, each figure with its commit."""
    details = _details(steps)
    if path.exists() and not steps:
        details = {"steps": json.loads(path.read_text()).get("steps", {})}
    report.write(path)
    result = json.loads(path.read_text()) | details
    path.write_text(f"{json.dumps(result, indent=1)}\n")


def _show(report: Report, steps: dict[str, list[Step]]) -> None:
    console = Console()
    for system, done in steps.items():
        table = Table(*(name.replace("_", " ") for name in done[0].in_words()), title=system)
        for step in done:
            table.add_row(*map(str, step.in_words().values()))
        console.print(table)
    report.show(console)


if __name__ == "__main__":
    sys.exit(main())
