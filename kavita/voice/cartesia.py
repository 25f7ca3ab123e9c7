"""Cartesia's text to speech over its WebSocket, a sentence at a time.

The protocol is that of https://docs.cartesia.ai/api-reference/tts/websocket, version 2026-03-01.
Pipecat's own service for it keeps no limits of time and tells nobody which sentence went unspoken,
so that another voice could not finish it.
"""

import asyncio
import base64
import json
import uuid
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from kavita.agent.circuit import Circuit, ProviderFailed

VERSION = "2026-03-01"
CONNECT_SECONDS = 1.5
FIRST_SOUND_SECONDS = 1.5
"""Longest wait for the first sound of a sentence."""

STALL_SECONDS = 0.5
"""Longest silence within a sentence, when what has come has been played."""

_CODES = {401: "bad_key", 402: "no_credit", 403: "not_allowed", 404: "no_model"}


@dataclass(frozen=True)
class Piece:
    """Some more of a sentence: PCM16 mono, and words with the millisecond at which each ends."""

    pcm: bytes = b""
    words: tuple[tuple[str, int], ...] = ()


class Cartesia:
    """The account, the voice and the circuit; shared by all calls of the process."""

    def __init__(self, api_key: str, voice: str, model: str, url: str, sample_rate: int) -> None:
        """`sample_rate` in Hz."""
        self.label = "cartesia"
        self.sample_rate = sample_rate
        self.circuit = Circuit(self.label, self.probe)
        self._api_key = api_key
        self._voice = voice
        self.model = model
        self._url = url

    def line(self) -> "CartesiaLine":
        """What one call speaks through."""
        return CartesiaLine(self)

    async def close(self) -> None:
        """Stop probing."""
        await self.circuit.close()

    async def connect(self) -> ClientConnection:
        """Open a connection; raises ProviderFailed."""
        headers = {"X-API-Key": self._api_key, "Cartesia-Version": VERSION}
        try:
            return await connect(
                self._url, additional_headers=headers, open_timeout=CONNECT_SECONDS, max_size=None
            )
        except InvalidStatus as error:
            retry_after = error.response.headers.get("retry-after", "")
            raise _refused(error.response.status_code, retry_after) from None
        except TimeoutError:
            raise ProviderFailed("timeout") from None
        except (OSError, InvalidHandshake):
            raise ProviderFailed("unreachable") from None

    async def probe(self) -> None:
        """Open a connection and close it, which costs nothing; raises ProviderFailed."""
        await (await self.connect()).close()

    def request(self, text: str, context_id: str) -> str:
        """The message that asks for a sentence."""
        request = {
            "model_id": self.model,
            "transcript": text,
            "voice": {"mode": "id", "id": self._voice},
            "language": "en",
            "context_id": context_id,
            "output_format": {
                "container": "raw",
                "encoding": "pcm_s16le",
                "sample_rate": self.sample_rate,
            },
            "add_timestamps": True,
            "continue": False,
        }
        return json.dumps(request)


class CartesiaLine:
    """The connection of one call; one sentence at a time."""

    def __init__(self, cartesia: Cartesia) -> None:
        """Connect when the first sentence comes."""
        self._cartesia = cartesia
        self._socket: ClientConnection | None = None

    async def speak(self, text: str) -> AsyncGenerator[Piece, None]:
        """Yield a sentence as it comes; closing the generator stops it at Cartesia too.

        Raises:
            ProviderFailed: refused, too slow, cut off or not in the protocol; the circuit is told.
        """
        context_id, is_done = str(uuid.uuid4()), False
        try:
            async for piece in self._pieces(text, context_id):
                yield piece
            is_done = True
            self._cartesia.circuit.succeeded()
        except ProviderFailed as failure:
            self._cartesia.circuit.failed(failure)
            await self.close()
            is_done = True
            raise
        finally:
            if not is_done and self._socket is not None:
                with suppress(ConnectionClosed):
                    await self._socket.send(json.dumps({"context_id": context_id, "cancel": True}))

    async def close(self) -> None:
        """Hang up."""
        socket, self._socket = self._socket, None
        if socket is not None:
            socket.transport.abort()

    async def _pieces(self, text: str, context_id: str) -> AsyncGenerator[Piece, None]:
        loop_time = asyncio.get_running_loop().time
        deadline, began, received = loop_time() + FIRST_SOUND_SECONDS, 0.0, 0
        try:
            async with asyncio.timeout_at(deadline):
                if self._socket is None:
                    self._socket = await self._cartesia.connect()
                await self._socket.send(self._cartesia.request(text, context_id))
            while True:
                async with asyncio.timeout_at(deadline):
                    message = json.loads(await self._socket.recv())
                if message["context_id"] != context_id:
                    continue
                if message["type"] == "done":
                    break
                piece = _read(message)
                if piece.pcm:
                    began = began or loop_time()
                    received += len(piece.pcm)
                    heard = received / (2 * self._cartesia.sample_rate)
                    deadline = began + heard + STALL_SECONDS
                yield piece
        except TimeoutError:
            raise ProviderFailed("timeout") from None
        except ConnectionClosed:
            raise ProviderFailed("cut") from None
        except (ValueError, TypeError, LookupError):
            raise ProviderFailed("garbage") from None
        if not received:
            raise ProviderFailed("empty")


def _read(message: dict[str, Any]) -> Piece:
    """What a message brings; raises ProviderFailed for an error of Cartesia's."""
    match message["type"]:
        case "chunk":
            return Piece(pcm=base64.b64decode(message["data"], validate=True))
        case "timestamps":
            times = message["word_timestamps"]
            ends = (round(1000 * end) for end in times["end"])
            return Piece(words=tuple(zip(times["words"], ends, strict=True)))
        case "error":
            raise _refused(int(message.get("status_code", 500)), "")
    return Piece()


def _refused(status: int, retry_after: str) -> ProviderFailed:
    if status == 429:
        seconds = float(retry_after) if retry_after.isdigit() else None
        return ProviderFailed("too_many_requests", retry_after=seconds)
    code = _CODES.get(status, f"status_{status}")
    return ProviderFailed(code, lasting=status in _CODES)
