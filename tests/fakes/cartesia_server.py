"""Cartesia's text to speech WebSocket on loopback; starts in one line.

    with cartesia_server() as server: ...

The protocol is that of https://docs.cartesia.ai/api-reference/tts/websocket (version 2026-03-01):
generation requests with a `context_id`, answered by `chunk` (base64 PCM), `timestamps`, `done` or
`error`; `"continue": true` keeps the context open for more, `{"context_id", "cancel": true}` stops
it. The voice is a tone; each word takes a quarter of a second.
"""

import asyncio
import base64
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Literal, get_args

import numpy as np
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from tests.fakes.vendor_server import WebSocketVendor, serving

KEY = "sk_car_test_key_of_the_fake_server"
ERROR = {
    "type": "error",
    "title": "Internal",
    "error_code": "internal_error",
    "status_code": 500,
    "done": True,
}
WORD_SECONDS = 0.25
CHUNK_SECONDS = 0.125

Fault = Literal[
    "refuse",  # nothing listens
    "hang",  # the request is taken, nothing comes back
    "stall",  # half of the sentence comes, then nothing
    "401",
    "402",
    "429",
    "500",
    "slow",  # ten times slower than speech
    "cut",  # the line is cut in the middle of the sentence
    "error",  # an error message in the middle of the sentence
    "garbage",  # no JSON
    "empty",  # done without sound
    "flapping",  # every other sentence is refused
]
FAULTS: tuple[Fault, ...] = get_args(Fault)


class CartesiaServer(WebSocketVendor[Fault]):
    """What it was asked, and how it shall answer."""

    key_header = "X-API-Key"
    key = KEY

    def __init__(self) -> None:
        super().__init__()
        self.spoken: list[str] = []
        self.cancelled: list[str] = []
        self.connections = 0
        self.first_chunk_seconds = 0.0

    @property
    def url(self) -> str:
        """What CARTESIA_URL has to be."""
        return f"ws://127.0.0.1:{self.port}/tts/websocket"

    async def talk(self, socket: ServerConnection) -> None:
        self.connections += 1
        contexts: dict[str, asyncio.Task[None]] = {}
        with suppress(ConnectionClosed):
            async for message in socket:
                request = json.loads(message)
                context_id = request["context_id"]
                if request.get("cancel"):
                    self.cancelled.append(context_id)
                    if context_id in contexts:
                        contexts[context_id].cancel()
                else:
                    before = contexts.get(context_id)
                    contexts[context_id] = asyncio.create_task(self._speak(socket, request, before))
        for task in contexts.values():
            task.cancel()

    async def _speak(
        self, socket: ServerConnection, request: dict[str, Any], before: asyncio.Task[None] | None
    ) -> None:
        """Speak after what came before in the same context."""
        if before is not None:
            await asyncio.wait([before])
        with suppress(ConnectionClosed):
            if request["transcript"]:
                await self._pieces(socket, request)
            elif not request["continue"]:
                await _send(socket, _context(request) | {"type": "done", "done": True})

    async def _pieces(self, socket: ServerConnection, request: dict[str, Any]) -> None:
        self.asked.append(time.monotonic())
        self.spoken.append(request["transcript"])
        context = _context(request)
        rate = request["output_format"]["sample_rate"]
        words = request["transcript"].split()
        if self._fault == "hang":
            await asyncio.sleep(3600)
        if self._fault == "garbage":
            await socket.send("chunk?")
        if self._fault == "flapping" and self.flaps():
            await _send(socket, context | ERROR)
            return
        await asyncio.sleep(self.first_chunk_seconds)
        self.answered.append(time.monotonic())
        if self._fault != "empty":
            await self._send_times(socket, context, words)
            sound = tone(len(words) * WORD_SECONDS, rate)
            size = 2 * int(rate * CHUNK_SECONDS)
            for start in range(0, len(sound), size):
                if start >= len(sound) / 2 and self._fault == "stall":
                    await asyncio.sleep(3600)
                if start >= len(sound) / 2 and self._fault == "cut":
                    socket.transport.abort()
                if start >= len(sound) / 2 and self._fault == "error":
                    await _send(socket, context | ERROR)
                    return
                data = base64.b64encode(sound[start : start + size]).decode()
                await _send(socket, context | {"type": "chunk", "data": data, "step_time": 1.0})
                if self._fault == "slow":
                    await asyncio.sleep(10 * CHUNK_SECONDS)
        if not request["continue"]:
            await _send(socket, context | {"type": "done", "done": True})

    async def _send_times(
        self, socket: ServerConnection, context: dict[str, Any], words: list[str]
    ) -> None:
        starts = [WORD_SECONDS * number for number in range(len(words))]
        ends = [start + WORD_SECONDS for start in starts]
        times = {"words": words, "start": starts, "end": ends}
        await _send(socket, context | {"type": "timestamps", "word_timestamps": times})


def tone(seconds: float, rate: int) -> bytes:
    phase = np.arange(int(seconds * rate)) * (2 * np.pi * 440 / rate)
    return bytes((8000 * np.cos(phase)).astype(np.int16).tobytes())


def _context(request: dict[str, Any]) -> dict[str, Any]:
    return {"context_id": request["context_id"], "status_code": 206, "done": False}


async def _send(socket: ServerConnection, message: dict[str, Any]) -> None:
    await socket.send(json.dumps(message))


@contextmanager
def cartesia_server() -> Iterator[CartesiaServer]:
    """Serve on a free port, in a thread of its own, until the block is left."""
    with serving(CartesiaServer()) as server:
        yield server
