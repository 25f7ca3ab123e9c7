"""The record of a call: written as it happens, so that a crash loses nothing already said."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from kavita.store.database import Database
from kavita.store.record_tables import Call, CallToolCall, CallTurn
from kavita.store.usage import Charged, usage_of

Speaker = Literal["caller", "agent"]


@dataclass(frozen=True)
class Turn:
    """What one side said; of an interrupted agent only what was heard."""

    speaker: Speaker
    text: str
    interrupted: bool
    at: datetime


@dataclass(frozen=True)
class ToolCallRecord:
    """A tool that ran, as the page saw it."""

    name: str
    arguments: dict[str, Any]
    result: dict[str, Any]
    at: datetime


@dataclass(frozen=True)
class CallRecord:
    """Everything about one call; `ended_at` is None while it lasts, or when the process died."""

    call_id: str
    started_at: datetime
    ended_at: datetime | None
    reason: str | None
    summary: str | None
    turns: tuple[Turn, ...]
    tool_calls: tuple[ToolCallRecord, ...]
    usage: tuple[Charged, ...] = ()
    """What it used of engines that cost money."""


def start_call(database: Database, call_id: str, started_at: datetime) -> None:
    """Begin the record of a call."""
    _write(database, lambda session: session.add(Call(id=call_id, started_at=started_at)))


def add_turn(
    database: Database,
    call_id: str,
    speaker: Speaker,
    text: str,
    interrupted: bool,
    at: datetime,
) -> None:
    """Write down what was said."""
    said = {"speaker": speaker, "text": _storable(text), "interrupted": interrupted, "at": at}
    _write(database, lambda session: session.add(CallTurn(call_id=call_id, **said)))


def add_tool_call(
    database: Database,
    call_id: str,
    name: str,
    arguments: dict[str, Any],
    result: dict[str, Any],
    at: datetime,
) -> None:
    """Write down a tool call with its result."""
    done = {"name": name, "arguments": arguments, "result": result, "at": at}
    _write(database, lambda session: session.add(CallToolCall(call_id=call_id, **done)))


def finish_call(
    database: Database, call_id: str, reason: str, summary: str, ended_at: datetime
) -> None:
    """Close the record."""
    ending = {"reason": reason, "summary": _storable(summary), "ended_at": ended_at}

    def work(session: Session) -> None:
        session.execute(update(Call).where(Call.id == call_id).values(ending))

    _write(database, work)


def read_call(database: Database, call_id: str) -> CallRecord | None:
    """Return the record of a call, also of one that is still going on."""
    with database.transaction() as session:
        call = session.scalar(select(Call).where(Call.id == call_id))
        if call is None:
            return None
        turns = select(CallTurn).where(CallTurn.call_id == call_id).order_by(CallTurn.position)
        tool_calls = (
            select(CallToolCall)
            .where(CallToolCall.call_id == call_id)
            .order_by(CallToolCall.position)
        )
        return CallRecord(
            call.id,
            call.started_at,
            call.ended_at,
            call.reason,
            call.summary,
            tuple(_turn(row) for row in session.scalars(turns)),
            tuple(
                ToolCallRecord(row.name, row.arguments, row.result, row.at)
                for row in session.scalars(tool_calls)
            ),
            usage_of(session, call_id),
        )


def _write(database: Database, work: Callable[[Session], None]) -> None:
    """Nobody waits for the record; a caller may wait for the book."""
    database.run(work, gives_way=True)


def _turn(row: CallTurn) -> Turn:
    speaker: Speaker = "caller" if row.speaker == "caller" else "agent"
    return Turn(speaker, row.text, row.interrupted, row.at)


def _storable(text: str) -> str:
    """Drop what no database keeps as text: NUL and lone surrogates."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
