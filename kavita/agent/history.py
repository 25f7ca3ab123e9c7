"""The messages of a call, whoever keeps them, and what of them a language model gets."""

import json
from collections.abc import Sequence
from typing import Any, Protocol

Message = dict[str, Any]

MAX_HISTORY_CHARS = 24_000
"""About 6,000 tokens of conversation: what a half-hour call is cut down to for the model."""


class History(Protocol):
    """Pipecat's context, or a list."""

    def get_messages(self) -> Sequence[Any]:
        """All messages so far."""

    def add_message(self, message: Any) -> None:
        """Add the newest."""

    def set_messages(self, messages: list[Any]) -> None:
        """Replace them all."""


class MessageList:
    """The messages of a call by text."""

    def __init__(self) -> None:
        """Begin with none."""
        self._messages: list[Message] = []

    def get_messages(self) -> list[Message]:
        """All messages so far."""
        return self._messages

    def add_message(self, message: Message) -> None:
        """Add the newest."""
        self._messages.append(message)

    def set_messages(self, messages: list[Message]) -> None:
        """Replace them all."""
        self._messages = messages


def insert_after(history: History, request: Message, answer: Message) -> None:
    """Put an answer right behind its request, whatever has been added since."""
    messages = list(history.get_messages())
    place = next(index for index, message in enumerate(messages) if message is request)
    messages.insert(place + 1, answer)
    history.set_messages(messages)


def for_model(instructions: str, history: History, said: Sequence[str]) -> list[Message]:
    """Return what a model is sent: instructions, the newest messages that fit, what it said.

    `said` in this turn is not in the history before it was played; it goes beside the result of
    the last tool, so that it is not said again. Whole turns are left out, the oldest first.
    """
    turns = _turns(history.get_messages())
    while len(turns) > 1 and sum(map(_size, turns)) > MAX_HISTORY_CHARS:
        turns.pop(0)
    messages = [message for turn in turns for message in turn]
    if said and messages and messages[-1]["role"] == "tool":
        result = json.loads(messages[-1]["content"]) | {"caller_was_told": " ".join(said)}
        messages[-1] = messages[-1] | {"content": json.dumps(result, ensure_ascii=False)}
    return [{"role": "system", "content": instructions}, *messages]


def _turns(messages: Sequence[Message]) -> list[list[Message]]:
    """Each turn of the caller with all that followed it; the greeting goes with the first."""
    turns: list[list[Message]] = [[]]
    for message in messages:
        if message["role"] == "user" and any(one["role"] == "user" for one in turns[-1]):
            turns.append([])
        turns[-1].append(_portable(message))
    return turns


def _portable(message: Message) -> Message:
    """A message as every OpenAI-compatible server takes it: some do not know `developer`."""
    return message | {"role": "system"} if message["role"] == "developer" else dict(message)


def _size(turn: list[Message]) -> int:
    return sum(len(json.dumps(message, ensure_ascii=False)) for message in turn)
