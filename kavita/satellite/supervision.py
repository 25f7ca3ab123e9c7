"""Keeps a satellite running, in a process of its own."""

import asyncio
import os
import sys
import time
from asyncio.subprocess import Process
from collections.abc import Sequence

from loguru import logger

from kavita.satellite.config import SatelliteConfig

EXIT_FAILED = 3
EXIT_REFUSED = 4

COMMAND = (sys.executable, "-m", "kavita.satellite")
PAUSES = (0.0, 0.0, 0.2, 0.5, 1.0, 2.0)
"""Seconds before each restart of a satellite that dies again and again."""

WELL_SECONDS = 10.0
"""One that has lived so long was well: the next restart is at once again."""

STOP_SECONDS = 3.0

SPARE_AFTER_SECONDS = 5.0
"""When a satellite has worked so long, a spare one is started: to load takes longer than all else
that a caller has to wait for when the first one dies."""


async def supervise(
    config: SatelliteConfig,
    command: Sequence[str] = COMMAND,
    pauses: Sequence[float] = PAUSES,
    spare_after: float = SPARE_AFTER_SECONDS,
) -> None:
    """Run a satellite, and another whenever it ends; until cancelled."""
    failures = 0
    spare: Process | None = None
    try:
        while True:
            began = time.monotonic()
            satellite, spare = spare or await _start(config, command), None
            code, spare = await _run(satellite, config, command, spare_after)
            failures = 0 if time.monotonic() - began > WELL_SECONDS else failures + 1
            logger.warning("the satellite ended ({}) and is started again", code)
            await asyncio.sleep(pauses[min(failures, len(pauses)) - 1] if failures else 0)
    finally:
        if spare is not None:
            await _stop(spare)


async def _run(
    satellite: Process, config: SatelliteConfig, command: Sequence[str], spare_after: float
) -> tuple[int, Process | None]:
    """How one satellite ended that was sent to work, and the spare one that is loaded by then."""
    spare: Process | None = None
    ending = asyncio.create_task(satellite.wait())
    try:
        _send_to_work(satellite)
        await asyncio.wait({ending}, timeout=spare_after)
        if not ending.done():
            spare = await _start(config, command)
        return await ending, spare
    except asyncio.CancelledError:
        await asyncio.gather(*(_stop(each) for each in (satellite, spare) if each is not None))
        raise


async def _start(config: SatelliteConfig, command: Sequence[str]) -> Process:
    """A satellite that waits to be sent to work; Ctrl+C in the terminal is not for it."""
    return await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        env=os.environ | config.environment(),
        start_new_session=True,
    )


def _send_to_work(satellite: Process) -> None:
    assert satellite.stdin is not None
    satellite.stdin.write(b"\n")


async def _stop(process: Process) -> None:
    """Close its standard input, which asks it to leave."""
    assert process.stdin is not None
    process.stdin.close()
    try:
        await asyncio.wait_for(process.wait(), STOP_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
