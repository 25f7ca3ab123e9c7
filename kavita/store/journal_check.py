"""The journal's verification: nobody has changed it, and the book holds what it tells.

Every seal is computed anew. The last entry of each patient and appointment carries its whole row,
so folding the journal gives the two tables; the claims follow from them.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import RowMapping, Select, String, select, type_coerce
from sqlalchemy.orm import Session

from kavita.store import claims_check
from kavita.store.database import Database
from kavita.store.journal import NO_SEAL, seal
from kavita.store.record_tables import JournalEntry, JournalHead
from kavita.store.snapshots import snapshot
from kavita.store.tables import Appointment, Patient

MAX_PROBLEMS = 20
CHUNK = 1000

R = TypeVar("R", Patient, Appointment)


@dataclass(frozen=True)
class JournalCheck:
    """How many entries were read, and what is wrong, in sentences for the operator."""

    entries: int
    problems: tuple[str, ...]


@dataclass(frozen=True)
class _Written:
    """Where the journal last told of a row, and its JSON."""

    position: int
    content: str


@dataclass
class _Fold:
    """What the journal says each table holds."""

    entries: int = 0
    last_position: int = 0
    last_seal: str = NO_SEAL
    patients: dict[str, _Written] = field(default_factory=dict)
    appointments: dict[str, _Written] = field(default_factory=dict)


def check_journal(database: Database) -> JournalCheck:
    """Compare the journal with itself and with the book, at one moment; StoreUnavailable."""
    with database.snapshot() as session:
        return examine(session)


def examine(session: Session) -> JournalCheck:
    """Do the same within a transaction."""
    fold = _Fold()
    found = []
    count = 0
    for problem in _problems(session, fold):
        count += 1
        if count <= MAX_PROBLEMS:
            found.append(problem)
    if count > MAX_PROBLEMS:
        found.append(f"There are {count - MAX_PROBLEMS} more problems.")
    return JournalCheck(fold.entries, tuple(found))


def _problems(session: Session, fold: _Fold) -> Iterator[str]:
    yield from _check_chain(session, fold)
    yield from _check_head(session, fold)
    try:
        yield from _check_patients(session, fold.patients)
        yield from _check_appointments(session, fold.appointments)
        yield from claims_check.other_problems(session)
    except (TypeError, ValueError):
        yield "The book holds a value that is none of its column's."


def _check_chain(session: Session, fold: _Fold) -> Iterator[str]:
    for row in _entries(session):
        position = row["position"]
        if position != fold.last_position + 1:
            yield (
                f"The journal has no entry between {fold.last_position} and {position}: "
                "some were deleted or put elsewhere."
            )
        if not _is_sealed(fold.last_seal, row):
            yield f"Journal entry {position} does not fit its seal: it or one before was changed."
        yield from _fold_in(row, fold)
        fold.entries += 1
        fold.last_position, fold.last_seal = position, row["seal"]


def _entries(session: Session) -> Iterator[RowMapping]:
    """Read the journal in order; times as the database gives them, for any may be damaged."""
    table = JournalEntry.__table__
    columns = [
        type_coerce(column, String) if column.name == "at" else column for column in table.columns
    ]
    query = select(*columns).order_by(JournalEntry.position)
    for some in session.execute(query, execution_options={"yield_per": CHUNK}).partitions():
        yield from (row._mapping for row in some)


def _is_sealed(previous: str, row: RowMapping) -> bool:
    try:
        return bool(seal(previous, dict(row) | {"at": _instant(row["at"])}) == row["seal"])
    except (TypeError, ValueError):
        return False


def _instant(stored: Any) -> datetime:
    """Read a time as either database keeps it; raises TypeError and ValueError."""
    at = stored if isinstance(stored, datetime) else datetime.fromisoformat(stored)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _fold_in(row: RowMapping, fold: _Fold) -> Iterator[str]:
    written = {"patient": fold.patients, "appointment": fold.appointments}.get(row["action"])
    if written is None:
        return
    try:
        key = str(json.loads(row["content"])["id"])
    except (TypeError, ValueError, KeyError):
        yield f"Journal entry {row['position']} does not hold the row that it tells of."
        return
    written[key] = _Written(row["position"], row["content"])


def _check_head(session: Session, fold: _Fold) -> Iterator[str]:
    head = session.execute(
        select(JournalHead.position, JournalHead.seal).where(JournalHead.id == 1)
    ).first()
    if head is None:
        yield "The journal's head is missing."
    elif head.position != fold.last_position:
        yield (
            f"The journal should end with entry {head.position}, but ends with "
            f"{fold.last_position}."
        )
    elif head.seal != fold.last_seal:
        yield f"The journal's head does not fit its last entry, {fold.last_position}."


def _check_patients(session: Session, written: dict[str, _Written]) -> Iterator[str]:
    for some in _chunks(session, select(Patient).order_by(Patient.position)):
        for row in some:
            yield from _check_row("patient", row, written.pop(row.id, None))
    yield from _missing("patient", written)


def _check_appointments(session: Session, written: dict[str, _Written]) -> Iterator[str]:
    for some in _chunks(session, select(Appointment).order_by(Appointment.position)):
        for row in some:
            yield from _check_row("appointment", row, written.pop(row.id, None))
        yield from claims_check.appointments_problems(session, some)
    yield from _missing("appointment", written)


def _chunks(session: Session, query: Select[R]) -> Iterator[Sequence[R]]:
    return iter(session.scalars(query, execution_options={"yield_per": CHUNK}).partitions())


def _missing(name: str, written: dict[str, _Written]) -> Iterator[str]:
    for key, entry in written.items():
        yield f"The {name} {key} is in journal entry {entry.position}, but not in the book."


def _check_row(name: str, row: Patient | Appointment, entry: _Written | None) -> Iterator[str]:
    if entry is None:
        yield f"The {name} {row.id} is in the book, but not in the journal."
        return
    told, there = json.loads(entry.content), snapshot(row)
    if told != there:
        differ = [column for column in there if told.get(column) != there[column]]
        yield (
            f"The {name} {row.id} is not what journal entry {entry.position} tells: "
            f"{', '.join(differ)} differ."
        )
