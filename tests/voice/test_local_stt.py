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
