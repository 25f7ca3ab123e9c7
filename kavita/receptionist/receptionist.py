"""The receptionist: the rule-based brain with a chat model's contract."""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import takewhile
from typing import Any

from kavita.receptionist.actions import CallTool, Say
from kavita.receptionist.conversation import Conversation
from kavita.receptionist.hearing import hear
from kavita.receptionist.results import learn
from kavita.receptionist.steps import next_step
from kavita.receptionist.understanding.understanding import Question, times_said
from kavita.scheduling.clinic import Clinic

__all__ = ["CallTool", "Receptionist", "Say"]

Message = Mapping[str, Any]
ToolCalls = Mapping[str, tuple[str, dict[str, Any]]]
"""Name and arguments by the call's id."""


@dataclass(frozen=True)
class _Point:
    """Where the conversation stands behind a message."""

    message: Message
    """A copy: whoever keeps the messages may fill in a tool's result later."""
    talk: Conversation
    calls: ToolCalls


class Receptionist:
    """Answers from the messages alone, so that it can take over any turn of any call."""

    def __init__(self, clinic: Clinic, agent_name: str = "kavita") -> None:
        """Take the clinic that it answers for and its own name."""
        self._clinic = clinic
        self._agent_name = agent_name
        self._known: list[_Point] = []
        """The last fold, and the day that it was of."""
        self._known_on = date.min

    def reply(
        self, messages: Sequence[Message], tools: Collection[str], now: datetime
    ) -> Say | CallTool:
        """Say something or call one of `tools`, given OpenAI chat messages; `now` may be naive.

        Pure: the same arguments give the same answer.
        """
        today = self._local_date(now)
        talk = self._follow(messages, today)
        last_said = next((said for said in map(_said_by_agent, reversed(messages)) if said), "")
        return next_step(talk, self._clinic, self._agent_name, tools, last_said, today)

    def stand(self, messages: Sequence[Message], now: datetime) -> Conversation:
        """Where the conversation stands after `messages`; pure as well."""
        return self._follow(messages, self._local_date(now))

    def _local_date(self, now: datetime) -> date:
        local = now.astimezone(self._clinic.timezone) if now.tzinfo else now
        return local.date()

    def _follow(self, messages: Sequence[Message], today: date) -> Conversation:
        """Fold the messages, whoever spoke for the agent, into where the conversation stands.

        Goes on from the last fold, as far as that was of the same messages.
        """
        known = self._known if self._known_on == today else []
        same = takewhile(
            lambda pair: pair[0].message == pair[1], zip(known, messages, strict=False)
        )
        points = [point for point, _ in same]
        begin = _Point({}, Conversation(offers_waitlist=not self._clinic.is_plain), {})
        for message in messages[len(points) :]:
            points.append(self._after(points[-1] if points else begin, message, today))
        self._known, self._known_on = points, today
        return (points[-1] if points else begin).talk

    def _after(self, point: "_Point", message: Message, today: date) -> "_Point":
        talk, calls = point.talk, point.calls
        role = message.get("role")
        if role == "user":
            talk = hear(talk, _text(message), self._clinic, today)
        elif role == "assistant":
            calls = {**calls, **_tool_calls(message)}
            talk = self._notice_offers(talk, _text(message), today)
        elif role == "tool":
            name, arguments = calls.get(str(message.get("tool_call_id")), ("", {}))
            talk = learn(talk, name, arguments, _result(message), self._clinic, today)
        return _Point(dict(message), talk, calls)

    def _notice_offers(self, talk: Conversation, said: str, today: date) -> Conversation:
        """Remember the times that the agent offered, in whatever words it did."""
        if talk.question is not Question.TIME or not said.strip():
            return talk
        sentences = re.split(r"(?<=[.?!])\s+(?=[A-Z])", said)
        free = talk.times.free if talk.times else None
        if talk.offered and set(talk.offered) <= set(times_said(said, self._clinic, today)):
            return talk
        for sentence in reversed(sentences):
            said_times = times_said(sentence, self._clinic, today)
            named = tuple(at for at in said_times if free is None or at in free)
            if named:
                return replace(talk, offered=named, seen=(*talk.seen, *named))
        return talk


def _text(message: Message) -> str:
    """The words of a message, also of one in content parts."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    if not isinstance(content, Sequence):
        return ""
    parts = (part.get("text") for part in content if isinstance(part, Mapping))
    return " ".join(part for part in parts if isinstance(part, str))


def _said_by_agent(message: Message) -> str:
    return _text(message).strip() if message.get("role") == "assistant" else ""


def _tool_calls(message: Message) -> dict[str, tuple[str, dict[str, Any]]]:
    """The tool calls of an assistant's message by their id."""
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    for call in message.get("tool_calls") or ():
        function = call.get("function") or {}
        found[str(call.get("id"))] = (str(function.get("name")), _object(function.get("arguments")))
    return found


def _result(message: Message) -> dict[str, Any]:
    return _object(message.get("content"))


def _object(text: object) -> dict[str, Any]:
    """A JSON object, or {} for anything else."""
    try:
        value = json.loads(text) if isinstance(text, str) else text
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
