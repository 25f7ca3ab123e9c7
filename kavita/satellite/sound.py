"""Both directions of the sound, each in a thread of its own, for as long as the devices work."""

import itertools
import threading
import time
from collections.abc import Callable
from typing import Protocol

import numpy as np

from kavita import wire
from kavita.satellite.adaptive_filter import FRAME
from kavita.satellite.config import SatelliteConfig
from kavita.satellite.devices import DeviceError, Stream, all_devices, choose, look_again
from kavita.satellite.echo import EchoCanceller
from kavita.satellite.playout import Playout, Samples
from kavita.satellite.resampling import Frames, Resampler

RETRY_SECONDS = 0.25
"""Between two attempts to open a device that does not work."""

STUCK_SECONDS = 4.0
"""A driver that takes longer over 10 ms of sound never comes back; PulseAudio needs over one
second for the first of a stream, on a busy machine."""

FLOWING_AFTER = 10
"""Pieces of 10 ms, more than a driver's buffer takes at once: a loudspeaker that took so many
plays. PulseAudio may let the first of a stream wait for a second."""

LOOK_SECONDS = 0.25
"""Between two looks whether both threads go on."""

DELAY_EVERY = 100
"""Frames between two looks at the delay, one second."""


class Source(Protocol):
    """An open microphone; see `devices.Stream`."""

    rate: int

    @property
    def latency(self) -> float:
        """Seconds from the air to here."""

    def read(self) -> bytes:
        """Wait for the next 10 ms."""

    def close(self) -> None:
        """Let the device go."""


class Sink(Protocol):
    """An open loudspeaker; see `devices.Stream`."""

    rate: int
    block: int

    @property
    def latency(self) -> float:
        """Seconds from here to the air."""

    def write(self, pcm: bytes) -> bool:
        """Give it sound; whether it had run dry before."""

    def close(self) -> None:
        """Let the device go."""


Opened = tuple[Source, Sink, wire.Device]


def open_devices(config: SatelliteConfig, voice_rate: int) -> Opened:
    """Open the devices that are wanted, looking at what is plugged in now. Raises DeviceError."""
    look_again()
    devices = all_devices()
    microphone = choose(devices, "input", config.input)
    speaker = choose(devices, "output", config.output)
    source = Stream("input", microphone, wire.MICROPHONE_RATE)
    try:
        sink = Stream("output", speaker, voice_rate)
    except DeviceError:
        source.close()
        raise
    return source, sink, wire.Device(microphone=microphone.name[:256], speaker=speaker.name[:256])


class DriverStuck(Exception):
    """A call of the driver does not return: only a new process can go on."""


class Sound:
    """The microphone and loudspeaker of a desk."""

    def __init__(
        self,
        config: SatelliteConfig,
        voice_rate: int,
        on_microphone: Callable[[bytes], None],
        on_device: Callable[[wire.Device], None],
        opening: Callable[[SatelliteConfig, int], Opened] = open_devices,
        stuck_seconds: float = STUCK_SECONDS,
    ) -> None:
        """`on_microphone` gets 10 ms of sound at a time, `on_device` what works and what fails."""
        self.stuck_seconds = stuck_seconds
        self._config = config
        self._voice_rate = voice_rate
        self._on_microphone = on_microphone
        self._on_device = on_device
        self._opening = opening
        self._closed = threading.Event()
        self._voice = Resampler(voice_rate, voice_rate)
        self.playout = Playout(voice_rate)
        self.latency = 0.0
        """Seconds from `playout` to the air."""
        self.dry_devices = 0
        """How often the device itself ran out of sound."""

    def say(self, pcm: bytes) -> None:
        """Add sound to the utterance that has begun."""
        self.playout.put(self._voice.push(np.frombuffer(pcm, np.int16)))

    def end(self) -> None:
        """The utterance is complete."""
        self.playout.put(self._voice.push(np.zeros(0, np.int16), last=True))
        self.playout.end()

    def run(self) -> None:
        """Serve the devices until `close`. Raises DriverStuck."""
        reported = ""
        while not self._closed.is_set():
            try:
                _Session(self, *self._opening(self._config, self._voice_rate)).run()
            except DeviceError as error:
                if str(error) != reported:
                    reported = str(error)
                    self._on_device(wire.Device(problem=reported[:500]))
            else:
                reported = ""
            self._closed.wait(RETRY_SECONDS)

    def close(self) -> None:
        """Let the devices go; for another thread than that of `run`."""
        self._closed.set()

    @property
    def is_closed(self) -> bool:
        """Whether nobody wants it any more."""
        return self._closed.is_set()

    def adopt(self, sink: Sink) -> None:
        """Play on this loudspeaker from now on.

        At another rate what waits is dropped, and the utterance goes on with what comes.
        """
        if sink.rate != self.playout.rate:
            self._voice = Resampler(self._voice_rate, sink.rate)
            self.playout = self.playout.at_rate(sink.rate)
        self.latency = sink.latency

    def tell(self, device: wire.Device) -> None:
        """Both devices work."""
        self._on_device(device)

    def canceller(self, sink: Sink) -> EchoCanceller:
        """The processing that the settings ask for."""
        config = self._config
        return EchoCanceller(
            sink.rate, config.echo_cancellation, config.noise_suppression, config.gain_control
        )

    def hear(self, pcm: bytes) -> None:
        """Pass 10 ms of the microphone on."""
        self._on_microphone(pcm)


class _Session:
    """Two open devices, until one of them fails."""

    def __init__(self, sound: Sound, source: Source, sink: Sink, device: wire.Device) -> None:
        self._sound = sound
        self._source = source
        self._sink = sink
        self._canceller = sound.canceller(sink)
        self._over = threading.Event()
        self._failure: DeviceError | None = None
        began = time.monotonic()
        self._alive = {"capture": began, "play": began}
        self._device = device
        sound.adopt(sink)

    def run(self) -> None:
        """Raises DeviceError when a device failed, DriverStuck when one does not answer."""
        threads = [
            threading.Thread(target=self._guard, args=(each,), daemon=True)
            for each in (self._capture, self._play)
        ]
        for thread in threads:
            thread.start()
        stuck = self._sound.stuck_seconds
        while not self._over.wait(min(LOOK_SECONDS, stuck / 4)):
            if self._sound.is_closed:
                self._over.set()
            if time.monotonic() - min(self._alive.values()) > stuck:
                raise DriverStuck
        for thread in threads:
            thread.join(stuck)
            if thread.is_alive():
                raise DriverStuck
        self._source.close()
        self._sink.close()
        if self._failure is not None:
            raise self._failure

    def _guard(self, work: Callable[[], None]) -> None:
        try:
            work()
        except DeviceError as error:
            self._failure = self._failure or error
        finally:
            self._over.set()

    def _capture(self) -> None:
        resampler = Resampler(self._source.rate, wire.MICROPHONE_RATE)
        frames = Frames(FRAME)
        count = 0
        while not self._over.is_set():
            samples: Samples = np.frombuffer(self._source.read(), np.int16)
            self._alive["capture"] = time.monotonic()
            for frame in frames.push(resampler.push(samples)):
                if count % DELAY_EVERY == 0:
                    self._canceller.set_delay(self._sink.latency + self._source.latency)
                count += 1
                self._sound.hear(self._canceller.cleaned(frame))

    def _play(self) -> None:
        for count in itertools.count(1):
            if self._over.is_set():
                return
            samples = self._sound.playout.take(self._sink.block)
            self._canceller.played(samples)
            self._sound.dry_devices += self._sink.write(samples.tobytes())
            self._alive["play"] = time.monotonic()
            if count == FLOWING_AFTER:
                self._sound.tell(self._device)
