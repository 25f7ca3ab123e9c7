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


async def supervise(
    config: SatelliteConfig, command: Sequence[str] = COMMAND, pauses: Sequence[float] = PAUSES
) -> None:
    """Run a satellite, and start it again whenever it ends; until cancelled."""
    failures = 0
    while True:
        began = time.monotonic()
        code = await _run(config, command)
        failures = 0 if time.monotonic() - began > WELL_SECONDS else failures + 1
        logger.warning("the satellite ended ({}) and is started again", code)
        await asyncio.sleep(pauses[min(failures, len(pauses)) - 1] if failures else 0)


async def _run(config: SatelliteConfig, command: Sequence[str]) -> int:
    """One satellite from its start to its end; Ctrl+C in the terminal is not for it."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        env=os.environ | config.environment(),
        start_new_session=True,
    )
    try:
        return await process.wait()
    except asyncio.CancelledError:
        await _stop(process)
        raise


async def _stop(process: Process) -> None:
    """Close its standard input, which asks it to leave."""
    assert process.stdin is not None
    process.stdin.close()
    try:
        await asyncio.wait_for(process.wait(), STOP_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
