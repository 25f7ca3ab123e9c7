"""What to do with the book when the program starts."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from loguru import logger

from kavita.scheduling.clinic import Clinic
from kavita.store.appointments_file import ImportRefused
from kavita.store.appointments_import import import_file
from kavita.store.clinic import load_clinic
from kavita.store.clinic_file import ClinicFileError
from kavita.store.database import Database, StoreUnavailable
from kavita.store.demo import seed_demo
from kavita.store.origin import is_empty, read_origin


@dataclass(frozen=True)
class Prepared:
    """What was done, and how many appointments it put into the book."""

    action: Literal["imported", "seeded", "topped_up", "nothing"]
    appointments: int = 0


def open_book(
    url: str, json_path: Path, demo: bool, clinic_file: Path, plain: Clinic, now: datetime
) -> tuple[Database, Clinic]:
    """Open the book at `url`, ready for calls, with the clinic in force; the caller closes it.

    `plain` is the clinic as long as there was no file; `now` without a zone is on the clinic's
    clock. Raises StoreUnavailable, ClinicFileError and ImportRefused; nothing is left open then.
    """
    database = Database(url)
    try:
        database.open()
        clinic = load_clinic(database, clinic_file, plain, datetime.now(UTC))
        now = now if now.tzinfo else now.replace(tzinfo=clinic.timezone)
        prepared = prepare_book(database, json_path, demo, clinic, now)
    except (StoreUnavailable, ClinicFileError, ImportRefused):
        database.close()
        raise
    logger.info("appointment book: {}", database.where)
    if prepared.action != "nothing":
        logger.info("{} appointments {}", prepared.appointments, prepared.action.replace("_", " "))
    return database, clinic


def prepare_book(
    database: Database, json_path: Path, demo: bool, clinic: Clinic, now: datetime
) -> Prepared:
    """Fill an empty book from `json_path`, or with the demo; keep a demo book's visits coming.

    Raises ImportRefused and StoreUnavailable.
    """
    with database.transaction() as session:
        empty = is_empty(session)
    if empty and json_path.exists():
        done = import_file(database, json_path, clinic, now)
        if done.quarantined:
            logger.warning("{} rows are in quarantine: see `kavita quarantine`", done.quarantined)
        return Prepared("imported", done.appointments)
    if empty and demo:
        return Prepared("seeded", seed_demo(database, clinic, now))
    if read_origin(database) == "demo":
        booked = seed_demo(database, clinic, now)
        return Prepared("topped_up" if booked else "nothing", booked)
    return Prepared("nothing")
