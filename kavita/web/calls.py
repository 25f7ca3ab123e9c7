"""`/ws`: who may open it, the wait for Start, and the call."""

import asyncio
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import cast

from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from loguru import logger

from kavita import wire
from kavita.agent.faults import place_of
from kavita.voice.call import Call, Reception
from kavita.voice.echo_gate import EchoGate
from kavita.voice.serializer import RefusedFrame, bad_sound, read_message
from kavita.web.admission import Admission
from kavita.web.desk_line import DeskLine
from kavita.web.desks import DeskRefused, Desks
from kavita.web.garbage import collect_what_calls_left
from kavita.web.origins import is_welcome

POLICY_VIOLATION = 1008
TRY_AGAIN_LATER = 1013
RETRY_AFTER_SECONDS = 20
RETRY_ELSEWHERE_SECONDS = 1
"""Where the next attempt may come to another process, which may have room."""
YIELD_SECONDS = 0.002
"""For each call held, a caller is left so long to another process, which may have fewer."""
YIELD_WHEN_FULL_SECONDS = 0.25
HANG_UP_SECONDS = 5.0
"""How long the sockets of calls that have ended may take to close when the server stops."""
MAX_REFUSED = 20
"""Unusable messages before Start after which the socket is closed."""


class Lines:
    """The sockets and calls of this process."""

    def __init__(self, reception: Reception, demo: bool, is_alone: bool = True) -> None:
        """`demo`: the book holds sample data; `is_alone`: no other process has this address."""
        self.is_alone = is_alone
        self._reception = reception
        self._demo = demo
        self.sockets = 0
        """Pages that are connected, in a call or not."""
        self._calls: dict[str, Call] = {}
        self._closing = False
        self.admission = Admission(
            reception.settings.max_calls, reception.engines.transcriber.waits.mean_seconds
        )
        """Whether one more call can be served well; it has to `watch`."""
        tokens = reception.settings.desk_tokens.items()
        self.desks = Desks(
            {name: token.get_secret_value() for name, token in tokens}, self._hold_at_desk
        )
        """The front desks, whose sockets share a call."""

    async def answer(self, websocket: WebSocket) -> None:
        """Serve one socket from its opening to its end."""
        if not self._may_open(websocket):
            await websocket.close(POLICY_VIOLATION)
            return
        await websocket.accept()
        if self._closing or self.sockets >= self._reception.settings.max_sockets:
            await self._turn_away(websocket)
            return
        self.sockets += 1
        try:
            with _told(call_id := _new_id()):
                await self._serve(websocket, call_id)
        finally:
            self.sockets -= 1

    async def end_all(self) -> None:
        """End every call with its summary and close its socket; new ones hear `busy`."""
        self._closing = True
        calls = list(self._calls.values())
        await asyncio.gather(*(call.end("server") for call in calls), return_exceptions=True)
        with suppress(TimeoutError):
            async with asyncio.timeout(HANG_UP_SECONDS):
                await asyncio.gather(*(call.gone.wait() for call in calls))

    def seconds_to_yield(self) -> float:
        """How long a caller is left to another process that has more room."""
        if self._refusal():
            return YIELD_WHEN_FULL_SECONDS
        return min(YIELD_SECONDS * self._held(), YIELD_WHEN_FULL_SECONDS)

    def _refusal(self) -> str:
        """Why the next caller has to hear `busy`, in words for the operator; empty if none has."""
        return "the server is going down" if self._closing else self.admission.refusal(self._held())

    def _held(self) -> int:
        return sum(not call.is_over for call in self._calls.values())

    async def _serve(self, websocket: WebSocket, call_id: str) -> None:
        await _send(websocket, self._hello(call_id))
        match await _begun(websocket):
            case wire.Join() as join:
                await self._serve_at_desk(websocket, join)
            case wire.Start() as start:
                await self._hold(websocket, call_id, start)

    async def _serve_at_desk(self, websocket: WebSocket, join: wire.Join) -> None:
        try:
            await self.desks.serve(websocket, join)
        except DeskRefused:
            logger.warning("a {} was refused at desk {}", join.role, join.desk)
            await _send(websocket, _NO_DESK)
            await websocket.close(POLICY_VIOLATION)

    async def _hold_at_desk(self, line: DeskLine, start: wire.Start) -> None:
        with _told(call_id := _new_id()):
            await self._hold(line, call_id, start)

    async def _hold(self, line: WebSocket | DeskLine, call_id: str, start: wire.Start) -> None:
        if refusal := self._refusal():
            logger.warning("a caller hears `busy`: {}", refusal)
            await self._turn_away(line)
            return
        if not self._calls:
            collect_what_calls_left()
        await _send(line, wire.ConversationStarted())
        logger.info("call started ({})", start.mode)
        # Of a WebSocket, Pipecat's transport asks what a DeskLine has too.
        echo = line.echo if isinstance(line, DeskLine) else EchoGate()
        call = self._calls[call_id] = Call(self._reception, cast(WebSocket, line), call_id, echo)
        try:
            await call.run()
        finally:
            del self._calls[call_id]

    def _may_open(self, websocket: WebSocket) -> bool:
        settings = self._reception.settings
        origin = websocket.headers.get("origin")
        host = websocket.headers.get("host", "")
        if is_welcome(origin, host, settings.avatar_host, settings.allowed_origins):
            return True
        logger.warning("a socket was refused: origin {!r}, host {!r}", origin, host)
        return False

    def _hello(self, call_id: str) -> wire.Hello:
        reception = self._reception
        return wire.Hello(
            call_id=call_id,
            agent_name=reception.settings.agent_name,
            clinic_name=reception.clinic.name,
            engines=reception.engines.names,
            demo=self._demo,
            sample_rate=reception.engines.sample_rate,
            emergency_number=reception.clinic.emergency_number,
        )

    async def _turn_away(self, websocket: WebSocket | DeskLine) -> None:
        retry_after = RETRY_AFTER_SECONDS if self.is_alone else RETRY_ELSEWHERE_SECONDS
        await _send(websocket, wire.Busy(retry_after=retry_after))
        await websocket.close(TRY_AGAIN_LATER)


def call_routes(lines: Lines) -> APIRouter:
    """The route of the calls."""
    router = APIRouter()
    router.add_api_websocket_route("/ws", lines.answer)
    return router


async def _begun(websocket: WebSocket) -> wire.Start | wire.Join | None:
    refused = 0
    while refused < MAX_REFUSED:
        message = await websocket.receive()
        if message["type"] == "websocket.disconnect":
            return None
        text = message.get("text")
        request = read_message(text) if text is not None else RefusedFrame(bad_sound())
        if isinstance(request, RefusedFrame):
            refused += request.error.code != "unknown_action"
            await _send(websocket, request.error)
        elif isinstance(request.message, wire.Start | wire.Join):
            return request.message
        elif isinstance(request.message, wire.Ping):
            await _send(websocket, wire.Pong())
        else:
            refused += 1
            await _send(websocket, _NOT_STARTED)
    await websocket.close(POLICY_VIOLATION)
    return None


_NOT_STARTED = wire.Error(
    code="not_started", message="Please press Start Conversation first.", recoverable=True
)
_NO_DESK = wire.Error(
    code="no_desk", message="This desk is not known here, or the token is wrong.", recoverable=False
)


def _new_id() -> str:
    return uuid.uuid4().hex[:8]


@contextmanager
def _told(call_id: str) -> Iterator[None]:
    """What happens in a call is logged under its id; a bug costs this call only."""
    with logger.contextualize(call_id=call_id):
        try:
            yield
        except WebSocketDisconnect:
            logger.debug("the page left")
        except Exception as error:  # noqa: BLE001  a bug costs this call only, and is logged once
            logger.error("the call failed: {}", place_of(error))


async def _send(websocket: WebSocket | DeskLine, event: wire.ServerMessage) -> None:
    await websocket.send_text(event.model_dump_json())
