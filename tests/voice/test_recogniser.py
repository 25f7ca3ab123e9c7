"""What is heard in a sound."""

import numpy as np
import psutil
import pytest

from kavita.caller.voice import CallerVoice
from kavita.voice.recogniser import Recogniser, model_folder, onset

SECOND = 32_000


@pytest.fixture(scope="module")
def recogniser() -> Recogniser:
    return Recogniser(model_folder())


def test_the_recogniser_starts_no_threads_that_would_spin_beside_the_one_that_decodes() -> None:
    before = psutil.Process().num_threads()
    recogniser = Recogniser(model_folder())
    assert recogniser.hear(CallerVoice().speak("Yes, please."))
    assert psutil.Process().num_threads() <= before


def test_words_are_the_same_behind_much_silence_and_little(recogniser: Recogniser) -> None:
    voice = CallerVoice()
    for text in ("Yes, please.", "I want to make an appointment."):
        said = voice.speak(text)
        heard = {recogniser.hear(bytes(SECOND * tenths // 10) + said) for tenths in (5, 10, 30)}
        assert heard == {text}


def test_who_speaks_on_for_twenty_seconds_is_heard_too(recogniser: Recogniser) -> None:
    voice = CallerVoice()
    said = voice.speak("I want to make an appointment.")
    words = recogniser.hear(said * (20 * SECOND // len(said)))
    assert words.count("appointment") > 3


def test_noise_and_silence_hold_no_words(recogniser: Recogniser) -> None:
    chance = np.random.default_rng(1)
    hiss = (chance.normal(0, 3000, 16_000)).astype(np.int16)
    cough = hiss[:6000] * np.hanning(6000)
    for sound in (hiss, cough.astype(np.int16), np.zeros(16_000, np.int16), hiss[:0]):
        assert recogniser.hear(sound.tobytes()) == ""


def test_a_sound_begins_where_it_is_not_much_softer_than_its_loudest() -> None:
    chance = np.random.default_rng(1)
    quiet, loud = chance.normal(0, 0.0001, 8000), chance.normal(0, 0.1, 8000)
    sound = np.concatenate([quiet, loud]).astype(np.float32)
    assert onset(sound) == 8000
    assert onset(np.zeros(8000, np.float32)) == onset(np.zeros(0, np.float32)) == 0
