"""One system in a process of its own: prints its port, serves, and tells its size when asked.

python -m load.serve SYSTEM [DESCRIPTOR URL]: of a socket that listens, and of a book, where it is
one of several processes.
"""

import asyncio
import gc
import json
import os
import socket
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from load.caller import FIRST_ID, PATIENTS
from loguru import logger
from sqlalchemy.orm import Session

from kavita.app import Server, create_app
from kavita.scheduling.clinic import Clinic
from kavita.settings import Settings
from kavita.store import journal
from kavita.store.database import Database
from kavita.store.first_start import open_book
from kavita.store.tables import Patient
from kavita.voice.services import load_engines
from kavita.web.admission import Admission
from kavita.web.garbage import keep_what_is_loaded

GIVES_WAY = 5
"""Niceness: callers sit elsewhere in life and are not slowed by the server; here they go first."""


class Everybody(Admission):
    """Turns nobody away: what is measured is what becomes of them."""

    def refusal(self, calls: int) -> str:
        """Never a reason."""
        return ""


def main(system: str, descriptor: str = "", url: str = "") -> None:
    """Serve `system` until killed."""
    os.nice(GIVES_WAY)
    with tempfile.TemporaryDirectory(prefix="kavita-load-") as folder:
        is_alone = not descriptor
        if is_alone:
            sock = socket.create_server(("127.0.0.1", 0), backlog=1000)
            url = f"sqlite:///{folder}/kavita.db"
            make_book(url)
        else:
            sock = socket.socket(fileno=int(descriptor))
        server = _server(system, _settings(url), is_alone)
        keep_what_is_loaded()
        print(sock.getsockname()[1], flush=True)
        with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
            runner.run(_serve(server, sock))


def make_book(url: str) -> None:
    """A new book with the callers of this benchmark in it."""
    database, _ = _book(_settings(url))
    database.run(_add_patients)
    database.close()


def _settings(url: str) -> Settings:
    return Settings(
        _env_file=None,
        database_url=url,
        appointments_json=Path("none.json"),
        backup_dir=None,
        clinic_file=Path("none.toml"),
        clinic_closed_days=[],
        show_conversation=False,
        inactivity_seconds=3600,
        max_sockets=1000,
    )


def _book(settings: Settings) -> tuple[Database, Clinic]:
    plain = settings.clinic()
    return open_book(
        settings.database_url,
        settings.appointments_json,
        True,
        settings.clinic_file,
        plain,
        datetime.now(plain.timezone),
    )


def _server(system: str, settings: Settings, is_alone: bool) -> Server:
    from load.systems import SYSTEMS

    database, clinic = _book(settings)
    engines = SYSTEMS[system](**vars(load_engines(settings)))
    app, lines = create_app(settings, clinic, database, lambda _: None, engines, is_alone=is_alone)
    lines.admission = Everybody(1000, lambda: 0.0)
    return Server(app, lines)


def _add_patients(session: Session) -> None:
    ids = range(FIRST_ID, FIRST_ID + PATIENTS)
    patients = [Patient(id=str(number), name="Test Patient") for number in ids]
    session.add_all(patients)
    session.flush()
    entries = [journal.wrote_patient(patient, "registered") for patient in patients]
    journal.append(session, journal.Request(tool="seed"), datetime.now(UTC), entries)


async def _serve(server: Server, sock: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    loop.add_reader(sys.stdin.fileno(), _tell)
    await server.serve([sock])


def _tell() -> None:
    """Answer a line on standard input with the size of this process."""
    if not sys.stdin.readline():
        os._exit(0)
    gc.collect()
    print(json.dumps(size(os.getpid(), len(asyncio.all_tasks()))), flush=True)


def size(pid: int, tasks: int) -> dict[str, Any]:
    """Memory (MB), threads, descriptors, CPU time (s) at a time (s); child processes count too."""
    own = psutil.Process(pid)
    processes = [own, *own.children(recursive=True)]
    return {
        "at": time.monotonic(),
        "rss_mb": round(sum(each.memory_info().rss for each in processes) / 2**20, 2),
        "tasks": tasks,
        "threads": sum(each.num_threads() for each in processes),
        "descriptors": sum(each.num_fds() for each in processes),
        "cpu_seconds": sum(sum(each.cpu_times()[:2]) for each in processes),
    }


if __name__ == "__main__":
    logger.remove()
    logger.add(sys.stderr, level="ERROR")
    main(*sys.argv[1:])
