"""Kavita at the desk, her loop watched: `python -m virtual_room.serve [own]`.

`own`: microphone and loudspeaker are served by threads of the server's own process, as in programs
that have no satellite. A line on standard input is answered with the loop's lag since the last one.
"""

import asyncio
import json
import secrets
import socket
import sys
import threading
import time

from virtual_room.pulse import hurry

from kavita.app import Server, create_app, run
from kavita.cli.program import ready_book, settings_with, start_log
from kavita.satellite.client import Client
from kavita.satellite.config import OWN_DESK, SatelliteConfig
from kavita.web.garbage import keep_what_is_loaded

TICK_SECONDS = 0.01
"""Between two looks at the clock."""


def main(own: bool) -> None:
    """Serve until killed; AVATAR_PORT and the rest come from the environment."""
    settings = settings_with()
    start_log(settings.log_level)
    with (
        socket.create_server(("127.0.0.1", 0)) as sock,
        ready_book(settings) as (database, clinic),
    ):
        app, lines = create_app(settings, clinic, database, lambda _: None)
        keep_what_is_loaded()
        port = sock.getsockname()[1]
        config = SatelliteConfig(f"ws://127.0.0.1:{port}/ws", OWN_DESK, secrets.token_hex(16))
        server = Server(app, lines)
        if own:
            lines.desks.open_own(config.desk, config.token)
            threading.Thread(target=_serve_the_sound, args=(config,), daemon=True).start()
        print(f"http://localhost:{port}", flush=True)

        async def serve() -> None:
            watching = asyncio.create_task(_watch())
            await run(server, lines, sock, None if own else config, start=False)
            watching.cancel()

        with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
            runner.run(serve())


def _serve_the_sound(config: SatelliteConfig) -> None:
    hurry()
    Client(config).run()


async def _watch() -> None:
    """Note how late the loop wakes up; tell it when asked."""
    late: list[float] = []

    def tell() -> None:
        if sys.stdin.readline():
            print(json.dumps([round(1000 * each, 2) for each in late]), flush=True)
            late.clear()

    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), tell)
    while True:
        due = time.perf_counter() + TICK_SECONDS
        await asyncio.sleep(TICK_SECONDS)
        late.append(time.perf_counter() - due)


if __name__ == "__main__":
    main("own" in sys.argv[1:])
