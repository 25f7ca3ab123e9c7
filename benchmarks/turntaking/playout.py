"""The agent's sound as the caller's ear would get it, and when it begins."""

import numpy as np
import numpy.typing as npt

from kavita.wire import MICROPHONE_RATE

JITTER_SECONDS = 0.02
"""Sound that follows silence is held back so long, as a softphone does."""

AUDIBLE = 184
"""A sample of PCM16 from here on is audible: -45 dBFS."""

HELD_MS = 30
"""A click is no speech: the level must be held so long, looked at in pieces of 10 ms."""

Samples = npt.NDArray[np.int16]


class Playout:
    """Received PCM on the clock of a loudspeaker."""

    def __init__(self, sample_rate: int) -> None:
        """`sample_rate` in Hz."""
        self._rate = sample_rate
        self._run: Samples = np.zeros(0, np.int16)
        self._run_starts = 0.0
        self.audible_at: float | None = None
        """When the agent was first heard, in the seconds of `receive`; None while it is silent."""

    def receive(self, pcm: bytes, now: float) -> None:
        """Take what arrived at `now`; seconds of any clock that does not jump."""
        if now > self._run_starts + self._run.size / self._rate:
            self._run, self._run_starts = np.zeros(0, np.int16), now + JITTER_SECONDS
        self._run = np.concatenate([self._run, np.frombuffer(pcm, np.int16)])
        if self.audible_at is None and (first := onset(self._run, self._rate)) is not None:
            self.audible_at = self._run_starts + first / self._rate


def onset(samples: Samples, rate: int) -> int | None:
    """The first audible sample after which the level is held for 30 ms; None without one."""
    piece = rate // 100
    (loud,) = np.nonzero(np.abs(samples.astype(np.int32)) >= AUDIBLE)
    at = 0
    while at < loud.size:
        first = int(loud[at])
        pieces = samples[first : first + piece * (HELD_MS // 10)].astype(np.int32)
        if pieces.size < piece * (HELD_MS // 10):
            return None
        peaks = np.abs(pieces.reshape(-1, piece)).max(axis=1)
        if peaks.min() >= AUDIBLE:
            return first
        quiet = first + (int(np.argmax(peaks < AUDIBLE)) + 1) * piece
        at = int(np.searchsorted(loud, quiet))
    return None


def end_of_speech(pcm: bytes) -> float:
    """Seconds to the end of the last 10 ms of 16 kHz PCM16 that are audible by their RMS.

    A breath behind the last word, fainter than the agent must be to count, is no speech.
    """
    piece = MICROPHONE_RATE // 100
    samples = np.frombuffer(pcm, np.int16).astype(np.float64)
    pieces = samples[: samples.size // piece * piece].reshape(-1, piece)
    (loud,) = np.nonzero(np.sqrt(np.mean(pieces**2, axis=1)) >= AUDIBLE)
    return (int(loud[-1]) + 1) / 100 if loud.size else 0.0
