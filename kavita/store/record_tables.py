"""The tables that tell what was done: the journal, answered requests, calls, refused imports."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from kavita.store.columns import Base


class Idempotency(Base):
    """A request that was carried out, and its answer, for when it comes again."""

    __tablename__ = "idempotency"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    """Of the arguments: the same key with others is refused."""
    answer: Mapped[dict[str, Any] | None]
    at: Mapped[datetime] = mapped_column(index=True)


class JournalEntry(Base):
    """A read or a write of patient data; never changed, each sealed with the one before."""

    __tablename__ = "journal"

    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    call_id: Mapped[str] = mapped_column(String(64))
    turn: Mapped[int]
    tool: Mapped[str] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(32))
    patient_id: Mapped[str | None] = mapped_column(String(64), index=True)
    result: Mapped[str] = mapped_column(String(64))
    content: Mapped[str] = mapped_column(Text)
    """JSON: the row as it was written, or what was shown; kept as text, for it is sealed."""
    seal: Mapped[str] = mapped_column(String(64))


class JournalHead(Base):
    """One row: the last entry and its seal; whoever appends holds it until the commit."""

    __tablename__ = "journal_head"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, default=1)
    position: Mapped[int]
    seal: Mapped[str] = mapped_column(String(64))


class QuarantinedRow(Base):
    """What an import could not use, and why; nothing is dropped silently."""

    __tablename__ = "quarantine"
    __table_args__ = (Index(None, "source", "place", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the file."""
    place: Mapped[str] = mapped_column(String(128))
    """Where in the file, such as "appointments/12"."""
    line: Mapped[int]
    reason: Mapped[str]
    content: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]


class Call(Base):
    """One conversation; `ended_at` stays empty when the process died in it."""

    __tablename__ = "call"

    position: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(String(64), unique=True)
    started_at: Mapped[datetime] = mapped_column(index=True)
    ended_at: Mapped[datetime | None]
    reason: Mapped[str | None] = mapped_column(String(32))
    summary: Mapped[str | None]


class CallTurn(Base):
    """What one side said; for an interrupted agent, what was heard of it."""

    __tablename__ = "turn"
    __table_args__ = (CheckConstraint("speaker IN ('caller', 'agent')", name="known_speaker"),)

    position: Mapped[int] = mapped_column(primary_key=True)
    call_id: Mapped[str] = mapped_column(ForeignKey("call.id"), index=True)
    speaker: Mapped[str] = mapped_column(String(8))
    text: Mapped[str]
    interrupted: Mapped[bool]
    at: Mapped[datetime]


class CallToolCall(Base):
    """A tool that ran in a call."""

    __tablename__ = "tool_call"

    position: Mapped[int] = mapped_column(primary_key=True)
    call_id: Mapped[str] = mapped_column(ForeignKey("call.id"), index=True)
    name: Mapped[str] = mapped_column(String(64))
    arguments: Mapped[dict[str, Any]]
    result: Mapped[dict[str, Any]]
    at: Mapped[datetime]


class CallUsage(Base):
    """What a call has used of an engine that costs money, and what that cost."""

    __tablename__ = "call_usage"

    call_id: Mapped[str] = mapped_column(ForeignKey("call.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True, index=True)
    """On the clinic's calendar."""
    stage: Mapped[str] = mapped_column(String(8), primary_key=True)
    engine: Mapped[str] = mapped_column(String(128), primary_key=True)
    unit: Mapped[str] = mapped_column(String(32), primary_key=True)
    currency: Mapped[str] = mapped_column(String(3), primary_key=True)
    quantity: Mapped[int] = mapped_column(BigInteger)
    cost: Mapped[int] = mapped_column(BigInteger)
    """In billionths of the currency, at the price of the day."""
