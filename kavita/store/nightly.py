"""What one night does for the book: back it up, thin the backups out, let go of what is over."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from loguru import logger

from kavita.scheduling.clinic import Clinic
from kavita.store.backup import Backup, back_up
from kavita.store.backup_folder import backup_name, keep_backups
from kavita.store.database import Database
from kavita.store.retention import Tidied, tidy


@dataclass(frozen=True)
class Night:
    """What was done."""

    backup: Backup | None
    thinned: int
    """Backups that were deleted."""
    tidied: Tidied


def run_night(
    database: Database, clinic: Clinic, folder: Path | None, keep_calls_days: int, now: datetime
) -> Night:
    """Do a night's work; without a folder there is no backup. Raises StoreUnavailable.

    Nothing is deleted unless the backup has succeeded.
    """
    here = now.astimezone(clinic.timezone)
    backup = back_up(database, folder / backup_name(here), here) if folder else None
    thinned = len(keep_backups(folder, here)) if folder else 0
    night = Night(backup, thinned, tidy(database, clinic, here, keep_calls_days))
    _tell(night)
    return night


def _tell(night: Night) -> None:
    if night.backup is not None:
        logger.info(
            "backed up to {} ({:.1f} MB, {} journal entries, verified); {} old backups deleted",
            night.backup.path,
            night.backup.size / 1e6,
            night.backup.entries,
            night.thinned,
        )
    logger.info("tidied: {}", night.tidied)
