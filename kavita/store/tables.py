"""The tables of the appointment book, as SQLAlchemy maps them."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from kavita.store.columns import Base

BOOKED = "booked"
CANCELLED = "cancelled"

OWN_PRACTITIONER = 1
"""The only practitioner of a plain clinic: the clinic itself."""


class Book(Base):
    """One row: where the book's first content came from."""

    __tablename__ = "book"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, default=1)
    origin: Mapped[str] = mapped_column(String(16))


class ClinicDefinition(Base):
    """One row: the clinic of `clinic.toml` as it was last read; none for a plain clinic."""

    __tablename__ = "clinic_definition"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, default=1)
    content: Mapped[dict[str, Any]]
    loaded_at: Mapped[datetime]


class Practitioner(Base):
    """Whose time is booked; rows stay when somebody leaves, for their appointments do."""

    __tablename__ = "practitioner"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str]
    specialty: Mapped[str]
    languages: Mapped[list[str]]
    is_active: Mapped[bool]


class VisitType(Base):
    """A kind of visit; rows stay when it is no longer offered."""

    __tablename__ = "visit_type"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str]
    minutes: Mapped[int]
    is_active: Mapped[bool]


class Patient(Base):
    """A person who can have appointments; `id` is what the caller says."""

    __tablename__ = "patient"

    position: Mapped[int] = mapped_column(primary_key=True)
    """Order of arrival; an export keeps it."""
    id: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str]
    phone: Mapped[str | None]
    """None: never asked. Empty: asked, not given."""
    birth_date: Mapped[date | None]
    """A second factor where it is known: the caller must say it."""


class PatientPin(Base):
    """The secret that a clinic may ask for before a change; only its hash is kept."""

    __tablename__ = "patient_pin"

    patient_id: Mapped[str] = mapped_column(ForeignKey("patient.id"), primary_key=True)
    salt: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(128))


class IdentityFailure(Base):
    """How often an ID was given with wrong details on a day, whether it exists or not."""

    __tablename__ = "identity_failure"

    claimed_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    """Of the clinic's calendar."""
    failures: Mapped[int]


class Appointment(Base):
    """Time of a practitioner for a patient, half-open, and what became of it."""

    __tablename__ = "appointment"
    __table_args__ = (
        CheckConstraint("status IN ('booked', 'cancelled')", name="known_status"),
        CheckConstraint("starts_at < ends_at", name="positive_length"),
        Index(None, "patient_id", "starts_at"),
        Index(
            None,
            "practitioner_id",
            "occupied_from",
            "occupied_until",
            sqlite_where=text("status = 'booked'"),
            postgresql_where=text("status = 'booked'"),
        ),
    )

    position: Mapped[int] = mapped_column(primary_key=True)
    """Order of arrival; an export keeps it."""
    id: Mapped[str] = mapped_column(String(64), unique=True)
    patient_id: Mapped[str] = mapped_column(ForeignKey("patient.id"))
    practitioner_id: Mapped[int] = mapped_column(ForeignKey("practitioner.id"))
    visit_type_id: Mapped[int | None] = mapped_column(ForeignKey("visit_type.id"))
    """None in a plain clinic."""
    patient_name: Mapped[str]
    """As it was when booked."""
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    occupied_from: Mapped[int] = mapped_column(BigInteger)
    """With its buffers: seconds since 1970 in UTC, a multiple of 300, as in the claims."""
    occupied_until: Mapped[int] = mapped_column(BigInteger)
    purpose: Mapped[str]
    status: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime]
    modified_at: Mapped[datetime | None]


class Reschedule(Base):
    """A link in the chain of a moved appointment: when, and with whom, it used to be."""

    __tablename__ = "reschedule"

    position: Mapped[int] = mapped_column(primary_key=True)
    appointment_id: Mapped[str] = mapped_column(ForeignKey("appointment.id"), index=True)
    rescheduled_from: Mapped[datetime]
    from_practitioner_id: Mapped[int] = mapped_column(ForeignKey("practitioner.id"))
    at: Mapped[datetime]


class Hold(Base):
    """Time that is kept for a while: for a call that was offered it, or for a waiting patient."""

    __tablename__ = "hold"

    id: Mapped[int] = mapped_column(primary_key=True)
    practitioner_id: Mapped[int] = mapped_column(ForeignKey("practitioner.id"))
    occupied_from: Mapped[int] = mapped_column(BigInteger)
    occupied_until: Mapped[int] = mapped_column(BigInteger)
    call_id: Mapped[str | None] = mapped_column(String(64), index=True)
    patient_id: Mapped[str | None] = mapped_column(ForeignKey("patient.id"), index=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class PractitionerClaim(Base):
    """An appointment or a hold owns each cell of its time: nobody else can book it."""

    __tablename__ = "practitioner_claim"
    __table_args__ = (
        CheckConstraint("(appointment_id IS NULL) <> (hold_id IS NULL)", name="one_owner"),
        {"sqlite_with_rowid": False},
    )

    practitioner_id: Mapped[int] = mapped_column(ForeignKey("practitioner.id"), primary_key=True)
    cell_start: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    """Five minutes from here: seconds since 1970 in UTC, a multiple of 300."""
    appointment_id: Mapped[str | None] = mapped_column(ForeignKey("appointment.id"), index=True)
    hold_id: Mapped[int | None] = mapped_column(ForeignKey("hold.id"), index=True)


class PatientClaim(Base):
    """The same for the patient: nobody is in two places at once."""

    __tablename__ = "patient_claim"
    __table_args__ = ({"sqlite_with_rowid": False},)

    patient_id: Mapped[str] = mapped_column(ForeignKey("patient.id"), primary_key=True)
    cell_start: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    appointment_id: Mapped[str] = mapped_column(ForeignKey("appointment.id"), index=True)


class WaitlistEntry(Base):
    """A patient who wants an earlier time, and between when."""

    __tablename__ = "waitlist_entry"
    __table_args__ = (
        CheckConstraint("status IN ('waiting', 'served', 'withdrawn')", name="known_status"),
        Index(None, "status", "earliest"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[str] = mapped_column(ForeignKey("patient.id"), index=True)
    appointment_id: Mapped[str | None] = mapped_column(ForeignKey("appointment.id"))
    """To be moved to the earlier time; None: to be booked."""
    practitioner_id: Mapped[int | None] = mapped_column(ForeignKey("practitioner.id"))
    """None: anybody."""
    visit_type_id: Mapped[int | None] = mapped_column(ForeignKey("visit_type.id"))
    minutes: Mapped[int]
    earliest: Mapped[datetime]
    latest: Mapped[datetime]
    """The visit begins within [earliest, latest)."""
    status: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime]


class WaitlistOffer(Base):
    """A freed time that is kept for a waiting patient until the hold expires."""

    __tablename__ = "waitlist_offer"
    __table_args__ = (
        CheckConstraint("status IN ('open', 'taken', 'declined', 'lapsed')", name="known_status"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("waitlist_entry.id"), index=True)
    practitioner_id: Mapped[int] = mapped_column(ForeignKey("practitioner.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    hold_id: Mapped[int | None] = mapped_column(index=True)
    """The hold is deleted when it expires, is used or is given up."""
    status: Mapped[str] = mapped_column(String(16))
    given_in_call: Mapped[str | None] = mapped_column(String(64), index=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)
