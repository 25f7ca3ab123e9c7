"""A voice over the agent's in Pipecat's aggregator: what she does, and what becomes a turn."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import cast

from pipecat.frames.frames import (
    EagerTranscriptionFrame,
    Frame,
    InputAudioRawFrame,
    InterruptionFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import (
    LLMUserAggregator,
    LLMUserAggregatorParams,
)
from pipecat.processors.frame_processor import FrameProcessor
from pipecat.tests.utils import SleepFrame, run_test
from pipecat.turns.user_turn_strategies import UserTurnStrategies

from kavita.receptionist.interjection import Interjection
from kavita.voice.interruption import FalseAlarmFrame, RuledTurnStart
from kavita.voice.turn_models import SharedSilero

MEANS = {
    "": Interjection.NOTHING,
    "okay": Interjection.BACKCHANNEL,
    "okay then": Interjection.INTERRUPTION,
    "stop": Interjection.INTERRUPTION,
    "stop it": Interjection.INTERRUPTION,
}


@dataclass
class Floor:
    """The agent's speech, and what was done about it."""

    is_speaking: bool = True
    echoes: bool = False
    """Whether what is heard is her own voice."""
    done: list[str] = field(default_factory=list)

    def is_own(self, sound: bytes) -> bool:
        return self.echoes

    async def lower(self) -> None:
        self.done.append("lower")

    async def pause(self) -> None:
        self.done.append("pause")

    async def go_on(self) -> None:
        self.done.append("go on")


@dataclass
class Ear:
    """A VAD that is told what it hears."""

    voiced: int = 0
    unvoiced_run: int = 99
    hears_voice: bool = False
    on_window: Callable[[], None] | None = None


@dataclass
class Hears(InputAudioRawFrame):
    """One window, with or without a voice in it."""

    voice: bool = False


@dataclass
class SheSpeaks(Hears):
    """A window without a voice in it, with which the agent begins to speak or has ended."""

    is_so: bool = True


def she_speaks(is_so: bool) -> list[Frame]:
    return [SheSpeaks(bytes(1024), 16_000, 1, is_so=is_so)]


def voice(windows: int) -> list[Frame]:
    return [Hears(bytes(1024), 16_000, 1, voice=True) for _ in range(windows)]


def quiet(windows: int) -> list[Frame]:
    return [Hears(bytes(1024), 16_000, 1) for _ in range(windows)]


def words(text: str) -> list[Frame]:
    return [
        VADUserStoppedSpeakingFrame(stop_secs=0.1),
        EagerTranscriptionFrame(text, "", "now"),
        SleepFrame(0.05),
        *quiet(9),
    ]


BEGINS: list[Frame] = [VADUserStartedSpeakingFrame()]


class ToldEar(RuledTurnStart):
    """Takes what it hears from the frames of the test."""

    async def process_frame(self, frame: Frame):  # type: ignore[no-untyped-def]
        if isinstance(frame, SheSpeaks):
            cast(Floor, self._floor).is_speaking = frame.is_so
        if isinstance(frame, Hears):
            ear = cast(Ear, self._vad)
            ear.voiced += frame.voice
            ear.unvoiced_run = 0 if frame.voice else ear.unvoiced_run + 1
            assert ear.on_window is not None
            ear.on_window()
        return await super().process_frame(frame)


async def over_the_agent(
    frames: Sequence[Frame],
    floor: Floor,
    heard_midway: str = "",
) -> tuple[bool, bool]:
    """Whether the frames made a turn that interrupts, and whether they were a false alarm."""

    async def hear(pcm: bytes) -> str:
        return heard_midway

    def weigh(text: str, seconds: float) -> Interjection:
        return MEANS[text]

    start = ToldEar(cast(SharedSilero, Ear()), floor, hear, weigh)
    aggregator: FrameProcessor = LLMUserAggregator(
        LLMContext(),
        params=LLMUserAggregatorParams(
            user_turn_strategies=UserTurnStrategies(start=[start], stop=[]), empty_user_turn=None
        ),
    )
    spaced = [each for frame in frames for each in (frame, SleepFrame(0.002))]
    down, up = await run_test(aggregator, frames_to_send=spaced)
    return (
        any(isinstance(frame, InterruptionFrame) for frame in down),
        any(isinstance(frame, FalseAlarmFrame) for frame in up),
    )


async def test_the_agent_lowers_her_voice_at_the_first_window_and_then_waits() -> None:
    floor = Floor()
    await over_the_agent(voice(2), floor)
    assert floor.done == ["lower"]
    floor = Floor()
    await over_the_agent(voice(6), floor)
    assert floor.done == ["lower", "pause"]


async def test_after_a_click_she_goes_on() -> None:
    floor = Floor()
    assert await over_the_agent([*voice(2), *quiet(9)], floor) == (False, True)
    assert floor.done == ["lower", "go on"]


async def test_a_backchannel_leaves_her_the_floor() -> None:
    floor = Floor()
    frames = [*voice(6), *BEGINS, *voice(4), *words("okay")]
    assert await over_the_agent(frames, floor) == (False, True)
    assert floor.done == ["lower", "pause", "go on"]


async def test_a_click_after_a_backchannel_is_judged_by_itself() -> None:
    floor = Floor()
    frames = [*voice(6), *BEGINS, *voice(4), *words("okay"), SleepFrame(1.5), *voice(2), *quiet(3)]
    await over_the_agent(frames, floor)
    assert floor.done == ["lower", "pause", "go on", "lower"]


async def test_who_goes_on_after_a_comma_is_judged_by_all_their_words() -> None:
    floor = Floor()
    first = [*voice(6), *BEGINS, *voice(4), *words("okay")[:3], *quiet(7)]
    frames = [*first, *voice(3), *BEGINS, *voice(8), *words("stop")]
    assert await over_the_agent(frames, floor) == (True, False)
    assert floor.done == ["lower", "pause"]


async def test_a_gap_within_a_first_word_does_not_let_her_go_on() -> None:
    floor = Floor()
    frames = [*voice(4), *quiet(7), *voice(3), *BEGINS, *voice(8), *words("stop")]
    assert await over_the_agent(frames, floor) == (True, False)
    assert floor.done == ["lower", "pause"]


async def test_words_that_want_the_floor_interrupt_her() -> None:
    floor = Floor()
    frames = [*voice(6), *BEGINS, *voice(4), *words("stop")]
    assert await over_the_agent(frames, floor) == (True, False)
    assert floor.done == ["lower", "pause"]


async def test_her_own_words_come_back_do_not_interrupt_her() -> None:
    floor = Floor(echoes=True)
    frames = [*voice(6), *BEGINS, *voice(4), *words("stop")]
    assert await over_the_agent(frames, floor) == (False, True)
    assert floor.done == ["lower", "pause", "go on"]


async def test_her_own_words_do_not_interrupt_her_before_they_end_or_when_she_has_ended() -> None:
    long = [*voice(6), *BEGINS, *voice(25)]
    floor = Floor(echoes=True)
    assert await over_the_agent(long, floor, heard_midway="stop it") == (False, False)
    begun = [*BEGINS, *voice(3), VADUserStoppedSpeakingFrame(stop_secs=0.1)]
    floor = Floor(echoes=True)
    ended = [*voice(3), *begun, *she_speaks(False)]
    assert await over_the_agent(ended, floor) == (False, True)


async def test_whoever_goes_on_speaking_is_judged_before_the_end() -> None:
    frames = [*voice(6), *BEGINS, *voice(25)]
    assert await over_the_agent(frames, Floor(), heard_midway="stop it") == (True, False)
    assert await over_the_agent(frames, Floor(), heard_midway="okay") == (False, False)


async def test_a_last_word_that_may_be_half_a_word_does_not_count_yet() -> None:
    frames = [*voice(6), *BEGINS, *voice(20)]
    assert await over_the_agent(frames, Floor(), heard_midway="okay then") == (False, False)
    ends = [*frames, *words("okay then")]
    assert await over_the_agent(ends, Floor(), heard_midway="okay then") == (True, False)


async def test_a_long_noise_without_words_is_spoken_over() -> None:
    floor = Floor()
    frames = [*voice(6), *BEGINS, *voice(60)]
    assert await over_the_agent(frames, floor, heard_midway="") == (False, False)
    assert floor.done[:3] == ["lower", "pause", "go on"]


async def test_any_voice_begins_a_turn_while_she_is_silent() -> None:
    floor = Floor(is_speaking=False)
    assert await over_the_agent([*voice(6), *BEGINS], floor) == (True, False)
    assert floor.done == []


async def test_who_still_speaks_when_she_ends_has_the_turn() -> None:

    class Ends(Floor):
        async def pause(self) -> None:
            self.is_speaking = False

    floor = Ends()
    assert (await over_the_agent([*BEGINS, *voice(7)], floor))[0]
    assert floor.done == ["lower"]


async def test_what_was_said_as_she_ended_is_a_turn() -> None:
    frames = [*BEGINS, *voice(3), VADUserStoppedSpeakingFrame(stop_secs=0.1)]
    assert await over_the_agent([*voice(3), *frames, *she_speaks(False)], Floor()) == (True, False)


async def test_a_click_is_not_judged_by_the_words_of_the_turn_before() -> None:
    floor = Floor(is_speaking=False)
    turn = [*voice(6), *BEGINS, *voice(4), *words("stop")]
    await over_the_agent([*turn, *she_speaks(True), *voice(2), *quiet(9)], floor)
    assert floor.done == ["lower", "go on"]


async def test_a_click_is_not_judged_by_words_of_the_turn_before_that_come_late() -> None:
    floor = Floor(is_speaking=False)
    turn = [*voice(6), *BEGINS, *voice(4), VADUserStoppedSpeakingFrame(stop_secs=0.1)]
    click = [*she_speaks(True), *voice(2), SleepFrame(0.3)]
    late = [EagerTranscriptionFrame("stop", "", "now"), SleepFrame(0.05)]
    await over_the_agent([*turn, *click, *late, *quiet(9)], floor)
    assert floor.done == ["lower", "go on"]


async def test_a_click_as_she_ends_is_no_turn() -> None:
    floor = Floor(is_speaking=False)
    turn = [*voice(6), *BEGINS, *voice(4), *words("stop")]
    end = [*she_speaks(True), *voice(2), *she_speaks(False), *quiet(9)]
    assert (await over_the_agent([*turn, *end], floor))[1]


async def test_a_voice_that_begins_while_she_goes_on_is_no_false_alarm() -> None:

    class SlowToGoOn(Floor):
        async def lower(self) -> None:
            self.is_speaking = False

        async def go_on(self) -> None:
            await asyncio.sleep(0.05)

    frames = [*voice(2), *BEGINS, *voice(3), SleepFrame(0.1)]
    assert await over_the_agent(frames, SlowToGoOn()) == (True, False)
