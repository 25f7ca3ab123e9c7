"""The tables of the book and of the call record, as SQLAlchemy maps them."""

from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    MetaData,
    String,
    TypeDecorator,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

BOOKED = "booked"
CANCELLED = "cancelled"

OWN_PRACTITIONER = 1
"""The one practitioner for now: the clinic itself."""


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, kept in UTC by both databases."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a time without a zone (ValueError)."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored time needs a zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give SQLite's naive text its zone back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """What all tables share."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: UtcDateTime, dict[str, Any]: JSON}


class Book(Base):
    """One row: where the book's first content came from."""

    __tablename__ = "book"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, default=1)
    origin: Mapped[str] = mapped_column(String(16))


class Practitioner(Base):
    """Whose time is booked."""

    __tablename__ = "practitioner"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Patient(Base):
    """A person who can have appointments; `id` is what the caller says."""

    __tablename__ = "patient"

    position: Mapped[int] = mapped_column(primary_key=True)
    """Order of arrival; an export keeps it."""
    id: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str]
    phone: Mapped[str | None]
    """None: never asked. Empty: asked, not given."""


class Appointment(Base):
    """Time of a practitioner for a patient, half-open, and what became of it."""

    __tablename__ = "appointment"
    __table_args__ = (
        CheckConstraint("status IN ('booked', 'cancelled')", name="known_status"),
        CheckConstraint("starts_at < ends_at", name="positive_length"),
        Index(None, "patient_id", "starts_at"),
        Index(None, "practitioner_id", "starts_at"),
    )

    position: Mapped[int] = mapped_column(primary_key=True)
    """Order of arrival; an export keeps it."""
    id: Mapped[str] = mapped_column(String(64), unique=True)
    patient_id: Mapped[str] = mapped_column(ForeignKey("patient.id"))
    practitioner_id: Mapped[int] = mapped_column(ForeignKey("practitioner.id"))
    patient_name: Mapped[str]
    """As it was when booked."""
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    purpose: Mapped[str]
    status: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime]
    modified_at: Mapped[datetime | None]


class PractitionerClaim(Base):
    """A booked appointment owns each cell of its time: nobody else can book the practitioner."""

    __tablename__ = "practitioner_claim"

    practitioner_id: Mapped[int] = mapped_column(ForeignKey("practitioner.id"), primary_key=True)
    cell_start: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    """Seconds since 1970 in UTC, a multiple of 300."""
    appointment_id: Mapped[str] = mapped_column(ForeignKey("appointment.id"), index=True)


class PatientClaim(Base):
    """The same for the patient: nobody is in two places at once."""

    __tablename__ = "patient_claim"

    patient_id: Mapped[str] = mapped_column(ForeignKey("patient.id"), primary_key=True)
    cell_start: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    """Seconds since 1970 in UTC, a multiple of 300."""
    appointment_id: Mapped[str] = mapped_column(ForeignKey("appointment.id"), index=True)


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
