"""The words in a sound: Moonshine, and what of the sound it is shown."""

import sys
from pathlib import Path

import numpy as np

from kavita import wire
from kavita.voice.espeak import EngineMissing
from kavita.voice.moonshine import Moonshine, Samples
from kavita.voice.silero import SpeechGate

TRAILING_SECONDS = 0.4
"""Silence behind the sound: models garble a last word that ends abruptly."""

LEAD_SECONDS = 0.3
"""Silence left before it."""

LONE_WORD_SECONDS, LONE_WORD_LEAD_SECONDS = 0.7, 0.1
"""Before no more than a word there is less: hums become "Never." behind a long silence. Of 474
sentences and short words in seven synthetic voices 295 are right, and of 100 IDs of people 57; by
Moonshine's own library, with what was best for that, 290 and 44."""

SOFTEST_DB = -35.0
"""Of the loudest 20 ms: what is softer than that before a word is no part of it."""

PIECE = wire.MICROPHONE_RATE // 50
"""Samples whose loudness is compared: 20 ms."""


class Recogniser:
    """Moonshine tiny, in the thread that calls."""

    def __init__(self, folder: Path) -> None:
        """Load the model from `folder`."""
        self._model = Moonshine(folder)
        self._gate = SpeechGate()

    def hear(self, pcm: bytes) -> str:
        """The words in 16 kHz PCM16 mono; empty when nobody speaks in it."""
        sound: Samples = np.frombuffer(pcm, np.int16).astype(np.float32)
        sound /= 32768
        begin = onset(sound)
        if not self._gate.holds_speech(sound[max(0, begin - self._gate.LEAD) :]):
            return ""
        is_word = sound.size - begin <= _samples_of(LONE_WORD_SECONDS)
        lead = _samples_of(LONE_WORD_LEAD_SECONDS if is_word else LEAD_SECONDS)
        tail = np.zeros(_samples_of(TRAILING_SECONDS), np.float32)
        return self._model.words(np.concatenate([sound[max(0, begin - lead) :], tail]))


def onset(sound: Samples) -> int:
    """Where something begins that is not much softer than the loudest of it: a sample's number."""
    pieces = sound[: sound.size - sound.size % PIECE].reshape(-1, PIECE)
    powers = (pieces**2).sum(axis=1)
    if not powers.any():
        return 0
    return PIECE * int(np.argmax(powers > powers.max() * 10 ** (SOFTEST_DB / 10)))


def model_folder() -> Path:
    """Where the English model lies; the wheels for macOS carry none and download it once.

    Raises:
        EngineMissing: the `local` extra is not installed.
    """
    try:
        from moonshine_voice import ModelArch, get_model_for_language, get_model_path
    except ImportError as error:
        raise EngineMissing(
            "Local speech recognition needs the `local` extra: pip install 'kavita[local]'"
        ) from error
    if sys.platform == "darwin":
        return Path(get_model_for_language("en", ModelArch.TINY)[0])
    return Path(get_model_path("tiny-en"))


def _samples_of(seconds: float) -> int:
    return round(seconds * wire.MICROPHONE_RATE)
