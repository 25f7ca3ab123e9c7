"""The sound that waits for the loudspeaker: filled by the line, emptied by the device."""

import threading
from collections import deque

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int16]

PREBUFFER_SECONDS = 0.1
"""An utterance begins to sound when so much of it is here. The server sends it ahead of real time,
so that this costs nothing, and the line may be late by as much."""

FADE_SECONDS = 0.005
"""A cut without a fade clicks."""

SILENCE: Samples = np.zeros(0, np.int16)


class _Utterance:
    def __init__(self, name: str) -> None:
        self.name = name
        self.pieces: deque[Samples] = deque()
        self.waiting = 0
        self.played = 0
        self.is_playing = False
        self.is_complete = False

    def ahead(self, count: int) -> Samples:
        """At most `count` samples of the front, which stay there."""
        return self.pieces[0][:count] if self.pieces else SILENCE

    def take(self, count: int) -> Samples:
        """At most `count` samples off the front."""
        parts = []
        while self.pieces and count:
            piece = self.pieces.popleft()
            if piece.size > count:
                self.pieces.appendleft(piece[count:])
                piece = piece[:count]
            parts.append(piece)
            count -= piece.size
        taken = np.concatenate(parts) if parts else SILENCE
        self.waiting -= taken.size
        self.played += taken.size
        return taken


class Playout:
    """A queue of utterances, in samples at the device's rate; for two threads."""

    def __init__(self, rate: int, prebuffer_seconds: float = PREBUFFER_SECONDS) -> None:
        """`rate` in Hz."""
        self.rate = rate
        self._prebuffer = int(prebuffer_seconds * rate)
        self._fade = int(FADE_SECONDS * rate)
        self._lock = threading.Lock()
        self._queue: deque[_Utterance] = deque()
        self._last: _Utterance | None = None
        self._tail = SILENCE
        self._is_held = self._fades_in = False
        self.underruns = 0
        """How often an utterance had to stop in the middle because its sound was not here."""

    def at_rate(self, rate: int) -> "Playout":
        """A new one, in which the utterance goes on that is not complete; what waits is dropped."""
        other = Playout(rate)
        with self._lock:
            if self._queue and not self._queue[-1].is_complete:
                other.begin(self._queue[-1].name)
            other.underruns = self.underruns
        return other

    def begin(self, name: str) -> None:
        """What is put from now on belongs to this utterance."""
        with self._lock:
            self._is_held = False
            if self._queue:
                self._queue[-1].is_complete = True
            self._queue.append(_Utterance(name))

    def put(self, samples: Samples) -> None:
        """Add sound to the newest utterance; what belongs to none, after a flush, is dropped."""
        with self._lock:
            if self._queue and not self._queue[-1].is_complete:
                self._queue[-1].pieces.append(samples)
                self._queue[-1].waiting += samples.size

    def end(self) -> None:
        """The newest utterance is complete."""
        with self._lock:
            if self._queue:
                self._queue[-1].is_complete = True

    def flush(self) -> None:
        """Fall silent: a fade of 5 ms, and nothing of what waits."""
        with self._lock:
            self._fade_out()
            self._queue.clear()
            self._is_held = False

    def hold(self) -> None:
        """Fall silent, and keep what waits."""
        with self._lock:
            self._fade_out()
            self._is_held = self._fades_in = True

    def go_on(self) -> None:
        """Play what waits, from where it was held."""
        with self._lock:
            self._is_held = False

    def lower(self, gain: float) -> None:
        """Make what waits softer; what comes from now on is made so by who sends it."""
        with self._lock:
            for utterance in self._queue:
                lowered = [(piece * gain).astype(np.int16) for piece in utterance.pieces]
                utterance.pieces = deque(lowered)

    def _fade_out(self) -> None:
        if self._is_held or not self._queue or not self._queue[0].is_playing:
            return
        tail = self._queue[0].ahead(self._fade)
        ramp = np.linspace(1, 0, tail.size, endpoint=False)
        self._tail = (tail * ramp).astype(np.int16)

    def take(self, count: int) -> Samples:
        """The next `count` samples for the device, silence where there is nothing to say."""
        with self._lock:
            out = np.zeros(count, np.int16)
            filled = min(count, self._tail.size)
            out[:filled], self._tail = self._tail[:filled], self._tail[filled:]
            while filled < count and not self._is_held and self._plays():
                taken = self._queue[0].take(count - filled)
                if self._fades_in and taken.size:
                    self._fades_in = False
                    taken = _faded_in(taken, self._fade)
                out[filled : filled + taken.size] = taken
                filled += taken.size
                self._settle(self._queue[0])
            return out

    def played(self) -> tuple[str, int] | None:
        """The utterance handed to the device last, and how many ms of it were."""
        with self._lock:
            if self._last is None:
                return None
            return self._last.name, self._last.played * 1000 // self.rate

    def _plays(self) -> bool:
        if not self._queue:
            return False
        front = self._queue[0]
        if not front.is_playing and (front.waiting >= self._prebuffer or front.is_complete):
            front.is_playing = True
            self._last = front
        return front.is_playing

    def _settle(self, front: _Utterance) -> None:
        """Go on to the next one, or wait for sound that should have been here."""
        if front.waiting:
            return
        if front.is_complete:
            self._queue.popleft()
        else:
            self.underruns += 1
            front.is_playing = False


def _faded_in(samples: Samples, fade: int) -> Samples:
    begin = samples[:fade]
    ramp = np.linspace(0, 1, begin.size, endpoint=False)
    return np.concatenate([(begin * ramp).astype(np.int16), samples[fade:]])
