"""`kavita import`, `quarantine`, `export` and `seed`: the book from outside a call."""

from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from kavita.cli.program import (
    DatabaseOption,
    UnusableFile,
    book_at,
    cli,
    clinic_of,
    clinic_seen,
    own_book,
    plain_errors,
)
from kavita.store.appointments_import import import_file
from kavita.store.appointments_json import export_file, export_text
from kavita.store.demo import seed_demo
from kavita.store.journal import note_reading
from kavita.store.quarantine import quarantined_rows

REASONS_SHOWN = 10


@cli.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="In the format of data/appointments.json")],
    db: DatabaseOption = None,
) -> None:
    """Take users and appointments over from a JSON file; what cannot be used is quarantined."""
    with plain_errors(), own_book(db) as (settings, database):
        clinic = clinic_of(settings, database)
        done = import_file(database, file, clinic, datetime.now(clinic.timezone))
        typer.echo(f"Imported {done.patients} patients and {done.appointments} appointments.")
        if done.present:
            typer.echo(f"In the book already: {done.present} of {done.total} rows.")
        if done.quarantined:
            typer.echo(f"In quarantine: {done.quarantined} of {done.total} rows.")
        for row in done.unusable[:REASONS_SHOWN]:
            typer.echo(f"  {row.place}, line {row.line}: {row.reason}")
        if done.quarantined > REASONS_SHOWN:
            typer.echo(f"  and {done.quarantined - REASONS_SHOWN} more: see kavita quarantine")


@cli.command("quarantine")
def quarantine_(
    db: DatabaseOption = None,
) -> None:
    """List what imports could not use, and why."""
    with plain_errors(), book_at(db) as (_, database):
        database.run(partial(note_reading, tool="quarantine", now=datetime.now(UTC)))
        rows = quarantined_rows(database)
        source = ""
        for row in rows:
            if row.source != source:
                source = row.source
                typer.echo(f"From the file with the SHA-256 {source}, read {row.at:%Y-%m-%d}:")
            typer.echo(f"  {row.place}, line {row.line}: {row.reason}")
            typer.echo(f"    {_on_one_line(row.content)}")
        if not rows:
            typer.echo("Nothing is in quarantine.")


@cli.command()
def export(
    file: Annotated[Path, typer.Argument(help="Where to write; - for standard output")],
    db: DatabaseOption = None,
) -> None:
    """Write the whole book as JSON, in the format of data/appointments.json."""
    with plain_errors(), book_at(db) as (settings, database):
        clinic = clinic_seen(settings, database)
        database.run(partial(note_reading, tool="export", now=datetime.now(UTC)))
        if str(file) == "-":
            typer.echo(export_text(database, clinic), nl=False)
            return
        try:
            export_file(database, clinic, file)
        except OSError as error:
            raise UnusableFile(f"{file} cannot be written: {error.strerror}") from error
        typer.echo(f"Wrote {file}.")


@cli.command()
def seed(
    db: DatabaseOption = None,
) -> None:
    """Put the demo clinic's patients and coming appointments into the book."""
    with plain_errors(), own_book(db) as (settings, database):
        clinic = clinic_of(settings, database)
        booked = seed_demo(database, clinic, datetime.now(clinic.timezone))
        typer.echo(f"Added {booked} demo appointments.")


def _on_one_line(text: str) -> str:
    """Return a row's text without anything that a terminal could obey."""
    printable = (character if character.isprintable() else " " for character in text)
    return " ".join("".join(printable).split())
