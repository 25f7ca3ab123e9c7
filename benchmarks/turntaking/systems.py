"""The systems under test: Kavita, and two peers on the same engines behind the same `/ws`."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cache
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
from pipecat.audio.vad.silero import SileroVADAnalyzer
from pipecat.audio.vad.vad_analyzer import VADParams
from pipecat.processors.aggregators.llm_response_universal import LLMUserAggregatorParams
from pipecat.processors.frame_processor import FrameProcessor
from pipecat.services.moonshine.stt import MoonshineSTTService
from pipecat.turns.user_stop import SpeechTimeoutUserTurnStopStrategy
from pipecat.turns.user_turn_strategies import UserTurnStrategies

from kavita.agent.answering import Answered, Answering
from kavita.agent.budget import Count
from kavita.agent.tools import AppointmentTools
from kavita.receptionist.expectation import Reading
from kavita.receptionist.receptionist import CallTool, Receptionist, Say
from kavita.settings import Settings
from kavita.voice.brain_seat import BrainSeat
from kavita.voice.interruption import Floor
from kavita.voice.local_stt import OnWords
from kavita.voice.pacing import Pacing
from kavita.voice.recogniser import Recogniser, model_folder
from kavita.voice.services import Engines
from kavita.voice.transports import PageOutput
from kavita.voice.turns import Listening

PLAIN_SILENCE_SECONDS = 2.0
FIRST_TOKEN_SECONDS = 0.541
"""The median of the quickest model that answered every turn of a public voice benchmark rightly."""
TOKENS_A_SECOND = 60
TOKENS_A_WORD = 1.3


class EmulatedThinking(Answering):
    """The receptionist at the pace of a language model: each turn waits once for a first token.

    A model that needs a request of its own after each tool would wait once more, in all systems.
    """

    async def think(self, messages: list[dict[str, Any]]) -> Say | CallTool:
        """The receptionist's answer, later where the turn begins."""
        if messages and messages[-1].get("role") == "user":
            await asyncio.sleep(FIRST_TOKEN_SECONDS)
        return await super().think(messages)


class EmulatedModel(BrainSeat):
    """Speaks sentence by sentence, each when its last token has come."""

    whole = False
    """Whether nothing is spoken before the whole answer is there."""

    async def speak(self, sentence: str) -> None:
        """The sentences of an answer, at the pace of tokens."""
        pieces = [sentence] if self.whole else re.split(r"(?<=[.?!])\s+", sentence)
        for piece in pieces:
            await asyncio.sleep(len(piece.split()) * TOKENS_A_WORD / TOKENS_A_SECOND)
            await super().speak(piece)


class WholeEmulatedModel(EmulatedModel):
    """The same for a design that waits for all of it."""

    whole = True


@dataclass
class Kavita(Engines):
    """Kavita as it is, but for the brain's pace."""

    emulate: bool = False
    model: type[EmulatedModel] = EmulatedModel

    def brain(
        self,
        receptionist: Receptionist,
        tools: AppointmentTools,
        agent_name: str,
        on_answered: Callable[[Answered], Awaitable[None]],
        count: Count,
    ) -> BrainSeat:
        """The receptionist at once, or at the pace of a model; no system asks for a moment."""
        if not self.emulate:
            return super().brain(receptionist, tools, agent_name, on_answered, count)
        thinking = EmulatedThinking(receptionist, tools, (), agent_name, None)
        return self.model(thinking, on_answered, self.voice.rehearse)


@dataclass
class Plain(Kavita):
    """P0: two seconds of silence, then recognition, brain and the whole voice, one by one."""

    model: type[EmulatedModel] = WholeEmulatedModel

    def listening(
        self, settings: Settings, read: Callable[[str], Reading], floor: Floor
    ) -> Listening:
        """The turn is over with the words that follow two seconds of silence."""
        _send_by_pipecats_schedule(floor)
        stop = SpeechTimeoutUserTurnStopStrategy(user_speech_timeout=0.0)
        vad = SileroVADAnalyzer(params=VADParams(stop_secs=PLAIN_SILENCE_SECONDS))
        strategies = UserTurnStrategies(stop=[stop])
        turns = LLMUserAggregatorParams(vad_analyzer=vad, user_turn_strategies=strategies)
        return Listening(turns, None)

    def stt(
        self, on_words: OnWords, on_failed: Callable[[str], Awaitable[None]], count: Count
    ) -> FrameProcessor:
        """Pipecat's Moonshine."""
        return BundledMoonshine()


@dataclass
class PipecatDefaults(Kavita):
    """P1: what Pipecat 1.14 does when nothing is said about turns."""

    def listening(
        self, settings: Settings, read: Callable[[str], Reading], floor: Floor
    ) -> Listening:
        """Its VAD and its strategies, untouched."""
        _send_by_pipecats_schedule(floor)
        turns = LLMUserAggregatorParams(vad_analyzer=SileroVADAnalyzer(params=VADParams()))
        return Listening(turns, None)

    def stt(
        self, on_words: OnWords, on_failed: Callable[[str], Awaitable[None]], count: Count
    ) -> FrameProcessor:
        """Pipecat's Moonshine."""
        return BundledMoonshine()


class BundledMoonshine(MoonshineSTTService):
    """Pipecat's service on Kavita's recogniser, as its own loads a model for each call."""

    def _load(self) -> Any:
        self._recogniser = _recogniser()
        return self

    def transcribe_without_streaming(self, samples: list[float], _rate: int) -> Any:
        """What Pipecat calls of Moonshine's own library."""
        pcm = (np.array(samples) * 32768).astype(np.int16)
        return SimpleNamespace(lines=[SimpleNamespace(text=self._recogniser.hear(pcm.tobytes()))])


@cache
def _recogniser() -> Recogniser:
    return Recogniser(model_folder())


def _send_by_pipecats_schedule(floor: Floor) -> None:
    """In real time, nothing ahead; after a hold-up it begins anew."""
    cast(PageOutput, floor).pacing = Pacing(ahead_seconds=0.0)


SYSTEMS: dict[str, type[Kavita]] = {"kavita": Kavita, "P0": Plain, "P1": PipecatDefaults}
