"""`kavita migrate`, `backup`, `restore` and `patient`: what keeps a book in order."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from kavita.cli.program import (
    DatabaseOption,
    UnusableFile,
    book_at,
    cli,
    own_book,
    plain_errors,
    settings_with,
)
from kavita.store.backup import back_up
from kavita.store.backup import restore as restore_into
from kavita.store.backup_folder import backup_name
from kavita.store.database import Database, StoreUnavailable, sqlite_file
from kavita.store.identity import set_pin, unlock
from kavita.store.patients import find_patient, set_birth_date
from kavita.store.sole_use import sole_use

PIN_DIGITS = range(4, 9)


@cli.command()
def migrate(
    db: DatabaseOption = None,
) -> None:
    """Bring the book's tables up to date; an SQLite file is copied first."""
    with plain_errors():
        url = settings_with(database_url=db).database_url
        with sole_use(url):
            database = Database(url)
            try:
                done = database.open()
            finally:
                database.close()
        if done.before is None:
            typer.echo(f"A new book ({database.where}), revision {done.after}.")
        elif done.before == done.after:
            typer.echo(f"The book ({database.where}) is up to date: revision {done.after}.")
        else:
            typer.echo(
                f"The book ({database.where}) went from revision {done.before} to {done.after}."
            )
        if done.copy:
            typer.echo(f"As it was before, it is kept in {done.copy}.")


@cli.command()
def backup(
    file: Annotated[
        Path | None, typer.Argument(help="A new file; else one in BACKUP_DIR", show_default=False)
    ] = None,
    db: DatabaseOption = None,
) -> None:
    """Write the whole book to a file and verify it; calls go on meanwhile."""
    with plain_errors():
        settings = settings_with(database_url=db)
        now = datetime.now(settings.timezone())
        path = file or (settings.backup_dir or Path()) / backup_name(now)
        if path.exists():
            raise UnusableFile(f"{path} is there already; name a new file")
        book = sqlite_file(settings.database_url)
        if book is not None and not book.exists():
            raise StoreUnavailable(f"There is no appointment book at {book}")
        database = Database(settings.database_url)
        try:
            made = back_up(database, path, now)
        finally:
            database.close()
        size = made.size / 1e6
        typer.echo(f"Wrote {path} ({size:.1f} MB, {made.entries} journal entries), verified.")


@cli.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A file that kavita backup wrote")],
    db: DatabaseOption = None,
) -> None:
    """Put a backup into a new, empty book: SQLite or PostgreSQL, wherever it came from."""
    with plain_errors(), own_book(db) as (_, database):
        restored = restore_into(file, database, datetime.now(UTC))
        typer.echo(f"Restored {file} into {database.where}: {restored.entries} journal entries.")
        typer.echo("The book was verified.")


@cli.command()
def patient(
    patient_id: Annotated[str, typer.Argument(metavar="ID", help="The patient's ID")],
    date_of_birth: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Callers must know it from now on"),
    ] = None,
    pin: Annotated[bool, typer.Option("--pin", help="Set a PIN; it is asked for twice")] = False,
    no_pin: Annotated[bool, typer.Option("--no-pin", help="Remove the PIN")] = False,
    unlock_: Annotated[
        bool, typer.Option("--unlock", help="Forget wrong tries to identify")
    ] = False,
    db: DatabaseOption = None,
) -> None:
    """Change how a patient is recognised: date of birth, PIN, wrong tries.

    A short transaction, so it may run beside `kavita serve`: a caller who is locked out is waiting.
    """
    if pin and no_pin:
        raise typer.BadParameter("either --pin or --no-pin")
    if not (date_of_birth or pin or no_pin or unlock_):
        raise typer.BadParameter("nothing to change: see kavita patient --help")
    now = datetime.now(UTC)
    if date_of_birth and date_of_birth.date() > now.date():
        raise typer.BadParameter("a date of birth is not in the future")
    with plain_errors(), book_at(db) as (_, database):
        if find_patient(database, patient_id) is None and (date_of_birth or pin or no_pin):
            raise typer.BadParameter(f"there is no patient {patient_id}")
        new_pin = _asked_pin() if pin else None
        if date_of_birth:
            set_birth_date(database, patient_id, date_of_birth.date(), now)
            typer.echo(f"The date of birth of patient {patient_id} was written down.")
        if pin or no_pin:
            set_pin(database, patient_id, new_pin, now)
            typer.echo(f"Patient {patient_id} has {'a new' if pin else 'no'} PIN.")
        if unlock_:
            had = unlock(database, patient_id, now)
            tries = "were forgotten" if had else "there are none"
            typer.echo(f"Wrong tries with ID {patient_id}: {tries}.")


def _asked_pin() -> str:
    pin = str(typer.prompt("PIN", hide_input=True, confirmation_prompt=True))
    if not (pin.isascii() and pin.isdigit() and len(pin) in PIN_DIGITS):
        raise typer.BadParameter("a PIN has 4 to 8 digits")
    return pin
