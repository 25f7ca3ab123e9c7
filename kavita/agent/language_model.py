"""One language model, whatever its protocol, streamed: sentences, then tool calls."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from kavita.agent.budget import Count, count_nothing
from kavita.agent.circuit import Circuit, ProviderFailed
from kavita.agent.sentences import Sentences

USEFUL_SECONDS = 2.5
"""Longest wait for the next words, or for the next piece of a tool call."""

SENTENCE_SECONDS = 3.2
"""Longest wait for the first whole sentence or tool call: the caller hears something within 4 s."""

RESPONSE_SECONDS = 15.0
MAX_RESPONSE_CHARS = 100_000
"""A response that is longer is no answer to a caller."""

PROBE_TEXT = "Say OK."

Message = dict[str, Any]
Delta = tuple[str, list[Any]]
"""New words, and new pieces of tool calls."""


@dataclass
class ToolRequest:
    """A tool call as the model sent it: nothing is checked yet."""

    name: str = ""
    arguments: str = ""


@dataclass
class Patience:
    """How long the next piece may take."""

    began: float = field(default_factory=lambda: asyncio.get_running_loop().time())
    has_sentence: bool = False
    _renewed: float = 0.0

    def renew(self) -> None:
        """Something of use has come."""
        self._renewed = asyncio.get_running_loop().time()

    @property
    def until(self) -> float:
        """When it is over, by the clock of the event loop."""
        whole = RESPONSE_SECONDS if self.has_sentence else SENTENCE_SECONDS
        return min(max(self.began, self._renewed) + USEFUL_SECONDS, self.began + whole)


class LanguageModel(ABC):
    """A model that is asked over some protocol; shared by all calls of the process."""

    def __init__(self, label: str, model: str) -> None:
        """`label` names it in log and record, `model` in the price list."""
        self.label = label
        self.model = model
        self.circuit = Circuit(label if label == model else f"{label} ({model})", self.probe)

    async def stream(
        self,
        messages: Sequence[Message],
        tools: Sequence[dict[str, Any]],
        count: Count = count_nothing,
    ) -> AsyncGenerator[str | list[ToolRequest], None]:
        """Yield each sentence as soon as it stands, and last the tool calls, if there are any.

        `count` hears what it costs, however it ends.

        Raises:
            ProviderFailed: refused, too slow, cut off or not in the protocol; the circuit is told.
        """
        try:
            async with aclosing(self._hear(messages, tools, count)) as heard:
                async for part in heard:
                    yield part
        except ProviderFailed as failure:
            self.circuit.failed(failure)
            raise
        self.circuit.succeeded()

    async def complete(self, messages: Sequence[Message], count: Count = count_nothing) -> str:
        """Return the words of a whole response; raises ProviderFailed."""
        parts = [part async for part in self.stream(messages, (), count)]
        return "\n".join(part for part in parts if isinstance(part, str))

    async def probe(self) -> None:
        """Ask for a word, with nothing of any caller in it; raises ProviderFailed."""
        question = {"role": "user", "content": PROBE_TEXT}
        async with aclosing(self._hear([question], (), count_nothing)) as heard:
            await anext(heard)

    @abstractmethod
    async def close(self) -> None:
        """Let go of the connections and of the probe."""

    async def _hear(
        self, messages: Sequence[Message], tools: Sequence[dict[str, Any]], count: Count
    ) -> AsyncGenerator[str | list[ToolRequest], None]:
        patience, sentences, requests = Patience(), Sentences(), _Requests()
        async with aclosing(self.deltas(messages, tools, patience, count)) as deltas:
            async for words, pieces in deltas:
                requests.add(pieces)
                for sentence in sentences.add(words):
                    patience.has_sentence = True
                    yield sentence
        for sentence in sentences.rest():
            patience.has_sentence = True
            yield sentence
        if requests.collected:
            yield requests.collected
        elif not patience.has_sentence:
            raise ProviderFailed("empty")

    @abstractmethod
    def deltas(
        self,
        messages: Sequence[Message],
        tools: Sequence[dict[str, Any]],
        patience: Patience,
        count: Count,
    ) -> AsyncGenerator[Delta, None]:
        """The pieces of a response that are of use; raises ProviderFailed for all that goes wrong.

        `count` hears what it costs, however it ends.
        """


class _Requests:
    """Puts the pieces of tool calls together, by index."""

    def __init__(self) -> None:
        self.collected: list[ToolRequest] = []
        self._open: dict[object, tuple[str, ToolRequest]] = {}

    def add(self, pieces: Iterable[Any]) -> None:
        for piece in pieces:
            key, request = self._open.get(piece.index, ("", None))
            if request is None or (piece.id and key and piece.id != key):
                request = ToolRequest()
                self.collected.append(request)
            self._open[piece.index] = (piece.id or key, request)
            if piece.function is not None:
                request.name += piece.function.name or ""
                request.arguments += piece.function.arguments or ""
