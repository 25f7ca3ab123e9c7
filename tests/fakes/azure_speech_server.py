"""Azure's speech recognition WebSocket on loopback, for the real Speech SDK; starts in one line.

    with azure_speech_server() as server: ...

The protocol is that of Microsoft's "Speech service WebSocket protocol"
(https://learn.microsoft.com/azure/cognitive-services/speech/api-reference-rest/websocketprotocol):
messages of headers and a body. The client sends `speech.config` and `audio`; the service answers
`turn.start`, `speech.startDetected`, `speech.hypothesis`, `speech.phrase`, `speech.endDetected`,
`turn.end`.

What is heard is `words`, one phrase for each stretch of sound that is followed by silence.
"""

import asyncio
import json
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Literal, get_args

import numpy as np
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from tests.fakes.vendor_server import WebSocketVendor, serving

KEY = "azure-test-key-of-the-fake-server"
RATE = 16_000
TICKS_A_SECOND = 10_000_000
SILENCE_SECONDS = 0.25
GUESS_SECONDS = 0.3
"""A word more is guessed after so much sound."""
LOUD = 200

Fault = Literal[
    "refuse",  # nothing listens
    "hang",  # the sound is taken, nothing comes back
    "stall",  # first words come, never a phrase
    "401",
    "402",
    "429",
    "500",
    "slow",  # each phrase comes three seconds late
    "cut",  # the line is cut when somebody speaks
    "garbage",  # phrases that are no JSON
    "empty",  # nothing is ever recognised
    "flapping",  # the line is cut at every other phrase
    "twice",  # each phrase comes once more
]
FAULTS: tuple[Fault, ...] = get_args(Fault)


class AzureSpeechServer(WebSocketVendor[Fault]):
    """What it was sent, and how it shall answer."""

    key_header = "Ocp-Apim-Subscription-Key"
    key = KEY

    def __init__(self, words: Callable[[int], str]) -> None:
        """`words` gives the text of each phrase, by its number."""
        super().__init__()
        self.words = words
        self.paths: list[str] = []
        self.audio_bytes = 0
        self.phrases = 0

    @property
    def host(self) -> str:
        """What AZURE_SPEECH_HOST has to be."""
        return f"ws://127.0.0.1:{self.port}"

    async def talk(self, socket: ServerConnection) -> None:
        with suppress(ConnectionClosed):
            turn = _Turn(self, socket)
            async for message in socket:
                headers, body = _parts(message)
                self.paths.append(headers["path"])
                if headers["path"] == "audio":
                    await turn.hear(headers["x-requestid"], body)


class _Turn:
    """The sound of one request, cut into phrases at its silences."""

    def __init__(self, server: AzureSpeechServer, socket: ServerConnection) -> None:
        self._server = server
        self._socket = socket
        self._request_id = ""
        self._samples = 0
        self._began: int | None = None
        self._loud_until = 0
        self._guessed = 0

    async def hear(self, request_id: str, audio: bytes) -> None:
        if request_id != self._request_id:
            self._request_id, self._samples, self._began = request_id, 0, None
            await self._send("turn.start", {"context": {"serviceTag": "fake"}})
        if not audio:
            await self._end()
        if audio.startswith(b"RIFF"):
            audio = audio[44:]
        self._server.audio_bytes += len(audio)
        for start in range(0, len(audio), 640):
            await self._frame(audio[start : start + 640])

    async def _frame(self, pcm: bytes) -> None:
        samples = np.frombuffer(pcm[: len(pcm) // 2 * 2], np.int16).astype(int)
        is_loud = samples.size > 0 and float(np.sqrt(np.mean(samples**2))) > LOUD
        self._samples += samples.size
        if is_loud:
            self._loud_until = self._samples
            if self._began is None:
                self._began = self._samples - samples.size
                await self._speech_began()
            await self._guess(self._began)
        elif self._began is not None and self._samples - self._loud_until >= SILENCE_SECONDS * RATE:
            began, self._began = self._began, None
            await self._phrase(began, self._loud_until)

    async def _end(self) -> None:
        """An empty message: the sound is over."""
        if self._began is not None:
            began, self._began = self._began, None
            await self._phrase(began, self._loud_until)
        if self._server.fault != "hang":
            await self._send("speech.endDetected", {"Offset": _ticks(self._samples)})
            await self._send("turn.end", {})

    async def _speech_began(self) -> None:
        if self._server.fault == "cut":
            self._socket.transport.abort()
        if self._server.fault not in ("hang", "empty"):
            await self._send("speech.startDetected", {"Offset": _ticks(self._began or 0)})

    async def _guess(self, began: int) -> None:
        """A hypothesis each time that another word may have been said."""
        words = self._server.words(self._server.phrases).lower().split()
        likely = min(int((self._samples - began) / (GUESS_SECONDS * RATE)), len(words))
        if likely > self._guessed and self._server.fault not in ("hang", "empty"):
            self._guessed = likely
            where = {"Offset": _ticks(began), "Duration": _ticks(self._samples - began)}
            await self._send("speech.hypothesis", {"Text": " ".join(words[:likely])} | where)

    async def _phrase(self, began: int, ended: int) -> None:
        fault, self._guessed = self._server.fault, 0
        if fault in ("hang", "empty"):
            return
        if fault == "flapping" and self._server.flaps():
            self._socket.transport.abort()
            return
        text = self._server.words(self._server.phrases)
        self._server.phrases += 1
        if fault == "slow":
            await asyncio.sleep(3)
        where = {"Offset": _ticks(began), "Duration": _ticks(ended - began)}
        if fault == "stall":
            return
        if fault == "garbage":
            await self._send("speech.phrase", "phrase?")
            return
        phrase = {"RecognitionStatus": "Success", "DisplayText": text} | where
        self._server.answered.append(time.monotonic())
        for _ in range(2 if fault == "twice" else 1):
            await self._send("speech.phrase", phrase)

    async def _send(self, path: str, body: Any) -> None:
        text = body if isinstance(body, str) else json.dumps(body)
        await self._socket.send(
            f"X-RequestId:{self._request_id}\r\nPath:{path}\r\n"
            f"Content-Type:application/json; charset=utf-8\r\n\r\n{text}"
        )


def _parts(message: str | bytes) -> tuple[dict[str, str], bytes]:
    """The headers, and the body: of a binary message after two bytes with the headers' length."""
    if isinstance(message, str):
        head, _, body = message.partition("\r\n\r\n")
        return _headers(head), body.encode()
    (size,) = struct.unpack(">H", message[:2])
    return _headers(message[2 : 2 + size].decode()), message[2 + size :]


def _headers(text: str) -> dict[str, str]:
    lines = (line.split(":", 1) for line in text.split("\r\n") if ":" in line)
    return {name.strip().lower(): value.strip() for name, value in lines}


def _ticks(samples: int) -> int:
    return samples * TICKS_A_SECOND // RATE


@contextmanager
def azure_speech_server(
    words: Callable[[int], str] = lambda _: "My ID is 1001.",
) -> Iterator[AzureSpeechServer]:
    """Serve on a free port, in a thread of its own, until the block is left."""
    with serving(AzureSpeechServer(words)) as server:
        yield server
