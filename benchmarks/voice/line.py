"""The caller's end of a call by voice, on the clock: what was said, what came, and when."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from kavita import wire
from kavita.caller.voice import audible_span

FRAME_SECONDS = wire.MICROPHONE_FRAME_MS / 1000
FRAME_BYTES = 2 * wire.MICROPHONE_RATE * wire.MICROPHONE_FRAME_MS // 1000

LONGEST_SENTENCE_SECONDS = 20.0
OPEN_SECONDS = 30.0
STOPPING_SECONDS = 0.5
"""What is still on its way after Stop is heard so long."""


@dataclass
class Sentence:
    """One sentence of the agent."""

    text: str
    audible_at: float | None = None
    """Loop time of its first audible sample; None while it has none."""


@dataclass
class Heard:
    """What came from the agent since the caller began to speak."""

    asked_at: float = 0.0
    """Loop time of the caller's last audible sample."""
    sentences: list[Sentence] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    over: bool = False
    """The agent listens again, or has hung up."""
    first_at: float | None = None
    """Loop time of the first audible sample, whatever sentence it belongs to."""

    @property
    def text(self) -> str:
        """All that was said."""
        return " ".join(sentence.text for sentence in self.sentences)

    def seconds(self, but: str = "") -> float | None:
        """From the caller's last sample to the first of the agent's, the sentence `but` aside."""
        times = [one.audible_at for one in self.sentences if one.text != but]
        heard = [at for at in times if at is not None]
        return min(heard) - self.asked_at if heard else None

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The events of one kind."""
        return [event for event in self.events if event["type"] == kind]


class VoiceLine:
    """An open call: a microphone's frame every 20 ms, silence included."""

    def __init__(self, socket: ClientConnection) -> None:
        """Take an open socket; use `voice_line`."""
        self._socket = socket
        self._speech = b""
        self._spoken = asyncio.Event()
        self._news = asyncio.Event()
        self._sounds = asyncio.Event()
        self._cut: ConnectionClosed | None = None
        self._rate = 0
        self._last_sample_at = 0.0
        self.heard = Heard()

    async def start(self) -> None:
        """Press Start; raises TimeoutError when nobody says hello."""
        async with asyncio.timeout(OPEN_SECONDS):
            while not (hello := self.heard.of("hello")):
                await self._something()
        self._rate = hello[0]["sample_rate"]
        await self.send(wire.Start())

    async def send(self, message: wire.ClientMessage) -> None:
        """Do something on the page."""
        with suppress(ConnectionClosed):
            await self._socket.send(message.model_dump_json())

    async def type(self, text: str) -> None:
        """Type a turn."""
        self.heard = Heard(asked_at=asyncio.get_running_loop().time())
        await self.send(wire.Text(text=text))

    async def say(self, pcm: bytes) -> None:
        """Speak; returns when the last sample has gone out. Raises ConnectionClosed."""
        self.heard = Heard(asked_at=asyncio.get_running_loop().time())
        self._speech = pcm
        if self._cut is None:
            self._spoken.clear()
        await self._spoken.wait()
        if self._cut is not None:
            raise self._cut
        self.heard.asked_at = self._last_sample_at

    async def listen(self, seconds: float) -> Heard:
        """Wait until the agent listens; give up after so many seconds without a sound."""
        clock = asyncio.get_running_loop()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds) as limit:
                while not self.heard.over:
                    await self._something()
                    if self.heard.seconds() is not None:
                        limit.reschedule(clock.time() + LONGEST_SENTENCE_SECONDS)
        return self.heard

    async def cut_short(self, seconds: float, but: str = "") -> Heard:
        """Press Stop as soon as the agent is heard to say anything but `but`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self.heard.seconds(but) is None:
                    await self._something()
        await self.send(wire.StopSpeaking())
        return await self.listen(STOPPING_SECONDS)

    async def quiet(self, silence: float, seconds: float) -> None:
        """Wait until the agent was heard and has been silent for so long; TimeoutError if not."""
        async with asyncio.timeout(seconds):
            while self.heard.first_at is None:
                await self._something()
            with suppress(TimeoutError):
                while True:
                    self._sounds.clear()
                    await asyncio.wait_for(self._sounds.wait(), silence)

    async def stream(self) -> None:
        """One frame every 20 ms by the clock, each when its last sample has been recorded.

        What is said on a line that was cut before is over at once.
        """
        clock = asyncio.get_running_loop()
        due = clock.time()
        while True:
            frame, self._speech = self._speech[:FRAME_BYTES], self._speech[FRAME_BYTES:]
            if span := audible_span(frame):
                self._last_sample_at = due + span[1] / wire.MICROPHONE_RATE
            due += FRAME_SECONDS
            await asyncio.sleep(due - clock.time())
            try:
                await self._socket.send(frame.ljust(FRAME_BYTES, b"\0"))
            except ConnectionClosed as cut:
                self._cut = cut
                self._spoken.set()
                return
            if not self._speech:
                self._spoken.set()

    async def receive(self) -> None:
        """Keep what comes, with its time."""
        async for message in self._socket:
            if isinstance(message, bytes):
                self._take_sound(message)
            elif not message.startswith('{"type":"audio_energy"'):
                self._take_event(json.loads(message))
            self._news.set()

    def _take_sound(self, pcm: bytes) -> None:
        span = audible_span(pcm)
        if span is None:
            return
        heard, now = self.heard, asyncio.get_running_loop().time()
        begins_at = now + span[0] / self._rate
        self._sounds.set()
        heard.first_at = begins_at if heard.first_at is None else heard.first_at
        if heard.sentences and heard.sentences[-1].audible_at is None:
            heard.sentences[-1].audible_at = begins_at

    def _take_event(self, event: dict[str, Any]) -> None:
        self.heard.events.append(event)
        if event["type"] == "speaking_start":
            self.heard.sentences.append(Sentence(event["text"]))
        elif event["type"] == "listening":
            self.heard.over = bool(self.heard.sentences)
        elif event["type"] == "shutdown":
            self.heard.over = True

    async def _something(self) -> None:
        self._news.clear()
        await self._news.wait()


@asynccontextmanager
async def voice_line(url: str) -> AsyncIterator[VoiceLine]:
    """Connect to `/ws` at `url` and press Start."""
    async with connect(url, max_size=None, open_timeout=OPEN_SECONDS) as socket:
        line = VoiceLine(socket)
        receiving = asyncio.create_task(line.receive())
        streaming = None
        try:
            await line.start()
            streaming = asyncio.create_task(line.stream())
            yield line
        finally:
            for task in (receiving, streaming):
                if task is not None:
                    task.cancel()
            await asyncio.gather(
                *(task for task in (receiving, streaming) if task), return_exceptions=True
            )
