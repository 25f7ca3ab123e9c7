import asyncio
import threading

import numpy as np
import pytest
from pipecat.frames.frames import TTSAudioRawFrame, TTSSpeakFrame, TTSTextFrame
from pipecat.tests.utils import SleepFrame, run_test

from kavita.voice.espeak import Espeak, OnBegun, Speech
from kavita.voice.local_tts import REHEARSED, LocalTTS, RehearsedVoice, heard_words
from kavita.voice.spoken import ear_text
from kavita.voice.transports import energy_of


@pytest.fixture(scope="module")
def espeak() -> Espeak:
    return Espeak()


@pytest.mark.parametrize(
    "text",
    [
        "Welcome back, Archit! You have 2 appointments. How can I help?",
        "I have 9:30 AM, 12 PM, and 3:30 PM on Thursday, February 12. Which works?",
        "Done! ID: f-3-g-4-h-5-i-6.",
    ],
)
def test_every_written_word_has_a_time_in_order(espeak: Espeak, text: str) -> None:
    ear = ear_text(text)
    speech = espeak.synthesize(ear.text)
    words = heard_words(text, ear, speech)
    times = [ends for _, ends in words]
    assert [word for word, _ in words] == text.split()
    assert times == sorted(times)
    assert 0 < times[0] < times[-1] == speech.duration_ms


def test_a_word_counts_as_heard_only_when_it_is_over(espeak: Espeak) -> None:
    text = "Appointments tomorrow"
    ear = ear_text(text)
    speech = espeak.synthesize(ear.text)
    (_, first_ends), _ = heard_words(text, ear, speech)
    assert first_ends == speech.words[1].start_ms > 300


@pytest.mark.parametrize(("level", "energy"), [(0, 0.0), (4000, 0.5), (8000, 1.0), (30000, 1.0)])
def test_energy_is_rms_over_8000_and_at_most_1(level: int, energy: float) -> None:
    square = np.tile(np.array([level, -level], np.int16), 500)
    assert energy_of(square.tobytes()) == energy


def test_no_sound_has_no_energy() -> None:
    assert energy_of(b"") == 0.0


class CountingEspeak(Espeak):
    """Counts what it has to make."""

    made = 0

    def synthesize(self, text: str, on_begun: OnBegun | None = None) -> Speech:
        self.made += 1
        return super().synthesize(text, on_begun)


async def test_a_sentence_made_ahead_is_not_made_again() -> None:
    espeak = CountingEspeak()
    voice = RehearsedVoice(espeak)
    await voice.rehearse("Which day would you like?")
    first = await voice.begin("Which day would you like?").whole()
    assert await voice.begin("Which day would you like?").whole() is first
    assert await voice.begin("Which day would you like?").beginning() == first[1].pcm
    assert espeak.made == 1


async def test_a_sentence_that_is_being_made_is_not_made_twice_and_outlives_who_began_it() -> None:
    espeak = CountingEspeak()
    voice = RehearsedVoice(espeak)
    rehearsal = asyncio.create_task(voice.rehearse("Which day would you like?"))
    await asyncio.sleep(0)
    sentence = voice.begin("Which day would you like?")
    rehearsal.cancel()
    beginning = await sentence.beginning()
    _, speech = await sentence.whole()
    assert speech.pcm.startswith(beginning)
    assert espeak.made == 1


class SlowEspeak(Espeak):
    """Makes no more than the beginning until it may go on."""

    def __init__(self) -> None:
        super().__init__()
        self.may_go_on = threading.Event()

    def synthesize(self, text: str, on_begun: OnBegun | None = None) -> Speech:
        def begun(pcm: bytes) -> None:
            assert on_begun is not None
            on_begun(pcm)
            self.may_go_on.wait(10)

        return super().synthesize(text, begun)


async def test_the_beginning_of_a_sentence_is_there_before_the_rest_is_made() -> None:
    espeak = SlowEspeak()
    sentence = RehearsedVoice(espeak).begin("On Thursday I have 9:30 AM. Which works?")
    beginning = await sentence.beginning()
    espeak.may_go_on.set()
    _, speech = await sentence.whole()
    assert len(beginning) == 2 * 2205
    assert speech.pcm.startswith(beginning)
    assert speech.duration_ms > 1000


class BrokenEspeak(CountingEspeak):
    """Fails, the first time."""

    def synthesize(self, text: str, on_begun: OnBegun | None = None) -> Speech:
        speech = super().synthesize(text, on_begun)
        if self.made == 1:
            raise OSError("no sound")
        return speech


async def test_a_sentence_that_could_not_be_made_is_made_anew() -> None:
    voice = RehearsedVoice(BrokenEspeak())
    with pytest.raises(OSError, match="no sound"):
        await voice.rehearse("hello")
    assert (await voice.begin("hello").whole())[1].pcm


async def test_of_the_sentences_only_the_last_are_kept_and_those_that_are_always_said() -> None:
    espeak = CountingEspeak()
    voice = RehearsedVoice(espeak)
    voice.learn("always")
    await voice.rehearse("hello")
    for number in range(REHEARSED):
        await voice.rehearse(f"{number}")
    await voice.rehearse("always")
    assert espeak.made == REHEARSED + 2
    await voice.rehearse("hello")
    assert espeak.made == REHEARSED + 3


async def test_the_sound_of_a_sentence_leaves_before_the_times_of_its_words(
    espeak: Espeak,
) -> None:
    said = [TTSSpeakFrame("Which day would you like?"), SleepFrame(0.5)]
    down, _ = await run_test(LocalTTS(RehearsedVoice(espeak)), frames_to_send=said)
    sent = [type(frame) for frame in down if isinstance(frame, TTSAudioRawFrame | TTSTextFrame)]
    pieces = sent.count(TTSAudioRawFrame)
    assert pieces in (1, 2), "its beginning, and the rest if that was not there yet"
    assert sent == pieces * [TTSAudioRawFrame] + 5 * [TTSTextFrame]
