"""How soon the agent answers, and how often it cuts in, beside two peers on the same engines.

python benchmarks/turns.py [--quick] [--callers DIR] [--json] [--turns N]
"""

import argparse
import asyncio
import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from itertools import zip_longest
from pathlib import Path
from typing import Any

from report import Measured, Report
from rich.console import Console
from rich.table import Table
from turntaking.call import NoLine, Trial, hold_turn
from turntaking.callers import (
    CallersError,
    Utterance,
    Voice,
    espeak_voices,
    recorded_callers,
    synthetic_callers,
)
from turntaking.figures import SEED, Goal, Run, goals
from turntaking.flite import flite_voices
from turntaking.picture import picture

HERE = Path(__file__).resolve().parent
SYSTEMS = ("P0", "P1", "kavita")
PACES = ("at once", "as a model")
STAGGER_SECONDS = 0.7
"""Between the starts of two calls that run side by side, so that they do not compute at once."""
QUICK_TURNS = 4
COLUMNS = ("turns", "mean_ms", "p50_ms", "p95_ms", "cut_off", "with_pauses_cut_off", "unanswered")


def main() -> int:
    """Measure, print, keep the results; 0 only if every figure measured holds."""
    options = _options()
    try:
        people = recorded_callers(options.callers) if options.callers else []
    except CallersError as error:
        print(error, file=sys.stderr)
        return 2
    today = date.today()  # noqa: DTZ011 the caller's own day
    turns = _interleave(synthetic_callers(today, _voices()), people)
    turns = turns[: QUICK_TURNS if options.quick else options.turns]
    report, began = Report(SEED, options.quick, {}), time.monotonic()
    with contextlib.ExitStack() as stack:
        servers = {system: stack.enter_context(server(system)) for system in SYSTEMS}
        places = {system: ports(process) for system, process in servers.items()}
        runs = asyncio.run(_measure(places, turns, together=options.quick))
    report.load_at_end = os.getloadavg()[0]
    seconds = round(time.monotonic() - began, 1)
    report.figures = [_measured(report, goal, seconds) for goal in goals(*runs)]
    result = json.loads(report.as_json()) | _details(runs)
    _keep("turns-quick" if options.quick else "turns", result, runs, report)
    if options.json:
        print(json.dumps(result, indent=1))
    else:
        _show(report, runs)
    return 1 if report.failing() else 0


def _voices() -> dict[str, Voice]:
    """Voices of two makes in turn, where both can be had."""
    both = zip_longest(espeak_voices().items(), flite_voices().items())
    return dict(voice for pair in both for voice in pair if voice is not None)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few turns, under a minute")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--callers", type=Path, help="a folder of WAVs with a manifest.jsonl")
    parser.add_argument("--turns", type=int, default=None, help="at most so many turns")
    return parser.parse_args()


def _interleave(synthetic: list[Utterance], people: list[Utterance]) -> list[Utterance]:
    """Synthetic callers and people in turn, the longer list's rest at the end."""
    shared = min(len(synthetic), len(people))
    pairs = [turn for pair in zip(synthetic, people, strict=False) for turn in pair]
    return [*pairs, *synthetic[shared:], *people[shared:]]


@contextlib.contextmanager
def server(system: str) -> Iterator[subprocess.Popen[str]]:
    """A system in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "turntaking.serve", system],
        cwd=HERE,
        env=os.environ | {"LOGURU_LEVEL": "ERROR"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def ports(process: subprocess.Popen[str]) -> list[int]:
    """Where it answers at once, and where as a model, once it does."""
    assert process.stdout is not None
    return [int(port) for port in process.stdout.readline().split()]


async def _measure(
    places: dict[str, list[int]], turns: list[Utterance], together: bool
) -> tuple[Run, Run]:
    """Every turn on every system, turn by turn; both paces side by side if `together`."""
    runs = (Run(PACES[0]), Run(PACES[1]))
    for index, turn in enumerate(turns):
        for paces in ((0, 1),) if together else ((0,), (1,)):
            calls = [
                (runs[pace], system, f"ws://127.0.0.1:{places[system][pace]}/ws")
                for pace in paces
                for system in (*SYSTEMS[index % 3 :], *SYSTEMS[: index % 3])
            ]
            trials = await asyncio.gather(
                *(
                    _one(url, turn, place * STAGGER_SECONDS)
                    for place, (_, _, url) in enumerate(calls)
                )
            )
            for run in {id(run): run for run, _, _ in calls}.values():
                row = {
                    system: trial
                    for (of, system, _), trial in zip(calls, trials, strict=True)
                    if of is run
                }
                run.rows.append((turn, row))
        print(f"\r{index + 1}/{len(turns)}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return runs


async def _one(url: str, turn: Utterance, after: float) -> Trial:
    await asyncio.sleep(after)
    try:
        return await hold_turn(url, turn)
    except NoLine as error:
        print(f"\n{turn.name}: {error}", file=sys.stderr)
        return Trial(None, False)


def _measured(report: Report, goal: Goal, seconds: float) -> Measured:
    numbers: dict[str, Any] = {"value": goal.value}
    if goal.interval:
        numbers["interval"] = goal.interval
    sign = "at least" if goal.at_least else "at most"
    bound = f"{sign} {goal.bound:g}"
    when = (report.commit, report.date, report.load_at_end)
    return Measured(goal.name, goal.pace, bound, numbers, goal.holds, seconds, *when)


def _details(runs: tuple[Run, Run]) -> dict[str, Any]:
    """The systems side by side, and every turn."""
    return {
        "systems": {run.pace: {system: run.figures(system) for system in SYSTEMS} for run in runs},
        "turns": [
            {
                "pace": run.pace,
                "name": turn.name,
                "kind": turn.kind,
                "pauses": turn.has_pauses,
                **{system: vars(trial) for system, trial in trials.items()},
            }
            for run in runs
            for turn, trials in run.rows
        ],
    }


def _keep(name: str, result: dict[str, Any], runs: tuple[Run, Run], report: Report) -> None:
    """Write the results, and their picture."""
    folder = HERE / "results"
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    caption = (
        f"From the end of the caller's speech to the agent's first sound. Commit {report.commit}, "
        f"{report.cores} cores, load {report.load_at_end:.1f}"
    )
    drawn = picture(runs, SYSTEMS, caption)
    (folder / f"{name}.svg").write_text(drawn, encoding="utf-8")


def _show(report: Report, runs: tuple[Run, Run]) -> None:
    console = Console()
    table = Table("Brain", "System", *(name.replace("_", " ") for name in COLUMNS))
    for run in runs:
        for system in SYSTEMS:
            row = run.figures(system)
            table.add_row(run.pace, system, *(str(row[column]) for column in COLUMNS))
    console.print(table)
    report.show(console)


if __name__ == "__main__":
    sys.exit(main())
