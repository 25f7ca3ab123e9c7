"""A listening socket that several processes share: the one with the most room answers."""

import asyncio
import socket
from collections.abc import Callable

from loguru import logger

AFTER_FAULT_SECONDS = 1.0
"""Before the next attempt where the system has no descriptor left."""


async def accept_by_turns(
    sock: socket.socket,
    seconds_to_yield: Callable[[], float],
    protocol: Callable[[], asyncio.Protocol],
) -> None:
    """Accept connections for ever, each after leaving it to the other processes first."""
    loop = asyncio.get_running_loop()
    sock.setblocking(False)
    while True:
        await _readable(sock)
        await asyncio.sleep(seconds_to_yield())
        try:
            accepted, _ = sock.accept()
        except (BlockingIOError, ConnectionAbortedError):
            continue  # another process has taken it, or nobody is there any more
        except OSError as error:
            logger.error("a connection could not be accepted: {}", error)
            await asyncio.sleep(AFTER_FAULT_SECONDS)
            continue
        accepted.setblocking(False)
        try:
            await loop.connect_accepted_socket(protocol, accepted)
        except OSError as error:  # as where the other side has gone already
            accepted.close()
            logger.debug("a connection did not come about: {}", error)


async def _readable(sock: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(sock, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(sock)
