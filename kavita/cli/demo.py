"""`kavita demo`: a synthetic caller holds a call with a server of its own."""

import asyncio
import json
from datetime import datetime
from typing import Annotated

import typer

from kavita.caller.report import DemoResult, Turn
from kavita.cli.program import book_at, cli, clinic_seen, plain_errors, settings_with, start_log
from kavita.store.appointments_json import export_text


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
        settings = settings_with()
        with own_server() as server:
            with book_at(server.database_url) as (_, database):
                clinic = clinic_seen(settings, database)
            today = datetime.now(clinic.timezone).date()
            agenda = demo_agenda(today, demo_day(clinic, today))
            on_turn = _print_json_turn if as_json else _print_turn
            result = asyncio.run(run_demo_call(server.ws_url, agenda, on_turn))
            with book_at(server.database_url) as (_, database):
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
