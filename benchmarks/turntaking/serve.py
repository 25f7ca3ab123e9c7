"""One system in a process of its own: answers at once on one port, as a model on another."""

import asyncio
import socket
import sys
import tempfile
from datetime import datetime
from pathlib import Path

from loguru import logger
from turntaking.systems import SYSTEMS

from kavita.app import Server, create_app
from kavita.settings import Settings
from kavita.store.first_start import open_book
from kavita.voice.services import load_engines
from kavita.web.garbage import keep_what_is_loaded


def main(system: str) -> None:
    """Print the two ports and serve until killed."""
    logger.remove()
    logger.add(sys.stderr, level="ERROR")
    with tempfile.TemporaryDirectory(prefix="kavita-bench-") as folder:
        asyncio.run(_serve(system, Path(folder)))


async def _serve(system: str, folder: Path) -> None:
    settings = Settings(
        _env_file=None,
        database_url=f"sqlite:///{folder / 'kavita.db'}",
        appointments_json=folder / "none.json",
        clinic_closed_days=[],
        show_conversation=False,
        max_calls=100,
        max_sockets=200,
    )
    plain = settings.clinic()
    database, clinic = open_book(
        settings.database_url,
        folder / "none.json",
        True,
        folder / "none.toml",
        plain,
        datetime.now(plain.timezone),
    )
    servers, sockets = [], []
    for emulate in (False, True):
        engines = SYSTEMS[system](**vars(load_engines(settings)), emulate=emulate)
        servers.append(Server(*create_app(settings, clinic, database, lambda _: None, engines)))
        sockets.append(socket.create_server(("127.0.0.1", 0)))
    keep_what_is_loaded()
    print(*(sock.getsockname()[1] for sock in sockets), flush=True)
    await asyncio.gather(
        *(server.serve([sock]) for server, sock in zip(servers, sockets, strict=True))
    )


if __name__ == "__main__":
    main(sys.argv[1])
