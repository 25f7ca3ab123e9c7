"""Kavita at the desk of the room: the program itself, and a page that watches and presses."""

import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import numpy as np
import psutil
from virtual_room.air import Air, Sound
from virtual_room.pulse import Pulse, pulse_server
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from kavita.caller.voice import CallerVoice

ROOT = Path(__file__).resolve().parents[2]
ADDRESS = re.compile(r"http://localhost:(\d+)")
KAVITA = (sys.executable, "-m", "kavita", "serve")
START_SECONDS = 60.0
STOP_SECONDS = 20.0
POLL_SECONDS = 0.005
QUIET_SECONDS = 0.3
"""The loudspeaker has ended a sentence when it has been silent so long."""

Event = dict[str, Any]


class Missed(Exception):
    """Something that was waited for did not come."""


class Page:
    """A page of the desk; every event is kept with the time at which it came."""

    def __init__(self, port: int) -> None:
        """Join desk 1 of the server at `port`."""
        self.events: list[tuple[float, Event]] = []
        self._socket = connect(f"ws://127.0.0.1:{port}/ws", max_size=None)
        self.send(action="join")
        threading.Thread(target=self._listen, daemon=True).start()

    def send(self, **message: Any) -> None:
        """Send an action."""
        self._socket.send(json.dumps(message))

    def since(self, when: float, *kinds: str) -> list[Event]:
        """The events of these kinds from `when` on."""
        return [event for at, event in list(self.events) if at >= when and event["type"] in kinds]

    def wait(
        self,
        kinds: str | tuple[str, ...],
        since: float,
        seconds: float = 30.0,
        where: Callable[[Event], bool] = lambda _: True,
    ) -> tuple[float, Event]:
        """The first such event from `since` on, and when it came. Raises Missed."""
        wanted = (kinds,) if isinstance(kinds, str) else kinds
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for at, event in list(self.events):
                if at >= since and event["type"] in wanted and where(event):
                    return at, event
            time.sleep(POLL_SECONDS)
        raise Missed(f"no {' or '.join(wanted)} came in {seconds:.0f} s")

    def begin(self) -> None:
        """Start a call; returns when the greeting has been spoken."""
        now = time.monotonic()
        self.send(action="start")
        self.wait("listening", now)

    def type(self, text: str) -> tuple[float, Event]:
        """Type a turn; returns when the answer begins."""
        now = time.monotonic()
        self.send(action="text", text=text)
        return self.wait("speaking_start", now)

    def end(self) -> None:
        """End the call, and wait until its line is free."""
        now = time.monotonic()
        self.send(action="end")
        self.wait("shutdown", now)
        time.sleep(QUIET_SECONDS)

    def close(self) -> None:
        """Leave."""
        self._socket.close()

    def _listen(self) -> None:
        try:
            for message in self._socket:
                self.events.append((time.monotonic(), json.loads(message)))
        except ConnectionClosed:
            return


@dataclass(frozen=True)
class Room:
    """A desk in a room: what a caller there can do, and an observer see."""

    pulse: Pulse
    air: Air
    page: Page
    folder: Path
    """Holds the log and the book."""
    process: "subprocess.Popen[str]"
    """The server."""
    printed: "SimpleQueue[str]"
    """What it writes to its standard output, line by line."""

    def ask(self, voice: CallerVoice, text: str, seconds: float = 15.0) -> tuple[float, Event]:
        """Say something and wait until the answer begins; raises Missed."""
        now = time.monotonic()
        self.speak(voice, text)
        return self.page.wait("speaking_start", now, seconds)

    def speak(self, voice: CallerVoice, text: str) -> float:
        """Say something; returns when it is over, and the moment of its end."""
        time.sleep(self.air.say(pcm_of(voice, text)))
        return time.monotonic()

    def hear_out(self, since: float) -> None:
        """Wait until the agent listens, or the call is over, and the loudspeaker is silent."""
        self.page.wait(("listening", "shutdown"), since)
        until = time.monotonic() + 5
        while time.monotonic() < until and self.air.audible_since(time.monotonic() - QUIET_SECONDS):
            time.sleep(POLL_SECONDS)

    def audible_from(self, when: float, seconds: float = 10.0) -> float:
        """The first moment from `when` on in which the loudspeaker is audible. Raises Missed."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if moments := self.air.audible_since(when):
                return moments[0]
            time.sleep(POLL_SECONDS)
        raise Missed(f"the loudspeaker stayed silent for {seconds:.0f} s")

    def satellite(self) -> psutil.Process:
        """The process that has the sound, and not its spare. Raises Missed."""
        children = psutil.Process(self.process.pid).children()
        found = [child for child in children if "kavita.satellite" in child.cmdline()]
        if not found:
            raise Missed("no satellite runs")
        return min(found, key=psutil.Process.create_time)

    def asked(self) -> str:
        """What a server answers that takes orders; see `serve`."""
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self.printed.get(timeout=START_SECONDS)

    def log(self) -> str:
        """What the server and its satellite have logged."""
        return (self.folder / "log").read_text()


def pcm_of(voice: CallerVoice, text: str) -> Sound:
    """A sentence as sound."""
    return np.frombuffer(voice.speak(text), np.int16).astype(np.float64)


@contextmanager
def open_room(command: Sequence[str] = KAVITA, **settings: str) -> Iterator[Room]:
    """A room with Kavita at its desk, whose sound is ready. Raises PulseMissing and Missed."""
    with (
        tempfile.TemporaryDirectory(prefix="kavita-desk-") as name,
        pulse_server() as pulse,
    ):
        folder = Path(name)
        air = Air(pulse)
        air.start()
        values = {
            "AUDIO": "device",
            "AVATAR_HOST": "127.0.0.1",
            "AVATAR_PORT": "0",
            "DATABASE_URL": f"sqlite:///{folder / 'kavita.db'}",
            "APPOINTMENTS_JSON": str(folder / "none.json"),
            "BACKUP_DIR": "",
            "INACTIVITY_SECONDS": "3600",
            "PYTHONPATH": f"{ROOT}:{ROOT / 'benchmarks'}",
        }
        with (folder / "log").open("w") as errors:
            process = subprocess.Popen(
                list(command),
                env=os.environ | pulse.environment | values | settings,
                cwd=folder,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
            try:
                printed: SimpleQueue[str] = SimpleQueue()
                page = Page(_port(process, printed))
                page.wait("desk", 0.0, START_SECONDS, lambda event: event["sound"] == "ready")
                yield Room(pulse, air, page, folder, process, printed)
                page.close()
            finally:
                _stop(process)
                air.close()


def _port(process: "subprocess.Popen[str]", printed: "SimpleQueue[str]") -> int:
    """Where it serves; what it prints afterwards is `printed`."""
    assert process.stdout is not None
    lines = process.stdout
    for line in lines:
        if found := ADDRESS.search(line):
            threading.Thread(target=lambda: [*map(printed.put, lines)], daemon=True).start()
            return int(found[1])
    raise Missed("Kavita did not start")


def _stop(process: "subprocess.Popen[str]") -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
