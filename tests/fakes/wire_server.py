"""A small server of `/ws` that follows a list of answers: a real WebSocket, no engines."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from websockets.asyncio.server import ServerConnection, serve

from kavita import wire

RATE = 22050
TONE_SECONDS = 0.3
SPEECH_OVER_SECONDS = 0.2


@dataclass(frozen=True)
class Answer:
    """One turn of the agent."""

    text: str
    delay: float = 0.1
    """Seconds between the end of the caller's speech and the sound."""
    silence: float = 0.0
    """Inaudible seconds at the head of the sound."""
    tool: wire.ToolCall | None = None
    ends: bool = False
    """The call is over after it."""
    mute: bool = False
    """No answer at all."""
    cut: bool = False
    """The line is cut instead."""


@dataclass
class WireServer:
    """What it was told, and what it heard."""

    answers: Sequence[Answer]
    busy: bool = False
    port: int = 0
    actions: list[wire.ClientMessage] = field(default_factory=list)
    frames: list[bytes] = field(default_factory=list)
    frame_times: list[float] = field(default_factory=list)
    utterances: int = 0

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/ws"

    def played(self) -> list[wire.Played]:
        return [action for action in self.actions if isinstance(action, wire.Played)]

    async def serve_call(self, socket: ServerConnection) -> None:
        engines = wire.Engines(stt="none", llm="list", tts="tone")
        hello = wire.Hello(
            call_id="fake0001",
            agent_name="kavita",
            clinic_name="Sunrise Clinic",
            engines=engines,
            demo=True,
            emergency_number="112",
            sample_rate=RATE,
        )
        await send(socket, hello)
        self.actions.append(wire.CLIENT_MESSAGE.validate_json(await socket.recv()))
        if self.busy:
            await send(socket, wire.Busy(retry_after=20))
            return
        await send(socket, wire.ConversationStarted())
        speech_over = asyncio.Event()
        tasks = [
            asyncio.create_task(self.listen(socket, speech_over)),
            asyncio.create_task(self.follow_the_list(socket, speech_over)),
        ]
        done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        for task in done:
            task.result()

    async def follow_the_list(self, socket: ServerConnection, speech_over: asyncio.Event) -> None:
        for number, answer in enumerate(self.answers):
            if number:
                await speech_over.wait()
                speech_over.clear()
                await send(socket, wire.UserSpeaking(text="(heard)"))
            if answer.cut:
                return
            if answer.mute:
                continue
            await self.speak(socket, answer, number)
            if answer.ends:
                await send(socket, SUMMARY)
                await send(socket, wire.Shutdown(reason="goodbye"))
                return
        await asyncio.sleep(60)

    async def speak(self, socket: ServerConnection, answer: Answer, number: int) -> None:
        if answer.tool:
            await send(socket, answer.tool)
        await asyncio.sleep(max(0.0, answer.delay - SPEECH_OVER_SECONDS if number else 0.0))
        self.utterances += 1
        name = f"u{self.utterances}"
        await send(socket, wire.SpeakingStart(text=answer.text, utterance=name, turn_id=number))
        await send(socket, wire.AudioEnergy(energy=0.3))
        await socket.send('{"type": "event_of_a_later_version"}')
        await socket.send(bytes(2 * int(answer.silence * RATE)) + tone(TONE_SECONDS))
        await asyncio.sleep(answer.silence + TONE_SECONDS)
        await send(socket, wire.SpeakingEnd(utterance=name))
        await send(socket, wire.Listening())

    async def listen(self, socket: ServerConnection, speech_over: asyncio.Event) -> None:
        """Speech is over after 200 ms of silence that follow something audible."""
        quiet_frames: int | None = None
        async for message in socket:  # ends when the caller hangs up
            if isinstance(message, str):
                self.actions.append(wire.CLIENT_MESSAGE.validate_json(message))
                continue
            self.frames.append(message)
            self.frame_times.append(asyncio.get_running_loop().time())
            if np.abs(np.frombuffer(message, np.int16).astype(int)).max() >= 184:
                quiet_frames = 0
            elif quiet_frames is not None:
                quiet_frames += 1
                if quiet_frames * wire.MICROPHONE_FRAME_MS >= SPEECH_OVER_SECONDS * 1000:
                    quiet_frames = None
                    speech_over.set()


SUMMARY = wire.Summary(
    text="CALLER INTENT ...",
    caller_intent="book",
    actions_taken=[],
    key_details=[],
    outcome="booked",
    duration_seconds=9,
)


def tone(seconds: float) -> bytes:
    """A tone that begins loud, so that its first sample is the first audible one."""
    phase = np.arange(int(seconds * RATE)) * (2 * np.pi * 440 / RATE)
    return (8000 * np.cos(phase)).astype(np.int16).tobytes()


def booking(**changes: Any) -> wire.ToolCall:
    """What `book_appointment` shows the page."""
    row = {
        "status": "booked",
        "appointment_id": "f3g4h5i6",
        "user_id": "1001",
        "name": "Archit Ojha",
        "date": "2026-02-12",
        "time": "12:00 PM",
        "purpose": "Lab visit",
    }
    return wire.ToolCall(function="book_appointment", arguments={}, result=row | changes)


async def send(socket: ServerConnection, event: wire.ServerMessage) -> None:
    await socket.send(event.model_dump_json())


@asynccontextmanager
async def wire_server(answers: Sequence[Answer], busy: bool = False) -> AsyncIterator[WireServer]:
    """Serve on a free port of this machine."""
    server = WireServer(answers, busy)
    async with serve(server.serve_call, "127.0.0.1", 0) as listener:
        server.port = next(iter(listener.sockets)).getsockname()[1]
        yield server
