"""The command line: serve, talk, demo, check, seed, import, export."""

import asyncio
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console

from kavita.settings import Settings, SettingsError, read_settings
from kavita.store.database import StoreUnavailable
from kavita.store.first_start import ImportRefused
from kavita.voice.espeak import EngineMissing

STOPPED = "Appointment Booking Agent stopped."

cli = typer.Typer(
    help="Kavita answers a clinic's calls.", no_args_is_help=True, pretty_exceptions_enable=False
)
errors = Console(stderr=True, highlight=False)


def main() -> None:
    """The `kavita` command."""
    cli()


def serve_default() -> None:
    """What `python main.py` does: serve, with the settings as they are."""
    sys.argv[1:1] = ["serve"]
    main()


class PortTaken(Exception):
    """The address to listen on cannot be had; the words are for the operator."""


@contextmanager
def plain_errors() -> Iterator[None]:
    """What an operator can mend is said in words, without a traceback; exit code 1."""
    try:
        yield
    except (SettingsError, StoreUnavailable, ImportRefused, EngineMissing, PortTaken) as error:
        errors.print(f"[red]Kavita cannot go on:[/red] {error}", markup=True)
        raise typer.Exit(1) from None


@cli.command()
def serve(
    port: Annotated[int | None, typer.Option(help="Port, instead of AVATAR_PORT")] = None,
    host: Annotated[str | None, typer.Option(help="Address, instead of AVATAR_HOST")] = None,
    db: Annotated[str | None, typer.Option(help="Database, instead of DATABASE_URL")] = None,
) -> None:
    """Serve the page and answer its calls until Ctrl+C."""
    from kavita.app import start_log

    with plain_errors():
        settings = _settings(avatar_port=port, avatar_host=host, database_url=db)
        start_log(settings.log_level)
        _serve(settings)
    typer.echo(STOPPED)


def _serve(settings: Settings) -> None:
    from kavita.app import Server, create_app, open_book

    with _listening(settings) as sock:
        database = open_book(settings, datetime.now(settings.timezone()))
        try:
            show = typer.echo if settings.show_conversation else _say_nothing
            app, lines = create_app(settings, database, show)
            typer.echo(f"Avatar server running at http://localhost:{sock.getsockname()[1]}")
            typer.echo("Waiting for 'Start Conversation' in browser...")
            asyncio.run(Server(app, lines).serve(sockets=[sock]))
        finally:
            database.close()


@contextmanager
def _listening(settings: Settings) -> Iterator[socket.socket]:
    address = (settings.avatar_host, settings.avatar_port)
    try:
        sock = socket.create_server(address, backlog=128)
    except OSError as error:
        raise PortTaken(
            f"nothing can listen on {address[0]} port {address[1]}: {error.strerror}. "
            "Stop the program that holds it, or set AVATAR_PORT to another port."
        ) from error
    with sock:
        yield sock


def _say_nothing(_line: str) -> None:
    """SHOW_CONVERSATION is off."""


def _settings(**overrides: object) -> Settings:
    return read_settings(**{key: value for key, value in overrides.items() if value is not None})
