"""`kavita serve` and `kavita check`."""

import asyncio
import errno
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated

import typer
from loguru import logger

from kavita.cli.program import (
    MENDABLE,
    STOPPED,
    DatabaseOption,
    PortTaken,
    UnusableFile,
    cli,
    output,
    plain_errors,
    ready_book,
    settings_with,
    start_log,
)
from kavita.settings import Settings
from kavita.store.database import Database
from kavita.web.pages import STATIC, vendor_is_complete


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

    with _listening(settings) as sock:
        database = ready_book(settings, datetime.now(settings.timezone()))
        try:
            app, lines = create_app(settings, database, _Display(settings.show_conversation).show)
            typer.echo(f"Avatar server running at http://localhost:{sock.getsockname()[1]}")
            typer.echo("Recognition started successfully")
            typer.echo("Waiting for 'Start Conversation' in browser...")
            server = Server(app, lines)
            with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
                runner.run(server.serve(sockets=[sock]))
        finally:
            database.close()


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


@cli.command()
def check(
    db: DatabaseOption = None,
) -> None:
    """Say what is configured, what is missing and what each engine is; exit 1 if one is missing."""
    start_log("ERROR")
    from kavita.voice.services import describe, load_ears, load_voice

    with plain_errors():
        settings = settings_with(database_url=db)
        database = Database(settings.database_url)
    engines = describe()
    findings = [
        ("Hears", engines.stt, _problem(lambda: load_ears().close())),
        ("Thinks", engines.llm, None),
        ("Speaks", engines.tts, _problem(lambda: load_voice(settings))),
        ("Book", database.where, _problem(database.open)),
        ("Page", "JavaScript installed", _problem(_find_page_files)),
    ]
    database.close()
    for what, found, problem in findings:
        mark = "[red]missing[/red]" if problem else "[green]ready[/green]  "
        output.print(f"{what:<8}{mark}  ", end="")
        output.print(problem or found, markup=False, soft_wrap=True)
    for name in ("azure_speech_key", "openai_api_key", "cartesia_api_key"):
        is_set = bool(getattr(settings, name).get_secret_value())
        words = "set, but this version speaks and hears with local engines only"
        output.print(f"{name.upper()}: {words if is_set else 'not set'}", soft_wrap=True)
    if any(problem for _, _, problem in findings):
        raise typer.Exit(1)


def _problem(attempt: Callable[[], object]) -> str | None:
    try:
        attempt()
    except MENDABLE as error:
        return str(error)
    return None


def _find_page_files() -> None:
    if not vendor_is_complete(STATIC):
        raise UnusableFile("the page's JavaScript is not installed: run `make install`")
