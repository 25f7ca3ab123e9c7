"""Import of `data/appointments.json`: every row is judged by itself, and none is dropped silently.

What can be used goes into the book, the rest into quarantine with its reason; in one transaction.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kavita.scheduling.clinic import Clinic
from kavita.scheduling.times import to_clinic
from kavita.store import journal
from kavita.store.appointments_file import AppointmentsFile, FileRow, ImportRefused, read_file
from kavita.store.appointments_json import file_appointment, file_user
from kavita.store.claims import cells, release_holds
from kavita.store.database import Database
from kavita.store.directory import Directory, read_directory
from kavita.store.journal import Entry, Request
from kavita.store.origin import is_empty, write_origin
from kavita.store.quarantine import BadRow, quarantine
from kavita.store.row_checks import Row, Unusable, appointment_columns, patient_columns, shown
from kavita.store.tables import (
    BOOKED,
    Appointment,
    Hold,
    Patient,
    PatientClaim,
    PractitionerClaim,
)

Judged = list[tuple[FileRow, Row]]


@dataclass(frozen=True)
class Imported:
    """What became of a file's rows: new in the book, there already, or in quarantine."""

    patients: int
    appointments: int
    """Both are the new ones."""
    present: int
    """In the book already, word for word."""
    total: int
    unusable: tuple[BadRow, ...] = ()

    @property
    def quarantined(self) -> int:
        """How many of the file's rows are in quarantine."""
        return len(self.unusable)


def import_file(database: Database, path: Path, clinic: Clinic, now: datetime) -> Imported:
    """Put what can be used of a file into the book, and the rest into quarantine.

    Raises ImportRefused with file, line and reason when the file as a whole cannot be used; neither
    file nor book is changed then.
    """
    file = read_file(path)
    with database.transaction() as session:
        directory = read_directory(session, clinic)
    checked = _Checked(file, directory, to_clinic(now, clinic.timezone).date())
    try:
        return database.run(lambda session: _put(session, checked, now))
    except IntegrityError:
        raise ImportRefused(path, None, "the book was changed at the same moment") from None


class _Checked:
    """A file's rows, judged each by itself."""

    def __init__(self, file: AppointmentsFile, directory: Directory, today: date) -> None:
        self.file, self.directory = file, directory
        self.bad = list(file.unusable)
        self.users: Judged = []
        self.appointments: Judged = []
        for row in file.users:
            try:
                self.users.append((row, patient_columns(row.key, row.value, today)))
            except Unusable as reason:
                self.bad.append(row.bad(str(reason)))
        for row in file.appointments:
            try:
                self.appointments.append((row, appointment_columns(row.value, directory)))
            except Unusable as reason:
                self.bad.append(row.bad(str(reason)))


def _put(session: Session, checked: _Checked, now: datetime) -> Imported:
    if is_empty(session):
        write_origin(session, "imported")
    call_holds = select(Hold.id).where(Hold.expires_at <= now, Hold.patient_id.is_(None))
    release_holds(session, session.scalars(call_holds).all())
    session.flush()
    judge = _Judge(session, checked)
    entries = _insert(session, Patient, "patient", judge.patients)
    entries += _insert(session, Appointment, "appointment", judge.appointments)
    _insert_claims(session, judge.appointments)
    bad = tuple(sorted(judge.bad, key=lambda row: row.line))
    quarantine(session, checked.file.source, bad, now)
    journal.append(session, Request(tool="import"), now, entries)
    new = len(judge.patients), len(judge.appointments)
    return Imported(*new, judge.present, checked.file.total, bad)


class _Judge:
    """Sorts a file's rows by what the book, and the rows before them, hold."""

    def __init__(self, session: Session, checked: _Checked) -> None:
        self.bad = list(checked.bad)
        self.patients: list[Row] = []
        self.appointments: list[Row] = []
        self.present = 0
        self._directory = checked.directory
        self._named = {row.key for row in checked.file.users}
        self._users = self._usable_users(session, checked.users)
        self._judge_appointments(session, checked.appointments)

    def _usable_users(self, session: Session, users: Judged) -> set[str]:
        known = {row.id: row for row in session.scalars(select(Patient))}
        usable: set[str] = set()
        for row, columns in users:
            there = known.get(row.key)
            if row.key in usable:
                self.bad.append(row.bad(f"user {row.key} is there twice"))
            elif there is not None and not _says_the_same(row, file_user(there)):
                self.bad.append(row.bad(f"user {row.key} is in the book with other details"))
            else:
                usable.add(row.key)
                if there is None:
                    self.patients.append(columns)
                else:
                    self.present += 1
        return usable

    def _judge_appointments(self, session: Session, appointments: Judged) -> None:
        known = {row.id: row for row in session.scalars(select(Appointment))}
        taken = _Taken(session)
        seen: set[str] = set()
        for row, columns in appointments:
            there = known.get(columns["id"])
            reason = self._no_patient(columns["patient_id"])
            if not reason and columns["id"] in seen:
                reason = f"appointment {columns['id']} is there twice"
            if not reason and there is not None:
                if not _says_the_same(row, file_appointment(there, self._directory)):
                    reason = f"appointment {there.id} is in the book with other details"
            elif not reason and columns["status"] == BOOKED:
                reason = taken.take(columns, row.line)
            if reason:
                self.bad.append(row.bad(reason))
                continue
            seen.add(columns["id"])
            if there is None:
                self.appointments.append(columns)
            else:
                self.present += 1

    def _no_patient(self, user_id: str) -> str:
        if user_id in self._users:
            return ""
        if user_id in self._named:
            return f"user {shown(user_id)} is in quarantine"
        return f"there is no user {shown(user_id)} in users"


class _Taken:
    """Which cells are taken, and by what: by a line of the file, or (line 0) by the book."""

    def __init__(self, session: Session) -> None:
        practitioners = select(PractitionerClaim.practitioner_id, PractitionerClaim.cell_start)
        patients = select(PatientClaim.patient_id, PatientClaim.cell_start)
        self._lines: dict[tuple[int | str, int], int] = {
            (owner, cell): 0
            for query in (practitioners, patients)
            for owner, cell in session.execute(query)
        }

    def take(self, columns: Row, line: int) -> str:
        """Take an appointment's cells, or return why that cannot be."""
        wanted = [(columns["practitioner_id"], cell) for cell in _practitioner_cells(columns)]
        wanted += [(columns["patient_id"], cell) for cell in _patient_cells(columns)]
        for key in wanted:
            other = self._lines.get(key)
            if other is not None:
                with_whom = " of the same patient" if isinstance(key[0], str) else ""
                if other:
                    return f"overlaps the appointment{with_whom} on line {other}"
                return f"the book has something else{with_whom} at that time"
        self._lines.update(dict.fromkeys(wanted, line))
        return ""


def _says_the_same(row: FileRow, in_the_book: Row) -> bool:
    """Tell whether all that the file says is what the book would write."""
    return all(in_the_book.get(name) == value for name, value in row.value.items())


def _insert(
    session: Session, table: type[Patient | Appointment], action: str, rows: list[Row]
) -> list[Entry]:
    """Write the rows, without the ORM (a third faster), and return their journal."""
    if not rows:
        return []
    last = session.scalar(select(func.max(table.position))) or 0
    session.connection().execute(insert(table), rows)
    positions = select(table.id, table.position).where(table.position > last)
    position_of = {row.id: row.position for row in session.execute(positions)}
    return [
        Entry(action, row.get("patient_id", row["id"]), "imported", _snapshot(row, position))
        for row in rows
        for position in (position_of[row["id"]],)
    ]


def _snapshot(row: Row, position: int) -> Row:
    """Return what `snapshots.snapshot` says of the row, without reading it back."""
    plain = {
        name: value.isoformat() if isinstance(value, date) else value for name, value in row.items()
    }
    return plain | {"position": position}


def _insert_claims(session: Session, appointments: list[Row]) -> None:
    booked = [row for row in appointments if row["status"] == BOOKED]
    for table, owner, cells_of in (
        (PatientClaim, "patient_id", _patient_cells),
        (PractitionerClaim, "practitioner_id", _practitioner_cells),
    ):
        rows = [
            {owner: row[owner], "cell_start": cell, "appointment_id": row["id"]}
            for row in booked
            for cell in cells_of(row)
        ]
        if rows:
            session.connection().execute(insert(table), rows)


def _practitioner_cells(row: Row) -> Iterable[int]:
    return cells(row["occupied_from"], row["occupied_until"])


def _patient_cells(row: Row) -> Iterable[int]:
    return cells(int(row["starts_at"].timestamp()), int(row["ends_at"].timestamp()))
