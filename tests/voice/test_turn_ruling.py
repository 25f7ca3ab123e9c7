"""Turns in Pipecat's aggregator, ruled by words and sound."""

import math
from dataclasses import dataclass
from typing import Any, cast

from loguru import logger
from pipecat.frames.frames import (
    EagerTranscriptionFrame,
    Frame,
    LLMContextFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import (
    LLMUserAggregator,
    LLMUserAggregatorParams,
)
from pipecat.tests.utils import SleepFrame, run_test
from pipecat.turns.user_start import VADUserTurnStartStrategy
from pipecat.turns.user_turn_strategies import UserTurnStrategies

from kavita.receptionist.expectation import Answer, Reading
from kavita.receptionist.understanding.understanding import Question
from kavita.voice.interruption import FalseAlarmFrame
from kavita.voice.turn_end import Waits
from kavita.voice.turn_models import SharedSilero, TurnJudge
from kavita.voice.turn_ruling import DECODING_SECONDS, RuledTurnStop

WAITS = Waits(
    complete=0.1, finished=0.15, enough=0.3, unsure=0.4, astray=0.5, silence=1.5, dictating=1.6
)
WORTH = {
    "yes": Answer.COMPLETE,
    "Thursday": Answer.ENOUGH,
    "maybe on": Answer.UNFINISHED,
    "maybe on Thursday": Answer.ENOUGH,
    "": Answer.NOTHING,
}


@dataclass
class Ear:
    """A VAD that hears voice or does not."""

    hears_voice: bool = False
    fading_seconds: float = 0.0


@dataclass
class Judge:
    """A Smart Turn with one opinion."""

    opinion: float
    asked: int = 0

    async def probability(self, pcm: bytes) -> float:
        self.asked += 1
        return self.opinion


def read(text: str) -> Reading:
    return Reading(WORTH[text], False, Question.DAY)


def words(text: str) -> EagerTranscriptionFrame:
    return EagerTranscriptionFrame(text, "", "now")


LET_GO = SleepFrame(0.3)


def fallen_silent() -> VADUserStoppedSpeakingFrame:
    """Silence that begins when the frame arrives, and not when the test writes it down."""
    return VADUserStoppedSpeakingFrame(stop_secs=0.0, timestamp=math.inf)


def pause(text: str, seconds: float) -> list[Frame]:
    return [fallen_silent(), words(text), SleepFrame(seconds)]


BEGINS: list[Frame] = [VADUserStartedSpeakingFrame(), SleepFrame(0.05)]


async def turns(
    judge: Judge, frames: list[Frame], ear: Ear | None = None
) -> list[tuple[str, bool]]:
    """What reached the brain: the caller's last words, and whether that was provisional."""
    stop = RuledTurnStop(cast(SharedSilero, ear or Ear()), cast(TurnJudge, judge), WAITS, read)
    strategies = UserTurnStrategies(start=[VADUserTurnStartStrategy()], stop=[stop])
    aggregator = LLMUserAggregator(
        LLMContext(),
        params=LLMUserAggregatorParams(user_turn_strategies=strategies, empty_user_turn=None),
    )
    down, _ = await run_test(aggregator, frames_to_send=frames)
    contexts = [frame for frame in down if isinstance(frame, LLMContextFrame)]
    return [
        (cast(dict[str, Any], frame.context.get_messages()[-1])["content"], frame.speculation)
        for frame in contexts
    ]


async def test_a_complete_answer_ends_the_turn_without_asking_smart_turn() -> None:
    judge = Judge(0.0)
    assert await turns(judge, [*BEGINS, *pause("yes", 0.25)]) == [("yes", True), ("yes", False)]
    assert judge.asked == 0


async def test_silence_counts_from_where_a_word_has_faded() -> None:
    early = [*BEGINS, *pause("yes", 0.25)]
    fading = Ear(fading_seconds=0.3)
    assert ("yes", False) not in await turns(Judge(0.0), early, fading)
    assert ("yes", False) in await turns(Judge(0.0), [*BEGINS, *pause("yes", 0.5)], fading)


async def test_what_does_not_sound_finished_is_waited_for() -> None:
    early = [*BEGINS, *pause("Thursday", 0.2)]
    assert ("Thursday", False) not in await turns(Judge(0.1), early)
    assert ("Thursday", False) in await turns(Judge(0.9), early)
    assert ("Thursday", False) in await turns(Judge(0.1), [*BEGINS, *pause("Thursday", 0.5)])


async def test_a_caller_who_goes_on_has_one_turn_with_all_words_once() -> None:
    heard = await turns(
        Judge(0.9), [*BEGINS, *pause("maybe on", 0.5), *BEGINS, *pause("maybe on Thursday", 0.4)]
    )
    assert heard[-2:] == [("maybe on Thursday", True), ("maybe on Thursday", False)]
    assert [words for words, provisional in heard if not provisional] == ["maybe on Thursday"]


async def test_an_answer_prepared_for_half_the_words_is_prepared_anew() -> None:
    heard = await turns(
        Judge(0.1), [*BEGINS, *pause("Thursday", 0.1), *BEGINS, *pause("maybe on Thursday", 0.5)]
    )
    assert [provisional for _, provisional in heard] == [True, True, False]


async def test_words_of_a_pause_that_is_over_are_not_taken_for_the_turn() -> None:
    late = [VADUserStoppedSpeakingFrame(), *BEGINS, words("yes"), SleepFrame(0.4)]
    assert await turns(Judge(0.9), [*BEGINS, *late]) == []


async def test_a_voice_that_begins_again_holds_the_turn_open() -> None:
    assert ("yes", False) not in await turns(
        Judge(0.9), [*BEGINS, *pause("yes", 0.3)], Ear(hears_voice=True)
    )


async def test_a_noise_without_words_asks_nothing_of_the_brain() -> None:
    assert await turns(Judge(0.9), [*BEGINS, *pause("", 1.8)]) == []


async def test_a_transcript_that_never_comes_does_not_leave_the_turn_open() -> None:
    """The turn is over when decoding has had its time; the next one is heard as ever."""
    lost = [*BEGINS, fallen_silent()]
    waited = WAITS.longest + DECODING_SECONDS + 0.2
    heard = await turns(
        Judge(0.9), [*lost, SleepFrame(waited), *BEGINS, fallen_silent(), words("yes"), LET_GO]
    )
    assert heard == [("yes", True), ("yes", False)]


async def test_a_false_alarm_told_after_the_turn_began_does_not_leave_it_open() -> None:
    late = [*BEGINS, FalseAlarmFrame(), *pause("yes", 0.25)]
    assert await turns(Judge(0.9), late) == [("yes", True), ("yes", False)]
    late = [*BEGINS, fallen_silent(), FalseAlarmFrame(), words("yes"), SleepFrame(0.25)]
    assert await turns(Judge(0.9), late) == [("yes", True), ("yes", False)]


async def test_each_turn_is_logged_with_what_it_was_ruled_by_and_without_its_words() -> None:
    lines: list[Any] = []
    sink = logger.add(lines.append, level="DEBUG", format="{message}", filter="kavita")
    await turns(Judge(0.75), [*BEGINS, *pause("Thursday", 0.4)])
    logger.remove(sink)
    (ruling,) = [line for line in lines if line.startswith("turn over")]
    assert "answer enough, asked DAY, Smart Turn 0.75, syllables not counted" in ruling
    assert "Thursday" not in "".join(lines)
