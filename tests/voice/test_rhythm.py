"""Syllables in sound."""

import numpy as np
import pytest

from kavita.caller.voice import CallerVoice
from kavita.voice.rhythm import rhythm_of
from kavita.wire import MICROPHONE_RATE


@pytest.fixture(scope="module")
def voice() -> CallerVoice:
    return CallerVoice()


@pytest.mark.parametrize(
    ("text", "syllables"),
    [("two", 1), ("two, five", 2), ("two, five, four", 3), ("two, five, four, eight", 4)],
)
def test_each_syllable_is_counted(voice: CallerVoice, text: str, syllables: int) -> None:
    assert rhythm_of(bytes(8_000) + voice.speak(text) + bytes(8_000)).syllables == syllables


def test_silence_between_and_behind_is_no_voice(voice: CallerVoice) -> None:
    word = voice.speak("five")
    once = rhythm_of(word + bytes(2 * MICROPHONE_RATE))
    twice = rhythm_of(word + bytes(2 * MICROPHONE_RATE) + word)
    assert once.seconds < len(word) / (2 * MICROPHONE_RATE)
    assert twice.seconds == pytest.approx(2 * once.seconds, abs=0.05)
    assert twice.syllables == 2 * once.syllables


def test_loudness_does_not_matter(voice: CallerVoice) -> None:
    sound = voice.speak("two, five, four, eight")
    quiet = (np.frombuffer(sound, np.int16) // 8).astype(np.int16).tobytes()
    assert rhythm_of(quiet).syllables == rhythm_of(sound).syllables
    assert rhythm_of(quiet).seconds == pytest.approx(rhythm_of(sound).seconds, abs=0.05)


def test_silence_and_nothing_have_no_syllables() -> None:
    assert rhythm_of(b"").syllables == 0
    assert rhythm_of(bytes(2 * MICROPHONE_RATE)).syllables == 0
