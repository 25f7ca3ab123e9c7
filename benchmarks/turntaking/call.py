"""One turn over the wire, in real time, and its score on samples."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from turntaking.callers import Utterance
from turntaking.playout import Playout
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from kavita import wire

FRAME_SECONDS = wire.MICROPHONE_FRAME_MS / 1000
FRAME_BYTES = 2 * wire.MICROPHONE_RATE * wire.MICROPHONE_FRAME_MS // 1000
QUIET_SECONDS = 0.6
"""Silence between the question and the caller's answer."""
PATIENCE_SECONDS = 8.0
"""An answer that has not begun by then counts as none."""


@dataclass(frozen=True)
class Trial:
    """What became of one turn."""

    gap_ms: float | None
    """From the last sample of the caller to the first of the agent; None where it was cut off, or
    never answered."""
    cut_off: bool
    """The system took the turn for over while the caller was not done."""
    heard: str = ""
    """What the system made of it."""


class NoLine(Exception):
    """The system under test could not be led to its question."""


async def hold_turn(url: str, utterance: Utterance) -> Trial:
    """Call, come to the question, play the answer, and time what follows.

    Raises:
        NoLine: the call did not come to the question.
    """
    async with _open(url) as line:
        for turn, text in enumerate(("", *utterance.setup)):
            if text:
                await line.send(wire.Text(text=text))
            await line.until("speaking_start", turn_id=turn)
        await line.send(wire.StopSpeaking())
        await asyncio.sleep(QUIET_SECONDS)
        return await line.ask(utterance)


class _Line:
    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._events: list[tuple[float, dict[str, object]]] = []
        self._came = asyncio.Event()
        self._playout: Playout | None = None
        self._sample_rate = 0
        self._speech = b""
        self._speech_from = 0.0
        self._speaking = asyncio.Event()

    async def send(self, message: wire.Start | wire.Text | wire.StopSpeaking) -> None:
        await self._socket.send(message.model_dump_json())

    async def start(self) -> None:
        hello = await self.until("hello")
        self._sample_rate = int(str(hello["sample_rate"]))
        await self.send(wire.Start())

    async def until(self, kind: str, **fields: object) -> dict[str, object]:
        """The event of that kind and those fields, come or coming."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while True:
                    for _, event in self._events:
                        if event["type"] == kind and fields.items() <= event.items():
                            return event
                    self._came.clear()
                    await self._came.wait()
        except TimeoutError:
            raise NoLine(f"no {kind} came") from None

    async def ask(self, utterance: Utterance) -> Trial:
        """Play the turn and wait until the agent is heard."""
        self._events.clear()
        self._playout = Playout(self._sample_rate)
        self._speech = utterance.pcm
        await self._speaking.wait()
        clock = asyncio.get_running_loop()
        ends_at = self._speech_from + utterance.end_seconds
        while clock.time() < ends_at + PATIENCE_SECONDS:
            heard = self._heard()
            if any(at < ends_at for at, _ in heard):
                return Trial(None, True, heard[0][1])
            audible = self._playout.audible_at
            if audible is not None and audible < ends_at:
                return Trial(None, True)
            if audible is not None and heard:
                words = " ".join(text for _, text in heard)
                return Trial(round((audible - ends_at) * 1000, 1), False, words)
            await asyncio.sleep(FRAME_SECONDS / 2)
        return Trial(None, False)

    def _heard(self) -> list[tuple[float, str]]:
        """When turns were ruled to be over, and what was heard."""
        return [
            (at, str(event["text"]))
            for at, event in self._events
            if event["type"] == "user_speaking"
        ]

    async def stream(self) -> None:
        """One frame every 20 ms by the clock, each when its last sample has been recorded."""
        clock = asyncio.get_running_loop()
        due = clock.time()
        while True:
            frame, self._speech = self._speech[:FRAME_BYTES], self._speech[FRAME_BYTES:]
            if frame and not self._speaking.is_set():
                self._speech_from = due
                self._speaking.set()
            due += FRAME_SECONDS
            await asyncio.sleep(due - clock.time())
            await self._socket.send(frame.ljust(FRAME_BYTES, b"\0"))

    async def receive(self) -> None:
        """Keep what comes, with its time."""
        clock = asyncio.get_running_loop()
        async for message in self._socket:
            if isinstance(message, bytes):
                if self._playout is not None:
                    self._playout.receive(message, clock.time())
                continue
            event = json.loads(message)
            if event["type"] != "audio_energy":
                self._events.append((clock.time(), event))
                self._came.set()


@asynccontextmanager
async def _open(url: str) -> AsyncIterator[_Line]:
    async with connect(url, max_size=None) as socket:
        line = _Line(socket)
        receiving = asyncio.create_task(line.receive())
        try:
            await line.start()
            await line.until("conversation_started")
            streaming = asyncio.create_task(line.stream())
            try:
                yield line
            finally:
                streaming.cancel()
                await asyncio.gather(streaming, return_exceptions=True)
        except ConnectionClosed as error:
            raise NoLine("the line was cut") from error
        finally:
            receiving.cancel()
            await asyncio.gather(receiving, return_exceptions=True)
