"""The recogniser's process: it may die, and it must not outlive who asks it."""

import subprocess
import sys
import time
from collections.abc import Iterator

import psutil
import pytest
from loguru import logger

from kavita.caller.voice import CallerVoice
from kavita.voice.recogniser import model_folder
from kavita.voice.recogniser_process import RecogniserLost, RecogniserProcess

SAID = "Good morning."

ENDS_AT_ONCE = (sys.executable, "-c", "")


@pytest.fixture
def errors() -> Iterator[list[str]]:
    lines: list[str] = []
    sink = logger.add(lines.append, level="ERROR", format="{message}")
    yield lines
    logger.remove(sink)


def ended(pid: int, seconds: float = 10.0) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.05)
    return False


def test_a_process_that_was_killed_is_replaced_and_the_sound_is_heard(errors: list[str]) -> None:
    recogniser, said = RecogniserProcess(model_folder()), CallerVoice().speak(SAID)
    assert recogniser.hear(said) == SAID
    psutil.Process(recogniser.pid).kill()
    assert recogniser.hear(said) == SAID
    (message,) = errors
    assert "has ended" in message
    recogniser.close()
    assert ended(recogniser.pid)


def test_a_sound_that_cannot_be_heard_costs_no_other(errors: list[str]) -> None:
    recogniser, said = RecogniserProcess(model_folder()), CallerVoice().speak(SAID)
    assert recogniser.hear(said + b"?") == ""
    (message,) = errors
    assert "could not be heard: ValueError at" in message
    assert recogniser.hear(said) == SAID
    recogniser.close()


def test_one_that_cannot_be_started_is_lost() -> None:
    recogniser = RecogniserProcess(model_folder(), ENDS_AT_ONCE)
    with pytest.raises(RecogniserLost):
        recogniser.hear(b"")
    recogniser.close()


def test_it_ends_with_whoever_asked_it_however_that_ended() -> None:
    program = (
        "from kavita.voice.recogniser import model_folder\n"
        "from kavita.voice.recogniser_process import RecogniserProcess\n"
        "recogniser = RecogniserProcess(model_folder())\n"
        "recogniser.hear(b'')\n"
        "print(recogniser.pid, flush=True)\n"
        "input()\n"
    )
    asks = subprocess.Popen(
        (sys.executable, "-c", program), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert asks.stdout is not None
    pid = int(asks.stdout.readline())
    asks.kill()
    asks.communicate()
    assert ended(pid)
