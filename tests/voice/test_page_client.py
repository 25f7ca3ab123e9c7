"""The end of a call, seen from its socket."""

from typing import cast

import pytest
from fastapi import WebSocket, WebSocketDisconnect
from loguru import logger
from pipecat.transports.websocket.fastapi import FastAPIWebsocketCallbacks
from starlette.websockets import WebSocketState

from kavita.voice.transports import PageClient


class Socket:
    """One that cannot be closed any more."""

    client_state = application_state = WebSocketState.CONNECTED

    def __init__(self, failure: Exception, state: WebSocketState) -> None:
        self.failure = failure
        self.state = state

    async def close(self) -> None:
        self.application_state = self.state
        raise self.failure


async def nothing(_: object) -> None:
    """Nobody asks."""


@pytest.mark.parametrize(
    ("failure", "state", "errors"),
    [
        (WebSocketDisconnect(1006), WebSocketState.CONNECTED, 0),
        (RuntimeError("closed twice"), WebSocketState.DISCONNECTED, 0),
        (RuntimeError("not closed"), WebSocketState.CONNECTED, 1),
    ],
)
async def test_a_page_that_hangs_up_first_is_no_error(
    failure: Exception, state: WebSocketState, errors: int
) -> None:
    logged: list[str] = []
    sink = logger.add(logged.append, level="ERROR")
    callbacks = FastAPIWebsocketCallbacks(
        on_client_connected=nothing,
        on_client_disconnected=nothing,
        on_session_timeout=nothing,
    )
    try:
        await PageClient(cast(WebSocket, Socket(failure, state)), callbacks).disconnect()
    finally:
        logger.remove(sink)
    assert len(logged) == errors
