"""What the local recogniser is given of a call's sound."""

import asyncio
from dataclasses import dataclass, field
from typing import cast

from pipecat.frames.frames import (
    Frame,
    InputAudioRawFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.tests.utils import SleepFrame, run_test

from kavita.caller.voice import CallerVoice
from kavita.voice.interruption import FalseAlarmFrame
from kavita.voice.local_stt import LocalSTT, Transcriber
from kavita.voice.turn_models import VoicePausesFrame

SECOND = 32_000


@dataclass
class Notes:
    """A recogniser that remembers how many seconds it was given."""

    seconds: list[float] = field(default_factory=list)
    is_idle: bool = True

    async def transcribe(self, pcm: bytes) -> str:
        self.seconds.append(len(pcm) / SECOND)
        return "words"


def sound(seconds: int) -> list[Frame]:
    return [InputAudioRawFrame(bytes(SECOND // 10), 16_000, 1) for _ in range(10 * seconds)]


async def given(*frames: Frame, is_idle: bool = True) -> list[float]:
    async def ignore(text: str) -> None:
        """Nobody reads along."""

    notes = Notes(is_idle=is_idle)
    stt = LocalSTT(cast(Transcriber, notes), ignore)
    spaced = [each for frame in frames for each in (frame, SleepFrame(0.001))]
    await run_test(stt, frames_to_send=[*spaced, SleepFrame(0.05)])
    return notes.seconds


async def test_many_who_fall_silent_at_once_are_each_given_their_own_words() -> None:
    transcriber, voice = Transcriber(), CallerVoice()
    said = [voice.speak(text) for text in ("Yes, please.", "Next Tuesday.", "Good morning.")] * 4
    alone = [await transcriber.transcribe(pcm) for pcm in said]
    assert len(set(alone)) == 3
    assert await asyncio.gather(*map(transcriber.transcribe, said)) == alone
    transcriber.close()


async def test_who_asks_first_is_heard_first_however_long_it_takes() -> None:
    transcriber, voice = Transcriber(), CallerVoice().speak("Good morning.")
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


PAUSES_AND_IS_SILENT = (
    VADUserStartedSpeakingFrame(),
    *sound(2),
    VoicePausesFrame(),
    InputAudioRawFrame(bytes(1024), 16_000, 1),
    VADUserStoppedSpeakingFrame(),
)


async def test_a_pause_that_becomes_a_silence_is_decoded_when_it_begins_and_not_again() -> None:
    assert await given(*PAUSES_AND_IS_SILENT) == [2]


async def test_a_pause_in_the_middle_of_a_word_is_not_taken_for_the_end() -> None:
    *_, seconds = await given(
        VADUserStartedSpeakingFrame(),
        *sound(2),
        VoicePausesFrame(),
        *sound(1),
        VADUserStoppedSpeakingFrame(),
    )
    assert seconds == 3


async def test_nothing_is_decoded_ahead_while_others_wait_for_their_words() -> None:
    (seconds,) = await given(*PAUSES_AND_IS_SILENT, is_idle=False)
    assert seconds > 2


async def test_the_recogniser_is_idle_when_all_words_have_been_given() -> None:
    transcriber = Transcriber()
    assert transcriber.is_idle
    hearing = asyncio.create_task(transcriber.transcribe(CallerVoice().speak("Good morning.")))
    dropped = asyncio.create_task(transcriber.transcribe(bytes(SECOND)))
    await asyncio.sleep(0)
    assert not transcriber.is_idle
    dropped.cancel()
    await hearing
    assert transcriber.is_idle
    transcriber.close()
