"""Composition root: settings in, ASGI app out; everything is opened and closed here."""

import asyncio
import os
import signal
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime, timedelta

import uvicorn
from fastapi import FastAPI

from kavita import wire
from kavita.agent.budget import open_budget
from kavita.satellite.config import OWN_DESK, SatelliteConfig
from kavita.satellite.supervision import supervise
from kavita.scheduling.clinic import Clinic
from kavita.scheduling.slots import SEARCH_DAYS
from kavita.settings import Settings
from kavita.store.availability import search_slots
from kavita.store.database import Database
from kavita.store.origin import read_origin
from kavita.store.upkeep.backup_folder import backup_is_due
from kavita.store.upkeep.every_night import every_night
from kavita.store.upkeep.nightly import run_night
from kavita.voice.call import Reception
from kavita.voice.services import Engines, load_engines
from kavita.web.calls import Lines, call_routes
from kavita.web.health import health_routes
from kavita.web.pages import page_routes
from kavita.web.shared_socket import accept_by_turns

START_SECONDS = 10.0
"""Within which the threads for what blocks must have begun, else the server does not start."""


def create_app(
    settings: Settings,
    clinic: Clinic,
    database: Database,
    show: Callable[[str], None],
    engines: Engines | None = None,
    *,
    nights: bool = True,
    is_alone: bool = True,
) -> tuple[FastAPI, Lines]:
    """The whole server over an opened book, for the clinic in force.

    `show` prints a line of a conversation for the operator. Without `engines` those of the settings
    are loaded here, and the coming days laid out, so that the first caller does not wait for them.
    `nights`: this process does the nightly work; `is_alone`: no other serves the same address.
    Raises EngineMissing and PriceFileError.
    """

    def clock() -> datetime:
        return datetime.now(clinic.timezone)

    reception = Reception(
        settings=settings,
        clinic=clinic,
        database=database,
        engines=engines or load_engines(settings),
        budget=open_budget(settings.prices_file, database, clock),
        clock=clock,
        show=show,
    )
    reception.engines.limit_by(reception.budget)
    today = clock().date()
    search_slots(database, clinic, today, today + timedelta(days=SEARCH_DAYS), clock())
    lines = Lines(reception, demo=read_origin(database) == "demo", is_alone=is_alone)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        asyncio.get_running_loop().set_default_executor(_started_threads())
        tasks = [asyncio.create_task(lines.admission.watch())]
        if nights:
            keeping = _keep_in_order(settings, clinic, database, reception.clock)
            tasks.append(asyncio.create_task(keeping))
        yield
        for task in tasks:
            task.cancel()
        await lines.end_all()
        await reception.engines.close()

    app = FastAPI(title="Kavita", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.include_router(call_routes(lines))
    app.include_router(health_routes(database))
    own_desk = OWN_DESK if settings.audio == "device" else ""
    app.include_router(page_routes(own_desk=own_desk))
    return app, lines


def _started_threads() -> ThreadPoolExecutor:
    """Threads for what blocks (the tools, the book's upkeep), as many as Python's default pool has.

    All have begun: no call waits for one to begin, and none is added by the hundredth call.
    """
    count = min(32, (os.cpu_count() or 1) + 4)
    threads = ThreadPoolExecutor(count, "blocking")
    all_begun = threading.Barrier(count)
    for begun in [threads.submit(all_begun.wait, START_SECONDS) for _ in range(count)]:
        begun.result()
    return threads


async def _keep_in_order(
    settings: Settings, clinic: Clinic, database: Database, clock: Callable[[], datetime]
) -> None:
    """Back the book up and tidy it, every night and at once if last night's was missed."""
    folder, days = settings.backup_dir, settings.call_record_days

    async def night() -> None:
        await asyncio.to_thread(run_night, database, clinic, folder, days, clock())

    missed = folder is not None and backup_is_due(folder, clock())
    await every_night(night, clock, clinic.timezone, asyncio.sleep, at_once=missed)


class Server(uvicorn.Server):
    """uvicorn, but Ctrl+C and SIGTERM first end the calls with their summaries.

    uvicorn by itself cuts every WebSocket (code 1012) before the lifespan may say goodbye.
    """

    def __init__(self, app: FastAPI, lines: Lines) -> None:
        """`lines` are the calls to end."""
        config = uvicorn.Config(
            app,
            ws="websockets-sansio",
            ws_max_size=wire.MAX_MESSAGE_BYTES,
            ws_per_message_deflate=False,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=5,
        )
        super().__init__(config)
        self._lines = lines
        self._accepting: list[asyncio.Task[None]] = []
        self._draining: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen; from a socket of several processes the one with the most room accepts."""
        if self._lines.is_alone or sockets is None:
            await super().startup(sockets)
            return
        await super().startup([])
        for sock in sockets:
            accepting = accept_by_turns(sock, self._lines.seconds_to_yield, self._protocol)
            self._accepting.append(asyncio.create_task(accepting))

    def _protocol(self) -> asyncio.Protocol:
        """Of one connection, as uvicorn makes it."""
        return self.config.http_protocol_class(  # type: ignore[call-arg]
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept nobody any more, and close what is open."""
        for accepting in self._accepting:
            accepting.cancel()
        await asyncio.gather(*self._accepting, return_exceptions=True)
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handle the signals ourselves, and do not raise them again after the server stopped."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        signals = (signal.SIGINT, signal.SIGTERM)
        loop = asyncio.get_running_loop()
        before = {
            sig: signal.signal(sig, lambda *_: loop.call_soon_threadsafe(self._stop))
            for sig in signals
        }
        try:
            yield
        finally:
            for sig, handler in before.items():
                signal.signal(sig, handler)

    def _stop(self) -> None:
        """Drain on the first signal, stop hard on the second."""
        if self._draining is None:
            self._draining = asyncio.create_task(self._drain())
        else:
            self.should_exit = self.force_exit = True

    async def _drain(self) -> None:
        try:
            await self._lines.end_all()
        finally:
            self.should_exit = True


async def run(
    server: Server,
    lines: Lines,
    sock: socket.socket,
    satellite: SatelliteConfig | None,
    start: bool,
) -> None:
    """Serve until the server is stopped, with this machine's sound where there is a `satellite`.

    `start`: the first call at that desk begins as soon as its sound is ready.
    """
    if satellite is None:
        await server.serve(sockets=[sock])
        return
    desk = lines.desks.open_own(satellite.desk, satellite.token)
    tasks = [asyncio.create_task(supervise(satellite))]
    if start:
        tasks.append(asyncio.create_task(desk.begin_when_ready()))
    try:
        await server.serve(sockets=[sock])
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
