"""The keyless voice: PCM with the times of its words and phonemes."""

import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from kavita.voice.espeak import EngineMissing, Espeak, Speech, _library

SENTENCE = "Your appointment is booked for Thursday at twelve."


def words_of(speech: Speech, text: str) -> list[str]:
    return [text[word.text_start : word.text_end] for word in speech.words]


def test_speech_is_22050_hz_pcm_of_a_natural_length() -> None:
    speech = Espeak().synthesize(SENTENCE)
    assert speech.sample_rate == 22050
    assert 1500 < speech.duration_ms < 5000
    assert abs(len(speech.pcm) / 2 / 22.05 - speech.duration_ms) < 1


def test_a_slower_rate_takes_longer_and_does_not_slow_another_voice() -> None:
    quick, slow = Espeak(words_per_minute=200), Espeak("en-us+f3", words_per_minute=120)
    before = quick.synthesize(SENTENCE).duration_ms
    assert slow.synthesize(SENTENCE).duration_ms > 1.3 * before
    assert quick.synthesize(SENTENCE).duration_ms == pytest.approx(before, rel=0.03)


def test_every_word_has_its_place_in_the_text_and_a_rising_time() -> None:
    speech = Espeak().synthesize(SENTENCE)
    assert words_of(speech, SENTENCE) == SENTENCE.split()
    starts = [word.start_ms for word in speech.words]
    assert starts == sorted(starts)
    assert 0 <= starts[0] < starts[-1] < speech.duration_ms


@pytest.mark.parametrize(
    "text",
    [
        "I have 9:30 AM, 12 PM, and 3:30 PM.",
        "Say “ok”, Archit – it's 3,500 at the café.",
        "1001 and 2045, $30, 50%.",
        "One line.\nAnother line? A third!",
    ],
)
def test_word_places_are_whole_words_of_any_text(text: str) -> None:
    spoken = words_of(Espeak().synthesize(text), text)
    assert spoken == [word for word in text.split() if word != "–"]


def test_phonemes_are_ipa_with_rising_times() -> None:
    phonemes = Espeak().synthesize(SENTENCE).phonemes
    assert len([p for p in phonemes if p.ipa]) > 25
    starts = [p.start_ms for p in phonemes]
    assert starts == sorted(starts)


def test_the_first_sound_comes_within_10_ms_and_silence_at_the_end_is_cut() -> None:
    speech = Espeak().synthesize(SENTENCE)
    (loud,) = np.nonzero(np.abs(np.frombuffer(speech.pcm, np.int16).astype(int)) > 100)
    assert loud[0] <= 10 * 22.05
    assert len(speech.pcm) // 2 - loud[-1] <= 25 * 22.05


@pytest.mark.parametrize("text", ["", "   ", "..."])
def test_text_without_words_is_no_sound(text: str) -> None:
    assert Espeak().synthesize(text) == Speech(b"", 22050, (), ())


def test_nothing_follows_the_last_sound_of_a_sentence() -> None:
    for text in ("My ID is one zero zero one", "Hello there.", SENTENCE):
        speech = Espeak("en-us+f3").synthesize(text)
        last = max(number for number, each in enumerate(speech.phonemes) if each.ipa)
        assert speech.duration_ms - speech.phonemes[last + 1].start_ms < 50


def test_a_nul_does_not_cut_the_text() -> None:
    text = "before \0after"
    assert words_of(Espeak().synthesize(text), text.replace("\0", " ")) == ["before", "after"]


def test_two_voices_used_by_many_threads_never_mix() -> None:
    """Bytes differ by a few cycles of the voice between any two runs, words and sounds do not."""
    voices = [Espeak("en-us", 165), Espeak("en-us+f3", 130)]
    texts = [SENTENCE, "My I D is one zero zero one."]
    jobs = [(voice, text) for voice in voices for text in texts]
    alone = [voice.synthesize(text) for voice, text in jobs]
    with ThreadPoolExecutor(6) as pool:
        together = list(pool.map(lambda job: job[0].synthesize(job[1]), jobs * 10))
    for speech, expected in zip(together, alone * 10, strict=True):
        assert [p.ipa for p in speech.phonemes] == [p.ipa for p in expected.phonemes]
        assert [w.text_end for w in speech.words] == [w.text_end for w in expected.words]
        assert speech.duration_ms == pytest.approx(expected.duration_ms, abs=30)


def test_an_unknown_voice_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="no voice named 'xx-nobody'"):
        Espeak("xx-nobody")


def test_a_missing_library_names_the_extra_that_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    with pytest.raises(EngineMissing, match="local"):
        _library.__wrapped__()
