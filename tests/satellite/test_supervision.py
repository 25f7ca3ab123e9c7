import asyncio
import json
import os
import sys
import time
from pathlib import Path

from kavita.satellite.config import VARIABLE, SatelliteConfig
from kavita.satellite.supervision import supervise

CONFIG = SatelliteConfig("ws://127.0.0.1:1/ws", "2", "a secret token of the desk")
WRITE_DOWN = f"""
import os, sys
with open({{path!r}}, "a") as file:
    file.write(f"{{{{os.getpid()}}}} {{{{os.environ[{VARIABLE!r}]}}}}\\n")
{{then}}
"""


def satellite(path: Path, then: str) -> list[str]:
    """A program that writes its number and its orders down, and then does something."""
    return [sys.executable, "-c", WRITE_DOWN.format(path=str(path), then=then)]


def written(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def wait_for_starts(path: Path, count: int) -> list[str]:
    until = time.monotonic() + 20
    while len(written(path)) < count:
        assert time.monotonic() < until
        time.sleep(0.02)
    return written(path)


async def starts(path: Path, count: int) -> list[str]:
    return await asyncio.to_thread(wait_for_starts, path, count)


def is_running(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return True


async def test_a_satellite_that_dies_is_started_again_with_the_same_orders(tmp_path: Path) -> None:
    path = tmp_path / "starts"
    command = satellite(path, "sys.stdin.read()")
    watching = asyncio.create_task(supervise(CONFIG, command, (0.0,)))
    first = (await starts(path, 1))[0]
    os.kill(int(first.split()[0]), 9)
    lines = await starts(path, 2)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    orders = [json.loads(line.split(" ", 1)[1]) for line in lines]
    assert orders[0] == orders[1]
    assert orders[0]["token"] == CONFIG.token


async def test_one_that_dies_at_once_again_and_again_is_started_more_and_more_slowly(
    tmp_path: Path,
) -> None:
    path = tmp_path / "starts"
    command = satellite(path, "sys.exit(3)")
    watching = asyncio.create_task(supervise(CONFIG, command, (0.0, 0.0, 30.0)))
    await starts(path, 3)
    await asyncio.sleep(0.5)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    assert len(written(path)) == 3


async def test_a_spare_one_is_loaded_and_works_when_the_first_has_died(tmp_path: Path) -> None:
    path = tmp_path / "starts"
    works = f"""
if sys.stdin.readline():
    with open({str(path)!r}, "a") as file:
        file.write(f"{{os.getpid()}} works\\n")
    sys.stdin.read()
"""
    watching = asyncio.create_task(supervise(CONFIG, satellite(path, works), spare_after=0.2))
    lines = await starts(path, 3)
    first, spare = [int(line.split()[0]) for line in lines if not line.endswith("works")]
    assert [line for line in lines if line.endswith("works")] == [f"{first} works"]
    os.kill(first, 9)
    assert (await starts(path, 4))[3] == f"{spare} works"
    await starts(path, 5)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    assert not any(is_running(int(line.split()[0])) for line in written(path))


async def test_it_leaves_when_it_is_no_longer_wanted(tmp_path: Path) -> None:
    path = tmp_path / "starts"
    command = satellite(path, "sys.stdin.read()")
    watching = asyncio.create_task(supervise(CONFIG, command))
    number = int((await starts(path, 1))[0].split()[0])
    began = time.monotonic()
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    assert time.monotonic() - began < 2
    assert not is_running(number)


def test_orders_survive_the_way_through_the_environment() -> None:
    assert SatelliteConfig.read(CONFIG.environment()) == CONFIG
