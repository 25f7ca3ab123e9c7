"""Importing damaged appointments.json files: every row is accounted for, and nothing else changes.

What is in the book is counted here by SQL, not by the import's own numbers.
"""

import hashlib
import shutil
import sqlite3
import tempfile
from contextlib import closing
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from benchmarks.figures.judging import judge
from kavita.scheduling.clinic import Clinic
from kavita.store.appointments_file import ImportRefused
from kavita.store.appointments_import import Imported, import_file
from kavita.store.database import Database
from tests.fakes.damaged_files import DamagedFile, damaged_file

CLINIC = Clinic("Sunrise Clinic", ZoneInfo("Asia/Kolkata"))
NOW = datetime(2026, 2, 9, 8, 0, tzinfo=CLINIC.timezone)


@dataclass(frozen=True)
class ImportFigures:
    """What became of the files and their rows, and how often something was not as it must be."""

    files: int
    refused: int
    """Files in which there was nothing to import; they must have changed nothing."""
    rows: int
    imported: int
    """Rows that are in the book after the import: new ones, and those that it had before."""
    quarantined: int
    mismatches: int
    """Files of which a row is missing, a sound row was not imported, or the book has a fault."""
    changed_by_second_run: int
    changed_sources: int

    @property
    def holds(self) -> bool:
        """Tell whether every file was imported as it must be."""
        faults = self.mismatches + self.changed_by_second_run + self.changed_sources
        return faults == 0 and self.imported + self.quarantined == self.rows


def check_imports(files: int, seed: int) -> ImportFigures:
    """Damage as many files, and import each twice; every other one into a book that has its rows.

    The same seed makes the same files.
    """
    with tempfile.TemporaryDirectory(prefix="kavita-imports-") as name:
        folder = Path(name)
        database = Database(f"sqlite:///{folder / 'new.db'}")
        database.open()
        database.close()
        done = [_check(folder, seed + number, number % 2 == 1) for number in range(files)]
    names = [each.name for each in fields(ImportFigures)]
    return ImportFigures(*(sum(getattr(one, name) for one in done) for name in names))


def _check(folder: Path, seed: int, has_rows: bool) -> ImportFigures:
    file = damaged_file(seed)
    path, book = folder / "appointments.json", folder / "book.db"
    shutil.copy(folder / "new.db", book)
    database = Database(f"sqlite:///{book}")
    try:
        if has_rows:
            path.write_bytes(file.whole)
            import_file(database, path, CLINIC, NOW)
        path.write_bytes(file.data)
        return _import_twice(database, book, path, file)
    finally:
        database.close()


def _import_twice(database: Database, book: Path, path: Path, file: DamagedFile) -> ImportFigures:
    source, before, rows_before = _digest(path), _dump(book), _count(book, "patient", "appointment")
    first = _import(database, path)
    after = _dump(book)
    new = _count(book, "patient", "appointment") - rows_before
    quarantined = _count(book, "quarantine")
    second = _import(database, path, later=timedelta(days=1))
    changed = _dump(book) != after or (first is None) != (second is None)
    touched = source != _digest(path)
    if first is None:
        wrong = before != after or file.rows is not None
        return ImportFigures(1, 1, 0, 0, 0, wrong, changed, touched)
    is_right = (
        new == first.patients + first.appointments
        and quarantined == first.quarantined
        and new + first.present + quarantined == first.total
        and file.rows in (None, first.total)
        and file.sound <= _appointment_ids(book)
        and judge(database).is_sound
    )
    imported = new + first.present
    return ImportFigures(1, 0, first.total, imported, quarantined, not is_right, changed, touched)


def _import(database: Database, path: Path, later: timedelta = timedelta()) -> Imported | None:
    try:
        return import_file(database, path, CLINIC, NOW + later)
    except ImportRefused:
        return None


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _dump(book: Path) -> list[str]:
    with closing(sqlite3.connect(book)) as connection:
        return list(connection.iterdump())


def _count(book: Path, *tables: str) -> int:
    with closing(sqlite3.connect(book)) as connection:
        counts = [connection.execute(f"SELECT count(*) FROM {table}") for table in tables]
        return sum(count.fetchone()[0] for count in counts)


def _appointment_ids(book: Path) -> set[str]:
    with closing(sqlite3.connect(book)) as connection:
        return {row[0] for row in connection.execute("SELECT id FROM appointment")}
