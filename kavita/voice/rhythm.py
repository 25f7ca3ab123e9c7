"""How many syllables were spoken, and for how long: heard in the sound, whatever the words."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kavita import wire

PIECE = wire.MICROPHONE_RATE // 100
"""Samples in 10 ms."""

VOWEL_BAND_HZ = (250, 2500)
"""Where vowels are loud, and hisses and hum are not."""

SMOOTHED_OVER = 9
"""Pieces of 10 ms: shorter ups and downs are no syllables."""

DIP_DB = 3.0
"""Between two syllables the level falls by so much (de Jong and Wempe, 2009: 2 to 4 dB)."""

FAINT_DB = 20.0
"""A syllable is at most so much fainter than the loudest sound of the turn."""

Levels = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Rhythm:
    """The beat of a turn so far."""

    syllables: int
    seconds: float
    """How long there was voice."""


def rhythm_of(pcm: bytes) -> Rhythm:
    """Count the syllables of 16 kHz PCM16 mono; a millisecond for some seconds."""
    levels = _levels(np.frombuffer(pcm, np.int16).astype(np.float64))
    if levels.size == 0:
        return Rhythm(0, 0.0)
    faintest = float(np.percentile(levels, 98)) - FAINT_DB
    voiced = int(np.count_nonzero(levels > faintest))
    return Rhythm(_count_rises(levels, faintest), voiced / 100)


def _levels(samples: Levels) -> Levels:
    """The level in the vowels' band, in dB, every 10 ms."""
    if samples.size < PIECE * SMOOTHED_OVER:
        return np.zeros(0)
    length = 1 << (samples.size - 1).bit_length()
    spectrum = np.fft.rfft(samples, length)
    hertz = np.fft.rfftfreq(length, 1 / wire.MICROPHONE_RATE)
    spectrum[(hertz < VOWEL_BAND_HZ[0]) | (hertz > VOWEL_BAND_HZ[1])] = 0
    band = np.fft.irfft(spectrum, length)[: samples.size // PIECE * PIECE]
    loudness = np.sqrt(np.mean(band.reshape(-1, PIECE) ** 2, axis=1))
    window = np.hanning(SMOOTHED_OVER)
    smooth = np.convolve(loudness, window / window.sum(), "same")
    return np.asarray(20 * np.log10(smooth + 1), np.float64)


def _count_rises(levels: Levels, faintest: float) -> int:
    """Peaks with a dip before and behind each."""
    count, rising = 0, False
    extreme = float(levels[0])
    for level in map(float, levels):
        if rising:
            extreme = max(extreme, level)
            if level < extreme - DIP_DB:
                rising, extreme = False, level
        else:
            extreme = min(extreme, level)
            if level > max(extreme + DIP_DB, faintest):
                rising, extreme = True, level
                count += 1
    return count
