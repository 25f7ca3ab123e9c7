"""What the commands share: the program, its settings and book, its log and its words of error."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from loguru import logger
from rich.console import Console

from kavita.caller.line import LineError
from kavita.satellite.devices import DeviceError
from kavita.scheduling.clinic import Clinic
from kavita.settings import Settings, SettingsError, read_settings
from kavita.store.clinic import load_clinic, preview_clinic
from kavita.store.database import Database, StoreUnavailable
from kavita.store.definition.toml_file import TomlFileError
from kavita.store.exchange.appointments_file import ImportRefused
from kavita.store.first_start import open_book
from kavita.store.upkeep.sole_use import sole_use
from kavita.voice.espeak import EngineMissing

if TYPE_CHECKING:
    from loguru import Record

STOPPED = "Appointment Booking Agent stopped."

cli = typer.Typer(
    help="Kavita answers a clinic's calls.", no_args_is_help=True, pretty_exceptions_enable=False
)
output = Console(highlight=False)
errors = Console(stderr=True, highlight=False)

DatabaseOption = Annotated[str | None, typer.Option(help="Database, instead of DATABASE_URL")]


class PortTaken(Exception):
    """The address to listen on cannot be had; the words are for the operator."""


class UnusableFile(Exception):
    """A file that the operator named cannot be used; the words are for the operator."""


MENDABLE = (
    *(SettingsError, StoreUnavailable, TomlFileError, ImportRefused, EngineMissing, LineError),
    *(PortTaken, UnusableFile, DeviceError),
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


def settings_with(**overrides: object) -> Settings:
    """The settings, where an option of the command line that was given wins; SettingsError."""
    return read_settings(**{key: value for key, value in overrides.items() if value is not None})


@contextmanager
def ready_book(
    settings: Settings, now: datetime | None = None
) -> Iterator[tuple[Database, Clinic]]:
    """The book, filled on its first start as the settings say, and the clinic in force.

    `now` without a zone is on the clinic's clock. An SQLite book is this process's alone until the
    end. Raises StoreUnavailable, ClinicFileError and ImportRefused.
    """
    plain = settings.clinic()
    with sole_use(settings.database_url):
        database, clinic = open_book(
            settings.database_url,
            settings.appointments_json,
            settings.demo_data,
            settings.clinic_file,
            plain,
            now or datetime.now(UTC),
        )
        _tell_clinic(settings, clinic, plain)
        try:
            yield database, clinic
        finally:
            database.close()


def _tell_clinic(settings: Settings, clinic: Clinic, plain: Clinic) -> None:
    """Tell the operator which clinic is in force, and which settings are not."""
    logger.info("clinic: {}", described_clinic(settings, clinic))
    ignored = settings.plain_settings()
    if clinic != plain and ignored:
        logger.warning("ignored, for the clinic has a file: {}", ", ".join(ignored))


def clinic_of(settings: Settings, database: Database) -> Clinic:
    """The clinic in force, kept in the book, for a command that writes; ClinicFileError."""
    return load_clinic(database, settings.clinic_file, settings.clinic(), datetime.now(UTC))


def clinic_seen(settings: Settings, database: Database) -> Clinic:
    """The clinic in force, for a command that only reads; ClinicFileError."""
    return preview_clinic(database, settings.clinic_file, settings.clinic())


def described_clinic(settings: Settings, clinic: Clinic) -> str:
    """The clinic's name and size, and where it is from."""
    if settings.clinic_file.exists():
        origin = f"from {settings.clinic_file}"
    elif clinic == settings.clinic():
        return f"{clinic.name}, from the settings"
    else:
        origin = "from the book, as its last file said"
    people, visits = len(clinic.practitioners), len(clinic.visit_types)
    return (
        f"{clinic.name}, {origin}: {people} {'practitioner' if people == 1 else 'practitioners'}, "
        f"{visits} {'visit type' if visits == 1 else 'visit types'}"
    )


@contextmanager
def own_book(db: str | None) -> Iterator[tuple[Settings, Database]]:
    """The same for a command that must be the only one to write an SQLite book meanwhile."""
    with sole_use(settings_with(database_url=db).database_url), book_at(db) as opened:
        yield opened


@contextmanager
def book_at(db: str | None) -> Iterator[tuple[Settings, Database]]:
    """The settings and the book as it is, for one command; StoreUnavailable."""
    settings = settings_with(database_url=db)
    database = Database(settings.database_url)
    database.open()
    try:
        yield settings, database
    finally:
        database.close()


def start_log(level: str) -> None:
    """Log to standard error: our own messages, and that a library reported an error.

    Pipecat and others may quote a caller in what they log, so of theirs only the place is told.
    """
    logger.remove()
    logger.add(
        sys.stderr, level=level, filter=_is_told, format=_line, backtrace=False, diagnose=False
    )
    logger.configure(extra={"call_id": ""})
    logging.basicConfig(handlers=[_ToLoguru()], level=logging.ERROR, force=True)


def _is_told(record: "Record") -> bool:
    return _is_ours(record) or record["level"].no >= logging.ERROR


def _is_ours(record: "Record") -> bool:
    return (record["name"] or "").startswith("kavita")


def _line(record: "Record") -> str:
    words = "{message}" if _is_ours(record) else "an error was reported in {name}, line {line}"
    return f"<level>{{level: <7}}</level> {{extra[call_id]}} {words}\n"


class _ToLoguru(logging.Handler):
    """What libraries log by the standard library, by the same rule."""

    def emit(self, record: logging.LogRecord) -> None:
        """Tell which library reported something."""
        cause = record.exc_info[0] if record.exc_info else None
        kind = f", {cause.__name__}" if cause else ""
        logger.error("an error was reported in {}, line {}{}", record.name, record.lineno, kind)
