"""`kavita check`: what is configured, what is missing, and whom to call."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

import typer

from kavita.cli.costs import today_in_words
from kavita.cli.program import (
    MENDABLE,
    DatabaseOption,
    UnusableFile,
    book_at,
    cli,
    clinic_seen,
    described_clinic,
    output,
    plain_errors,
    settings_with,
    start_log,
)
from kavita.scheduling.clinic import Clinic
from kavita.scheduling.times import format_day, format_time, to_clinic
from kavita.settings import ENGINES, Settings
from kavita.store.database import Database
from kavita.store.definition.price_file import read_prices
from kavita.store.outside_hours import outside_hours
from kavita.web.pages import STATIC, vendor_is_complete

MAX_SHOWN = 20
"""Appointments outside of working hours."""


@cli.command()
def check(
    journal: Annotated[
        bool, typer.Option("--journal", help="Verify the journal of the book instead")
    ] = False,
    db: DatabaseOption = None,
) -> None:
    """Say what is configured, what is missing and what each engine is; exit 1 if one is missing."""
    start_log("ERROR")
    with plain_errors():
        if journal:
            _check_journal(db)
            return
        settings = settings_with(database_url=db)
        database = Database(settings.database_url)
    try:
        is_ready = _check_parts(settings, database)
    finally:
        database.close()
    named = [f"{stage}_api_key" for stage in ENGINES if settings.named_service(stage)]
    for name in ("azure_speech_key", "openai_api_key", "cartesia_api_key", *named):
        is_set = bool(getattr(settings, name).get_secret_value())
        output.print(f"{name.upper()}: {'set' if is_set else 'not set'}", soft_wrap=True)
    if not is_ready:
        raise typer.Exit(1)


def _check_journal(db: str | None) -> None:
    from kavita.store.upkeep.journal_check import check_journal

    with book_at(db) as (_, database):
        found = check_journal(database)
    if not found.problems:
        typer.echo(f"Journal: {found.entries} entries, sound")
        return
    for problem in found.problems:
        typer.echo(f"Journal: {problem}")
    raise typer.Exit(1)


def _check_parts(settings: Settings, database: Database) -> bool:
    """Print a line for each part, and whom to call; tell whether nothing is missing."""
    from kavita.voice.probes import probe_llm, probe_stt, probe_tts
    from kavita.voice.services import describe

    engines = describe(settings)
    ready = [
        _is_ready("Hears", lambda: probe_stt(settings), engines.stt),
        _is_ready("Thinks", lambda: probe_llm(settings), engines.llm),
        _is_ready("Speaks", lambda: probe_tts(settings), engines.tts),
        _is_ready("Book", database.open, database.where),
        _is_ready("Page", _find_page_files, "JavaScript installed"),
    ]
    try:
        clinic = clinic_seen(settings, database)
    except MENDABLE as error:
        _print_part("Clinic", str(error), is_ready=False)
        return False
    _print_part("Clinic", described_clinic(settings, clinic), is_ready=True)
    ready.append(_check_costs(settings, database, clinic))
    _print_whom_to_call(database, clinic)
    return all(ready)


def _check_costs(settings: Settings, database: Database, clinic: Clinic) -> bool:
    """Print what today has cost, and which engines have no price."""
    from kavita.voice.services import billed_engines

    try:
        prices = read_prices(settings.prices_file)
        today = datetime.now(clinic.timezone).date()
        words = today_in_words(database, prices, today)
    except MENDABLE as error:
        _print_part("Costs", str(error), is_ready=False)
        return False
    unknown = [name for name in billed_engines(settings) if not prices.knows(name)]
    if unknown:
        words += f"; no price is known for {', '.join(unknown)}: look at PRICES_FILE"
    _print_part("Costs", words, is_ready=True)
    return True


def _is_ready(what: str, attempt: Callable[[], object], found: str) -> bool:
    """Try a part, and print its line: what was found, or what has to be done."""
    try:
        attempt()
    except MENDABLE as error:
        _print_part(what, str(error), is_ready=False)
        return False
    _print_part(what, found, is_ready=True)
    return True


def _print_part(what: str, words: str, is_ready: bool) -> None:
    mark = "[green]ready[/green]  " if is_ready else "[red]missing[/red]"
    output.print(f"{what:<8}{mark}  ", end="")
    output.print(words, markup=False, soft_wrap=True)


def _print_whom_to_call(database: Database, clinic: Clinic) -> None:
    """Tell which booked appointments the hours and closures have no room for any more."""
    outside = outside_hours(database, clinic, datetime.now(UTC))
    if not outside:
        return
    output.print(
        f"{'':<8}[yellow]{len(outside)} booked[/yellow]  outside of working hours or on closures; "
        "they stay booked until they are moved or cancelled:",
        soft_wrap=True,
    )
    for each in outside[:MAX_SHOWN]:
        wall = to_clinic(each.starts_at, clinic.timezone)
        one = clinic.practitioner(each.practitioner_id)
        whom = one.name if one else "somebody who has left"
        when = f"{format_day(wall.date())}, {format_time(wall.time())}"
        words = f"{'':<10}{when}, {whom}: patient {each.patient_id}"
        output.print(words, markup=False, soft_wrap=True)
    if len(outside) > MAX_SHOWN:
        output.print(f"{'':<10}and {len(outside) - MAX_SHOWN} more")


def _find_page_files() -> None:
    if not vendor_is_complete(STATIC):
        raise UnusableFile("the page's JavaScript is not installed: run `make install`")
