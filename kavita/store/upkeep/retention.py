"""What is kept for how long: what is over goes; the journal stays for ever."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, delete, select
from sqlalchemy.orm import Session

from kavita.scheduling.clinic import Clinic
from kavita.scheduling.times import to_clinic
from kavita.store import journal, waitlist_offers
from kavita.store.claims import release_holds
from kavita.store.database import Database
from kavita.store.journal import Request
from kavita.store.record_tables import Call, CallToolCall, CallTurn, CallUsage, Idempotency
from kavita.store.tables import Hold, IdentityFailure

KEEP_REQUESTS = timedelta(days=2)
"""A request can come again only within its call."""
CHUNK = 500
"""Rows of one transaction: calls go on in between."""


@dataclass(frozen=True)
class Tidied:
    """How much has gone."""

    offers: int
    """Of the waiting list, that lapsed."""
    holds: int
    failures: int
    """Rows that count wrong tries to identify."""
    requests: int
    calls: int


def tidy(database: Database, clinic: Clinic, now: datetime, keep_calls_days: int) -> Tidied:
    """Let go of what is over; calls are kept for ever when `keep_calls_days` is 0.

    Offers that nobody took lapse first, so that the next in line has a turn.
    """
    yesterday = to_clinic(now, clinic.timezone).date() - timedelta(days=1)
    return Tidied(
        database.run(lambda session: _lapse(session, clinic, now)),
        _until_none_is_left(database, lambda session: _release(session, now)),
        database.run(lambda session: _delete(session, IdentityFailure.day < yesterday)),
        database.run(lambda session: _delete(session, Idempotency.at < now - KEEP_REQUESTS)),
        _forget_calls(database, now, keep_calls_days),
    )


def _lapse(session: Session, clinic: Clinic, now: datetime) -> int:
    entries = waitlist_offers.lapse(session, clinic, now)
    journal.append(session, Request(tool="tidy"), now, entries)
    return sum(entry.result == "lapsed" for entry in entries)


def _release(session: Session, now: datetime) -> int:
    over = select(Hold.id).where(Hold.expires_at <= now).order_by(Hold.id).limit(CHUNK)
    holds = session.scalars(over).all()
    release_holds(session, holds)
    return len(holds)


def _delete(session: Session, which: Any) -> int:
    table = which.left.table
    return cast(CursorResult[Any], session.execute(delete(table).where(which))).rowcount


def _forget_calls(database: Database, now: datetime, days: int) -> int:
    if not days:
        return 0
    before = now - timedelta(days=days)
    return _until_none_is_left(database, lambda session: _forget_some(session, before))


def _forget_some(session: Session, before: datetime) -> int:
    over = select(Call.id).where(Call.started_at < before).order_by(Call.position).limit(CHUNK)
    calls = session.scalars(over).all()
    for table in (CallTurn, CallToolCall, CallUsage):
        session.execute(delete(table).where(table.call_id.in_(calls)))
    session.execute(delete(Call).where(Call.id.in_(calls)))
    return len(calls)


def _until_none_is_left(database: Database, work: Callable[[Session], int]) -> int:
    total = 0
    while gone := database.run(work):
        total += gone
    return total
