"""A desk in a room without a sound card: a call by voice, echo, cutting in, lag and restarts.

python benchmarks/room.py [--quick] [--callers DIR] [--json] [--only FIGURES] [--record WAV]
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from interrupting.sounds import Interjection, Sound, bookable_day, interjections, rooms
from report import Measured, Report, known
from rich.console import Console
from turntaking.callers import CallersError
from virtual_room.air import Way
from virtual_room.booking import book
from virtual_room.desk import Missed, Room, open_room
from virtual_room.echoes import CutIn, Heard, cut_in, listen
from virtual_room.lag import IN_ONE_PROCESS, SERVE, Conversation, converse
from virtual_room.pulse import PulseMissing, require_pulse
from virtual_room.restarts import Restart, kill_satellite, restart_pulse, survive

from kavita.caller.voice import CallerVoice
from kavita.voice.local_stt import Transcriber

HERE = Path(__file__).resolve().parent
GAIN_DB = -6.0
DELAYS_MS = (40, 80, 120, 160, 200)
SIDE_BY_SIDE = 3
"""Rooms at a time, where nothing is measured that the processor could spoil."""

BACK_AFTER_MS = 2000
LAG_MS = 10.0
STOPS_SHARE = 0.95

T = TypeVar("T")
Row = tuple[str, str, str, dict[str, Any], bool]
"""(figure, on, bound, numbers, holds)"""


@dataclass(frozen=True)
class Size:
    """How much is done."""

    sentences: int
    """With each delay."""
    cut_ins: int
    """With each delay."""
    delays_ms: tuple[int, ...]
    lag_seconds: float
    restarts: int
    """Of each kind."""
    kills: tuple[Callable[[Room], float], ...]
    is_whole: bool
    """Also without the canceller, and without the satellite, and to the goodbye of the call."""


FULL = Size(
    sentences=10,
    cut_ins=20,
    delays_ms=DELAYS_MS,
    lag_seconds=600,
    restarts=5,
    kills=(kill_satellite, restart_pulse),
    is_whole=True,
)
QUICK = Size(
    sentences=1,
    cut_ins=1,
    delays_ms=(120,),
    lag_seconds=5,
    restarts=1,
    kills=(kill_satellite,),
    is_whole=False,
)


class Bench:
    """The figures; each opens rooms of its own."""

    def __init__(self, size: Size, spaces: list[Sound], voices: list[Interjection], wav: Path):
        """`spaces` are room responses, `voices` cut in, `wav` is what the first call is kept as."""
        self._size = size
        self._spaces = spaces
        self._voices = voices
        self._wav = wav
        self._voice = CallerVoice()
        self._transcriber = Transcriber()

    def booking(self) -> Iterator[Row]:
        """A caller's voice books by microphone and loudspeaker."""
        with open_room() as room:
            try:
                found = book(room, self._voice, self._transcriber, self._size.is_whole)
            finally:
                room.air.record(self._wav)
        gaps = found.gaps_ms or [0.0]
        numbers = {
            "in_the_book": found.is_in_the_book,
            "confirmation_heard": found.is_heard,
            "gap_p50_ms": round(float(np.median(gaps))),
            "said_again": found.said_again,
            "ended": found.ended,
            "shown": found.confirmation,
            "transcribed": found.heard,
        }
        ends = "goodbye" if self._size.is_whole else "page"
        holds = found.is_in_the_book and found.is_heard and found.ended == ends
        yield "a booking by voice", "desk", "in the book, and heard so", numbers, holds

    def echo(self) -> Iterator[Row]:
        """The agent hears herself at -6 dB; with the canceller, and without."""
        yield self._echo("canceller on", "no interruption, no phantom turn", fails=False)
        if self._size.is_whole:
            yield self._echo("canceller off", "one or the other", fails=True)

    def _echo(self, on: str, bound: str, fails: bool) -> Row:
        """`fails`: that is what must be; else the test proves nothing."""
        listen = partial(self._listen, "false" if fails else "true")
        heard = list(self._in_rooms(listen, SIDE_BY_SIDE if fails else 1))
        numbers: dict[str, Any] = {
            name: sum(getattr(each, name) for each in heard)
            for name in (
                *("sentences", "interruptions", "phantom_turns"),
                *("broken_off", "hesitations"),
            )
        }
        failed = [
            delay for delay, each in zip(self._size.delays_ms, heard, strict=True) if each.fails
        ]
        numbers["with_delays_ms"] = failed
        return "own echo at -6 dB", on, bound, numbers, bool(failed) is fails

    def _listen(self, on: str, way: Way, _: int) -> Heard:
        with open_room(ECHO_CANCELLATION=on) as room:
            room.air.returns_by(way)
            return listen(room, self._size.sentences)

    def interruptions(self) -> Iterator[Row]:
        """Callers cut in over that echo."""
        found = [each for rows in self._in_rooms(self._cut_in) for each in rows]
        stopped = [each for each in found if each.stopped]
        silent = [each.silent_ms for each in stopped if each.silent_ms is not None] or [0.0]
        numbers = {
            "of": len(found),
            "share": round(len(stopped) / max(1, len(found)), 3),
            "silent_p50_ms": round(float(np.median(silent))),
            "silent_p95_ms": round(float(np.percentile(silent, 95))),
            "went_on": [each.name for each in found if not each.stopped],
        }
        holds = bool(found) and len(stopped) >= STOPS_SHARE * len(found)
        bound = f"at least {STOPS_SHARE:.0%}"
        yield "cutting in over the echo", "canceller on", bound, numbers, holds

    def _cut_in(self, way: Way, number: int) -> list[CutIn]:
        count = self._size.cut_ins
        voices = [self._voices[(number * count + at) % len(self._voices)] for at in range(count)]
        with open_room() as room:
            room.air.returns_by(way)
            return [cut_in(room, voice) for voice in voices]

    def lag(self) -> Iterator[Row]:
        """The loop and the sound of a long conversation, one core taken away."""
        compared = (("satellite", SERVE), ("in the server", IN_ONE_PROCESS))
        for name, command in compared if self._size.is_whole else compared[:1]:
            with open_room(command) as room:
                found: Conversation = converse(room, self._voice, self._size.lag_seconds)
            numbers = vars(found)
            good = found.lag_p99_ms <= LAG_MS and not found.late + found.dry + found.unanswered
            bound = f"p99 {LAG_MS:.0f} ms, no underrun" if command is SERVE else "for comparison"
            yield "loop lag and underruns", name, bound, numbers, good or command is not SERVE

    def restarts(self) -> Iterator[Row]:
        """Satellite and PulseAudio are killed in mid-sentence."""
        found: list[Restart] = []
        with open_room() as room:
            room.page.begin()
            begun, _ = room.page.type("1001")
            room.hear_out(begun)
            for _ in range(self._size.restarts):
                found += [survive(room, self._voice, kill) for kill in self._size.kills]
        for kill in self._size.kills:
            name = kill.__name__
            each = [one for one in found if one.what == name]
            again = [one.heard_again_ms for one in each]
            numbers = {
                "times": len(each),
                "heard_again_p50_ms": round(float(np.median(again))),
                "heard_again_max_ms": max(again),
                "call_and_patient_kept": sum(one.understood for one in each),
                "heard_instead": [one.words for one in each if not one.understood],
            }
            holds = max(again) <= BACK_AFTER_MS and all(one.understood for one in each)
            bound = f"heard again in {BACK_AFTER_MS} ms, call and patient kept"
            yield "restart in mid-sentence", name.replace("_", " "), bound, numbers, holds

    def _in_rooms(self, work: Callable[[Way, int], T], lanes: int = 1) -> Iterator[T]:
        """Do it with each delay, each in a room of its own, so many of them side by side."""
        delays = self._size.delays_ms
        ways = [
            Way(self._spaces[at % len(self._spaces)], GAIN_DB, delay)
            for at, delay in enumerate(delays)
        ]
        with ThreadPoolExecutor(lanes) as pool:
            yield from pool.map(work, ways, range(len(ways)))


FIGURES: dict[str, Callable[[Bench], Iterator[Row]]] = {
    "booking": Bench.booking,
    "restarts": Bench.restarts,
    "echo": Bench.echo,
    "lag": Bench.lag,
    "interruptions": Bench.interruptions,
}
"""In an order in which `--quick` is over soonest."""


def main() -> int:
    """Measure, print, keep the results; 0 only if every figure measured holds."""
    options = _options()
    try:
        require_pulse()
        day = bookable_day(date.today())  # noqa: DTZ011 the caller's own day
        sounds = interjections("report", day, options.callers)
        spaces = rooms(options.callers)
    except (CallersError, PulseMissing) as error:
        print(error, file=sys.stderr)
        return 2
    voices = [sound for sound in sounds if sound.kind == "interruption"]
    bench = Bench(QUICK if options.quick else FULL, spaces, voices, options.record)
    report = Report(0, options.quick, {"room": f"PulseAudio, {len(spaces)} room responses"})
    lanes = SIDE_BY_SIDE if options.quick else 1
    with ThreadPoolExecutor(lanes) as pool:
        for found in pool.map(lambda name: _measured(name, bench, report), options.only):
            report.figures += found
    report.load_at_end = os.getloadavg()[0]
    report.write(HERE / "results" / ("room-quick.json" if options.quick else "room.json"))
    print(report.as_json()) if options.json else report.show(Console())
    return 1 if report.failing() else 0


def _measured(name: str, bench: Bench, report: Report) -> list[Measured]:
    began = time.monotonic()
    try:
        rows = list(FIGURES[name](bench))
    except Missed as error:
        rows = [(name, "desk", "to the end", {"broke_off": str(error)}, False)]
    seconds = round(time.monotonic() - began, 1)
    print(f"{name}: {seconds:.0f} s", file=sys.stderr)
    at = (seconds, report.commit, report.date, report.load_at_start)
    return [Measured(*row, *at) for row in rows]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a little of each, under a minute")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--callers", type=Path, help="a folder of WAVs with manifests (*.jsonl)")
    parser.add_argument("--only", type=_figures, default=list(FIGURES), help=", ".join(FIGURES))
    parser.add_argument(
        "--record", type=Path, default=HERE / "results" / "room.wav", help="the call, as a WAV"
    )
    return parser.parse_args()


def _figures(words: str) -> list[str]:
    return known(words.split(","), list(FIGURES))


if __name__ == "__main__":
    sys.exit(main())
