"""`kavita serve`: the server and its terminal."""

import asyncio
import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from loguru import logger

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
from kavita.settings import Settings


@cli.command()
def serve(
    port: Annotated[int | None, typer.Option(help="Port, instead of AVATAR_PORT")] = None,
    host: Annotated[str | None, typer.Option(help="Address, instead of AVATAR_HOST")] = None,
    db: DatabaseOption = None,
) -> None:
    """Serve the page and answer its calls until Ctrl+C."""
    with plain_errors():
        settings = settings_with(avatar_port=port, avatar_host=host, database_url=db)
        start_log(settings.log_level)
        _serve(settings)
    typer.echo(STOPPED)


def _serve(settings: Settings) -> None:
    from kavita.app import Server, create_app

    show = _Display(settings.show_conversation).show
    with _listening(settings) as sock, ready_book(settings) as (database, clinic):
        app, lines = create_app(settings, clinic, database, show)
        typer.echo(f"Avatar server running at http://localhost:{sock.getsockname()[1]}")
        typer.echo("Recognition started successfully")
        typer.echo("Waiting for 'Start Conversation' in browser...")
        server = Server(app, lines)
        with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
            runner.run(server.serve(sockets=[sock]))


class _Display:
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
