"""One socket of a front desk: what goes out waits in a queue of its own, so that a slow page
stalls neither the call nor the other pages."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

from fastapi import WebSocket, WebSocketDisconnect

from kavita import wire

MAX_WAITING = 400
"""Messages, about ten seconds of a call; a socket that is further behind is closed."""

FELL_BEHIND = 1013
REPLACED = 1012


class Member:
    """A page, a watching page or a satellite that has joined a desk."""

    def __init__(self, websocket: WebSocket, role: wire.DeskRole) -> None:
        """`websocket` is open, and `role` is what it may do."""
        self.role = role
        self._websocket = websocket
        self._outgoing: asyncio.Queue[str | bytes | int] = asyncio.Queue()

    def send(self, event: wire.ServerMessage) -> None:
        """Queue an event."""
        self.put(event.model_dump_json())

    def put(self, message: str | bytes) -> None:
        """Queue a message; a socket too far behind is closed instead."""
        if self._outgoing.qsize() == MAX_WAITING:
            self.close(FELL_BEHIND)
        elif self._outgoing.qsize() < MAX_WAITING:
            self._outgoing.put_nowait(message)

    def close(self, code: int) -> None:
        """Close the socket when what waits has gone out."""
        self._outgoing.put_nowait(code)

    async def messages(self) -> AsyncIterator[str | bytes]:
        """What comes in, until the socket closes; meanwhile what waits goes out."""
        sending = asyncio.create_task(self._send_all())
        try:
            while True:
                message = await self._websocket.receive()
                if message["type"] == "websocket.disconnect":
                    return
                text = message.get("text")
                yield text if text is not None else message["bytes"]
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)

    async def _send_all(self) -> None:
        with suppress(WebSocketDisconnect, RuntimeError):  # the page has gone
            while True:
                message = await self._outgoing.get()
                if isinstance(message, int):
                    await self._websocket.close(message)
                    return
                if isinstance(message, bytes):
                    await self._websocket.send_bytes(message)
                else:
                    await self._websocket.send_text(message)
