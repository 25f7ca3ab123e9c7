"""`kavita serve --workers N`: several processes behind one address, on one book in PostgreSQL."""

import asyncio
import os
import signal
import socket
import sys
import threading
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from typing import Annotated

import typer
from loguru import logger

from kavita.cli.program import cli, plain_errors, ready_book, settings_with, start_log
from kavita.settings import Settings, SettingsError
from kavita.store.upkeep.sole_use import USE_POSTGRESQL

COMMAND = (sys.executable, "-m", "kavita", "worker")
CANNOT_START = 1
"""Exit code of a worker that has said in words why it cannot go on; another would not either."""

PAUSE_SECONDS = 1.0
"""Before a worker that has died is replaced."""


def check_workers(settings: Settings) -> None:
    """Refuse what several processes cannot share; raises SettingsError."""
    if os.name == "nt":
        raise SettingsError("--workers is not there on Windows: run several servers instead")
    if not settings.database_url.startswith("postgres"):
        raise SettingsError(
            f"--workers needs PostgreSQL: SQLite is for one process only. Please {USE_POSTGRESQL}"
        )
    if settings.audio == "device":
        raise SettingsError("--workers cannot serve a microphone of this machine: leave one out")
    if settings.desk_tokens:
        raise SettingsError(
            "--workers cannot serve the desks of DESK_TOKENS: satellite and page of a desk have to "
            "meet in one process. Serve the desks by a Kavita of their own, on the same book"
        )


async def serve_by_workers(settings: Settings, sock: socket.socket, count: int) -> None:
    """Serve until SIGINT or SIGTERM; then the calls of all workers end with their summaries.

    Raises SettingsError when a worker cannot start.
    """
    workers = Workers(settings, sock, count)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, workers.stop)
    try:
        async with asyncio.TaskGroup() as group:
            for place in range(count):
                group.create_task(workers.keep(place))
    except* SettingsError as failed:
        raise failed.exceptions[0] from None


class Workers:
    """The processes that serve, each replaced when it dies."""

    def __init__(self, settings: Settings, sock: socket.socket, count: int) -> None:
        """`sock` listens; the worker with the most room accepts."""
        self._fd = sock.fileno()
        self._environment = os.environ | {
            "AUDIO": settings.audio,
            "AVATAR_HOST": settings.avatar_host,
            "AVATAR_PORT": str(settings.avatar_port),
            "DATABASE_URL": settings.database_url,
        }
        self._running: set[Process] = set()
        self._is_stopping = False

    def stop(self) -> None:
        """End the calls; asked again, end at once."""
        self._is_stopping = True
        for process in self._running:
            with suppress(ProcessLookupError):
                process.terminate()

    async def keep(self, place: int) -> None:
        """Run one worker and replace it when it dies; the first one does the nightly work."""
        nights = ("--nights",) if place == 0 else ()
        while not self._is_stopping:
            # In a session of its own: Ctrl+C reaches it once, through us.
            process = await asyncio.create_subprocess_exec(
                *(*COMMAND, "--socket", str(self._fd), *nights),
                stdin=PIPE,
                pass_fds=(self._fd,),
                env=self._environment,
                start_new_session=True,
            )
            self._running.add(process)
            if self._is_stopping:
                self.stop()
            code = await process.wait()
            self._running.discard(process)
            if code == CANNOT_START:
                self.stop()
                raise SettingsError("a worker could not start")
            if not self._is_stopping:
                logger.error("a worker died ({}) and is replaced", code)
                await asyncio.sleep(PAUSE_SECONDS)


@cli.command(hidden=True)
def worker(
    socket_: Annotated[int, typer.Option("--socket")],
    nights: Annotated[bool, typer.Option("--nights")] = False,
) -> None:
    """One process of `kavita serve --workers`."""
    with plain_errors():
        settings = settings_with()
        start_log(settings.log_level)
        threading.Thread(target=_end_with_parent, daemon=True).start()
        _work(settings, socket.socket(fileno=socket_), nights)


def _work(settings: Settings, sock: socket.socket, nights: bool) -> None:
    from kavita.app import Server, create_app
    from kavita.cli.serving import Display, tell_ready
    from kavita.web.garbage import keep_what_is_loaded

    show = Display(settings.show_conversation).show
    with sock, ready_book(settings) as (database, clinic):
        app, lines = create_app(settings, clinic, database, show, nights=nights, is_alone=False)
        keep_what_is_loaded()
        if nights:
            tell_ready()
        server = Server(app, lines)
        with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
            runner.run(server.serve(sockets=[sock]))


def _end_with_parent() -> None:
    """Nobody writes to our input: it ends when the process that started us is gone."""
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
