"""Kavita's own server in a thread of the test, on a free port, over a book of its own."""

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from kavita.agent.phrases import FILLER
from kavita.app import Server, create_app
from kavita.scheduling.slots import next_open_day
from kavita.settings import Settings
from kavita.store.database import Database
from kavita.store.first_start import open_book
from kavita.web.calls import Lines


@dataclass
class RunningServer:
    """Where it listens, and what stands behind it."""

    port: int
    database: Database
    lines: Lines
    loop: asyncio.AbstractEventLoop
    shown: list[str] = field(default_factory=list)

    def stop(self) -> None:
        """End every call, as SIGTERM does."""
        asyncio.run_coroutine_threadsafe(self.lines.end_all(), self.loop)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws(self) -> str:
        return f"ws://127.0.0.1:{self.port}/ws"


@contextmanager
def running_server(folder: Path, **values: Any) -> Iterator[RunningServer]:
    """Serve until the block is left; `values` are settings, `clinic.toml` may be in `folder`."""
    settings = Settings(
        _env_file=None,
        database_url=f"sqlite:///{folder / 'kavita.db'}",
        appointments_json=folder / "appointments.json",
        clinic_file=folder / "clinic.toml",
        **{"backup_dir": None} | values,
    )
    database, clinic = open_book(
        settings.database_url,
        settings.appointments_json,
        settings.demo_data,
        settings.clinic_file,
        settings.clinic(),
        datetime.now(UTC),
    )
    shown: list[str] = []
    app, lines = create_app(settings, clinic, database, shown.append)
    server = Server(app, lines)
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port = sock.getsockname()[1]
        runner = asyncio.Runner()
        loop = runner.get_loop()

        def serve() -> None:
            with runner:
                runner.run(server.serve(sockets=[sock]))

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield RunningServer(port, database, lines, loop, shown)
        finally:
            server.should_exit = True
            thread.join(20)
            database.close()


class Page:
    """A page by hand: sends messages, keeps what comes."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.events: list[dict[str, Any]] = []
        self.sound = bytearray()

    async def send(self, **message: Any) -> None:
        await self.socket.send(json.dumps(message))

    async def until(self, kind: str, seconds: float = 15.0) -> dict[str, Any]:
        """The next event of that kind; what comes before it is kept in `events`."""
        async with asyncio.timeout(seconds):
            while True:
                message = await self.socket.recv()
                if isinstance(message, bytes):
                    self.sound += message
                    continue
                event: dict[str, Any] = json.loads(message)
                self.events.append(event)
                if event["type"] == kind:
                    return event

    async def answer(self, seconds: float = 15.0) -> dict[str, Any]:
        """The next sentence that begins and is more than the moment a slow machine asks for."""
        while (begun := await self.until("speaking_start", seconds))["text"] == FILLER:
            pass
        return begun

    def kinds(self) -> list[str]:
        """The events so far, without the loudness and the moment a slow machine asks for."""
        begun = [event for event in self.events if event["type"] == "speaking_start"]
        moments = {event["utterance"] for event in begun if event["text"] == FILLER}
        return [
            event["type"]
            for event in self.events
            if event["type"] != "audio_energy" and event.get("utterance") not in moments
        ]


def page(server: RunningServer, **options: Any) -> connect:
    """Open a socket as a page does."""
    return connect(server.ws, max_size=None, **options)


def coming_open_day() -> date:
    """An open day a few days ahead, so that its weekday alone names it."""
    settings = Settings(_env_file=None)
    today = datetime.now(settings.timezone()).date()
    day = next_open_day(settings.clinic(), today + timedelta(days=2))
    assert day is not None
    return day
