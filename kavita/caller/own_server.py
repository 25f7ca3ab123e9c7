"""A Kavita server in a process of its own, over a demo book that lives only as long."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kavita.caller.line import LineError

STOP_SECONDS = 15
ADDRESS = re.compile(r"http://localhost:(\d+)")


@dataclass(frozen=True)
class OwnServer:
    """Where it answers, and the book behind it."""

    ws_url: str
    database_url: str


@contextmanager
def own_server() -> Iterator[OwnServer]:
    """Serve the demo clinic on a free port until the block is left.

    Raises:
        LineError: it did not start; the words are its own.
    """
    with tempfile.TemporaryDirectory(prefix="kavita-") as folder:
        database_url = f"sqlite:///{Path(folder) / 'kavita.db'}"
        process = _start(folder, database_url)
        try:
            yield OwnServer(f"ws://127.0.0.1:{_port(process)}/ws", database_url)
        finally:
            process.terminate()
            try:
                process.communicate(timeout=STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()


def _start(folder: str, database_url: str) -> subprocess.Popen[str]:
    settings = {
        "AVATAR_HOST": "127.0.0.1",
        "AVATAR_PORT": "0",
        "DATABASE_URL": database_url,
        "APPOINTMENTS_JSON": str(Path(folder) / "none.json"),
        "BACKUP_DIR": "",
        "DEMO_DATA": "true",
        "SHOW_CONVERSATION": "false",
        "LOG_LEVEL": "ERROR",
    }
    return subprocess.Popen(
        [sys.executable, "-m", "kavita", "serve"],
        env=os.environ | settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _port(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    for line in process.stdout:
        if found := ADDRESS.search(line):
            return int(found[1])
    _, said = process.communicate()
    raise LineError(f"The server of the demo did not start. {said.strip()}")
