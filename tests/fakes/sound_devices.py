"""A microphone and a loudspeaker without a sound card: they take the time that 10 ms take."""

import threading
import time
from dataclasses import dataclass, field

from kavita import wire
from kavita.satellite.config import SatelliteConfig
from kavita.satellite.devices import DeviceError
from kavita.satellite.sound import Opened


@dataclass
class FakeMicrophone:
    """Gives `pcm` again and again; fails when it is unplugged, hangs when it is told to."""

    rate: int = 16_000
    latency: float = 0.01
    pcm: bytes = bytes(320)
    unplugged: bool = False
    hangs: threading.Event | None = None
    closed: bool = False

    def read(self) -> bytes:
        time.sleep(0.01)
        if self.hangs is not None:
            self.hangs.wait()
        if self.unplugged:
            raise DeviceError("the microphone does not work: unplugged")
        return self.pcm

    def close(self) -> None:
        self.closed = True


@dataclass
class FakeLoudspeaker:
    """Keeps what it was given, with the time of each piece."""

    rate: int = 22_050
    latency: float = 0.02
    block: int = 220
    played: list[tuple[float, bytes]] = field(default_factory=list)
    closed: bool = False

    def write(self, pcm: bytes) -> bool:
        time.sleep(0.01)
        self.played.append((time.monotonic(), pcm))
        return False

    def close(self) -> None:
        self.closed = True

    def audible(self) -> list[float]:
        """When it made a sound."""
        return [at for at, pcm in self.played if any(pcm)]


@dataclass
class FakeDevices:
    """Opens pairs; `missing` says why it cannot."""

    missing: str = ""
    opened: list[tuple[FakeMicrophone, FakeLoudspeaker]] = field(default_factory=list)
    rate: int = 22_050

    def open(self, config: SatelliteConfig, voice_rate: int) -> Opened:
        if self.missing:
            raise DeviceError(self.missing)
        pair = FakeMicrophone(), FakeLoudspeaker(rate=self.rate, block=self.rate // 100)
        self.opened.append(pair)
        return *pair, wire.Device(microphone=f"microphone {len(self.opened)}", speaker="speaker")
