"""`/ws`: who may open it, the wait for Start, and the call."""

import asyncio
import uuid

from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from loguru import logger

from kavita import wire
from kavita.agent.faults import place_of
from kavita.voice.call import Call, Reception
from kavita.voice.serializer import RefusedFrame, bad_sound, read_message
from kavita.web.origins import is_welcome

POLICY_VIOLATION = 1008
TRY_AGAIN_LATER = 1013
RETRY_AFTER_SECONDS = 20
MAX_REFUSED = 20
"""Unusable messages before Start after which the socket is closed."""


class Lines:
    """The sockets and calls of this process."""

    def __init__(self, reception: Reception, demo: bool) -> None:
        """`demo`: the book holds sample data."""
        self._reception = reception
        self._demo = demo
        self.sockets = 0
        """Pages that are connected, in a call or not."""
        self._calls: dict[str, Call] = {}
        self._closing = False

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
        call_id = uuid.uuid4().hex[:8]
        try:
            with logger.contextualize(call_id=call_id):
                await self._serve(websocket, call_id)
        except WebSocketDisconnect:
            logger.debug("the page left")
        except Exception as error:  # noqa: BLE001  a bug costs this call only, and is logged once
            logger.error("the call failed: {}", place_of(error))
        finally:
            self.sockets -= 1

    async def end_all(self) -> None:
        """End every call with its summary; new ones hear `busy`."""
        self._closing = True
        endings = (call.end("server") for call in list(self._calls.values()))
        await asyncio.gather(*endings, return_exceptions=True)

    async def _serve(self, websocket: WebSocket, call_id: str) -> None:
        await _send(websocket, self._hello(call_id))
        start = await _started(websocket)
        if start is None:
            return
        if self._closing or len(self._calls) >= self._reception.settings.max_calls:
            await self._turn_away(websocket)
            return
        await _send(websocket, wire.ConversationStarted())
        logger.info("call started ({})", start.mode)
        call = self._calls[call_id] = Call(self._reception, websocket, call_id)
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

    async def _turn_away(self, websocket: WebSocket) -> None:
        await _send(websocket, wire.Busy(retry_after=RETRY_AFTER_SECONDS))
        await websocket.close(TRY_AGAIN_LATER)


def call_routes(lines: Lines) -> APIRouter:
    """The route of the calls."""
    router = APIRouter()
    router.add_api_websocket_route("/ws", lines.answer)
    return router


async def _started(websocket: WebSocket) -> wire.Start | None:
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
        elif isinstance(request.message, wire.Start):
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


async def _send(websocket: WebSocket, event: wire.ServerMessage) -> None:
    await websocket.send_text(event.model_dump_json())
