"""OpenAI's speech and transcriptions on loopback, for Pipecat's services; starts in one line.

    with openai_audio_server(words) as server: ...

The wire format is that of OpenAI's API reference, "Audio": `POST /v1/audio/speech` answers with
PCM16 at 24 kHz in chunks, `POST /v1/audio/transcriptions` takes a WAV file in a form and answers
with JSON: https://platform.openai.com/docs/api-reference/audio. The voice is a tone of a quarter of
a second for each word; what is heard is `words`, one after the other.
"""

import asyncio
import io
import time
import wave
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal, get_args

from aiohttp import web

from tests.fakes.cartesia_server import WORD_SECONDS, tone
from tests.fakes.vendor_server import RETRY_AFTER_SECONDS, VendorServer, serving

KEY = "sk-test-key-of-the-audio-server"
RATE = 24_000
CHUNK_BYTES = 4800

Fault = Literal[
    "refuse",  # nothing listens
    "hang",  # the request is taken, no byte comes back
    "stall",  # half of the sound comes, then nothing
    "401",
    "402",
    "429",
    "500",
    "slow",  # ten times slower than speech
    "cut",  # the line is cut in the middle of the sound
    "garbage",  # a transcript that is no JSON, a sound that is none
    "empty",  # no words, no sound
    "flapping",  # every other request fails with 500
]
FAULTS: tuple[Fault, ...] = get_args(Fault)


class OpenAIAudioServer(VendorServer[Fault]):
    """What it was asked, and how it shall answer."""

    def __init__(self, words: Callable[[int], str]) -> None:
        super().__init__()
        self.words = words
        self.spoken: list[str] = []
        self.heard_seconds: list[float] = []
        self._runner: web.AppRunner | None = None

    @property
    def base_url(self) -> str:
        """What the service's `base_url` has to be."""
        return f"http://127.0.0.1:{self.port}/v1"

    async def listen(self) -> None:
        """Listen on `port`, or on a free one the first time."""
        app = web.Application()
        app.router.add_post("/v1/audio/speech", self._speak)
        app.router.add_post("/v1/audio/transcriptions", self._hear)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def close(self) -> None:
        """Listen no more, and end all connections."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    async def _speak(self, request: web.Request) -> web.StreamResponse:
        asked = await request.json()
        self.asked.append(time.monotonic())
        self.spoken.append(asked["input"])
        refusal = await self._refusal(request)
        if refusal is not None:
            return refusal
        response = web.StreamResponse(headers={"content-type": "audio/pcm"})
        await response.prepare(request)
        words = 0 if self._fault == "empty" else len(asked["input"].split())
        sound = b"\0" if self._fault == "garbage" else tone(words * WORD_SECONDS, RATE)
        for start in range(0, len(sound), CHUNK_BYTES):
            if start >= len(sound) / 2 and self._fault == "stall":
                await asyncio.sleep(3600)
            if start >= len(sound) / 2 and self._fault == "cut" and request.transport:
                request.transport.abort()
            await response.write(sound[start : start + CHUNK_BYTES])
            await asyncio.sleep(1.0 if self._fault == "slow" else 0)
        return response

    async def _hear(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        self.asked.append(time.monotonic())
        file = form["file"]
        assert isinstance(file, web.FileField)
        with wave.open(io.BytesIO(file.file.read())) as sound:
            self.heard_seconds.append(sound.getnframes() / sound.getframerate())
        refusal = await self._refusal(request)
        if refusal is not None:
            return refusal
        if self._fault == "cut" and request.transport:
            request.transport.abort()
        if self._fault in ("stall", "slow"):
            await asyncio.sleep(3600 if self._fault == "stall" else 3)
        if self._fault == "garbage":
            return web.Response(text="words?", content_type="application/json")
        text = "" if self._fault == "empty" else self.words(len(self.heard_seconds) - 1)
        return web.json_response({"text": text})

    async def _refusal(self, request: web.Request) -> web.Response | None:
        """The answer to a request that is not served; waits for ever where it hangs."""
        status = int(self._fault) if (self._fault or "").isdigit() else 0
        if request.headers.get("authorization") != f"Bearer {KEY}":
            status = 401
        if self._fault == "flapping" and self.flaps():
            status = 500
        if self._fault == "hang":
            await asyncio.sleep(3600)
        if not status:
            return None
        headers = {"retry-after": str(RETRY_AFTER_SECONDS)} if status == 429 else {}
        error = {"message": f"refused: {KEY}", "type": "error", "param": None, "code": None}
        return web.json_response({"error": error}, status=status, headers=headers)


@contextmanager
def openai_audio_server(
    words: Callable[[int], str] = lambda _: "",
) -> Iterator[OpenAIAudioServer]:
    """Serve on a free port, in a thread of its own, until the block is left."""
    with serving(OpenAIAudioServer(words)) as server:
        yield server
