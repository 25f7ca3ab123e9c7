"""Backups: an SQLite file for either database, made while calls go on, and verified.

A backup of PostgreSQL can be restored into SQLite and the other way round.
"""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kavita.store import journal
from kavita.store.copying import copy_all, holds_anything
from kavita.store.database import Database, StoreUnavailable, sqlite_url
from kavita.store.journal_check import JournalCheck, check_journal, examine
from kavita.store.upgrade import is_current, read_revision

DRAFTS = ".kavita-backup-"
"""How the folders begin in which drafts are written; one that is left over may be deleted."""
SUSPECT = ".suspect"


@dataclass(frozen=True)
class Backup:
    """A file that holds the whole book as it was at a moment after `begun_at`."""

    path: Path
    begun_at: datetime
    entries: int
    """Of the journal."""
    size: int
    """In bytes."""


@dataclass(frozen=True)
class Restored:
    """What came out of a backup."""

    entries: int
    """Of the journal, with the one that tells of this."""
    revision: str
    """That the backup had; an older one was brought up to date."""


def back_up(database: Database, path: Path, now: datetime) -> Backup:
    """Write the whole of a book to a new file at `path`, for its owner only.

    Raises StoreUnavailable when that fails, and when the book does not pass its verification: it
    is then kept beside `path`, marked as suspect.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=DRAFTS, dir=path.parent) as folder:
            draft = Path(folder) / "draft.db"
            draft.touch(mode=0o600)
            _write(database, draft)
            checked = _verified(draft)
            _settle(draft)
            if checked.problems:
                suspect = draft.replace(path.with_name(path.name + SUSPECT))
                raise StoreUnavailable(
                    f"The appointment book ({database.where}) does not pass its verification; its "
                    f"backup is kept as {suspect}. See what is wrong: kavita check --journal"
                )
            draft.replace(path)
            _sync(path.parent)
            return Backup(path, now, checked.entries, path.stat().st_size)
    except OSError as error:
        raise StoreUnavailable(f"{path} cannot be written: {error.strerror}") from error
    except sqlite3.Error as error:
        raise StoreUnavailable(f"{path} cannot be written: {error}") from error


def restore(path: Path, database: Database, now: datetime) -> Restored:
    """Put a backup into an open book that holds nothing yet, all of it or nothing.

    The file is not changed. Raises StoreUnavailable when it is no sound backup, and when the book
    holds something already.
    """
    with _opened(path) as (backup, revision):
        with database.transaction() as session:
            if holds_anything(session):
                raise StoreUnavailable(
                    f"The appointment book ({database.where}) is not empty, and a backup is never "
                    "restored over another book. Name a new one (DATABASE_URL, or --db)."
                )
            try:
                with backup.snapshot() as source:
                    copy_all(source, session)
            except IntegrityError as error:
                raise StoreUnavailable(f"{path} contradicts itself") from error
            return Restored(_concluded(session, path, now), revision)


def _concluded(session: Session, path: Path, now: datetime) -> int:
    entry = journal.Entry("restore", None, "restored")
    journal.append(session, journal.Request(tool="restore"), now, [entry])
    checked = examine(session)
    _refuse(path, checked.problems)
    return checked.entries


@contextmanager
def _opened(path: Path) -> Iterator[tuple[Database, str]]:
    """Give a verified copy of a backup, brought up to date, and the revision that it had."""
    with tempfile.TemporaryDirectory(prefix=DRAFTS) as folder:
        copy = Path(folder) / "copy.db"
        try:
            copy.touch(mode=0o600)
            shutil.copyfile(path, copy)
            revision = read_revision(copy)
        except OSError as error:
            raise StoreUnavailable(f"{path} cannot be read: {error.strerror}") from error
        except sqlite3.Error as error:
            raise StoreUnavailable(f"{path} is not sound: {error}") from error
        if revision is None:
            raise StoreUnavailable(f"{path} is not a backup of Kavita")
        _refuse(path, _damage(copy))
        backup = Database(sqlite_url(copy))
        try:
            backup.open()
            _refuse(path, check_journal(backup).problems)
            yield backup, revision
        finally:
            backup.close()


def _refuse(path: Path, problems: tuple[str, ...]) -> None:
    if problems:
        raise StoreUnavailable(f"{path} is not sound: " + "\n".join(problems))


def _write(database: Database, draft: Path) -> None:
    with database.snapshot() as source:
        if not is_current(source.connection()):
            raise StoreUnavailable(
                f"The appointment book ({database.where}) is not up to date: run kavita migrate"
            )
        if source.get_bind().dialect.name == "sqlite":
            connection: Any = source.connection().connection.driver_connection
            with closing(sqlite3.connect(draft)) as target:
                target.execute("PRAGMA synchronous = OFF")  # it is synced when it is complete
                connection.backup(target)
            return
        copy = Database(sqlite_url(draft))
        try:
            copy.open()
            with copy.transaction() as session:
                copy_all(source, session)
        finally:
            copy.close()


def _verified(draft: Path) -> JournalCheck:
    damage = _damage(draft)
    if damage:
        return JournalCheck(0, damage)
    backup = Database(sqlite_url(draft))
    try:
        return check_journal(backup)
    finally:
        backup.close()


def _damage(file: Path) -> tuple[str, ...]:
    """What SQLite itself finds wrong with a file, in its words."""
    try:
        with closing(sqlite3.connect(file)) as connection:
            found = [row[0] for row in connection.execute("PRAGMA integrity_check(20)")]
            loose = connection.execute("PRAGMA foreign_key_check").fetchmany(20)
    except sqlite3.Error as error:
        return (str(error),)
    missing = [f"{table}, row {row}: its {parent} is missing" for table, row, parent, _ in loose]
    return (*(words for words in found if words != "ok"), *missing)


def _settle(draft: Path) -> None:
    """Leave one file that is complete by itself, on the disk."""
    with closing(sqlite3.connect(draft)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    _sync(draft)


def _sync(path: Path) -> None:
    if os.name == "nt" and path.is_dir():
        return  # Windows has no way to sync a folder
    file = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(file)
    finally:
        os.close(file)
