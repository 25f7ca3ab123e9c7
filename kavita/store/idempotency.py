"""Requests that are carried out once: the same key gives the same answer, however often it comes.

A key's row is written first, in the transaction of the work: whoever comes with it at the same time
waits for that transaction, and then finds its answer. A request that was refused leaves nothing.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from kavita.scheduling.errors import KeyReused
from kavita.store.database import insert_new
from kavita.store.journal import Request
from kavita.store.record_tables import Idempotency
from kavita.store.snapshots import Snapshot, canonical


def request_key(call_id: str, turn: int, tool: str, arguments: Mapping[str, object]) -> str:
    """Return the key of a tool call: the same tool with the same arguments in the same turn."""
    return _digest([call_id, turn, tool, dict(arguments)])


def reserve(
    session: Session, request: Request, arguments: Mapping[str, object], now: datetime
) -> Snapshot | None:
    """Take the request's key, or return the answer that it was given before.

    Raises KeyReused when it came before with other arguments.
    """
    if not request.key:
        return None
    fingerprint = _digest([request.tool, dict(arguments)])
    values = {"key": request.key, "fingerprint": fingerprint, "at": now}
    if insert_new(session, Idempotency, values):
        return None
    earlier = session.get_one(Idempotency, request.key)
    if earlier.fingerprint != fingerprint:
        raise KeyReused
    return earlier.answer


def remember(session: Session, request: Request, answer: Snapshot) -> None:
    """Keep the answer under the key that `reserve` took."""
    if request.key:
        session.execute(
            update(Idempotency).where(Idempotency.key == request.key).values(answer=answer)
        )


def _digest(content: object) -> str:
    return hashlib.sha256(canonical(content).encode("utf-8", "surrogatepass")).hexdigest()
