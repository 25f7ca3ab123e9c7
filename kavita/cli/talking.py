"""`kavita talk`: the same agent by text."""

import asyncio
import sys
import threading
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from datetime import datetime
from io import TextIOWrapper
from typing import Annotated

import typer

from kavita import wire
from kavita.agent.budget import open_budget
from kavita.agent.language_model import LanguageModel
from kavita.agent.text_call import TextCall
from kavita.cli.program import (
    STOPPED,
    DatabaseOption,
    cli,
    plain_errors,
    ready_book,
    settings_with,
    start_log,
)

Show = Callable[[wire.ServerMessage], None]


@cli.command()
def talk(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object an event")] = False,
    now: Annotated[
        datetime | None,
        typer.Option(help="Pin the clock, in the clinic's zone", metavar="ISO-TIME"),
    ] = None,
    db: DatabaseOption = None,
) -> None:
    """Talk with the same agent by text: one line of standard input is one turn."""
    with plain_errors():
        settings = settings_with(database_url=db)
        start_log("ERROR" if as_json else "WARNING")
        # Pipecat takes a second to import, and logs: only where it is needed, and to our log.
        from kavita.voice.chat_models import load_chat_models

        with ready_book(settings, now) as (database, clinic):
            zone = clinic.timezone
            pinned = now.replace(tzinfo=now.tzinfo or zone) if now else None
            models = load_chat_models(settings)

            def clock() -> datetime:
                return pinned or datetime.now(zone)

            budget = open_budget(settings.prices_file, database, clock)
            for model in models:
                model.circuit.limit_by(lambda: budget.is_spent)
            call = TextCall(
                database,
                clinic,
                uuid.uuid4().hex[:8],
                clock=clock,
                agent_name=settings.agent_name,
                models=models,
                budget=budget,
                keep_transcript=settings.keep_transcripts,
            )
            with suppress(KeyboardInterrupt):
                asyncio.run(_converse(call, models, _print_json_event if as_json else _print_event))


async def _converse(call: TextCall, models: Sequence[LanguageModel], show: Show) -> None:
    """Hold the call to its end; Ctrl+C and the end of the input are the caller hanging up."""
    _show_all(await call.start(), show)
    try:
        async for line in _lines():
            _show_all(await call.hear(line), show)
            if call.ended:
                return
    finally:
        _show_all(await call.end("page"), show)
        for model in models:
            await model.close()


def _show_all(events: list[wire.ServerMessage], show: Show) -> None:
    for event in events:
        show(event)


async def _lines() -> AsyncIterator[str]:
    """The lines of standard input; read by a thread that does not hold up the end."""
    if isinstance(sys.stdin, TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8", errors="replace")
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[str] = asyncio.Queue()

    def read() -> None:
        line = "start"
        while line:
            line = sys.stdin.readline()
            with suppress(RuntimeError):  # the loop is closed when the call is over
                loop.call_soon_threadsafe(lines.put_nowait, line)

    threading.Thread(target=read, daemon=True).start()
    while line := await lines.get():
        yield line.strip()


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
