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
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from turntaking.call import NoLine, Trial, hold_turn
from turntaking.callers import CallersError, Utterance, recorded_callers, synthetic_callers
from turntaking.figures import Goal, Run, goals

HERE = Path(__file__).resolve().parent
SYSTEMS = ("P0", "P1", "kavita")
PACES = ("at once", "as a model")
STAGGER_SECONDS = 0.7
"""Between the starts of two calls that run side by side, so that they do not compute at once."""
QUICK_TURNS = 4


def main() -> int:
    """Measure, print, keep the results; 0 only if every figure measured holds."""
    options = _options()
    try:
        people = recorded_callers(options.callers) if options.callers else []
    except CallersError as error:
        print(error, file=sys.stderr)
        return 2
    turns = _interleave(synthetic_callers(date.today()), people)  # noqa: DTZ011 the caller's own day
    turns = turns[: QUICK_TURNS if options.quick else options.turns]
    commit = _commit()
    with contextlib.ExitStack() as stack:
        servers = {system: stack.enter_context(_server(system)) for system in SYSTEMS}
        ports = {system: _ports(server) for system, server in servers.items()}
        runs = asyncio.run(_measure(ports, turns, together=options.quick))
    result = {"commit": commit} | _result(runs, goals(*runs))
    name = "turns-quick.json" if options.quick else "turns.json"
    (HERE / "results" / name).write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1) if options.json else _table(result))
    return 0 if all(goal["holds"] for goal in result["goals"]) else 1


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
def _server(system: str) -> Iterator[subprocess.Popen[str]]:
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


def _ports(process: subprocess.Popen[str]) -> list[int]:
    """Where it answers at once, and where as a model, once it does."""
    assert process.stdout is not None
    return [int(port) for port in process.stdout.readline().split()]


async def _measure(
    ports: dict[str, list[int]], turns: list[Utterance], together: bool
) -> tuple[Run, Run]:
    """Every turn on every system, turn by turn; both paces side by side if `together`."""
    runs = (Run(PACES[0]), Run(PACES[1]))
    for index, turn in enumerate(turns):
        for paces in ((0, 1),) if together else ((0,), (1,)):
            calls = [
                (runs[pace], system, f"ws://127.0.0.1:{ports[system][pace]}/ws")
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


def _result(runs: tuple[Run, Run], found: list[Goal]) -> dict[str, Any]:
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "load_average": [round(load, 2) for load in os.getloadavg()],
        "figures": {run.pace: {system: run.figures(system) for system in SYSTEMS} for run in runs},
        "goals": [
            {
                "name": goal.name,
                "value": goal.value,
                "bound": goal.bound,
                "at_least": goal.at_least,
                "interval": goal.interval,
                "holds": goal.holds,
            }
            for goal in found
        ],
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


def _commit() -> str:
    told = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=HERE, capture_output=True, text=True
    )
    return told.stdout.strip() or "unknown"


def _table(result: dict[str, Any]) -> str:
    columns = (
        "turns",
        "mean_ms",
        "p50_ms",
        "p95_ms",
        "cut_off",
        "with_pauses_cut_off",
        "unanswered",
    )
    lines = [f"{'':22}" + "".join(f"{column:>20}" for column in columns)]
    for pace, systems in result["figures"].items():
        lines += [
            f"{pace + ', ' + system:22}" + "".join(f"{row[column]!s:>20}" for column in columns)
            for system, row in systems.items()
        ]
    lines.append("")
    for goal in result["goals"]:
        sign = ">=" if goal["at_least"] else "<="
        interval = f" [{goal['interval'][0]} to {goal['interval'][1]}]" if goal["interval"] else ""
        verdict = "holds " if goal["holds"] else "MISSED"
        lines.append(
            f"{verdict} {goal['name']}: {goal['value']}{interval} ({sign} {goal['bound']})"
        )
    lines.append(f"commit {result['commit']}, load {result['load_average']}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
