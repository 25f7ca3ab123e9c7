"""`kavita import`, `kavita export` and `kavita seed`: the book from outside a call."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from kavita.cli.program import DatabaseOption, UnusableFile, book_at, cli, plain_errors
from kavita.store.appointments_json import export_file, export_text, import_file
from kavita.store.demo import seed_demo


@cli.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="In the format of data/appointments.json")],
    db: DatabaseOption = None,
) -> None:
    """Take users and appointments over from a JSON file: all of them, or none and why."""
    with plain_errors(), book_at(db) as (settings, database):
        done = import_file(database, file, settings.clinic())
        typer.echo(f"Imported {done.patients} patients and {done.appointments} appointments.")


@cli.command()
def export(
    file: Annotated[Path, typer.Argument(help="Where to write; - for standard output")],
    db: DatabaseOption = None,
) -> None:
    """Write the whole book as JSON, in the format of data/appointments.json."""
    with plain_errors(), book_at(db) as (settings, database):
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
    db: DatabaseOption = None,
) -> None:
    """Put the demo clinic's patients and coming appointments into the book."""
    with plain_errors(), book_at(db) as (settings, database):
        booked = seed_demo(database, settings.clinic(), datetime.now(settings.timezone()))
        typer.echo(f"Added {booked} demo appointments.")
