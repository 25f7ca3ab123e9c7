"""A page's loudspeaker on a simulated clock, and the room between it and the microphone."""

from collections import deque

import numpy as np
import numpy.typing as npt
from turntaking.playout import AUDIBLE, JITTER_SECONDS

from kavita import wire

Samples = npt.NDArray[np.int16]
TICK_SECONDS = 0.01


class Loudspeaker:
    """Plays what was received, 10 ms at a time, and obeys `yielding` and `interrupted`."""

    def __init__(self, rate: int) -> None:
        """`rate` in Hz."""
        self.rate = rate
        self.size = round(rate * TICK_SECONDS)
        self._queue: Samples = np.zeros(0, np.int16)
        self._starts = 0.0
        self._is_paused = False
        self.played: list[tuple[float, Samples]] = []
        """What was heard, each piece with the time of its first sample."""

    def receive(self, pcm: bytes, now: float) -> None:
        """Sound that follows silence is held back by the jitter buffer."""
        if not self._queue.size:
            self._starts = now + JITTER_SECONDS
        self._queue = np.concatenate([self._queue, np.frombuffer(pcm, np.int16)])

    def obey(self, event: dict[str, object]) -> None:
        """What the page does to sound that it has not played."""
        if event["type"] == "interrupted":
            self._queue, self._is_paused = self._queue[:0], False
        elif event["type"] == "yielding":
            if event["step"] == "lower":
                self._queue = (self._queue * float(str(event["gain"]))).astype(np.int16)
            self._is_paused = event["step"] == "pause" or (
                event["step"] == "lower" and self._is_paused
            )

    def tick(self, now: float) -> Samples:
        """The 10 ms from `now` on."""
        piece = np.zeros(self.size, np.int16)
        if not self._is_paused and self._starts <= now:
            taken = self._queue[: self.size]
            piece[: taken.size] = taken
            self._queue = self._queue[self.size :]
        self.played.append((now, piece))
        return piece

    def loudness(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Times of the pieces and their peaks."""
        times = np.array([at for at, _ in self.played])
        peaks = np.array([np.abs(piece.astype(np.int32)).max() for _, piece in self.played])
        return times, peaks.astype(np.float64)

    def silent_from(self, after: float, gap_seconds: float) -> float | None:
        """When the first silence of `gap_seconds` began that lies after a moment; None without."""
        times, peaks = self.loudness()
        last = after
        for at, peak in zip(times, peaks, strict=True):
            if at + TICK_SECONDS <= after:
                continue
            if peak >= AUDIBLE:
                last = at + TICK_SECONDS
            elif at + TICK_SECONDS - last >= gap_seconds:
                return last
        return None


class Echo:
    """The way from the loudspeaker to the microphone: a room at a level, without a canceller."""

    def __init__(self, response: npt.NDArray[np.float64], rate: int, level_db: float) -> None:
        """`response` at 16 kHz; speech comes back `level_db` against what is played."""
        rng = np.random.default_rng(1)
        self._size = round(wire.MICROPHONE_RATE * TICK_SECONDS)
        white = rng.standard_normal(wire.MICROPHONE_RATE)
        speech = np.convolve(white, np.ones(16) / 16, "same")
        length = speech.size + response.size
        back = np.fft.irfft(np.fft.rfft(speech, length) * np.fft.rfft(response, length), length)
        gain = 10 ** (level_db / 20) * np.sqrt(
            (speech**2).mean() / (back[: speech.size] ** 2).mean()
        )
        pieces = -(-response.size // self._size)
        padded = np.zeros(pieces * self._size)
        padded[: response.size] = response * gain
        self._spectra = np.fft.rfft(padded.reshape(pieces, self._size), 2 * self._size, axis=1)
        self._past: deque[npt.NDArray[np.complex128]] = deque(maxlen=pieces)
        self._tail = np.zeros(self._size)
        self._rate = rate

    def hear(self, piece: Samples) -> npt.NDArray[np.float64]:
        """What the microphone gets of 10 ms of the loudspeaker, at 16 kHz."""
        at = np.arange(self._size) * piece.size / self._size
        resampled = np.interp(at, np.arange(piece.size), piece)
        self._past.appendleft(np.fft.rfft(resampled, 2 * self._size))
        past = np.array(self._past)
        sound = np.fft.irfft((past * self._spectra[: len(past)]).sum(axis=0), 2 * self._size)
        back = sound[: self._size] + self._tail
        self._tail = sound[self._size :]
        return back
