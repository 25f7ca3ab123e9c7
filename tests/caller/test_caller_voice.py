"""The caller's voice, and whether Moonshine understands it."""

import re
import wave
from collections.abc import Callable
from datetime import date, time
from pathlib import Path

import numpy as np
import pytest

from kavita.caller import wording
from kavita.caller.voice import CallerVoice, audible_span, write_wav
from kavita.voice.recogniser import Recogniser, model_folder

TODAY = date(2026, 2, 9)
THURSDAY = date(2026, 2, 12)
Hear = Callable[[str], str]


@pytest.fixture(scope="module")
def voice() -> CallerVoice:
    return CallerVoice()


@pytest.fixture(scope="module")
def hear(voice: CallerVoice) -> Hear:
    """What Moonshine makes of a sentence of the caller."""
    pytest.importorskip("moonshine_voice")
    recogniser = Recogniser(model_folder())
    return lambda sentence: recogniser.hear(bytes(32_000) + voice.speak(sentence)).lower()


def heard_one_way(hear: Hear, sentences: tuple[str, ...], pattern: str) -> bool:
    """Whether one of the wordings that the caller would try is understood."""
    return any(re.search(pattern, hear(sentence)) for sentence in sentences)


def test_speech_is_16_khz_without_silence_around_it(voice: CallerVoice) -> None:
    pcm = voice.speak("At twelve o'clock.")
    assert 0.5 < len(pcm) / 2 / 16_000 < 2
    span = audible_span(pcm)
    assert span is not None
    assert span[0] < 800
    assert len(pcm) // 2 - span[1] < 1600


def test_no_pause_in_a_sentence_is_long_enough_to_end_the_turn(voice: CallerVoice) -> None:
    pcm = np.frombuffer(
        voice.speak("No, thank you. Goodbye. It is one, zero, zero, one."), np.int16
    )
    (loud,) = np.nonzero(np.abs(pcm.astype(int)) > 184)
    assert np.diff(loud).max() <= 0.101 * 16_000


def test_changing_the_rate_keeps_the_tone(voice: CallerVoice) -> None:
    from kavita.caller.voice import resampled

    seconds = np.arange(22_050) / 22_050
    tone = (8000 * np.sin(2 * np.pi * 440 * seconds)).astype(np.int16)
    lower = resampled(tone, 22_050, 16_000)
    assert lower.size == 16_000
    wanted = 8000 * np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000)
    assert np.abs(lower - wanted)[200:-200].max() < 60


def test_nothing_to_say_is_no_sound(voice: CallerVoice) -> None:
    assert voice.speak("") == b""
    assert audible_span(bytes(640)) is None


def test_a_wav_holds_pauses_and_sentences(voice: CallerVoice, tmp_path: Path) -> None:
    path = tmp_path / "microphone.wav"
    write_wav(path, [(1.0, "At twelve o'clock."), (0.5, "")], voice)
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (16_000, 1, 2)
        pcm = file.readframes(file.getnframes())
    span = audible_span(pcm)
    assert span is not None
    assert 16_000 <= span[0] <= 16_800
    assert len(pcm) // 2 - span[1] >= 8_000


DIGITS = r"(one|1)\W*(zero|0|oh)\W*(zero|0|oh)\W*(one|1)\b"


def test_the_id_is_heard_digit_by_digit(hear: Hear) -> None:
    heard = [hear(sentence) for sentence in wording.user_id("1001")]
    assert sum(bool(re.search(DIGITS, text)) for text in heard) >= 2


def test_the_wish_is_heard_with_its_day_and_purpose(hear: Hear) -> None:
    wishes = wording.need("Lab visit", THURSDAY, TODAY)
    assert heard_one_way(hear, wishes[:2], r"appointment.*lab\W+visit.*thursday")


@pytest.mark.parametrize("weekday", range(10, 15))
def test_every_weekday_is_heard(hear: Hear, weekday: int) -> None:
    day = date(2026, 2, weekday)
    assert heard_one_way(hear, wording.day(day, TODAY), f"{day:%A}".lower())


@pytest.mark.parametrize(
    ("at", "pattern"),
    [
        (time(10, 0), r"ten o'?.?clock|10"),
        (time(10, 30), r"half.past (ten|10)|(ten|10)\W*(thirty|30)"),
        (time(12, 0), r"twelve o'?.?clock|12"),
        (time(13, 30), r"half.past (one|1)|(one|1)\W*(thirty|30)"),
        (time(17, 0), r"five o'?.?clock|5"),
    ],
)
def test_times_are_heard(hear: Hear, at: time, pattern: str) -> None:
    assert heard_one_way(hear, wording.clock(at), pattern)


@pytest.mark.parametrize(
    ("wordings", "pattern"),
    [(wording.YES, r"\byes\b"), (wording.NO, r"\bno\b"), (wording.GOODBYE, r"all.*b(ye|uy|y)\b")],
)
def test_yes_no_and_goodbye_are_heard(hear: Hear, wordings: tuple[str, ...], pattern: str) -> None:
    assert heard_one_way(hear, wordings, pattern)
