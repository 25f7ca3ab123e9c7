"""Calls that end, whatever is in the way."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.fakes.running_server import Page, RunningServer, page, running_server

pytestmark = pytest.mark.live


async def test_stopping_the_goodbye_does_not_keep_the_line_open(server: RunningServer) -> None:
    async with page(server) as socket:
        mine = Page(socket)
        await mine.send(action="start", mode="text")
        await mine.until("speaking_start")
        await mine.send(action="text", text="Goodbye")
        await mine.until("speaking_start")
        await asyncio.sleep(0.5)
        await mine.send(action="stop_speaking")
        assert (await mine.until("shutdown", seconds=5))["reason"] == "goodbye"


async def test_turns_that_come_in_a_burst_are_answered_once(server: RunningServer) -> None:
    async with page(server) as socket:
        mine = Page(socket)
        await mine.send(action="start", mode="text")
        await mine.until("listening")
        for text in ("Hello", "My ID is 1001", "What appointments do I have?"):
            await mine.send(action="text", text=text)
        await mine.until("listening")
        await asyncio.sleep(0.5)
        await mine.send(action="ping")
        await mine.until("pong")
    kinds = mine.kinds()
    assert kinds.count("user_speaking") == 3
    assert kinds.count("speaking_start") == 2, "the greeting, and one answer"


async def test_a_book_that_cannot_be_written_costs_nobody_the_summary(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        lock = sqlite3.connect(tmp_path / "kavita.db", isolation_level=None)
        lock.execute("BEGIN EXCLUSIVE")
        async with page(server) as socket:
            mine = Page(socket)
            await mine.send(action="start", mode="text")
            await mine.until("speaking_start")
            await mine.send(action="end")
            summary = await mine.until("summary", seconds=10)
            assert (await mine.until("shutdown"))["reason"] == "page"
        lock.execute("ROLLBACK")
        lock.close()
    assert "An unidentified caller" in summary["caller_intent"]


async def test_a_call_that_is_ended_while_it_is_being_built_still_says_so(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        async with page(server) as socket:
            mine = Page(socket)
            await mine.send(action="start")
            await mine.until("conversation_started")
            server.stop()
            await mine.until("summary")
            assert (await mine.until("shutdown"))["reason"] == "server"


async def test_a_call_that_is_over_keeps_the_line_from_nobody(tmp_path: Path) -> None:
    with running_server(tmp_path, max_calls=1) as server:
        async with page(server) as socket, page(server) as next_socket:
            mine, other = Page(socket), Page(next_socket)
            await mine.send(action="start", mode="text")
            await mine.until("speaking_start")
            with closing(sqlite3.connect(tmp_path / "kavita.db", isolation_level=None)) as lock:
                lock.execute("BEGIN EXCLUSIVE")  # so that the call cannot put its things away
                await mine.send(action="end")
                await mine.until("shutdown")
                await other.send(action="start", mode="text")
                assert await other.until("conversation_started", seconds=5)


async def test_a_server_that_stops_closes_the_sockets_of_its_calls_itself(
    server: RunningServer,
) -> None:
    async def end_all() -> int:
        await server.lines.end_all()
        return server.lines.sockets

    async with page(server) as socket, page(server) as second:
        pages = [Page(socket), Page(second)]
        for each in pages:
            await each.send(action="start", mode="text")
            await each.until("speaking_start")
        ending = asyncio.run_coroutine_threadsafe(end_all(), server.loop)
        await asyncio.gather(*(each.until("shutdown") for each in pages))
        assert await asyncio.wrap_future(ending) == 0
        for each in pages:
            await each.socket.wait_closed()
            assert each.socket.close_code == 1000
