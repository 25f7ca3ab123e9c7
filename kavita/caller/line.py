"""The caller's end of the wire: speaks and listens on `/ws` in real time, and measures."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ValidationError
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI

from kavita import wire
from kavita.caller.loudspeaker import Loudspeaker
from kavita.caller.voice import audible_span

FRAME_SECONDS = wire.MICROPHONE_FRAME_MS / 1000
FRAME_BYTES = 2 * wire.MICROPHONE_RATE * wire.MICROPHONE_FRAME_MS // 1000
SILENCE = bytes(FRAME_BYTES)
PLAYED_EVERY_SECONDS = 0.2
OPEN_SECONDS = 10.0


class LineError(Exception):
    """The call cannot be held, or cannot go on; the words are for a person."""


class AgentSilent(LineError):
    """The line is open, but nothing comes from the agent."""


@dataclass
class AgentTurn:
    """What the agent said until it listened again."""

    text: str = ""
    heard: str = ""
    """What the agent understood of the caller's words."""
    tool_calls: list[wire.ToolCall] = field(default_factory=list)
    gap_ms: int | None = None
    """From the last audible sample of the caller to the first one of the agent, at the ear.

    None where the caller had not spoken."""
    metrics: wire.Metrics | None = None
    """The server's own figures of the turn."""
    summary: wire.Summary | None = None
    ended: str = ""
    """Why the call is over; empty while it goes on."""


class Line:
    """An open call. Sends a microphone's frame every 20 ms, silence included."""

    def __init__(self, socket: ClientConnection) -> None:
        """Take an open socket; use `open_line`."""
        self._socket = socket
        self._loudspeaker = Loudspeaker()
        self._events: asyncio.Queue[wire.ServerMessage | None] = asyncio.Queue()
        self._speech = b""
        self._spoken = asyncio.Event()
        self._last_sample_at: float | None = None

    async def start(self, seconds: float) -> wire.Hello:
        """Press Start; return the server's first event. Raises LineError."""
        hello: wire.Hello = await self._expect(wire.Hello, seconds)
        self._loudspeaker.sample_rate = hello.sample_rate
        await self._send(wire.Start())
        await self._expect(wire.ConversationStarted, seconds)
        return hello

    async def say(self, pcm: bytes) -> None:
        """Speak into the microphone; returns when the last sample has gone out."""
        self._spoken.clear()
        self._loudspeaker.first_audible_at = None
        self._speech = pcm
        await self._spoken.wait()

    async def listen(self, seconds: float) -> AgentTurn:
        """The agent's next turn, to the end of its sound.

        Raises AgentSilent when `seconds` pass without an event, LineError when the line is cut.
        """
        turn = AgentTurn()
        asked_at, self._last_sample_at = self._last_sample_at, None
        while not turn.ended:
            event = await self._next_event(seconds)
            _take_in(turn, event)
            if isinstance(event, wire.Listening) and turn.text:
                await self._loudspeaker.drained()
                if self._events.empty():
                    break
        first = self._loudspeaker.first_audible_at
        if asked_at is not None and first is not None:
            turn.gap_ms = round((first - asked_at) * 1000)
        return turn

    async def run(self) -> None:
        """Carry sound and events both ways until the socket closes."""
        sending = asyncio.gather(self._stream(), self._report_played())
        try:
            await self._receive()
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)

    async def _expect(self, kind: type[Any], seconds: float) -> Any:
        event = await self._next_event(seconds)
        if not isinstance(event, kind):
            raise LineError(f"the server answered {event.type} instead of {kind.__name__}")
        return event

    async def _next_event(self, seconds: float) -> wire.ServerMessage:
        try:
            async with asyncio.timeout(seconds):
                event = await self._events.get()
        except TimeoutError:
            raise AgentSilent(f"nothing came from the agent for {seconds:.0f} seconds") from None
        if event is None:
            raise LineError("the server closed the line in the middle of the call")
        if isinstance(event, wire.Busy):
            raise LineError(f"all lines are busy; try again in {event.retry_after} seconds")
        if isinstance(event, wire.Error) and not event.recoverable:
            raise LineError(event.message)
        return event

    async def _send(self, message: BaseModel) -> None:
        with contextlib.suppress(ConnectionClosed):  # _receive tells the reader
            await self._socket.send(message.model_dump_json())

    async def _stream(self) -> None:
        """One frame every 20 ms by the clock, each when its last sample has been recorded."""
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
            except ConnectionClosed:
                return
            if not self._speech:
                self._spoken.set()

    async def _report_played(self) -> None:
        reported = ("", 0)
        while True:
            await asyncio.sleep(PLAYED_EVERY_SECONDS)
            played = self._loudspeaker.played()
            if played is not None and played != reported:
                reported = played
                await self._send(wire.Played(utterance=played[0], ms=played[1]))

    async def _receive(self) -> None:
        try:
            async for message in self._socket:
                if isinstance(message, bytes):
                    self._loudspeaker.play(message)
                elif event := _read(message):
                    self._hear(event)
        except ConnectionClosed:
            pass
        finally:
            self._events.put_nowait(None)
            self._spoken.set()

    def _hear(self, event: wire.ServerMessage) -> None:
        if isinstance(event, wire.SpeakingStart):
            self._loudspeaker.begin(event.utterance)
        elif isinstance(event, wire.Interrupted):
            self._loudspeaker.stop()
        if not isinstance(event, wire.AudioEnergy):
            self._events.put_nowait(event)


@contextlib.asynccontextmanager
async def open_line(url: str) -> AsyncIterator[Line]:
    """Connect to `/ws` at `url` (ws://host:port/ws). Raises LineError."""
    try:
        socket = await connect(url, max_size=None, open_timeout=OPEN_SECONDS)
    except (OSError, TimeoutError, InvalidHandshake, InvalidURI) as error:
        raise LineError(f"no server answers at {url}: {error}") from error
    async with socket:
        line = Line(socket)
        carrying = asyncio.create_task(line.run())
        try:
            yield line
        finally:
            carrying.cancel()
            await asyncio.gather(carrying, return_exceptions=True)


def _read(message: str) -> wire.ServerMessage | None:
    """One event; None for one that this client does not know."""
    try:
        return wire.SERVER_MESSAGE.validate_json(message)
    except ValidationError:
        return None


def _take_in(turn: AgentTurn, event: wire.ServerMessage) -> None:
    match event:
        case wire.SpeakingStart(text=text):
            turn.text = f"{turn.text} {text}".strip()
        case wire.UserSpeaking(text=text):
            turn.heard = f"{turn.heard} {text}".strip()
        case wire.ToolCall():
            turn.tool_calls.append(event)
        case wire.Metrics():
            turn.metrics = event
        case wire.Summary():
            turn.summary = event
        case wire.Shutdown(reason=reason):
            turn.ended = reason
        case _:
            return
