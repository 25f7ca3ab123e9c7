"""One caller of many: answers what is asked, and speaks 40 % of the time."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date

from load.loudspeaker import Loudspeaker
from load.sentences import SILENCE, Sentence, Speaker
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.protocol import State

from kavita import wire
from kavita.caller.questions import Topic, understand

FIRST_ID = 3000
PATIENTS = 1000
"""Patients with an ID from 3000 on, so that no two callers are the same person."""

SPEAKING_SHARE = 0.4
FRAME_SECONDS = wire.MICROPHONE_FRAME_MS / 1000
HUSH_SECONDS = 0.3
"""Before the caller speaks, an answer that is still being read is stopped by the page's button."""

PATIENCE_SECONDS = 8.0
"""An answer that has not begun by then counts as none."""

STARTING_SECONDS = 60.0
CLOSING_SECONDS = 10.0
"""How long a call may take to begin, and to end."""


@dataclass
class Heard:
    """What one caller found."""

    gaps_ms: list[float] = field(default_factory=list)
    """From the end of the caller's speech to the beginning of the agent's."""
    unanswered: int = 0
    cut_off: int = 0
    """Turns that were ruled to be over, or answered, while the caller spoke."""
    holes_ms: list[float] = field(default_factory=list)
    spoken_seconds: float = 0.0
    talked_seconds: float = 0.0
    played_seconds: float = 0.0
    late_ms: list[float] = field(default_factory=list)
    """How much later than due each frame was sent: the load generator's own fault."""
    lost: str = ""
    """Why the line was lost, if it was."""


class Caller:
    """One line, from start to end."""

    def __init__(self, url: str, user_id: str, speaker: Speaker, today: date) -> None:
        """`speaker` chooses the words; `user_id` is typed at the beginning."""
        self._url = url
        self._user_id = user_id
        self._speaker = speaker
        self._today = today
        self._frames: Iterator[bytes] = iter(())
        self._speaks = asyncio.Event()
        self._speaks_from = 0.0
        self._said: list[str] = []
        self._came = asyncio.Event()
        self._kinds: list[str] = []
        self._loudspeaker: Loudspeaker | None = None
        self._ruled_at: float | None = None
        self._socket: ClientConnection | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._is_there = self._is_over = False
        self.heard = Heard()

    async def connect(self) -> None:
        """Come to the first question as somebody who is known; raises TimeoutError."""
        self._socket = await connect(
            self._url, max_size=None, compression=None, open_timeout=STARTING_SECONDS
        )
        self._tasks = [asyncio.create_task(self._receive(self._socket))]
        await self._until("hello")
        await self._send(wire.Start())
        await self._until("speaking_start")
        self._tasks.append(asyncio.create_task(self._stream(self._socket)))
        await self._send(wire.Text(text=self._user_id))
        await self._until("speaking_start")
        await self._send(wire.StopSpeaking())
        self._is_there = True

    async def ask_once(self) -> None:
        """One turn, until its answer begins."""
        if not self._is_there:
            self._lose("not connected")
        else:
            await self._turn(self._speaker.answer(self._topic()), next_at=0.0)

    async def talk(self, seconds: float, after: float) -> None:
        """Begin `after` so many seconds, and say one turn after the other for `seconds`."""
        clock = asyncio.get_running_loop()
        await asyncio.sleep(after)
        began = clock.time()
        spoken = 0.0
        if not self._is_there:
            self._lose("not connected")
        elif self._loudspeaker is not None:
            self._loudspeaker.page.holes.clear()  # of the time when others were still connecting
        while clock.time() < began + seconds and not self.heard.lost:
            sentence = self._speaker.answer(self._topic())
            spoken += sentence.end_seconds
            await self._turn(sentence, next_at=began + spoken / SPEAKING_SHARE)
        self.heard.spoken_seconds = round(spoken, 1)
        self.heard.talked_seconds = round(clock.time() - began, 1)
        if self._loudspeaker is not None:
            self.heard.holes_ms = [round(1000 * hole, 1) for hole in self._loudspeaker.page.holes]
            self.heard.played_seconds = round(self._loudspeaker.played_seconds, 1)

    async def hang_up(self) -> None:
        """End the call by the page's button; returns when the line is closed."""
        self._is_over = True
        if self._socket is not None:
            await self._send(wire.End())
            await asyncio.wait(self._tasks, timeout=CLOSING_SECONDS)
            await self._socket.close()
            await asyncio.gather(*self._tasks)

    def _lose(self, why: str) -> None:
        """The line is lost, unless it was given up."""
        if not self._is_over:
            self.heard.lost = self.heard.lost or why

    def _topic(self) -> Topic:
        topic = understand(" ".join(self._said), self._today).topic if self._said else Topic.NEED
        self._said.clear()
        return topic

    async def _turn(self, sentence: Sentence, next_at: float) -> None:
        """Say it, wait for the answer, and listen until it is time for the next turn."""
        clock, speaker = asyncio.get_running_loop(), self._loudspeaker
        assert speaker is not None
        speaker.expect()
        self._ruled_at = None
        self._frames = iter(sentence.frames)
        self._speaks.clear()
        await self._speaks.wait()
        ends_at = self._speaks_from + sentence.end_seconds
        while speaker.audible_at is None and clock.time() < ends_at + PATIENCE_SECONDS:
            if self._is_over:
                return
            await asyncio.sleep(FRAME_SECONDS)
        self._note_answer(speaker.audible_at, ends_at)
        await asyncio.sleep(max(0.0, max(next_at, ends_at) - HUSH_SECONDS - clock.time()))
        await self._send(wire.StopSpeaking())
        await asyncio.sleep(HUSH_SECONDS)

    def _note_answer(self, audible_at: float | None, ends_at: float) -> None:
        moments = [at for at in (self._ruled_at, audible_at) if at is not None]
        if any(at < ends_at for at in moments):
            self.heard.cut_off += 1
        elif audible_at is None:
            self.heard.unanswered += 1
        else:
            self.heard.gaps_ms.append(round(1000 * (audible_at - ends_at), 1))

    async def _stream(self, socket: ClientConnection) -> None:
        """One frame every 20 ms by the clock, each when its last sample has been recorded.

        They go out past the library, which would mask each anew.
        """
        clock = asyncio.get_running_loop()
        due = clock.time()
        while not self._is_over:
            frame = next(self._frames, None)
            if frame is not None and not self._speaks.is_set():
                self._speaks_from = due
                self._speaks.set()
            due += FRAME_SECONDS
            await asyncio.sleep(due - clock.time())
            if socket.state is not State.OPEN:
                return
            socket.transport.write(frame or SILENCE)
            self.heard.late_ms.append(round(1000 * (clock.time() - due), 1))

    async def _receive(self, socket: ClientConnection) -> None:
        clock = asyncio.get_running_loop()
        try:
            async for message in socket:
                if isinstance(message, bytes):
                    assert self._loudspeaker is not None
                    self._loudspeaker.receive(message, clock.time())
                elif '"audio_energy"' not in message:
                    self._note(json.loads(message), clock.time())
        except ConnectionClosed as error:
            self._lose(type(error).__name__)
        self._lose("closed")
        self._is_over = True
        self._speaks.set()

    def _note(self, event: dict[str, object], now: float) -> None:
        kind = str(event["type"])
        if kind == "hello":
            self._loudspeaker = Loudspeaker(int(str(event["sample_rate"])))
        elif self._loudspeaker is not None:
            self._loudspeaker.obey(kind)
        if kind == "speaking_start":
            self._said.append(str(event["text"]))
        elif kind == "user_speaking" and self._ruled_at is None:
            self._ruled_at = now
        elif kind in ("shutdown", "busy"):
            self._lose(kind)
        self._kinds.append(kind)
        self._came.set()

    async def _until(self, kind: str) -> None:
        """Wait for such an event after those that were waited for; raises TimeoutError."""
        async with asyncio.timeout(STARTING_SECONDS):
            while kind not in self._kinds:
                self._came.clear()
                await self._came.wait()
        del self._kinds[: self._kinds.index(kind) + 1]

    async def _send(self, message: wire.Start | wire.Text | wire.StopSpeaking | wire.End) -> None:
        assert self._socket is not None
        with suppress(ConnectionClosed):
            await self._socket.send(message.model_dump_json())
