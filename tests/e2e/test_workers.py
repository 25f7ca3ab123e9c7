"""Several processes behind one address, on one book in PostgreSQL."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

if TYPE_CHECKING:
    from tests.fakes.postgres import PostgresServer

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(os.name == "nt", reason="workers share a socket as POSIX does"),
]

ROOT = Path(__file__).resolve().parents[2]
SERVE = [sys.executable, "-m", "kavita", "serve", "--workers", "2"]


def environment(**settings: str) -> dict[str, str]:
    kept = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
    return kept | {"PYTHONPATH": str(ROOT), "AVATAR_PORT": "0"} | settings


@contextmanager
def serving(folder: Path, **settings: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Two workers, ready for calls."""
    process = subprocess.Popen(
        SERVE,
        cwd=folder,
        env=environment(**settings),
        stdout=subprocess.PIPE,
        stderr=(folder / "log").open("w"),
        text=True,
    )
    port = 0
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if found := re.search(r"http://localhost:(\d+)", line):
                port = int(found[1])
            if line.startswith("Waiting for"):
                break
        assert port, (folder / "log").read_text()
        yield process, port
    finally:
        process.kill()
        process.wait(20)


def workers_of(process: subprocess.Popen[str]) -> list[psutil.Process]:
    return list(psutil.Process(process.pid).children())


async def until(page: ClientConnection, *kinds: str) -> dict[str, Any]:
    async with asyncio.timeout(30):
        async for message in page:
            if isinstance(message, str) and (event := json.loads(message))["type"] in kinds:
                return dict(event)
    raise AssertionError(f"none of {kinds} came")


async def call(port: int) -> ClientConnection:
    """A call that has begun; who hears `busy` tries again when told, as the page does."""
    async with asyncio.timeout(40):
        while True:
            page = await connect(f"ws://127.0.0.1:{port}/ws")
            await page.send(json.dumps({"action": "start"}))
            event = await until(page, "speaking_start", "busy")
            if event["type"] == "speaking_start":
                return page
            await page.close()
            assert event["retry_after"] == 1
            await asyncio.sleep(event["retry_after"])


def test_each_worker_holds_its_calls_and_all_end_with_a_summary(
    tmp_path: Path, postgres: "PostgresServer"
) -> None:
    async def hold_and_stop(port: int, process: subprocess.Popen[str]) -> list[list[str]]:
        pages = [await call(port), await call(port)]
        process.send_signal(signal.SIGTERM)
        return await asyncio.gather(*(rest(page) for page in pages))

    async def rest(page: ClientConnection) -> list[str]:
        return [json.loads(each)["type"] async for each in page if isinstance(each, str)]

    book = postgres.new_database()
    with serving(tmp_path, DATABASE_URL=book, MAX_CALLS="1") as (process, port):
        ended = asyncio.run(hold_and_stop(port, process))
        assert process.stdout is not None
        lines = process.stdout.read().splitlines()
        process.wait(20)
    assert [kinds[-2:] for kinds in ended] == [["summary", "shutdown"]] * 2
    assert process.returncode == 0
    assert lines.count("Appointment Booking Agent stopped.") == 1
    assert "Traceback" not in (tmp_path / "log").read_text()


def test_a_caller_comes_to_the_worker_that_has_room(
    tmp_path: Path, postgres: "PostgresServer"
) -> None:
    async def come_and_go(port: int) -> list[str]:
        """What callers hear first for whom one of the two full workers has just become free."""
        pages, heard = [await call(port), await call(port)], []
        for number in range(4):
            leaving = pages.pop(number % 2)
            await leaving.send(json.dumps({"action": "end"}))
            await until(leaving, "shutdown")
            pages.append(page := await connect(f"ws://127.0.0.1:{port}/ws"))
            await page.send(json.dumps({"action": "start"}))
            heard.append((await until(page, "speaking_start", "busy"))["type"])
        for page in pages:
            await page.close()
        return heard

    with serving(tmp_path, DATABASE_URL=postgres.new_database(), MAX_CALLS="1") as (_, port):
        assert asyncio.run(come_and_go(port)) == ["speaking_start"] * 4


@pytest.mark.heavy
def test_a_worker_that_dies_is_replaced_and_the_other_one_goes_on(
    tmp_path: Path, postgres: "PostgresServer"
) -> None:
    async def lose_one(port: int, process: subprocess.Popen[str]) -> None:
        pages = [await call(port), await call(port)]
        before = workers_of(process)
        before[0].kill()
        assert sorted([await survives(page) for page in pages]) == [False, True]
        third = await call(port)
        assert {one.pid for one in workers_of(process)} != {one.pid for one in before}
        for page in (*pages, third):
            await page.close()

    async def survives(page: ClientConnection) -> bool:
        try:
            await page.send(json.dumps({"action": "ping"}))
            return bool(await until(page, "pong"))
        except ConnectionClosed:
            return False

    book = postgres.new_database()
    with serving(tmp_path, DATABASE_URL=book, MAX_CALLS="1") as (process, port):
        asyncio.run(lose_one(port, process))


@pytest.mark.heavy
def test_workers_end_with_the_process_that_started_them(
    tmp_path: Path, postgres: "PostgresServer"
) -> None:
    with serving(tmp_path, DATABASE_URL=postgres.new_database()) as (process, _):
        workers = workers_of(process)
        assert len(workers) == 2
        process.kill()
        _, alive = psutil.wait_procs(workers, timeout=20)
    assert not alive


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"DATABASE_URL": "sqlite:///data/kavita.db"}, "--workers needs PostgreSQL"),
        ({"AUDIO": "device"}, "microphone of this machine"),
        ({"DESK_TOKENS": f"2={'a' * 32}"}, "desks of DESK_TOKENS"),
    ],
    ids=["SQLite", "device", "desks"],
)
def test_what_several_processes_cannot_share_is_refused_in_words(
    tmp_path: Path, settings: dict[str, str], why: str
) -> None:
    everywhere = {"DATABASE_URL": "postgresql://kavita@127.0.0.1:1/none"}
    done = subprocess.run(
        SERVE,
        cwd=tmp_path,
        env=environment(**everywhere | settings),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("Kavita cannot go on: ")
    assert why in done.stderr.replace("\n", " ")
