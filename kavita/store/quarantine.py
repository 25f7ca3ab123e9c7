"""The quarantine: what imports could not use, with the reason; nothing is dropped silently."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, insert, select
from sqlalchemy.orm import Session

from kavita.store.database import Database
from kavita.store.record_tables import QuarantinedRow

MAX_CONTENT_CHARS = 4000
"""Of a longer row the beginning is kept."""


@dataclass(frozen=True)
class BadRow:
    """What cannot be used of a file: where it stands, why, and its text."""

    place: str
    line: int
    reason: str
    content: str


def quarantine(session: Session, source: str, bad: Sequence[BadRow], now: datetime) -> None:
    """Make these the quarantined rows of the file whose SHA-256 is `source`.

    A row that was there before stays as it was; one that can be used by now is let out.
    """
    known = set(
        session.scalars(select(QuarantinedRow.place).where(QuarantinedRow.source == source))
    )
    new = [
        {
            "source": source,
            "place": row.place,
            "line": row.line,
            "reason": row.reason,
            "content": _kept(row.content),
            "at": now,
        }
        for row in bad
        if row.place not in known
    ]
    connection = session.connection()
    if new:
        connection.execute(insert(QuarantinedRow), new)
    if usable := known - {row.place for row in bad}:
        let_out = delete(QuarantinedRow).where(
            QuarantinedRow.source == source, QuarantinedRow.place == bindparam("usable")
        )
        connection.execute(let_out, [{"usable": place} for place in sorted(usable)])


def quarantined_rows(database: Database) -> Sequence[QuarantinedRow]:
    """Return all rows that wait for somebody to mend them, in the order in which they came."""
    with database.transaction() as session:
        return session.scalars(select(QuarantinedRow).order_by(QuarantinedRow.id)).all()


def _kept(content: str) -> str:
    kept = content.replace("\0", "\ufffd")  # PostgreSQL keeps no NUL
    return kept if len(kept) <= MAX_CONTENT_CHARS else f"{kept[:MAX_CONTENT_CHARS]}…"
