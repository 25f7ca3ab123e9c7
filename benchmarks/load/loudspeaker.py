"""One caller's loudspeaker: when the agent is first heard, and where her speech has holes."""

import numpy as np
from turntaking.playout import JITTER_SECONDS, onset

PAGE_SECONDS = 0.1
"""What the page has in hand before it begins to play, and again after a hole."""


class Buffer:
    """Plays once so much has come; counts the silences that came of sound being late."""

    def __init__(self, seconds: float) -> None:
        """`seconds` of sound are waited for."""
        self._seconds = seconds
        self._waiting = 0.0
        self._empty_at: float | None = None
        self.holes: list[float] = []
        """Seconds of silence within sentences."""

    def begin(self) -> None:
        """What comes next follows a silence that is meant."""
        self._waiting, self._empty_at = 0.0, None

    def receive(self, seconds: float, now: float) -> None:
        """Take sound of so many `seconds` that arrived at `now`."""
        if self._empty_at is not None and now > self._empty_at:
            self.holes.append(now - self._empty_at)
            self.begin()
        if self._empty_at is not None:
            self._empty_at += seconds
            return
        self._waiting += seconds
        if self._waiting >= self._seconds:
            self._empty_at = now + self._waiting


class Loudspeaker:
    """Plays what arrives; times are seconds of any clock that does not jump."""

    def __init__(self, sample_rate: int) -> None:
        """`sample_rate` in Hz."""
        self._rate = sample_rate
        self.page = Buffer(PAGE_SECONDS)
        self._listening_for: bytearray | None = None
        self._first_arrived = 0.0
        self.audible_at: float | None = None
        """When the agent was first heard since `expect`, behind a jitter buffer of 20 ms; None
        while she is silent."""
        self.played_seconds = 0.0

    def expect(self) -> None:
        """From here on the beginning of her speech counts."""
        self.audible_at, self._listening_for = None, bytearray()

    def obey(self, kind: str) -> None:
        """An event after which silence is meant: a sentence begins or ends, or is held up."""
        if kind in ("speaking_start", "speaking_end", "interrupted", "yielding"):
            self.page.begin()

    def receive(self, pcm: bytes, now: float) -> None:
        """Take what arrived at `now`."""
        seconds = len(pcm) / 2 / self._rate
        self.played_seconds += seconds
        self.page.receive(seconds, now)
        if self._listening_for is not None:
            self._hear(self._listening_for, pcm, now)

    def _hear(self, heard: bytearray, pcm: bytes, now: float) -> None:
        if not heard:
            self._first_arrived = now
        heard += pcm
        first = onset(np.frombuffer(bytes(heard), np.int16), self._rate)
        if first is not None:
            self.audible_at = self._first_arrived + JITTER_SECONDS + first / self._rate
            self._listening_for = None
