"""What the servers of the vendors' protocols have in common: a port, a thread, and faults."""

import asyncio
import threading
from abc import ABC, abstractmethod
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, ClassVar, Generic, TypeVar

from websockets.asyncio.server import Request, Response, Server, ServerConnection, serve

F = TypeVar("F", bound=str)
RETRY_AFTER_SECONDS = 1


class VendorServer(ABC, Generic[F]):
    """Listens on a free port of this machine; `fault` may be set at any time, from any thread."""

    ending_faults: ClassVar[tuple[str, ...]] = ("refuse",)
    """Faults that end the connections which are open: a new one would be refused."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.port = 0
        self._fault: F | None = None
        self._flaps = 0
        self.asked: list[float] = []
        """When it was asked for something, in the seconds of `time.monotonic`."""
        self.answered: list[float] = []
        """When the first of each answer went out."""

    @property
    def fault(self) -> F | None:
        """How it fails now; with "refuse" nothing listens."""
        return self._fault

    @fault.setter
    def fault(self, fault: F | None) -> None:
        was, self._fault, self._flaps = self._fault, fault, 0
        if fault != was and (fault in self.ending_faults or was == "refuse"):
            self.do(self._restart())

    def flaps(self) -> bool:
        """Whether a server that flaps fails now: every other time, and the first."""
        self._flaps += self._fault == "flapping"
        return self._flaps % 2 == 1

    def do(self, work: Coroutine[Any, Any, None]) -> None:
        """Have the server's own thread do something, and wait for it."""
        asyncio.run_coroutine_threadsafe(work, self.loop).result(5)

    @abstractmethod
    async def listen(self) -> None:
        """Listen on `port`, or on a free one the first time."""

    @abstractmethod
    async def close(self) -> None:
        """Listen no more, and end all connections."""

    async def _restart(self) -> None:
        await self.close()
        if self._fault != "refuse":
            await self.listen()


class WebSocketVendor(VendorServer[F]):
    """A vendor whose protocol is a WebSocket; a fault that is a number refuses the handshake."""

    ending_faults: ClassVar[tuple[str, ...]] = ("refuse", "401", "402", "429", "500")
    key_header: ClassVar[str]
    key: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self._server: Server | None = None

    @abstractmethod
    async def talk(self, socket: ServerConnection) -> None:
        """Serve one connection."""

    async def listen(self) -> None:
        """Listen on `port`, or on a free one the first time."""
        self._server = await serve(
            self.talk, "127.0.0.1", self.port, process_request=self._admit, max_size=None
        )
        self.port = next(iter(self._server.sockets)).getsockname()[1]

    async def close(self) -> None:
        """Listen no more, and end all connections."""
        server, self._server = self._server, None
        if server is not None:
            for connection in list(server.connections):
                connection.transport.abort()
            server.close()
            await server.wait_closed()

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        status = int(self._fault) if (self._fault or "").isdigit() else 0
        if request.headers.get(self.key_header) != self.key:
            status = 401
        if not status:
            return None
        response = connection.respond(HTTPStatus(status), "")
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            response.headers["retry-after"] = str(RETRY_AFTER_SECONDS)
        return response


V = TypeVar("V", bound=VendorServer[Any])


@contextmanager
def serving(server: V) -> Iterator[V]:
    """Serve in a thread of its own until the block is left."""
    thread = threading.Thread(target=server.loop.run_forever, daemon=True)
    thread.start()
    server.do(server.listen())
    try:
        yield server
    finally:
        server.do(server.close())
        server.loop.call_soon_threadsafe(server.loop.stop)
        thread.join(5)
        server.loop.close()
