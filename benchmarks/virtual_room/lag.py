"""A long conversation while another process burns a core: is the loop late, does sound run out?"""

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle

import numpy as np
from virtual_room.desk import Missed, Room

from kavita.caller.voice import CallerVoice

SERVE = (sys.executable, "-m", "virtual_room.serve")
IN_ONE_PROCESS = (*SERVE, "own")

SAID = (
    "My ID is one, zero, zero, one.",
    "What are your opening hours?",
    "When is my appointment?",
    "Do I have an appointment?",
)
PAUSE_SECONDS = 0.4
ANSWER_SECONDS = 8.0

_SOUND = re.compile(r"sound so far: (\d+) times late, (\d+) times dry")
BURN = "while True: pass"


@dataclass(frozen=True)
class Conversation:
    """What was seen of it."""

    seconds: float
    answered: int
    unanswered: int
    lag_p50_ms: float
    lag_p99_ms: float
    lag_max_ms: float
    late: int
    """Times that an utterance had to stop because its sound was not here."""
    dry: int
    """Times that the device itself ran out of sound."""


def converse(room: Room, voice: CallerVoice, seconds: float) -> Conversation:
    """Ask and listen for so long, with a core taken away. Raises Missed."""
    room.page.begin()
    room.page.end()  # what the start of the devices cost is told at the end of a call
    before = _sound(room)
    room.asked()
    answered = unanswered = 0
    with _burning():
        began = time.monotonic()
        room.page.begin()
        for words in cycle(SAID):
            if time.monotonic() - began > seconds:
                break
            time.sleep(PAUSE_SECONDS)
            try:
                begun, _ = room.ask(voice, words, ANSWER_SECONDS)
                room.hear_out(begun)
                answered += 1
            except Missed:
                unanswered += 1
        lag = np.array(json.loads(room.asked()))
        lasted = time.monotonic() - began
    room.page.end()
    after = _sound(room)
    return Conversation(
        round(lasted),
        answered,
        unanswered,
        *(round(float(np.percentile(lag, at)), 1) for at in (50, 99, 100)),
        late=after[0] - before[0],
        dry=after[1] - before[1],
    )


def _sound(room: Room) -> tuple[int, int]:
    """How often sound came late, and the device ran dry, up to the last call's end."""
    told = _SOUND.findall(room.log())
    if not told:
        raise Missed("the satellite has told nothing of its sound")
    return int(told[-1][0]), int(told[-1][1])


@contextmanager
def _burning() -> Iterator[None]:
    burner = subprocess.Popen([sys.executable, "-c", BURN])
    try:
        yield
    finally:
        burner.kill()
        burner.wait()
