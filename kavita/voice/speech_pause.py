"""The agent in mid-sentence, silent because somebody may be cutting in: sound and clock stand."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from pipecat.frames.frames import SystemFrame

RAMP = 0.2
"""Share of a piece of sound over which its loudness changes, so that it does not click."""


@dataclass
class SpeechDelayedFrame(SystemFrame):
    """What the agent says now ends so much later than planned."""

    seconds: float


class SpeechPause:
    """A stop and the time that it has taken, so that words count as heard when they are."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` counts seconds."""
        self._clock = clock
        self._going = asyncio.Event()
        self._going.set()
        self._lost = 0.0
        self._since = 0.0

    def begin(self) -> None:
        """Stop, unless it has stopped already."""
        if self._going.is_set():
            self._going.clear()
            self._since = self._clock()

    def end(self) -> float:
        """Go on; return how many seconds it had stopped."""
        if self._going.is_set():
            return 0.0
        late = self._clock() - self._since
        self._lost += late
        self._going.set()
        return late

    def clock(self) -> float:
        """Seconds of a clock that stands while the speech does."""
        return (self._clock() if self._going.is_set() else self._since) - self._lost

    async def is_over(self, within: float) -> bool:
        """Wait for the speech to go on; False if it did not `within` so many seconds."""
        try:
            async with asyncio.timeout(within):
                await self._going.wait()
        except TimeoutError:
            return False
        return True

    def on_its_clock(self, nanoseconds: int) -> int:
        """A time of the future, planned without the pauses so far, on the clock that stands."""
        return nanoseconds - round(self._lost * 1e9)

    async def until(self, nanoseconds: int, now: Callable[[], int]) -> None:
        """Wait for a time on the clock that stands; `now` gives that of the one that runs."""
        while True:
            await self._going.wait()
            rest = (nanoseconds - now()) / 1e9 + self._lost
            if rest <= 0:
                return
            await asyncio.sleep(rest)


def ramped(pcm: bytes, before: float, gain: float) -> bytes:
    """PCM16 at `gain`, reached from `before` within its first samples."""
    if before == gain == 1.0:
        return pcm
    samples = np.frombuffer(pcm, np.int16)
    gains = np.full(samples.size, gain)
    ramp = round(samples.size * RAMP)
    gains[:ramp] = np.linspace(before, gain, ramp)
    return bytes(np.rint(samples * gains).astype(np.int16).data)
