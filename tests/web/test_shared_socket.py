"""Several processes behind one listening socket."""

import asyncio
import socket
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from kavita.web.shared_socket import accept_by_turns

Answered = Counter[str]


@asynccontextmanager
async def process(
    name: str, listener: socket.socket, seconds_to_yield: Callable[[], float], answered: Answered
) -> AsyncIterator[None]:
    """Accepts from a descriptor of its own, and says its name to who comes."""

    class Protocol(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            assert isinstance(transport, asyncio.Transport)
            answered[name] += 1
            transport.write(name.encode())
            transport.close()

    with listener.dup() as own:
        accepting = asyncio.create_task(accept_by_turns(own, seconds_to_yield, Protocol))
        try:
            yield
        finally:
            accepting.cancel()
            await asyncio.gather(accepting, return_exceptions=True)


async def call(listener: socket.socket) -> str:
    reader, writer = await asyncio.open_connection(*listener.getsockname())
    name = (await reader.read()).decode()
    writer.close()
    return name


async def test_who_has_fewer_calls_answers() -> None:
    answered = Answered()

    def after(name: str) -> Callable[[], float]:
        return lambda: 0.02 * answered[name]

    with socket.create_server(("127.0.0.1", 0)) as listener:
        async with (
            process("one", listener, after("one"), answered),
            process("other", listener, after("other"), answered),
        ):
            for _ in range(10):
                await call(listener)
    assert answered == {"one": 5, "other": 5}


async def test_the_only_one_answers_however_long_it_waits_for_others() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        async with process("one", listener, lambda: 0.05, Answered()):
            assert await asyncio.gather(*(call(listener) for _ in range(4))) == ["one"] * 4


async def test_a_connection_that_does_not_come_about_keeps_nobody_from_the_next() -> None:
    made: list[asyncio.Protocol] = []

    class Closing(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            transport.close()

    def protocol() -> asyncio.Protocol:
        made.append(Closing())
        if len(made) == 1:
            raise ConnectionResetError
        return made[-1]

    with socket.create_server(("127.0.0.1", 0)) as listener:
        accepting = asyncio.create_task(accept_by_turns(listener, lambda: 0.0, protocol))
        async with asyncio.timeout(10):
            await call(listener)
            await call(listener)
        accepting.cancel()
        await asyncio.gather(accepting, return_exceptions=True)
    assert len(made) == 2
