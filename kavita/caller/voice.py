"""The caller's voice: 16 kHz PCM that a small recognizer hears well."""

import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kavita.voice.espeak import Espeak
from kavita.wire import MICROPHONE_RATE

Samples = npt.NDArray[np.int16]

VOICE = "en-gb-x-rp"
WORDS_PER_MINUTE = 150
"""Of 120 voices tried, Moonshine tiny understood this one best on the sentences of `wording`."""

LONGEST_PAUSE_MS = 100
"""A pause within a sentence must not look like the end of the turn.

The VAD waits 200 ms, but counts the dying away of the word before; at 150 ms half of the sentences
with commas were cut in two, at 60 ms the digits were no longer understood.
"""

AUDIBLE = 184
"""A sample of PCM16 from here on is audible: -45 dBFS."""

_SAID_AS = {"lab visit": "lab, visit"}
"""Run together, the two are heard as "lamp visit"."""


class CallerVoice:
    """Speaks the caller's sentences; see `Espeak` for the errors."""

    def __init__(self, voice: str = VOICE, words_per_minute: int = WORDS_PER_MINUTE) -> None:
        """Choose an espeak-ng voice and how fast it speaks."""
        self._espeak = Espeak(voice, words_per_minute)

    def speak(self, text: str) -> bytes:
        """PCM16 mono at 16 kHz, without silence around it."""
        for written, said in _SAID_AS.items():
            text = text.replace(written, said)
        speech = self._espeak.synthesize(text)
        samples = np.frombuffer(speech.pcm, np.int16)
        samples = resampled(samples, speech.sample_rate, MICROPHONE_RATE)
        return shorten_pauses(samples).tobytes()


def write_wav(path: Path, parts: Sequence[tuple[float, str]], voice: CallerVoice) -> None:
    """Render one WAV file of seconds of silence, each followed by a sentence (or by "")."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(MICROPHONE_RATE)
        for pause_seconds, sentence in parts:
            file.writeframes(bytes(2 * round(pause_seconds * MICROPHONE_RATE)))
            file.writeframes(voice.speak(sentence))


def audible_span(pcm: bytes) -> tuple[int, int] | None:
    """The first audible sample and the one after the last; None for silence."""
    (loud,) = np.nonzero(np.abs(np.frombuffer(pcm, np.int16).astype(np.int32)) >= AUDIBLE)
    return (int(loud[0]), int(loud[-1]) + 1) if loud.size else None


def resampled(samples: Samples, rate: int, wanted: int) -> Samples:
    """Change the rate exactly, by dropping the frequencies that do not fit (wanted < rate)."""
    if samples.size == 0:
        return samples
    length = samples.size * wanted // rate
    spectrum = np.fft.rfft(samples.astype(np.float64))[: length // 2 + 1]
    resampled = np.fft.irfft(spectrum, length) * (length / samples.size)
    return np.clip(np.rint(resampled), -32768, 32767).astype(np.int16)


def shorten_pauses(samples: Samples) -> Samples:
    """Cut every inaudible stretch of 16 kHz sound down to the longest pause, from its middle."""
    longest = MICROPHONE_RATE * LONGEST_PAUSE_MS // 1000
    (loud,) = np.nonzero(np.abs(samples.astype(np.int32)) >= AUDIBLE)
    keep = np.ones(samples.size, dtype=np.bool_)
    for index in np.flatnonzero(np.diff(loud) > longest):
        keep[loud[index] + longest // 2 : loud[index + 1] - longest // 2] = False
    return samples[keep]
