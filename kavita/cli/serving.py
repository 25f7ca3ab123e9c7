"""`kavita serve`: the server and its terminal."""

import asyncio
import errno
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from loguru import logger

from kavita.cli.devices import InputOption, OutputOption, microphone_in_use, satellite_of
from kavita.cli.program import (
    STOPPED,
    DatabaseOption,
    PortTaken,
    cli,
    plain_errors,
    ready_book,
    settings_with,
    start_log,
)
from kavita.cli.workers import check_workers, serve_by_workers
from kavita.satellite.config import OWN_DESK, SatelliteConfig
from kavita.settings import Settings, SettingsError


@cli.command()
def serve(
    port: Annotated[int | None, typer.Option(help="Port, instead of AVATAR_PORT")] = None,
    host: Annotated[str | None, typer.Option(help="Address, instead of AVATAR_HOST")] = None,
    db: DatabaseOption = None,
    audio: Annotated[
        str | None, typer.Option(help="`browser` or `device`, instead of AUDIO")
    ] = None,
    input: InputOption = None,
    output: OutputOption = None,
    start: Annotated[
        bool, typer.Option("--start", help="With the device: begin a call without the browser")
    ] = False,
    workers: Annotated[
        int,
        typer.Option(min=1, help="Processes, each with MAX_CALLS; more than 1: PostgreSQL only"),
    ] = 1,
) -> None:
    """Serve the page and answer its calls until Ctrl+C.

    With `--audio device` the caller speaks and listens at this machine, and the page is the face.
    """
    with plain_errors():
        settings = settings_with(
            avatar_port=port,
            avatar_host=host,
            database_url=db,
            audio=audio,
            audio_input=input,
            audio_output=output,
        )
        if start and settings.audio != "device":
            raise SettingsError("--start needs --audio device: a browser begins by its own Start")
        start_log(settings.log_level)
        if workers > 1:
            check_workers(settings)
            _serve_by_workers(settings, workers)
        else:
            _serve(settings, start)
    typer.echo(STOPPED)


def _serve(settings: Settings, start: bool) -> None:
    from kavita.app import Server, create_app, run
    from kavita.web.garbage import keep_what_is_loaded

    show = Display(settings.show_conversation).show
    with _listening(settings) as sock, ready_book(settings) as (database, clinic):
        app, lines = create_app(settings, clinic, database, show)
        keep_what_is_loaded()
        port = sock.getsockname()[1]
        typer.echo(f"Avatar server running at http://localhost:{port}")
        satellite = None
        if settings.audio == "device":
            satellite = _own_satellite(settings, port)
            typer.echo(f"Using: {microphone_in_use(settings)}")
        tell_ready(waits=not start)
        server = Server(app, lines)
        with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
            runner.run(run(server, lines, sock, satellite, start))


def _serve_by_workers(settings: Settings, count: int) -> None:
    with _listening(settings) as sock:
        with ready_book(settings):
            pass  # made ready once, before the workers open it all at a time
        typer.echo(f"Avatar server running at http://localhost:{sock.getsockname()[1]}")
        asyncio.run(serve_by_workers(settings, sock, count))


def tell_ready(*, waits: bool = True) -> None:
    """Say that calls can come; `waits` for the Start of a page."""
    typer.echo("Recognition started successfully")
    if waits:
        typer.echo("Waiting for 'Start Conversation' in browser...")


def _own_satellite(settings: Settings, port: int) -> SatelliteConfig:
    """The satellite of this machine, with a token that nobody else knows."""
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}
    host = everywhere.get(settings.avatar_host, settings.avatar_host)
    host = f"[{host}]" if ":" in host else host
    return satellite_of(settings, f"ws://{host}:{port}/ws", OWN_DESK, secrets.token_hex(16))


class Display:
    """The terminal as a place to read conversations; when it is gone, the calls go on."""

    def __init__(self, wanted: bool) -> None:
        self._open = wanted

    def show(self, text: str) -> None:
        """Print what is said; control characters of a typed turn do not reach the terminal."""
        if not self._open:
            return
        try:
            typer.echo(
                "".join(each if each.isprintable() or each == "\n" else " " for each in text)
            )
        except (OSError, ValueError):
            self._open = False
            logger.error("standard output is gone: conversations are no longer shown")


@contextmanager
def _listening(settings: Settings) -> Iterator[socket.socket]:
    host, port = settings.avatar_host, settings.avatar_port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        sock = socket.create_server((host, port), family=family, backlog=128)
    except OSError as error:
        taken = "Stop the program that holds it, or set AVATAR_PORT to another port."
        advice = taken if error.errno == errno.EADDRINUSE else "Look at AVATAR_HOST."
        why = f"nothing can listen on {host} port {port}: {error.strerror}. {advice}"
        raise PortTaken(why) from error
    with sock:
        yield sock
