"""The command line: serve, talk, demo, check, seed, import, export."""

import asyncio
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from loguru import logger
from rich.console import Console

from kavita.settings import Settings, SettingsError, read_settings
from kavita.store.appointments_file import ImportRefused
from kavita.store.appointments_json import export_file, export_text, import_file
from kavita.store.database import Database, StoreUnavailable
from kavita.store.demo import seed_demo
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


class UnusableFile(Exception):
    """A file that the operator named cannot be used; the words are for the operator."""


MENDABLE = (SettingsError, StoreUnavailable, ImportRefused, EngineMissing, PortTaken, UnusableFile)


@contextmanager
def plain_errors() -> Iterator[None]:
    """What an operator can mend is said in words, without a traceback; exit code 1."""
    try:
        yield
    except MENDABLE as error:
        errors.print("Kavita cannot go on:", style="red", end=" ")
        errors.print(str(error), markup=False, soft_wrap=True)
        raise typer.Exit(1) from None


def start_log(level: str) -> None:
    """Log to standard error: our own messages, and only the errors of the libraries.

    Pipecat writes what callers say at DEBUG, and may quote them in a warning.
    """
    logger.remove()
    logger.add(
        sys.stderr,
        level=level,
        filter=lambda record: (
            (record["name"] or "").startswith("kavita") or record["level"].no >= 40
        ),
        format="<level>{level: <7}</level> {extra[call_id]} {message}",
        backtrace=False,
        diagnose=False,
    )
    logger.configure(extra={"call_id": ""})


@cli.command()
def serve(
    port: Annotated[int | None, typer.Option(help="Port, instead of AVATAR_PORT")] = None,
    host: Annotated[str | None, typer.Option(help="Address, instead of AVATAR_HOST")] = None,
    db: Annotated[str | None, typer.Option(help="Database, instead of DATABASE_URL")] = None,
) -> None:
    """Serve the page and answer its calls until Ctrl+C."""
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
            server = Server(app, lines)
            with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
                runner.run(server.serve(sockets=[sock]))
        finally:
            database.close()


@cli.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="In the format of data/appointments.json")],
    db: Annotated[str | None, typer.Option(help="Database, instead of DATABASE_URL")] = None,
) -> None:
    """Take users and appointments over from a JSON file: all of them, or none and why."""
    with plain_errors(), _book(db) as (settings, database):
        done = import_file(database, file, settings.clinic())
        typer.echo(f"Imported {done.patients} patients and {done.appointments} appointments.")


@cli.command()
def export(
    file: Annotated[Path, typer.Argument(help="Where to write; - for standard output")],
    db: Annotated[str | None, typer.Option(help="Database, instead of DATABASE_URL")] = None,
) -> None:
    """Write the whole book as JSON, in the format of data/appointments.json."""
    with plain_errors(), _book(db) as (settings, database):
        if str(file) == "-":
            typer.echo(export_text(database, settings.clinic()), nl=False)
            return
        try:
            export_file(database, settings.clinic(), file)
        except OSError as error:
            raise UnusableFile(f"{file} cannot be written: {error.strerror}") from error
        typer.echo(f"Wrote {file}.")


@cli.command()
def seed(
    db: Annotated[str | None, typer.Option(help="Database, instead of DATABASE_URL")] = None,
) -> None:
    """Put the demo clinic's patients and coming appointments into the book."""
    with plain_errors(), _book(db) as (settings, database):
        booked = seed_demo(database, settings.clinic(), datetime.now(settings.timezone()))
        typer.echo(f"Added {booked} demo appointments.")


@contextmanager
def _book(db: str | None) -> Iterator[tuple[Settings, Database]]:
    settings = _settings(database_url=db)
    database = Database(settings.database_url)
    database.open()
    try:
        yield settings, database
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
