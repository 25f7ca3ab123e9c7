"""What the local recogniser is given of a call's sound."""

import asyncio
from dataclasses import dataclass, field
from typing import cast

import numpy as np
import psutil
from pipecat.frames.frames import (
    Frame,
    InputAudioRawFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.tests.utils import SleepFrame, run_test

from kavita.caller.voice import CallerVoice
from kavita.voice.interruption import FalseAlarmFrame
from kavita.voice.local_stt import LocalSTT, Transcriber, onset

SECOND = 32_000


@dataclass
class Notes:
    """A recogniser that remembers how many seconds it was given."""

    seconds: list[float] = field(default_factory=list)

    async def transcribe(self, pcm: bytes) -> str:
        self.seconds.append(len(pcm) / SECOND)
        return "words"


def sound(seconds: int) -> list[Frame]:
    return [InputAudioRawFrame(bytes(SECOND // 10), 16_000, 1) for _ in range(10 * seconds)]


async def given(*frames: Frame) -> list[float]:
    async def ignore(text: str) -> None:
        """Nobody reads along."""

    notes = Notes()
    stt = LocalSTT(cast(Transcriber, notes), ignore)
    spaced = [each for frame in frames for each in (frame, SleepFrame(0.001))]
    await run_test(stt, frames_to_send=[*spaced, SleepFrame(0.05)])
    return notes.seconds


def test_the_recogniser_starts_no_threads_that_would_spin_beside_the_one_that_decodes() -> None:
    before = psutil.Process().num_threads()
    transcriber = Transcriber()
    assert transcriber.hear(CallerVoice().speak("Yes, please."))
    assert psutil.Process().num_threads() <= before
    transcriber.close()


async def test_many_who_fall_silent_at_once_are_each_given_their_own_words() -> None:
    transcriber, voice = Transcriber(threads=2), CallerVoice()
    said = [voice.speak(text) for text in ("Yes, please.", "Next Tuesday.", "Good morning.")] * 4
    alone = [await transcriber.transcribe(pcm) for pcm in said]
    assert len(set(alone)) == 3
    assert await asyncio.gather(*map(transcriber.transcribe, said)) == alone
    transcriber.close()


def test_words_are_the_same_behind_much_silence_and_little() -> None:
    transcriber, voice = Transcriber(threads=1), CallerVoice()
    for text in ("Yes, please.", "I want to make an appointment."):
        said = voice.speak(text)
        heard = {transcriber.hear(bytes(SECOND * tenths // 10) + said) for tenths in (5, 10, 30)}
        assert heard == {text}
    transcriber.close()


def test_who_speaks_on_for_twenty_seconds_is_heard_too() -> None:
    transcriber, voice = Transcriber(threads=1), CallerVoice()
    said = voice.speak("I want to make an appointment.")
    words = transcriber.hear(said * (20 * SECOND // len(said)))
    assert words.count("appointment") > 3
    transcriber.close()


def test_noise_and_silence_hold_no_words() -> None:
    transcriber, chance = Transcriber(threads=1), np.random.default_rng(1)
    hiss = (chance.normal(0, 3000, 16_000)).astype(np.int16)
    cough = hiss[:6000] * np.hanning(6000)
    for sound in (hiss, cough.astype(np.int16), np.zeros(16_000, np.int16), hiss[:0]):
        assert transcriber.hear(sound.tobytes()) == ""
    transcriber.close()


def test_a_sound_begins_where_it_is_not_much_softer_than_its_loudest() -> None:
    chance = np.random.default_rng(1)
    quiet, loud = chance.normal(0, 0.0001, 8000), chance.normal(0, 0.1, 8000)
    sound = np.concatenate([quiet, loud]).astype(np.float32)
    assert onset(sound) == 8000
    assert onset(np.zeros(8000, np.float32)) == onset(np.zeros(0, np.float32)) == 0


async def test_who_asks_first_is_heard_first_however_long_it_takes() -> None:
    transcriber, voice = Transcriber(threads=1), CallerVoice().speak("Good morning.")
    heard: list[int] = []

    async def hear(seconds: int) -> None:
        await transcriber.transcribe(voice * seconds)
        heard.append(seconds)

    await asyncio.gather(*map(hear, (8, 1, 2, 4)))
    assert heard == [8, 1, 2, 4]
    transcriber.close()


async def test_a_turn_is_decoded_with_a_second_from_before_the_voice() -> None:
    (seconds,) = await given(
        *sound(3), VADUserStartedSpeakingFrame(), *sound(2), VADUserStoppedSpeakingFrame()
    )
    assert 2.9 < seconds < 3.1


async def test_a_false_alarm_told_while_somebody_speaks_costs_nothing_of_it() -> None:
    (seconds,) = await given(
        VADUserStartedSpeakingFrame(),
        *sound(2),
        FalseAlarmFrame(),
        *sound(1),
        VADUserStoppedSpeakingFrame(),
    )
    assert 2.9 < seconds < 3.1


async def test_what_was_a_false_alarm_is_not_decoded_with_what_comes_after() -> None:
    _, seconds = await given(
        VADUserStartedSpeakingFrame(),
        *sound(3),
        VADUserStoppedSpeakingFrame(),
        FalseAlarmFrame(),
        VADUserStartedSpeakingFrame(),
        *sound(1),
        VADUserStoppedSpeakingFrame(),
    )
    assert seconds < 2.1
