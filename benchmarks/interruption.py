"""Who cuts in is let speak, who only listens is not: beside Pipecat's defaults on the same engines.

python benchmarks/interruption.py [--quick] [--callers DIR] [--json] [--half tuning|report]
"""

import argparse
import asyncio
import contextlib
import os
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from interrupting.line import Trial, listen_only, speak_over
from interrupting.sounds import Interjection, bookable_day, interjections, rooms
from report import Measured, Report
from rich.console import Console
from turns import ports, server
from turntaking.call import NoLine
from turntaking.callers import CallersError

HERE = Path(__file__).resolve().parent
SYSTEMS = ("kavita", "P1")
CUTS_IN = ("interruption", "answer")
TOGETHER = 4
QUICK_TOGETHER = 6
"""Calls side by side."""
STAGGER_SECONDS = 0.4
QUICK = {"interruption": 4, "answer": 1, "backchannel": 3, "cough": 2, "noise": 1}
ECHO_DB = -15.0
SENTENCES = 50
ASKED = ("1001", "What are your opening hours?", "What are my appointments?", "Can you help me?")
"""What makes the agent speak at length, besides the greeting."""

Row = tuple[Interjection, Trial]


def main() -> int:
    """Measure, print, keep the results; 0 only if every figure measured holds."""
    options = _options()
    day = bookable_day(date.today())  # noqa: DTZ011 the caller's own day
    try:
        sounds = interjections(options.half, day, options.callers)
        spaces = rooms(options.callers)
    except CallersError as error:
        print(error, file=sys.stderr)
        return 2
    if options.quick:
        sounds = list(_few(sounds))
    report = Report(0, options.quick, {"engines": "Moonshine tiny, espeak-ng, the receptionist"})
    began = time.monotonic()
    with contextlib.ExitStack() as stack:
        urls = {
            system: f"ws://127.0.0.1:{ports(stack.enter_context(server(system)))[0]}/ws"
            for system in SYSTEMS
        }
        rows, echo = asyncio.run(_all(urls, sounds, spaces, options.quick))
    seconds = time.monotonic() - began
    report.figures += [
        Measured(*each, round(seconds, 1), report.commit, report.date, report.load_at_start)
        for each in (*_figures(rows), _echo_figure(*echo))
    ]
    report.load_at_end = os.getloadavg()[0]
    name = "interruption-quick.json" if options.quick else "interruption.json"
    report.write(HERE / "results" / name)
    print(report.as_json()) if options.json else report.show(Console())
    return 1 if report.failing() else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few of each, under a minute")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--callers", type=Path, help="a folder of WAVs with manifests (*.jsonl)")
    parser.add_argument(
        "--half", choices=("report", "tuning"), default="report", help="which voices are heard"
    )
    return parser.parse_args()


def _few(sounds: list[Interjection]) -> Iterator[Interjection]:
    left = dict(QUICK)
    for sound in sounds:
        if left[sound.kind]:
            left[sound.kind] -= 1
            yield sound


async def _all(
    urls: dict[str, str], sounds: list[Interjection], spaces: list[Any], quick: bool
) -> tuple[dict[str, list[Row]], tuple[int, int, int]]:
    """One after the other; side by side where it must be quick."""
    if quick:
        return await asyncio.gather(
            _measure(urls, sounds, QUICK_TOGETHER), _own_echo(urls["kavita"], spaces, 5)
        )
    rows = await _measure(urls, sounds, TOGETHER)
    return rows, await _own_echo(urls["kavita"], spaces, SENTENCES)


async def _measure(
    urls: dict[str, str], sounds: list[Interjection], together: int
) -> dict[str, list[Row]]:
    """Every sound on every system, a few calls side by side."""
    rows: dict[str, list[Row]] = {system: [] for system in urls}
    turns = iter(enumerate([(system, sound) for sound in sounds for system in urls]))

    async def caller(place: int) -> None:
        await asyncio.sleep(place * STAGGER_SECONDS)
        for number, (system, sound) in turns:
            after = 1.2 + 0.4 * (number // len(urls) % 4)
            try:
                trial = await speak_over(urls[system], sound.setup, sound.sound, after)
            except NoLine as error:
                print(f"\n{sound.name}: {error}", file=sys.stderr)
                continue
            rows[system].append((sound, trial))
            if system == "kavita" and trial.was_interrupted is not (sound.kind in CUTS_IN):
                print(f"\n{sound.kind}, {sound.name}: {trial}", file=sys.stderr)
            print(f"\r{number + 1}/{len(sounds) * len(urls)}", end="", file=sys.stderr, flush=True)

    await asyncio.gather(*(caller(place) for place in range(together)))
    print(file=sys.stderr)
    return rows


async def _own_echo(url: str, spaces: list[Any], wanted: int) -> tuple[int, int, int]:
    """Sentences spoken into rooms that return them, interruptions by them, and pauses."""
    calls = -(-wanted // (len(ASKED) + 1))
    found = await asyncio.gather(
        *(listen_only(url, ASKED, spaces[call % len(spaces)], ECHO_DB) for call in range(calls))
    )
    sentences, interruptions, pauses = (sum(column) for column in zip(*found, strict=True))
    return sentences, interruptions, pauses


def _figures(rows: dict[str, list[Row]]) -> Iterator[tuple[str, str, str, dict[str, Any], bool]]:
    """(figure, on, bound, numbers, holds); those of the peer bind nobody."""
    for system, all_rows in rows.items():
        ours = system == "kavita"
        cutting = [trial for sound, trial in all_rows if sound.kind in CUTS_IN]
        yielded = [trial for trial in cutting if trial.was_interrupted]
        silent = [trial.silent_ms for trial in yielded if trial.silent_ms is not None]
        yield _share("yields", system, "at least 99 %", len(yielded), len(cutting), 0.99, ours)
        p50, p95 = (float(np.percentile(silent, at)) if silent else 0.0 for at in (50, 95))
        numbers = {"turns": len(silent), "p50_ms": round(p50), "p95_ms": round(p95)}
        fast = bool(silent) and p50 <= 250 and p95 <= 500
        yield "voice to silence", system, "p50 250 ms, p95 500 ms", numbers, fast or not ours
        for name, kinds, bound in (
            ("backchannels", ("backchannel",), 0.95),
            ("coughs and noises", ("cough", "noise"), 0.9),
        ):
            trials = [trial for sound, trial in all_rows if sound.kind in kinds]
            kept = [trial for trial in trials if not trial.was_interrupted]
            share = _share(
                f"holds the floor: {name}",
                system,
                f"at least {bound:.0%}",
                len(kept),
                len(trials),
                bound,
                ours,
            )
            pauses = [trial.pause_ms for trial in kept]
            share[3]["longest_pause_p50_ms"] = round(float(np.median(pauses))) if pauses else None
            yield share
        soft = [t.yielding_ms for _, t in all_rows if t.yielding_ms is not None and ours]
        if soft:
            numbers = {"p50_ms": round(float(np.median(soft)))}
            yield (
                "voice to a lowered voice",
                system,
                "100 ms",
                numbers,
                bool(np.median(soft) <= 100),
            )


def _share(
    figure: str, system: str, bound: str, count: int, of: int, least: float, binds: bool
) -> tuple[str, str, str, dict[str, Any], bool]:
    share = count / of if of else 0.0
    numbers = {"of": of, "share": round(share, 3)}
    return figure, system, bound, numbers, share >= least or not binds


def _echo_figure(
    sentences: int, interruptions: int, pauses: int
) -> tuple[str, str, str, dict[str, Any], bool]:
    numbers = {"sentences": sentences, "interruptions": interruptions, "pauses": pauses}
    return "own echo at -15 dB", "kavita", "no interruption", numbers, not interruptions


if __name__ == "__main__":
    sys.exit(main())
