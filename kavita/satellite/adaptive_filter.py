"""How the room returns the loudspeaker's sound, learned while it does, and taken out again.

A frequency-domain Kalman filter in partitions: G. Enzner and P. Vary, "Frequency-domain adaptive
Kalman filter for acoustic echo control in hands-free telephones", Signal Processing 86 (2006), with
the partitions of F. Kuech, E. Mabande and G. Enzner (ICASSP 2014). It only ever subtracts, so that
whoever speaks at the same time keeps every sound; and the louder they speak, the less it learns.
"""

from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from kavita import wire
from kavita.satellite.playout import Samples

FRAME = wire.MICROPHONE_RATE // 100
"""Samples that come at a time: 10 ms."""

PARTITIONS = 60
"""Frames of 10 ms that an echo may come late: both devices' delays, and the room's answer."""

UNKNOWN = 0.03
"""Variance of the response in each partition before anything is known of it (1: all comes back)."""

KEEPS = 0.9998
"""How much of the room is the same after a frame; half of it is forgotten in 35 s."""

SMOOTHING = 0.9
"""Of the power of what is left, from frame to frame: over 0.1 s."""

WORSE = 1.2
"""With so much more power than came in, what is left shows that the room is another: a device lost
some sound, and all comes back a little sooner or later."""

TELLING = 0.1
"""Share of the power that is expected as echo, from which that can be told."""

WORSE_FRAMES = 20
"""It must be so for so long, 0.2 s: the first guesses of a room do harm for some frames, too."""

SURE = 10**1.5
"""From 15 dB on that are taken away, over a fifth of a second, little is left to be hidden."""

SLOW_SMOOTHING = 0.95
"""Over 0.2 s: a room answers for longer than a syllable lasts."""

DOUBTS = 0.9995
"""By so much what was best is forgotten in each frame: 4 dB in 20 s. Who speaks over the
loudspeaker for long makes nothing unsure, clocks that drift apart do."""

SOFT = 8
"""Amplitude up to which the loudspeaker is silent."""

SILENT_FRAMES = 8
"""After so much silence of the loudspeaker, 80 ms, there is nothing to learn, and what was learned
does not grow uncertain: the first syllable after a pause would spoil it."""

AUDIBLE = FRAME * 100.0**2
"""Power of a frame (-50 dBFS) below which an expected echo says nothing about the room."""

QUIET = 1.0
"""Power in a line of the spectrum that is there in any case: rounding."""

Spectra = npt.NDArray[np.complex128]
"""One row for each partition, one column for each line up to 8 kHz."""
Powers = npt.NDArray[np.float64]
Rows = TypeVar("Rows", Spectra, Powers)


class AdaptiveFilter:
    """The way from the loudspeaker to the microphone, in frames of 10 ms at 16 kHz."""

    def __init__(self) -> None:
        """Nothing is known of the room."""
        self._forget()
        lines = FRAME + 1
        self._played: Spectra = np.zeros((PARTITIONS, lines), np.complex128)
        """The latest frames, each with the one before it, the newest first."""
        self._last: Powers = np.zeros(FRAME)
        self._left: Powers = np.zeros(lines)
        self._silent_for = 0

    def _forget(self) -> None:
        self._response: Spectra = np.zeros((PARTITIONS, FRAME + 1), np.complex128)
        self._variance: Powers = np.full((PARTITIONS, FRAME + 1), UNKNOWN)
        self._powers = np.zeros(3)
        """Of what came in, what was expected of the loudspeaker, and what was left."""
        self._worse = 0
        self._slow = np.zeros(3)
        self._best = 0.0
        """Of all that came in against what was left of it, the most."""

    def played(self, frame: Samples) -> None:
        """The loudspeaker's next 10 ms."""
        both = np.concatenate([self._last, frame])
        self._last = both[FRAME:]
        self._played[1:] = self._played[:-1]
        self._played[0] = np.fft.rfft(both)
        self._silent_for = 0 if np.abs(self._last).max() > SOFT else self._silent_for + 1

    def returns_later(self, frames: int) -> None:
        """From now on what was played counts as so many frames older (or, below 0, younger)."""
        if frames:
            self._response = _moved(self._response, frames, 0.0)
            self._variance = _moved(self._variance, frames, UNKNOWN)

    def without_echo(self, frame: Samples) -> Samples:
        """The microphone's next 10 ms, less what the loudspeaker should have brought there."""
        expected = np.fft.irfft((self._played * self._response).sum(axis=0))[FRAME:]
        left = frame - expected
        if self._is_another_room(frame, expected, left):
            self._forget()
            left = frame / 1.0
        if self._silent_for < SILENT_FRAMES:
            self._learn(np.fft.rfft(np.concatenate([np.zeros(FRAME), left])))
        return np.clip(np.rint(left), -32768, 32767).astype(np.int16)

    @property
    def is_sure(self) -> bool:
        """Whether the room is known so well that what is left of the echo can stay."""
        return self._best > SURE and not self._worse

    def _is_another_room(self, *sounds: npt.NDArray[Any]) -> bool:
        """By what came in, what was expected of the loudspeaker, and what is left."""
        power = (np.asarray(sounds, np.float64) ** 2).sum(axis=1)
        self._powers = SMOOTHING * self._powers + (1 - SMOOTHING) * power
        came, echo, left = self._slow = SLOW_SMOOTHING * self._slow + (1 - SLOW_SMOOTHING) * power
        if echo > TELLING * came:
            self._best = max(DOUBTS * self._best, came / (left + QUIET))
        came, echo, left = self._powers
        is_worse = echo > max(TELLING * came, AUDIBLE) and left > WORSE * came
        self._worse = self._worse + 1 if is_worse else 0
        return self._worse > WORSE_FRAMES

    def _learn(self, left: npt.NDArray[np.complex128]) -> None:
        """Half a window is zero: hence the halves."""
        power = left.real**2 + left.imag**2
        self._left = SMOOTHING * self._left + (1 - SMOOTHING) * power
        loud = self._played.real**2 + self._played.imag**2
        uncertain = 0.5 * (loud * self._variance).sum(axis=0) + self._left + QUIET
        gain = self._variance / uncertain
        change = np.fft.irfft(gain * self._played.conj() * left, axis=1)
        change[:, FRAME:] = 0.0  # a response no longer than its partition
        self._response += np.fft.rfft(change, axis=1)
        self._variance *= 1 - 0.5 * gain * loud
        known = self._response.real**2 + self._response.imag**2
        self._variance = KEEPS**2 * self._variance + (1 - KEEPS**2) * known


def _moved(rows: Rows, by: int, fill: float) -> Rows:
    """All rows further down, or up, and `fill` where none came from."""
    moved: Rows = np.roll(rows, by, axis=0)
    moved[slice(0, by) if by > 0 else slice(by, None)] = fill
    return moved
