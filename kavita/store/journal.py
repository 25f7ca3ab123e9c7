"""The journal: every read and write of patient data, append-only, each entry sealed with the last.

An entry's seal is the SHA-256 of the seal before it and of the entry itself, so that no entry can
be changed, removed or put in between without breaking every seal after it. The head names the last
one, so that none can be cut off at the end. Entries are written in the transaction of what they
tell.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from kavita.store.record_tables import JournalEntry, JournalHead
from kavita.store.snapshots import Snapshot, canonical, snapshot
from kavita.store.tables import Appointment, Patient

NO_SEAL = "0" * 64
"""What the first entry is sealed with."""


@dataclass(frozen=True)
class Request:
    """Who asks for a read or a write: a tool in a turn of a call, or a command outside of calls."""

    call_id: str = ""
    turn: int = 0
    tool: str = ""
    key: str = ""
    """The same key is carried out once only; empty: every time."""


NOBODY = Request()
"""Outside of a call, and carried out however often it comes."""


@dataclass(frozen=True)
class Entry:
    """What happened: `action` to the data of a patient, and what came of it."""

    action: str
    patient_id: str | None
    result: str
    content: Snapshot = field(default_factory=dict)


def wrote_patient(patient: Patient, result: str) -> Entry:
    """The entry of a patient's row as it is now."""
    return Entry("patient", patient.id, result, snapshot(patient))


def wrote_appointment(appointment: Appointment, result: str) -> Entry:
    """The entry of an appointment's row as it is now."""
    return Entry("appointment", appointment.patient_id, result, snapshot(appointment))


def append(session: Session, request: Request, now: datetime, entries: Sequence[Entry]) -> None:
    """Add entries; the last thing to do in a transaction, for it holds the head until the end."""
    if not entries:
        return
    session.flush()
    last = session.execute(
        select(JournalHead.position, JournalHead.seal).where(JournalHead.id == 1).with_for_update()
    ).one()
    at = now.astimezone(UTC)
    position, previous, rows = last.position, last.seal, []
    for entry in entries:
        position += 1
        row = {
            "position": position,
            "at": at,
            "call_id": request.call_id,
            "turn": request.turn,
            "tool": request.tool,
            "action": entry.action,
            "patient_id": entry.patient_id,
            "result": entry.result,
            "content": canonical(entry.content),
        }
        previous = row["seal"] = seal(previous, row)
        rows.append(row)
    session.execute(insert(JournalEntry.__table__), rows)  # type: ignore[arg-type]
    session.execute(
        update(JournalHead).where(JournalHead.id == 1).values(position=position, seal=previous)
    )


def note_reading(session: Session, tool: str, now: datetime) -> None:
    """Write down that a command shows everybody's data to the operator."""
    append(session, Request(tool=tool), now, [Entry("read", None, "everything")])


def seal(previous: str, row: dict[str, Any]) -> str:
    """Return the seal of an entry, given that of the one before."""
    told = [row[name] for name in _SEALED]
    sealed = canonical([previous, row["at"].astimezone(UTC).isoformat(), *told])
    return hashlib.sha256(sealed.encode()).hexdigest()


_SEALED = ("position", "call_id", "turn", "tool", "action", "patient_id", "result", "content")
