import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from kavita import wire
from kavita.satellite.config import SatelliteConfig
from kavita.satellite.sound import DriverStuck, Sound
from tests.fakes.sound_devices import FakeDevices

pytestmark = pytest.mark.live

CONFIG = SatelliteConfig(
    "ws://127.0.0.1:1/ws", "1", "", "", "", echo_cancellation=False, noise_suppression=False,
    gain_control=False,
)  # fmt: skip
TONE = np.full(22_050, 5000, np.int16).tobytes()


def eventually(holds: Callable[[], bool], seconds: float = 5.0) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.005)


class Heard:
    """A running Sound, and what it told."""

    def __init__(self, devices: FakeDevices, stuck_seconds: float) -> None:
        self.frames: list[bytes] = []
        self.told: list[wire.Device] = []
        self.sound = Sound(
            *(CONFIG, 22_050, self.frames.append, self.told.append, devices.open, stuck_seconds)
        )
        self.is_stuck = False
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        try:
            self.sound.run()
        except DriverStuck:
            self.is_stuck = True


@contextmanager
def hearing(devices: FakeDevices, stuck_seconds: float = 5.0) -> Iterator[Heard]:
    heard = Heard(devices, stuck_seconds)
    yield heard
    heard.sound.close()
    heard.thread.join(5)


def test_the_microphone_comes_in_frames_of_10_ms_and_the_voice_goes_out() -> None:
    devices = FakeDevices()
    with hearing(devices) as heard:
        eventually(lambda: len(heard.frames) > 3 and bool(heard.told))
        assert {len(frame) for frame in heard.frames} == {320}
        assert heard.told == [wire.Device(microphone="microphone 1", speaker="speaker")]
        heard.sound.playout.begin("u1")
        heard.sound.say(TONE)
        eventually(lambda: len(devices.opened[0][1].audible()) > 3)
        heard.sound.playout.flush()
        flushed = time.monotonic()
        time.sleep(0.2)
        assert devices.opened[0][1].audible()[-1] - flushed < 0.05


def test_a_device_of_another_rate_is_resampled_for() -> None:
    devices = FakeDevices(rate=48_000)
    with hearing(devices) as heard:
        eventually(lambda: bool(heard.told))
        heard.sound.playout.begin("u1")
        heard.sound.say(TONE)
        heard.sound.end()
        speaker = devices.opened[0][1]
        eventually(lambda: heard.sound.playout.played() == ("u1", 1000), 10)
        time.sleep(0.1)
        out = np.concatenate([np.frombuffer(pcm, np.int16) for _, pcm in list(speaker.played)])
        assert abs(np.count_nonzero(out) - 48_000) < 480
        assert abs(np.median(out[out != 0]) - 5000) < 10


def test_an_unplugged_device_is_told_and_opened_again_when_it_is_back() -> None:
    devices = FakeDevices()
    with hearing(devices) as heard:
        eventually(lambda: bool(heard.told))
        devices.missing = "this machine has no microphone"
        devices.opened[0][0].unplugged = True
        eventually(lambda: len(heard.told) == 3)
        assert [device.problem for device in heard.told] == [
            "",
            "the microphone does not work: unplugged",
            "this machine has no microphone",
        ]
        assert devices.opened[0][0].closed
        assert devices.opened[0][1].closed
        devices.missing = ""
        eventually(lambda: len(heard.told) == 4)
        assert heard.told[-1].microphone == "microphone 2"


@pytest.mark.parametrize("rate_afterwards", [22_050, 48_000])
def test_a_sentence_goes_on_when_the_device_is_back(rate_afterwards: int) -> None:
    devices = FakeDevices()
    with hearing(devices) as heard:
        eventually(lambda: bool(heard.told))
        heard.sound.playout.begin("u1")
        heard.sound.say(TONE)
        eventually(lambda: len(devices.opened[0][1].audible()) > 3)
        devices.rate = rate_afterwards
        devices.opened[0][0].unplugged = True
        eventually(lambda: len(devices.opened) == 2)
        heard.sound.say(TONE)
        eventually(lambda: len(devices.opened[1][1].audible()) > 3)


def test_a_driver_that_does_not_answer_any_more_ends_the_process() -> None:
    devices = FakeDevices()
    with hearing(devices, stuck_seconds=0.3) as heard:
        eventually(lambda: len(heard.frames) > 3)
        devices.opened[0][0].hangs = threading.Event()
        eventually(lambda: heard.is_stuck)
        devices.opened[0][0].hangs.set()
