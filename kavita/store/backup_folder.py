"""The folder of backups: how they are named, and which of them are kept."""

import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from kavita.store.backup import DRAFTS, SUSPECT
from kavita.store.database import StoreUnavailable

KEEP_ALL = timedelta(hours=48)
KEEP_DAILY = timedelta(days=30)
EVERY = timedelta(hours=24)
_NAME = re.compile(rf"kavita-(\d{{8}}-\d{{6}})\.db(?:{re.escape(SUSPECT)})?")


def backup_name(now: datetime) -> str:
    """Return the name of a backup that is made now, by the clock that `now` shows."""
    return f"kavita-{now:%Y%m%d-%H%M%S}.db"


def backup_is_due(folder: Path, now: datetime) -> bool:
    """Tell whether the last backup is older than a day, or there is none; StoreUnavailable."""
    newest = max(
        (made for made, path in _backups(folder, now) if path.suffix == ".db"), default=None
    )
    return newest is None or now.astimezone(UTC) - newest.astimezone(UTC) > EVERY


def keep_backups(folder: Path, now: datetime) -> list[Path]:
    """Delete backups that are no longer kept, and return them; StoreUnavailable.

    All of the last 48 hours are kept, then the last of each day for 30 days, and always the last;
    suspect ones likewise. Other files are left alone.
    """
    backups = sorted(_backups(folder, now))
    last_of_day = {(made.date(), path.suffix): path for made, path in backups}
    kept = set({path.suffix: path for _, path in backups}.values())
    for made, path in backups:
        age = now.astimezone(UTC) - made.astimezone(UTC)
        is_last = last_of_day[made.date(), path.suffix] == path
        if age <= KEEP_ALL or (is_last and now.date() - made.date() <= KEEP_DAILY):
            kept.add(path)
    gone = [path for _, path in backups if path not in kept]
    try:
        for path in gone:
            path.unlink(missing_ok=True)
        for draft in _left_over_drafts(folder, now):
            shutil.rmtree(draft)
    except OSError as error:
        raise StoreUnavailable(f"{error.filename} cannot be deleted: {error.strerror}") from error
    return gone


def _backups(folder: Path, now: datetime) -> Iterator[tuple[datetime, Path]]:
    """When each backup was made, by its name."""
    for path in _listed(folder):
        if found := _NAME.fullmatch(path.name):
            try:
                made = datetime.strptime(found[1], "%Y%m%d-%H%M%S").replace(tzinfo=now.tzinfo)
            except ValueError:  # digits that are no time: somebody else's file
                continue
            yield made, path


def _left_over_drafts(folder: Path, now: datetime) -> Iterator[Path]:
    """Drafts of more than a day ago: the process that wrote them has died."""
    before = (now - EVERY).timestamp()
    for path in _listed(folder):
        if path.name.startswith(DRAFTS) and path.is_dir() and path.stat().st_mtime < before:
            yield path


def _listed(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir()) if folder.exists() else []
    except OSError as error:
        raise StoreUnavailable(f"{folder} cannot be read: {error.strerror}") from error
