"""A call by text: the same agent, tools and events, without any voice."""

import asyncio
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

from kavita import wire
from kavita.agent.call_state import CallState
from kavita.agent.phrases import LOST, greeting
from kavita.agent.summary import summarize
from kavita.agent.tool_calls import without_secrets
from kavita.agent.tools import TOOL_NAMES, AppointmentTools
from kavita.receptionist.receptionist import CallTool, Receptionist, Say
from kavita.scheduling.clinic import Clinic
from kavita.store import calls
from kavita.store.database import Database

MOST_TOOL_ROUNDS = 5
"""Rounds of tools in one turn, at most."""


class Brain(Protocol):
    """Whatever chooses the next step from the messages so far."""

    def reply(
        self, messages: Sequence[Mapping[str, Any]], tools: Collection[str], now: datetime
    ) -> Say | CallTool:
        """Say something, or call one of the tools."""


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
    ) -> None:
        """Take an open database and `clock`, which returns aware times; keyless by default."""
        self.messages: list[dict[str, Any]] = []
        self.ended = False
        self._database = database
        self._clinic = clinic
        self._call_id = call_id
        self._clock = clock
        self._brain = brain or Receptionist(clinic, agent_name)
        self._state = CallState(call_id)
        self._tools = AppointmentTools(database, self._state, clinic, clock)
        self._turn = 0

    async def start(self) -> list[wire.ServerMessage]:
        """Begin the call and greet the caller."""
        await asyncio.to_thread(calls.start_call, self._database, self._call_id, self._clock())
        return [
            wire.ConversationStarted(),
            *await self._say(greeting(self._clinic.name)),
            wire.Listening(),
        ]

    async def hear(self, text: str) -> list[wire.ServerMessage]:
        """Answer one turn of the caller; after a goodbye also the summary and the end."""
        self._turn += 1
        self._tools.begin_turn()
        self.messages.append({"role": "user", "content": text})
        await self._record_turn("caller", self._tools.kept_words(text))
        events: list[wire.ServerMessage] = [wire.UserSpeaking(text=text), wire.Thinking()]
        events += await self._answer()
        if self._state.ended:
            return events + await self.end("goodbye")
        return [*events, wire.Listening()]

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
            summary = summarize(replace(record, reason=reason, ended_at=ended_at), self._clinic)
            await asyncio.to_thread(
                calls.finish_call, self._database, self._call_id, reason, summary.text, ended_at
            )
            events.append(summary.event())
        return [*events, wire.Shutdown(reason=reason)]

    async def _answer(self) -> list[wire.ServerMessage]:
        """Let the brain call tools until it has something to say."""
        events: list[wire.ServerMessage] = []
        step = self._brain.reply(self.messages, TOOL_NAMES, self._clock())
        while isinstance(step, CallTool) and len(events) < MOST_TOOL_ROUNDS:
            events.append(await self._run(step))
            step = self._brain.reply(self.messages, TOOL_NAMES, self._clock())
        return events + await self._say(step.text if isinstance(step, Say) else LOST)

    async def _run(self, step: CallTool) -> wire.ToolCall:
        """Run a tool and put the call and its result into the conversation."""
        tool_call_id = f"call_{self._turn}_{len(self.messages)}"
        function = {"name": step.name, "arguments": json.dumps(step.arguments)}
        request = {"id": tool_call_id, "type": "function", "function": function}
        self.messages.append({"role": "assistant", "content": None, "tool_calls": [request]})
        result = await self._tools.run(step.name, step.arguments)
        shown = without_secrets(step.arguments)
        self.messages.append(
            {"role": "tool", "tool_call_id": tool_call_id, "content": json.dumps(result)}
        )
        await asyncio.to_thread(
            calls.add_tool_call,
            *(self._database, self._call_id, step.name, shown, result, self._clock()),
        )
        return wire.ToolCall(function=step.name, arguments=shown, result=result)

    async def _say(self, text: str) -> list[wire.ServerMessage]:
        await self._tools.hold_offered(text)
        self.messages.append({"role": "assistant", "content": text})
        await self._record_turn("agent", text)
        utterance = f"u{len(self.messages)}"
        return [
            wire.SpeakingStart(text=text, utterance=utterance, turn_id=self._turn),
            wire.SpeakingEnd(utterance=utterance),
        ]

    async def _record_turn(self, speaker: calls.Speaker, text: str) -> None:
        await asyncio.to_thread(
            calls.add_turn, self._database, self._call_id, speaker, text, False, self._clock()
        )
