"""Sound for the browser's microphone, and how alike two sounds are."""

import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE = 16_000

Sound = NDArray[np.float64]


def speech_like(seconds: float) -> Sound:
    """Noise and gliding tones in syllables: broad enough that a wrong rate cannot correlate."""
    t = np.arange(int(seconds * RATE)) / RATE
    noise = np.random.default_rng(7).normal(size=t.size) * 0.15
    glide = np.sin(2 * np.pi * (180 * t + 60 * t**2)) + 0.5 * np.sin(2 * np.pi * 900 * t**1.2)
    syllables = np.clip(np.sin(2 * np.pi * 3 * t), 0, 1)
    return np.clip((glide * 0.3 + noise) * syllables, -1, 1)


def write_wav(path: Path, samples: Sound) -> Path:
    """A mono PCM16 file of samples between -1 and 1."""
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes((samples * 32767).astype("<i2").tobytes())
    return path


def correlation_at_best_lag(heard: Sound, said: Sound) -> float:
    """The normalised correlation where `said` fits best into `heard`."""
    size = 1 << int(np.ceil(np.log2(heard.size + said.size)))
    product = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(said, size)), size)
    lag = int(np.argmax(product[: heard.size]))
    part = heard[lag : lag + said.size]
    reference = said[: part.size]
    return float(part @ reference / (np.linalg.norm(part) * np.linalg.norm(reference) + 1e-9))


def likeness(heard: Sound, said: Sound, pieces: int = 8) -> float:
    """The median correlation of equal pieces of `said` with `heard`.

    In pieces, because a busy machine lets the browser's fake microphone skip 10 ms now and then,
    which shifts what follows and says nothing of the page.
    """
    return float(np.median([correlation_at_best_lag(heard, p) for p in np.split(said, pieces)]))
