"""Whether a sound is another one that came back: waveforms are compared, at any delay."""

from collections import deque

import numpy as np
import numpy.typing as npt
import soxr

from kavita import wire

Sound = npt.NDArray[np.float64]

RATE = wire.MICROPHONE_RATE

COMPARED_SECONDS = 0.3
"""Of the latest sound."""

LATEST_ECHO_SECONDS = 0.8
"""An echo comes back so late at most: network, the page's buffer, and the way through the air."""

ALIKE = 0.25
"""Correlation of whitened sounds above which one is the other's echo. Recorded at a desk at -6 dB,
behind the cancellers, as sounds were judged: 0.30 to 0.36 for echoes that they had let through,
0.07 to 0.19 for 33 callers; two over whom an echo came through as well had 0.27 and 0.29."""

LOUD = 1e-3
"""Amplitude (of full scale) of the softest 20 ms that count as sound."""

KEPT_SECONDS = 4.0

LATE_SECONDS = 0.1
"""A piece that follows sooner than so long after the one before is heard right behind it."""

_PIECE = RATE // 50
_LOWEST_HZ, _HIGHEST_HZ = 250, 6000
_SMOOTHED_HZ = 60
"""The magnitudes of a spectrum are made even over so much of it: less would undo pitch, which both
have, more would leave the colour of the room."""


class Playback:
    """What was played last, by the time at which it is heard."""

    def __init__(self) -> None:
        """Nothing has been."""
        self._pieces: deque[tuple[float, bytes]] = deque()
        self._rate = RATE

    def add(self, at: float, pcm: bytes, sample_rate: int) -> None:
        """This PCM16 is heard from `at` on (seconds of any clock)."""
        self._rate = sample_rate
        self._pieces.append((at, pcm))
        while self._pieces[0][0] < at - KEPT_SECONDS:
            self._pieces.popleft()

    def hold(self, since: float, seconds: float) -> None:
        """What was to be heard from `since` on is heard so much later."""
        self._pieces = deque((at + seconds if at > since else at, pcm) for at, pcm in self._pieces)

    def between(self, since: float, until: float) -> Sound:
        """What was heard in that time, at the microphone's rate."""
        sound = np.zeros(round((until - since) * self._rate))
        follows = -np.inf
        for at, pcm in list(self._pieces):
            samples = np.frombuffer(pcm, np.int16)
            begin = follows if abs(at - follows) < LATE_SECONDS else at
            follows = begin + samples.size / self._rate
            first = round((begin - since) * self._rate)
            here = slice(max(0, first), max(0, first + samples.size))
            room = sound[here]
            room[:] = samples[max(0, -first) :][: room.size]
        return np.asarray(soxr.resample(sound / 32768, self._rate, RATE), np.float64)


def latest_sound(pcm: bytes) -> tuple[Sound, float]:
    """The last 0.3 s of PCM16 that end with a loud piece, and how many seconds follow it.

    Empty when it has no loud piece, or begins later than that.
    """
    samples = np.frombuffer(pcm, np.int16) / 32768
    pieces = samples[samples.size % _PIECE :].reshape(-1, _PIECE)
    (loud,) = np.nonzero((pieces**2).mean(axis=1) > LOUD**2)
    end = samples.size - (len(pieces) - 1 - loud[-1]) * _PIECE if loud.size else 0
    begin = end - round(COMPARED_SECONDS * RATE)
    return samples[max(0, begin) : end] if begin >= 0 else samples[:0], (samples.size - end) / RATE


def likeness(heard: Sound, played: Sound) -> float:
    """How much of `heard` is some stretch of `played`, which is longer: 0 to 1.

    The highest correlation of both, whitened (the phase transform of Knapp and Carter, 1976, with
    smoothed magnitudes), at any delay.
    """
    if not heard.any() or not played.any():
        return 0.0
    one, other = _whitened(heard), _whitened(played)
    delays = other.size - one.size + 1
    size = _power_of_two(other.size + one.size)
    products = np.conj(np.fft.rfft(one, size)) * np.fft.rfft(other, size)
    alike = np.abs(np.fft.irfft(products, size)[:delays])
    energy = np.concatenate(([0.0], np.cumsum(other**2)))
    beside = energy[one.size :] - energy[: -one.size]
    # A stretch in which next to nothing was played is like anything.
    beside = np.maximum(beside, beside.max() / 20)
    return float((alike / np.sqrt((one @ one) * beside)).max())


def _whitened(sound: Sound) -> Sound:
    size = _power_of_two(sound.size)
    spectrum = np.fft.rfft(sound, size)
    width = max(3, round(_SMOOTHED_HZ * size / RATE))
    power = np.convolve(np.abs(spectrum) ** 2, np.full(width, 1 / width), "same")
    frequency = np.fft.rfftfreq(size, 1 / RATE)
    kept = (frequency > _LOWEST_HZ) & (frequency < _HIGHEST_HZ)
    return np.fft.irfft(kept * spectrum / np.sqrt(power + 1e-12), size)[: sound.size]


def _power_of_two(least: int) -> int:
    return 1 << (least - 1).bit_length()
