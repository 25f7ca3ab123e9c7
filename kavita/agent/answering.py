"""How a turn is answered: by the first model that is well, else by the receptionist.

The tool loop of both brains, and of both seats (`kavita/voice/brain_seat.py`, `text_call.py`).
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from loguru import logger

from kavita.agent.budget import Count, count_nothing
from kavita.agent.circuit import ProviderFailed
from kavita.agent.confirmations import goodbye
from kavita.agent.consent import ASK_FIRST, has_consent
from kavita.agent.forethought import Forethought, Messages
from kavita.agent.history import History, for_model
from kavita.agent.instructions import instructions
from kavita.agent.language_model import LanguageModel, ToolRequest
from kavita.agent.phrases import ANYTHING_ELSE, LOST
from kavita.agent.sentences import claims_a_change
from kavita.agent.tool_schemas import Nonsense, check_arguments, tool_schemas
from kavita.agent.tools import TOOL_NAMES, AppointmentTools
from kavita.agent.turn import Speak, Turn
from kavita.receptionist.receptionist import CallTool, Say
from kavita.scheduling.times import to_clinic

MAX_TOOL_ROUNDS = 5
"""Rounds of tools in one turn."""

MAX_CALLS_A_ROUND = 5
TURN_SECONDS = 6.0
"""After so long without a word of an answer a model is not asked again in the turn."""

FILLER_SECONDS = 0.7
"""Silence after which the caller is asked for a moment."""

RULES = "receptionist"
"""What the record and the metrics call the receptionist."""

Calls = list[tuple[str, dict[str, str]]]


class Brain(Protocol):
    """A brain that decides at once, from the messages alone."""

    def reply(
        self, messages: Sequence[Mapping[str, Any]], tools: Collection[str], now: datetime
    ) -> Say | CallTool:
        """Say something, or call one of the tools."""


@dataclass(frozen=True)
class Answered:
    """Who answered a turn, and who should have."""

    brain: str
    failures: tuple[str, ...] = ()
    """One for each model that did not answer, such as "openai: timeout"."""


class Answering:
    """Answers the turns of one call."""

    def __init__(
        self,
        receptionist: Brain,
        tools: AppointmentTools,
        models: Sequence[LanguageModel] = (),
        agent_name: str = "kavita",
        filler_seconds: float | None = FILLER_SECONDS,
        count: Count = count_nothing,
    ) -> None:
        """`models` are asked in their order; without `filler_seconds` nobody asks for a moment.

        `count` hears what the models cost.
        """
        self._receptionist = receptionist
        self._tools = tools
        self._models = models
        self._agent_name = agent_name
        self._filler_seconds = filler_seconds
        self._count = count
        self._turn: Turn | None = None
        self._forethought = Forethought(self.think)

    def prepare(self, messages: Messages, rehearse: Callable[[str], Awaitable[None]]) -> None:
        """Think ahead about a turn that may be over; `rehearse` gets what would be said.

        A model that is well is asked nothing before the turn is over, and no tool runs before.
        """
        if all(model.circuit.is_open for model in self._models):
            self._forethought.begin(messages, rehearse)

    def drop_prepared(self) -> None:
        """Nobody will ask for what was prepared."""
        self._forethought.drop()

    async def think(self, messages: Messages) -> Say | CallTool:
        """What the receptionist does after `messages`; touches nothing."""
        return self._receptionist.reply(messages, TOOL_NAMES, self._tools.clock())

    async def answer(self, history: History, speak: Speak) -> Answered:
        """Answer the newest turn: run what tools it needs, and speak at least one sentence."""
        if self._turn is not None:
            await self._turn.settle()
        await self._tools.settle()
        self._tools.begin_turn()
        turn = self._turn = Turn(history, self._tools, speak)
        filler = None
        if self._filler_seconds is not None:
            filler = asyncio.create_task(turn.fill_after(self._filler_seconds))
        try:
            return await self._by_somebody(turn)
        finally:
            if filler is not None:
                filler.cancel()

    async def _by_somebody(self, turn: Turn) -> Answered:
        failures: list[str] = []
        for model in self._models:
            if model.circuit.is_open:
                failures.append(f"{model.label}: {model.circuit.why_open}")
                continue
            try:
                await self._by_model(turn, model)
            except ProviderFailed as failure:
                failures.append(f"{model.label}: {failure.code}")
                logger.warning("{} did not answer a turn: {}", model.label, failure.code)
                if not (turn.confirmed or turn.has_question):
                    continue
            await self._round_off(turn)
            return Answered(model.label, tuple(failures))
        await self._by_rules(turn)
        return Answered(RULES, tuple(failures))

    async def _round_off(self, turn: Turn) -> None:
        """Leave the word with the caller after a change."""
        if turn.confirmed and not (turn.has_question or turn.is_ended):
            await turn.say(ANYTHING_ELSE)

    async def _by_rules(self, turn: Turn) -> None:
        action = await self._decide(turn)
        rounds = 0
        while isinstance(action, CallTool) and rounds < MAX_TOOL_ROUNDS:
            await turn.run(action.name, action.arguments)
            rounds += 1
            action = await self._decide(turn)
        await turn.say(action.text if isinstance(action, Say) else LOST)

    async def _decide(self, turn: Turn) -> Say | CallTool:
        return await self._forethought.take(list(turn.history.get_messages()))

    async def _by_model(self, turn: Turn, model: LanguageModel) -> None:
        """Let a model answer; raises ProviderFailed when it does not."""
        refusal: list[dict[str, Any]] = []
        refused = False
        for tool_round in range(MAX_TOOL_ROUNDS + 1):
            waited = asyncio.get_running_loop().time() - turn.began
            if not turn.said and waited > TURN_SECONDS:
                raise ProviderFailed("too_slow")
            said_before = len(turn.said)
            requests = await self._hear(turn, model, refusal)
            if not requests:
                if len(turn.said) == said_before and not turn.confirmed:
                    raise ProviderFailed("silent")
                return
            if tool_round == MAX_TOOL_ROUNDS:
                raise ProviderFailed("too_many_rounds")
            try:
                calls = self._checked(turn, requests)
            except Nonsense as nonsense:
                if refused:
                    raise ProviderFailed("nonsense") from None
                refused, refusal = True, _sent_back(requests, str(nonsense))
                continue
            refusal = []
            for name, arguments in calls:
                await turn.confirm(await turn.run(name, arguments))
            if turn.is_ended:
                if len(turn.said) == said_before:
                    await turn.say(goodbye(self._tools.call_state))
                return

    def _checked(self, turn: Turn, requests: list[ToolRequest]) -> Calls:
        """What the model asks for, if all of it makes sense and is wanted; raises Nonsense."""
        if len(requests) > MAX_CALLS_A_ROUND:
            raise Nonsense(f"At most {MAX_CALLS_A_ROUND} tools at a time.")
        calls = [(one.name, check_arguments(one.name, one.arguments)) for one in requests]
        if any(turn.has_run(*call) for call in calls):
            raise Nonsense("You have called that already; its result is above. Answer the caller.")
        clinic, now = self._tools.clinic, self._tools.clock()
        today = to_clinic(now, clinic.timezone).date()
        if not all(has_consent(*call, turn.history, clinic, today) for call in calls):
            raise Nonsense(ASK_FIRST)
        return calls

    async def _hear(
        self, turn: Turn, model: LanguageModel, refusal: list[dict[str, Any]]
    ) -> list[ToolRequest]:
        """Speak what the model says as it comes; return the tools that it asks for."""
        tools = self._tools
        told = instructions(tools.clinic, self._agent_name, tools.call_state, tools.clock())
        messages = for_model(told, turn.history, turn.said) + refusal
        requests: list[ToolRequest] = []
        async with aclosing(model.stream(messages, tool_schemas(), self._count)) as parts:
            async for part in parts:
                if isinstance(part, list):
                    requests = part
                elif not claims_a_change(part):
                    await turn.say(part)
        return requests


def _sent_back(requests: list[ToolRequest], why: str) -> list[dict[str, Any]]:
    """The refused calls and the reason, for the model alone; what it sent is not repeated."""
    names = [one.name if one.name in TOOL_NAMES else "unknown" for one in requests]
    calls = [
        {
            "id": f"refused_{number}",
            "type": "function",
            "function": {"name": name, "arguments": "{}"},
        }
        for number, name in enumerate(names)
    ]
    request = {"role": "assistant", "content": None, "tool_calls": calls}
    answers = [{"role": "tool", "tool_call_id": call["id"], "content": why} for call in calls]
    return [request, *answers]
