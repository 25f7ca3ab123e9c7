"""`python -m kavita.satellite`: the process itself, started by `kavita.satellite.supervision`."""

import os
import sys
import threading
import time
from contextlib import suppress

from loguru import logger

from kavita.satellite.client import Client, OtherVoice, Refused
from kavita.satellite.config import SatelliteConfig
from kavita.satellite.supervision import EXIT_FAILED, EXIT_REFUSED

REALTIME_PRIORITY = 5
LEAVE_SECONDS = 2.0


def main() -> None:
    """Serve a desk from the first line of standard input on, until that has ended."""
    if not sys.stdin.buffer.readline():
        return
    _log_to_what_was_standard_error()
    _hurry()
    threading.excepthook = _die
    client = Client(SatelliteConfig.read(os.environ))
    threading.Thread(target=_leave_with_the_parent, args=(client,), daemon=True).start()
    try:
        client.run()
    except Refused as error:
        logger.error("the satellite was refused: {}", error)
        os._exit(EXIT_REFUSED)
    except OtherVoice:
        os._exit(EXIT_FAILED)


def _log_to_what_was_standard_error() -> None:
    """PortAudio's drivers write to file descriptor 2 what is no error; nobody should read that."""
    ours = os.fdopen(os.dup(2), "w", buffering=1, errors="replace")
    sys.stderr = ours
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    os.close(null)
    logger.remove()
    logger.add(ours, level="INFO", format="{level: <7} {message}", diagnose=False)


def _hurry() -> None:
    """Sound comes before other work, where the system lets us say so."""
    with suppress(AttributeError, OSError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(REALTIME_PRIORITY))


def _die(failed: threading.ExceptHookArgs) -> None:
    """A thread that failed takes the process with it, which is started again."""
    logger.error("the satellite failed: {}", failed.exc_type.__name__)
    os._exit(EXIT_FAILED)


def _leave_with_the_parent(client: Client) -> None:
    """Standard input is a pipe; it ends with the process at its other end."""
    sys.stdin.buffer.read()
    client.close()
    time.sleep(LEAVE_SECONDS)
    os._exit(0)  # a driver keeps the process from ending


if __name__ == "__main__":
    main()
