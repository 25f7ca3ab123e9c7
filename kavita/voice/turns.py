"""When a caller's turn starts and ends, and when a silent caller is said goodbye to."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from pipecat.processors.aggregators.llm_response_universal import LLMUserAggregatorParams
from pipecat.turns.empty_user_turn import EmptyUserTurnConfig
from pipecat.turns.user_turn_strategies import UserTurnStrategies

from kavita.receptionist.expectation import Reading
from kavita.receptionist.interjection import Interjection, weigh_interjection
from kavita.voice.interruption import Floor, RuledTurnStart
from kavita.voice.turn_end import Waits
from kavita.voice.turn_models import SharedSilero, TurnModels
from kavita.voice.turn_ruling import RuledTurnStop

VAD_STOP_SECONDS = 0.1
"""Silence after which the turn so far is decoded and Smart Turn is asked: 3 windows of Silero."""

WATCHDOG_SECONDS = 3.0
"""A turn that nobody ended, whatever went wrong, is over so long after the longest wait."""

CUT_SHORT = "A noise cut your answer short. Say it again."
"""Told to the brain when what interrupted it held no words, so that the caller is not left with
half an answer."""

NUDGE_SHARE = 0.45
"""The caller is asked whether they are still there after this share of the patience."""


@dataclass(frozen=True)
class Listening:
    """How one call listens."""

    turns: LLMUserAggregatorParams
    """When turns start and end."""
    vad: SharedSilero | None
    """What hears a voice at the microphone; None: the aggregator's own, in every frame."""


def listening(
    models: TurnModels,
    waits: Waits,
    read: Callable[[str], Reading],
    floor: Floor,
    hear: Callable[[bytes], Awaitable[str]],
) -> Listening:
    """How the turns of a call are ruled.

    `read` weighs words against what was asked, `hear` gives the words in PCM; `floor` is the
    agent's speech.
    """

    def weigh(text: str, seconds: float) -> Interjection:
        return weigh_interjection(text, seconds, read(text))

    vad = models.vad(VAD_STOP_SECONDS)
    turns = LLMUserAggregatorParams(
        user_turn_strategies=UserTurnStrategies(
            start=[RuledTurnStart(vad, floor, hear, weigh)],
            stop=[RuledTurnStop(vad, models.judge, waits, read)],
        ),
        user_turn_stop_timeout=waits.longest + WATCHDOG_SECONDS,
        empty_user_turn=EmptyUserTurnConfig(interrupted_prompt=CUT_SHORT),
    )
    return Listening(turns, vad)


class Patience:
    """The clock of a silent caller: a nudge, then the end.

    It runs from the last sign of life that counts (words of the caller, or the end of the agent's
    speech), by the clock and not by the VAD, so that noise cannot hold the line for ever.
    """

    def __init__(
        self,
        seconds: float,
        on_nudge: Callable[[], Awaitable[None]],
        on_end: Callable[[], Awaitable[None]],
    ) -> None:
        """`seconds` of silence are the caller's patience; `on_nudge` comes at 45 % of them."""
        self._seconds = seconds
        self._on_nudge = on_nudge
        self._on_end = on_end
        self._renewed = asyncio.Event()
        self._suspended = False

    def renew(self) -> None:
        """The caller said something, or the agent has finished an answer: start again."""
        self._suspended = False
        self._renewed.set()

    def suspend(self) -> None:
        """The agent answers: the caller is not silent but waiting."""
        self._suspended = True
        self._renewed.set()

    async def run(self) -> None:
        """Watch for ever: after `on_end` the clock starts again; cancel it with the call."""
        while True:
            self._renewed.clear()
            if await self._renewed_within(self._seconds * NUDGE_SHARE):
                continue
            if not self._suspended:
                await self._on_nudge()
            if not await self._renewed_within(self._seconds * (1 - NUDGE_SHARE)):
                await self._on_end()

    async def _renewed_within(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self._renewed.wait(), seconds)
        except TimeoutError:
            return False
        return True
