"""OpenAI's chat completions on loopback, for the real `openai` client; starts in one line.

    with openai_server(clinic, now) as server: ...

The wire format is that of OpenAI's API reference, "Chat" (`POST /v1/chat/completions`, "The chat
completion chunk object": server-sent events `data: {...}`, the last one `data: [DONE]`), and of its
guide "Error codes": https://platform.openai.com/docs/api-reference/chat-streaming and
https://platform.openai.com/docs/guides/error-codes. Bodies come in HTTP/1.1 chunks.

The answers are the receptionist's, unless a test gives its own `brain`. Requests are checked as
OpenAI checks them: wrong key, unknown model, a tool call without its answer.
"""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, get_args

from kavita.receptionist.receptionist import CallTool, Receptionist
from kavita.scheduling.clinic import Clinic
from tests.fakes.vendor_server import RETRY_AFTER_SECONDS, VendorServer, serving

Fault = Literal[
    "refuse",  # nothing listens
    "hang",  # the request is taken, no byte comes back
    "stall",  # the first chunk comes, then nothing
    "401",
    "402",
    "429",
    "500",
    "slow",  # ten times slower than usual
    "cut",  # the line is cut in the middle of the words
    "cut_in_call",  # the same within the JSON of a tool call
    "truncated",  # the stream ends in good order within the JSON of a tool call
    "garbage",  # events that are no JSON
    "odd",  # events that are JSON of another shape
    "empty",  # a stream without any words
    "flapping",  # every other request fails with 500
]
FAULTS: tuple[Fault, ...] = get_args(Fault)

KEY = "sk-test-key-of-the-fake-server"
PROMPT_TOKENS, CACHED_TOKENS, ANSWER_TOKENS = 1200, 1024, 30
"""What each response is said to cost."""

USUAL_FIRST_CHUNK_SECONDS = 0.3
USUAL_CHUNK_SECONDS = 0.03


@dataclass
class Reply:
    """What the model answers: words, and tool calls with their arguments as raw text."""

    text: str = ""
    calls: list[tuple[str, str]] = field(default_factory=list)


Brain = Callable[[dict[str, Any]], Reply]
"""Makes the reply to a request's body."""

_ERRORS: dict[str, tuple[str, str, str | None]] = {
    "400": ("messages are not as they must be", "invalid_request_error", None),
    "401": ("Incorrect API key provided.", "invalid_request_error", "invalid_api_key"),
    "402": ("Payment required.", "insufficient_quota", "insufficient_quota"),
    "404": ("The model does not exist.", "invalid_request_error", "model_not_found"),
    "429": ("Rate limit reached.", "requests", "rate_limit_exceeded"),
    "500": ("The server had an error.", "server_error", None),
}
_REASONS = {
    "400": "Bad Request",
    "401": "Unauthorized",
    "402": "Payment Required",
    "404": "Not Found",
    "429": "Too Many Requests",
    "500": "Internal Server Error",
}


class OpenAIServer(VendorServer[Fault]):
    """What it was asked, and how it shall answer."""

    def __init__(self, brain: Brain, model: str = "gpt-4o-mini") -> None:
        super().__init__()
        self.brain = brain
        self.model = model
        self.knows_usage = True
        """Whether `stream_options` are understood; another server than OpenAI's may refuse them."""
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.connections = 0
        self.first_chunk_seconds = 0.0
        self.chunk_seconds = 0.0
        self.chunk_chars = 6
        self._listener: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def base_url(self) -> str:
        """What OPENAI_BASE_URL has to be."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def turns(self) -> list[dict[str, Any]]:
        """The requests but for the probes, which bring no tools."""
        return [request for request in self.requests if request.get("tools")]

    async def listen(self) -> None:
        """Listen on `port`, or on a free one the first time."""
        self._listener = await asyncio.start_server(self._connected, "127.0.0.1", self.port)
        self.port = self._listener.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Listen no more, and end all connections."""
        if self._listener is not None:
            self._listener.close()
        for task in self._tasks:
            task.cancel()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                while await self._answer(reader, writer):
                    pass
        finally:
            self._tasks.discard(task)
            writer.transport.abort() if self._fault else writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; whether the connection stays open."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        headers = dict(
            line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line
        )
        body = json.loads(await reader.readexactly(int(headers.get("content-length", 0))))
        self.asked.append(time.monotonic())
        self.requests.append(body)
        self.keys.append(headers.get("authorization", "").removeprefix("bearer "))
        fault = self._fault
        if fault == "flapping":
            fault = "500" if self.flaps() else None
        if fault == "hang":
            await asyncio.sleep(3600)
        refusal = fault if fault in _ERRORS else self._refusal(head, body)
        if refusal:
            await _send_error(writer, refusal)
        else:
            await self._stream(writer, body, fault)
        return True

    def _refusal(self, head: str, body: dict[str, Any]) -> str:
        """The status by which OpenAI would refuse the request; empty when it would not."""
        if not head.startswith("POST /v1/chat/completions "):
            return "404"
        if self.keys[-1] != KEY:
            return "401"
        if body.get("model") != self.model:
            return "404"
        if "stream_options" in body and not self.knows_usage:
            return "400"
        return "" if body.get("stream") and not _problem(body["messages"]) else "400"

    async def _stream(
        self, writer: asyncio.StreamWriter, body: dict[str, Any], fault: Fault | None
    ) -> None:
        first, each = self.first_chunk_seconds, self.chunk_seconds
        if fault == "slow":
            first, each = 10 * USUAL_FIRST_CHUNK_SECONDS, 10 * USUAL_CHUNK_SECONDS
        writer.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
            b"transfer-encoding: chunked\r\n\r\n"
        )
        await self._send(writer, {"role": "assistant", "content": ""})
        if fault == "stall":
            await asyncio.sleep(3600)
        if fault in ("garbage", "odd"):
            odd = "not JSON \x00\x7f" if fault == "garbage" else '{"choices": 7}'
            await _send_event(writer, odd)
        reply = Reply() if fault == "empty" else self.brain(body)
        deltas = _deltas(reply, self.chunk_chars)
        await asyncio.sleep(first)
        self.answered.append(time.monotonic())
        half = (len(deltas) + 1) // 2
        for number, delta in enumerate(deltas):
            in_call = "tool_calls" in delta
            if number >= half and (fault == "cut" or (fault == "cut_in_call" and in_call)):
                writer.transport.abort()
                raise ConnectionError
            if number >= half and fault == "truncated" and in_call:
                break
            await self._send(writer, delta)
            await asyncio.sleep(each)
        finish = "tool_calls" if reply.calls else "stop"
        await self._send(writer, {}, "length" if fault == "truncated" else finish)
        if (body.get("stream_options") or {}).get("include_usage"):
            await self._send_usage(writer)
        await _send_event(writer, "[DONE]")
        writer.write(b"0\r\n\r\n")
        await writer.drain()

    async def _send_usage(self, writer: asyncio.StreamWriter) -> None:
        """The chunk before the last: no choices, but the tokens of the whole response."""
        details = {"cached_tokens": CACHED_TOKENS}
        usage = {
            "prompt_tokens": PROMPT_TOKENS,
            "completion_tokens": ANSWER_TOKENS,
            "total_tokens": PROMPT_TOKENS + ANSWER_TOKENS,
            "prompt_tokens_details": details,
        }
        await _send_event(writer, json.dumps(self._chunk([]) | {"usage": usage}))

    async def _send(
        self, writer: asyncio.StreamWriter, delta: dict[str, Any], finish: str | None = None
    ) -> None:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        await _send_event(writer, json.dumps(self._chunk([choice])))

    def _chunk(self, choices: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "id": f"chatcmpl-{len(self.requests)}",
            "object": "chat.completion.chunk",
            "created": int(time.time()),
            "model": self.model,
            "choices": choices,
        }


def _deltas(reply: Reply, size: int) -> list[dict[str, Any]]:
    """The reply in pieces: words, then each call with its name first and its arguments after it."""
    pieces: list[dict[str, Any]] = [{"content": part} for part in _parts(reply.text, size)]
    for index, (name, arguments) in enumerate(reply.calls):
        function = {"name": name, "arguments": ""}
        call = {"index": index, "id": f"call_{index}", "type": "function", "function": function}
        pieces.append({"tool_calls": [call]})
        for part in _parts(arguments, max(size, len(arguments) // 50)):
            pieces.append({"tool_calls": [{"index": index, "function": {"arguments": part}}]})
    return pieces


def _parts(text: str, size: int) -> list[str]:
    return [text[start : start + size] for start in range(0, len(text), size)]


def _problem(messages: list[dict[str, Any]]) -> str:
    """Why OpenAI would refuse the messages: each call is followed by its answer."""
    waiting: set[str] = set()
    for message in messages:
        if message["role"] == "tool":
            if message["tool_call_id"] not in waiting:
                return "an answer to no call"
            waiting.discard(message["tool_call_id"])
        elif waiting:
            return "a call without an answer"
        calls = message.get("tool_calls") or []
        if message["role"] == "assistant" and not calls and message.get("content") is None:
            return "an empty message"
        for call in calls:
            json.loads(call["function"]["arguments"])
            waiting.add(call["id"])
    return "a call without an answer" if waiting else ""


async def _send_event(writer: asyncio.StreamWriter, data: str) -> None:
    event = f"data: {data}\n\n".encode()
    writer.write(f"{len(event):x}\r\n".encode() + event + b"\r\n")
    await writer.drain()


async def _send_error(writer: asyncio.StreamWriter, status: str) -> None:
    message, kind, code = _ERRORS[status]
    error = {"message": message, "type": kind, "param": None, "code": code}
    body = json.dumps({"error": error}).encode()
    retry = f"retry-after: {RETRY_AFTER_SECONDS}\r\n" if status == "429" else ""
    writer.write(
        f"HTTP/1.1 {status} {_REASONS[status]}\r\ncontent-type: application/json\r\n{retry}"
        f"content-length: {len(body)}\r\n\r\n".encode()
        + body
    )
    await writer.drain()


def receptionist_brain(clinic: Clinic, now: datetime | Callable[[], datetime]) -> Brain:
    """A model that answers as the receptionist does."""
    receptionist = Receptionist(clinic)

    def reply(body: dict[str, Any]) -> Reply:
        tools = [tool["function"]["name"] for tool in body.get("tools") or ()]
        at = now() if callable(now) else now
        action = receptionist.reply(_without_refused_calls(body["messages"]), tools, at)
        if isinstance(action, CallTool):
            return Reply(calls=[(action.name, json.dumps(action.arguments))])
        return Reply(action.text)

    return reply


def _without_refused_calls(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The messages but for calls that were sent back: the receptionist does not know of those."""
    refused = {
        message["tool_call_id"]
        for message in messages
        if message["role"] == "tool" and not message["content"].startswith("{")
    }
    return [
        message
        for message in messages
        if message.get("tool_call_id") not in refused
        and not refused & {call["id"] for call in message.get("tool_calls") or ()}
    ]


def scripted(*replies: Reply | str) -> Brain:
    """A model that gives these replies, one after the other, and then the last for ever."""
    left = [Reply(reply) if isinstance(reply, str) else reply for reply in replies]

    def reply(_: dict[str, Any]) -> Reply:
        return left.pop(0) if len(left) > 1 else left[0]

    return reply


@contextmanager
def openai_server(
    clinic: Clinic | None = None,
    now: datetime | Callable[[], datetime] | None = None,
    brain: Brain | None = None,
) -> Iterator[OpenAIServer]:
    """Serve on a free port, in a thread of its own, until the block is left."""
    if brain is None:
        assert clinic is not None
        assert now is not None
        brain = receptionist_brain(clinic, now)
    with serving(OpenAIServer(brain)) as server:
        yield server
