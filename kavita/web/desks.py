"""Front desks: a satellite with microphone and loudspeaker, pages, and one call at a time."""

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Mapping
from typing import Literal

from fastapi import WebSocket
from loguru import logger

from kavita import wire
from kavita.voice.echo_gate import AT_A_DESK, EchoGate
from kavita.voice.serializer import RefusedFrame, bad_sound, read_message
from kavita.web.desk_line import DeskLine
from kavita.web.members import REPLACED, Member
from kavita.web.origins import LOOPBACK

HoldCall = Callable[[DeskLine, wire.Start], Awaitable[None]]


class DeskRefused(Exception):
    """No such desk, or not the right token; the two sound the same."""


class Desks:
    """The desks of this process, by name."""

    def __init__(self, tokens: Mapping[str, str], hold_call: HoldCall) -> None:
        """`tokens` by desk."""
        self._hold_call = hold_call
        self._desks = {name: Desk(name, token, hold_call) for name, token in tokens.items()}

    def open_own(self, name: str, satellite_token: str) -> "Desk":
        """The desk of this machine, whose satellite has a token of its own."""
        desk = self._desks.setdefault(name, Desk(name, "", self._hold_call))
        desk.satellite_token = satellite_token
        return desk

    async def serve(self, websocket: WebSocket, join: wire.Join) -> None:
        """Serve a socket that has sent `join`, until it closes. Raises DeskRefused."""
        desk = self._desks.get(join.desk)
        if desk is None or not desk.admits(websocket, join):
            raise DeskRefused
        await desk.serve(Member(websocket, join.role))


class Desk:
    """One front desk, and whoever has joined it."""

    def __init__(self, name: str, token: str, hold_call: HoldCall) -> None:
        """`token` is asked of every socket; without one, only pages of this machine may join."""
        self._name = name
        self._token = token
        self.satellite_token = token
        self._hold_call = hold_call
        self._members: list[Member] = []
        self._satellite: Member | None = None
        self._device = wire.Device()
        self._echo = EchoGate(AT_A_DESK)
        self.sound_ready = asyncio.Event()
        """Set while a satellite is there whose microphone and loudspeaker work."""
        self._line: DeskLine | None = None
        self._calling: asyncio.Task[None] | None = None

    def admits(self, websocket: WebSocket, join: wire.Join) -> bool:
        """Whether this socket may hear what is said at the desk."""
        token = self.satellite_token if join.role == "satellite" else self._token
        if token:
            return hmac.compare_digest(token.encode(), join.token.encode())
        forwarded = "forwarded" in websocket.headers or "x-forwarded-for" in websocket.headers
        client = websocket.client
        is_here = client is not None and client.host in LOOPBACK and not forwarded
        return is_here and join.role != "satellite"

    async def serve(self, member: Member) -> None:
        """Serve a socket until it closes."""
        self._members.append(member)
        if member.role == "satellite":
            self._seat(member)
        member.send(self._state())
        if self._line is not None:
            is_loudspeaker = member.role == "satellite"
            for event in self._line.for_loudspeaker if is_loudspeaker else self._line.history:
                member.put(event)
        try:
            async for message in member.messages():
                self._take(member, message)
        finally:
            self._members.remove(member)
            if member is self._satellite:
                self._satellite = None
                self._note_device(wire.Device())

    def begin(self, start: wire.Start) -> None:
        """Begin a call, unless one is going on."""
        if self._line is None or self._line.is_over:
            self._line = DeskLine(self._tell_all, self._play, self.sound_ready, self._echo)
            self._calling = asyncio.create_task(self._call(self._line, start, self._calling))

    async def begin_when_ready(self) -> None:
        """Begin a call as soon as the sound is there."""
        await self.sound_ready.wait()
        self.begin(wire.Start())

    def _seat(self, member: Member) -> None:
        """The newest satellite is the desk's: the one before may be dead, and not know it."""
        if self._satellite is not None:
            self._satellite.close(REPLACED)
        self._satellite = member
        self._note_device(wire.Device())

    def _take(self, member: Member, message: str | bytes) -> None:
        if isinstance(message, bytes):
            if member is self._satellite:
                self._to_call(message)
            elif member.role != "satellite":
                member.send(bad_sound())
            return
        request = read_message(message)
        if isinstance(request, RefusedFrame):
            member.send(request.error)
            return
        match request.message, member.role:
            case wire.Ping(), _:
                member.send(wire.Pong())
            case wire.Device() as device, "satellite":
                if member is self._satellite:
                    self._note_device(device)
            case wire.Played(), "satellite":
                if member is self._satellite:
                    self._to_call(message)
            case wire.Start() as start, "page":
                self._start(member, start)
            case ((wire.Text() | wire.SelectSlot() | wire.StopSpeaking() | wire.End()), "page"):
                self._to_call(message)
            case _:
                member.send(_NOT_YOURS)

    def _start(self, member: Member, start: wire.Start) -> None:
        if start.mode == "voice" and not self.sound_ready.is_set():
            member.send(_NO_SOUND)
        else:
            self.begin(start)

    def _to_call(self, message: str | bytes) -> None:
        if self._line is not None:
            self._line.take(message)

    async def _call(
        self, line: DeskLine, start: wire.Start, before: asyncio.Task[None] | None
    ) -> None:
        if before is not None:
            await asyncio.wait({before})
        try:
            await self._hold_call(line, start)
        finally:
            if self._line is line:
                self._line = None

    def _note_device(self, device: wire.Device) -> None:
        if device.problem:
            logger.warning("desk {}: {}", self._name, device.problem)
        self._device = device
        if self._state().sound == "ready":
            self.sound_ready.set()
        else:
            self.sound_ready.clear()
            self._echo.enter_another_room()  # a canceller that comes has learned nothing yet
        self._tell_all(self._state().model_dump_json())

    def _state(self) -> wire.Desk:
        device = self._device
        sound: Literal["ready", "missing", "failed"] = "ready"
        if device.problem:
            sound = "failed"
        elif self._satellite is None or not device.microphone:
            sound = "missing"
        return wire.Desk(
            desk=self._name,
            sound=sound,
            microphone=device.microphone,
            speaker=device.speaker,
            problem=device.problem,
            in_call=self._line is not None and not self._line.is_over,
        )

    def _tell_all(self, text: str) -> None:
        for member in self._members:
            member.put(text)

    def _play(self, pcm: bytes) -> None:
        if self._satellite is not None:
            self._satellite.put(pcm)


_NO_SOUND = wire.Error(
    code="no_sound",
    message="The microphone and loudspeaker of this desk are not there. You can go on by typing.",
    recoverable=True,
)
_NOT_YOURS = wire.Error(
    code="not_yours", message="Nobody may ask for that from here.", recoverable=True
)
