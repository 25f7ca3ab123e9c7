"""The command line: serve, talk, demo, check, seed, import, export."""

import asyncio
import json
import socket
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated

import typer
from loguru import logger
from rich.console import Console

from kavita import wire
from kavita.agent.text_call import TextCall
from kavita.caller.line import LineError
from kavita.caller.report import DemoResult, Turn
from kavita.settings import Settings, SettingsError, read_settings
from kavita.store.appointments_file import ImportRefused
from kavita.store.appointments_json import export_file, export_text, import_file
from kavita.store.database import Database, StoreUnavailable
from kavita.store.demo import seed_demo
from kavita.store.first_start import open_book
from kavita.voice.espeak import EngineMissing
from kavita.web.pages import STATIC, vendor_is_complete

STOPPED = "Appointment Booking Agent stopped."

cli = typer.Typer(
    help="Kavita answers a clinic's calls.", no_args_is_help=True, pretty_exceptions_enable=False
)
output = Console(highlight=False)
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


MENDABLE = (
    *(SettingsError, StoreUnavailable, ImportRefused, EngineMissing, LineError),
    *(PortTaken, UnusableFile),
)


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
    from kavita.app import Server, create_app

    with _listening(settings) as sock:
        database = _open_book(settings, datetime.now(settings.timezone()))
        try:
            show = typer.echo if settings.show_conversation else _say_nothing
            app, lines = create_app(settings, database, show)
            typer.echo(f"Avatar server running at http://localhost:{sock.getsockname()[1]}")
            typer.echo("Recognition started successfully")
            typer.echo("Waiting for 'Start Conversation' in browser...")
            server = Server(app, lines)
            with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
                runner.run(server.serve(sockets=[sock]))
        finally:
            database.close()


@cli.command()
def talk(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object an event")] = False,
    now: Annotated[
        datetime | None,
        typer.Option(help="Pin the clock, in the clinic's zone", metavar="ISO-TIME"),
    ] = None,
    db: Annotated[str | None, typer.Option(help="Database, instead of DATABASE_URL")] = None,
) -> None:
    """Talk with the same agent by text: one line of standard input is one turn."""
    with plain_errors():
        settings = _settings(database_url=db)
        start_log("ERROR" if as_json else "WARNING")
        zone = settings.timezone()
        pinned = now.replace(tzinfo=now.tzinfo or zone) if now else None
        database = _open_book(settings, pinned or datetime.now(zone))
    try:
        call = TextCall(
            database,
            settings.clinic(),
            uuid.uuid4().hex[:8],
            clock=lambda: pinned or datetime.now(zone),
            agent_name=settings.agent_name,
        )
        asyncio.run(_converse(call, _print_json_event if as_json else _print_event))
    finally:
        database.close()


async def _converse(call: TextCall, show: Callable[[wire.ServerMessage], None]) -> None:
    if isinstance(sys.stdin, TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8", errors="replace")
    for event in await call.start():
        show(event)
    while not call.ended:
        line = await asyncio.to_thread(sys.stdin.readline)
        events = await call.hear(line.strip()) if line else await call.end("page")
        for event in events:
            show(event)


def _print_json_event(event: wire.ServerMessage) -> None:
    typer.echo(event.model_dump_json())


def _print_event(event: wire.ServerMessage) -> None:
    match event:
        case wire.SpeakingStart(text=text):
            typer.echo(f"🤖 Kavita: {text}")
        case wire.ToolCall(function=function, result=result):
            typer.echo(f"   🔧 {function}: {result['status']}")
        case wire.Summary(text=text):
            typer.echo(f"\n{text}")
        case wire.Shutdown():
            typer.echo(STOPPED)


@cli.command()
def demo(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a turn")] = False,
) -> None:
    """Let a synthetic caller book an appointment by voice, over the real wire and in real time.

    It calls a server of its own, with a book of its own. Exit 0 only if that book then holds the
    appointment.
    """
    start_log("ERROR")
    from kavita.caller.demo import demo_agenda, demo_day, run_demo_call
    from kavita.caller.own_server import own_server

    with plain_errors():
        settings = _settings()
        clinic, today = settings.clinic(), datetime.now(settings.timezone()).date()
        agenda = demo_agenda(today, demo_day(clinic, today))
        with own_server() as server:
            on_turn = _print_json_turn if as_json else _print_turn
            result = asyncio.run(run_demo_call(server.ws_url, agenda, on_turn))
            with _book(server.database_url) as (_, database):
                book = json.loads(export_text(database, clinic))
    kept = result.booked is not None and any(
        row.items() >= result.booked.as_json().items() and row["status"] == "booked"
        for row in book["appointments"]
    )
    if as_json:
        typer.echo(json.dumps(result.as_json() | {"in_the_book": kept}, ensure_ascii=False))
    else:
        _print_result(result, kept)
    if not (kept and result.fulfilled):
        raise typer.Exit(1)


def _print_json_turn(turn: Turn) -> None:
    typer.echo(json.dumps(turn.as_json(), ensure_ascii=False))


def _print_turn(turn: Turn) -> None:
    if turn.caller:
        heard = f'  (heard: "{turn.heard}")' if turn.heard != turn.caller else ""
        typer.echo(f"👤 Caller: {turn.caller}{heard}")
    for tool in turn.tools:
        typer.echo(f"   🔧 {tool.function}: {tool.result['status']}")
    gap = f"   [{turn.gap_ms} ms after the caller]" if turn.gap_ms is not None else ""
    typer.echo(f"🤖 Kavita: {turn.agent}{gap}")


def _print_result(result: DemoResult, kept: bool) -> None:
    typer.echo(f"\n{result.summary}\n")
    gaps = result.as_json()["gap_ms"]
    typer.echo(f"End of speech to first audio: median {gaps['p50']} ms, longest {gaps['max']} ms")
    if result.booked and kept:
        booked = result.booked.as_json()
        typer.echo(
            f"In the book: {booked['date']} at {booked['time']}, {booked['purpose']}, "
            f"for {booked['user_id']} (ID {booked['appointment_id']})"
        )
    else:
        typer.echo(f"The book does not hold the appointment. {result.gave_up}".rstrip())


@cli.command()
def check(
    db: Annotated[str | None, typer.Option(help="Database, instead of DATABASE_URL")] = None,
) -> None:
    """Say what is configured, what is missing and what each engine is; exit 1 if one is missing."""
    start_log("ERROR")
    from kavita.voice.services import describe, load_ears, load_voice

    with plain_errors():
        settings = _settings(database_url=db)
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


def _open_book(settings: Settings, now: datetime) -> Database:
    return open_book(
        settings.database_url,
        settings.appointments_json,
        settings.demo_data,
        settings.clinic(),
        now,
    )


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
