"""Soniox's speech recognition WebSocket on loopback, for Pipecat's service; starts in one line.

    with soniox_server(words) as server: ...

The protocol is that of https://soniox.com/docs/stt/api-reference/websocket-api: a configuration,
then sound; tokens come back, first as guesses (`"is_final": false`), and for good after
`{"type": "finalize"}`, closed by a token `<fin>`. Errors are messages with `error_code`.
"""

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Literal, get_args

import numpy as np
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from tests.fakes.vendor_server import WebSocketVendor, serving

KEY = "soniox-test-key-of-the-fake-server"
LOUD = 200

Fault = Literal[
    "refuse",  # nothing listens
    "hang",  # the sound is taken, nothing comes back
    "stall",  # guesses come, never a word for good
    "401",
    "402",
    "429",
    "500",
    "slow",  # words come three seconds late
    "cut",  # the line is cut when words are due
    "error",  # an error message when words are due
    "garbage",  # no JSON
    "empty",  # nothing is ever recognised
    "flapping",  # the line is cut every other time that words are due
]
FAULTS: tuple[Fault, ...] = get_args(Fault)


class SonioxServer(WebSocketVendor[Fault]):
    """What it was sent, and how it shall answer."""

    key_header = "Authorization"
    key = f"Bearer {KEY}"

    def __init__(self, words: Callable[[int], str]) -> None:
        super().__init__()
        self.words = words
        self.delay_seconds = 0.15
        self.audio_bytes = 0
        self.phrases = 0
        self.connections = 0

    @property
    def url(self) -> str:
        """What the service's `url` has to be."""
        return f"ws://127.0.0.1:{self.port}/transcribe-websocket"

    async def talk(self, socket: ServerConnection) -> None:
        self.connections += 1
        answers: set[asyncio.Task[None]] = set()
        loud_pieces = 0
        with suppress(ConnectionClosed):
            config = json.loads(await socket.recv())
            assert config["audio_format"] == "pcm_s16le"
            async for message in socket:
                if isinstance(message, bytes):
                    self.audio_bytes += len(message)
                    if np.abs(np.frombuffer(message, np.int16)).max(initial=0) > LOUD:
                        loud_pieces += 1
                        await self._guess(socket, loud_pieces)
                elif message and json.loads(message)["type"] == "finalize" and loud_pieces:
                    loud_pieces = 0
                    words = self.words(self.phrases)
                    self.phrases += 1
                    answers.add(asyncio.create_task(self._finalize(socket, words)))
        for task in answers:
            task.cancel()

    async def _guess(self, socket: ServerConnection, pieces: int) -> None:
        if self._fault in (None, "stall") and pieces % 3 == 0:
            first = self.words(self.phrases).split(" ")[0]
            await _send(socket, [_token(first, is_final=False)])

    async def _finalize(self, socket: ServerConnection, words: str) -> None:
        await asyncio.sleep(3 if self._fault == "slow" else self.delay_seconds)
        with suppress(ConnectionClosed):
            if self._fault in ("hang", "stall"):
                return
            if self._fault == "cut" or (self._fault == "flapping" and self.flaps()):
                socket.transport.abort()
            elif self._fault == "error":
                error = {"error_code": 500, "error_message": f"refused: {KEY}"}
                await socket.send(json.dumps({"tokens": [], **error}))
            elif self._fault == "garbage":
                await socket.send("tokens?")
            elif self._fault == "empty":
                await _send(socket, [_token("<fin>", is_final=True)])
            else:
                parts = [_token(f"{word} ", is_final=True) for word in words.split()]
                await _send(socket, [*parts, _token("<fin>", is_final=True)])


def _token(text: str, is_final: bool) -> dict[str, Any]:
    return {"text": text, "start_ms": 0, "end_ms": 0, "confidence": 0.9, "is_final": is_final}


async def _send(socket: ServerConnection, tokens: list[dict[str, Any]]) -> None:
    times = {"final_audio_proc_ms": 0, "total_audio_proc_ms": 0}
    await socket.send(json.dumps({"tokens": tokens, **times}))


@contextmanager
def soniox_server(words: Callable[[int], str]) -> Iterator[SonioxServer]:
    """Serve on a free port, in a thread of its own, until the block is left."""
    with serving(SonioxServer(words)) as server:
        yield server
