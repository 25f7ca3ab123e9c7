"""A call by text: the same agent, tools and events, without any voice."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from kavita import wire
from kavita.agent.answering import MAX_TOOL_ROUNDS, Answering, Brain
from kavita.agent.budget import Budget
from kavita.agent.call_state import CallState
from kavita.agent.history import MessageList
from kavita.agent.language_model import LanguageModel
from kavita.agent.model_summary import summarize_by_model
from kavita.agent.phrases import greeting
from kavita.agent.tools import AppointmentTools
from kavita.receptionist.receptionist import Receptionist
from kavita.scheduling.clinic import Clinic
from kavita.store import calls
from kavita.store.database import Database
from kavita.store.usage import Charged, Used

MOST_TOOL_ROUNDS = MAX_TOOL_ROUNDS
"""Rounds of tools in one turn, at most."""


class TextCall:
    """One call: `start`, then `hear` for every turn of the caller; each returns the events."""

    def __init__(
        self,
        database: Database,
        clinic: Clinic,
        call_id: str,
        clock: Callable[[], datetime],
        brain: Brain | None = None,
        agent_name: str = "kavita",
        models: Sequence[LanguageModel] = (),
        budget: Budget | None = None,
        keep_transcript: bool = True,
    ) -> None:
        """Take an open database and `clock`, which returns aware times; keyless by default.

        `models` answer before `brain`, which is the receptionist unless another is given; what
        they cost is counted to the `budget`. Without `keep_transcript` the record only knows that
        something was said.
        """
        self.ended = False
        self._history = MessageList()
        self._events: list[wire.ServerMessage] = []
        self._said: list[str] = []
        self._utterances = 0
        self._database = database
        self._clinic = clinic
        self._call_id = call_id
        self._clock = clock
        self._models = models
        self._budget = budget
        self._keep_transcript = keep_transcript
        self._turns: list[calls.Turn] = []
        self._charges: list[Charged] = []
        self._state = CallState(call_id)
        self._tools = AppointmentTools(database, self._state, clinic, clock, self._tool_ran)
        self._answering = Answering(
            brain or Receptionist(clinic, agent_name),
            *(self._tools, models, agent_name),
            filler_seconds=None,
            count=self._count,
        )
        self._turn = 0

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The conversation so far, as a chat model sees it."""
        return self._history.get_messages()

    async def start(self) -> list[wire.ServerMessage]:
        """Begin the call and greet the caller."""
        await asyncio.to_thread(calls.start_call, self._database, self._call_id, self._clock())
        self._events = [wire.ConversationStarted()]
        await self._say(greeting(self._clinic.name))
        self._note_said()
        return [*self._events, wire.Listening()]

    async def hear(self, text: str) -> list[wire.ServerMessage]:
        """Answer one turn of the caller; after a goodbye also the summary and the end."""
        self._turn += 1
        self._history.add_message({"role": "user", "content": text})
        await self._record_turn("caller", self._tools.kept_words(text))
        self._events = [wire.UserSpeaking(text=text), wire.Thinking()]
        answered = await self._answering.answer(self._history, self._say)
        self._note_said()
        await self._write_charges()
        if answered.failures:
            failures = list(answered.failures)
            self._events.append(
                wire.Metrics(turn=self._turn, llm=answered.brain, llm_failures=failures)
            )
        if self._state.ended:
            return self._events + await self.end("goodbye")
        return [*self._events, wire.Listening()]

    async def end(self, reason: wire.EndReason) -> list[wire.ServerMessage]:
        """End the call, whoever wants it, with its summary; nothing when it is over already."""
        if self.ended:
            return []
        self.ended = True
        await self._tools.settle()
        await self._tools.close()
        record = await asyncio.to_thread(calls.read_call, self._database, self._call_id)
        events: list[wire.ServerMessage] = []
        if record is not None:
            ended_at = self._clock()
            closed = replace(record, turns=tuple(self._turns), reason=reason, ended_at=ended_at)
            asked = self._models if self._keep_transcript else ()
            summary = await summarize_by_model(closed, self._clinic, asked, count=self._count)
            await self._write_charges()
            await asyncio.to_thread(
                calls.finish_call, self._database, self._call_id, reason, summary.text, ended_at
            )
            events.append(summary.event())
        return [*events, wire.Shutdown(reason=reason)]

    def _count(self, uses: Sequence[Used]) -> None:
        if self._budget is not None:
            self._charges += self._budget.charge(uses)

    async def _write_charges(self) -> None:
        charges, self._charges = self._charges, []
        if self._budget is not None and charges:
            await asyncio.to_thread(self._budget.keep, self._call_id, charges)

    async def _tool_ran(self, name: str, arguments: dict[str, Any], result: dict[str, Any]) -> None:
        """Note what a tool did, in the record and in the events."""
        self._events.append(wire.ToolCall(function=name, arguments=arguments, result=result))
        await asyncio.to_thread(
            calls.add_tool_call,
            *(self._database, self._call_id, name, arguments, result, self._clock()),
        )

    async def _say(self, text: str) -> None:
        self._said.append(text)
        await self._record_turn("agent", text)
        self._utterances += 1
        utterance = f"u{self._utterances}"
        self._events += [
            wire.SpeakingStart(text=text, utterance=utterance, turn_id=self._turn),
            wire.SpeakingEnd(utterance=utterance),
        ]

    def _note_said(self) -> None:
        """Put what was said in a turn behind the tools of that turn, as a voice call does."""
        self._history.add_message({"role": "assistant", "content": " ".join(self._said)})
        self._said = []

    async def _record_turn(self, speaker: calls.Speaker, text: str) -> None:
        turn = calls.Turn(speaker, text, False, self._clock())
        if self._keep_transcript:
            self._turns.append(turn)
            await asyncio.to_thread(calls.add_turn, self._database, self._call_id, **vars(turn))
        else:
            self._turns.append(replace(turn, text=""))
