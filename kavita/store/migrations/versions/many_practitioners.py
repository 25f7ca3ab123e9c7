"""Several practitioners and visit types, holds, the waiting list, the journal and its head."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
CELL_SECONDS = 300
KEPT = ("practitioner", "patient", "appointment")


def upgrade() -> None:
    rows = {name: list(_rows(name)) for name in KEPT}
    for name in ("patient_claim", "practitioner_claim", *reversed(KEPT)):
        op.drop_table(name)
    _create_people()
    _create_appointments()
    _create_claims()
    _create_waitlist()
    _create_record()
    _put_back(rows)
    _seal_the_journal()


def downgrade() -> None:
    raise RuntimeError("a book is not taken back: restore the backup that was made before")


def _rows(name: str) -> Iterator[dict[str, Any]]:
    table = sa.Table(name, sa.MetaData(), autoload_with=op.get_bind())
    yield from (dict(row) for row in op.get_bind().execute(sa.select(table)).mappings())


def _create_people() -> None:
    op.create_table(
        "clinic_definition",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("loaded_at", INSTANT, nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_clinic_definition_one_row")),
    )
    op.create_table(
        "practitioner",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("specialty", sa.String(), nullable=False),
        sa.Column("languages", sa.JSON(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.UniqueConstraint("key", name=op.f("uq_practitioner_key")),
    )
    op.create_table(
        "visit_type",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.UniqueConstraint("key", name=op.f("uq_visit_type_key")),
    )
    op.create_table(
        "patient",
        sa.Column("position", sa.Integer(), primary_key=True),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("phone", sa.String()),
        sa.Column("birth_date", sa.Date()),
        sa.UniqueConstraint("id", name=op.f("uq_patient_id")),
    )
    op.create_table(
        "patient_pin",
        sa.Column("patient_id", sa.String(64), sa.ForeignKey("patient.id"), primary_key=True),
        sa.Column("salt", sa.String(64), nullable=False),
        sa.Column("digest", sa.String(128), nullable=False),
    )
    op.create_table(
        "identity_failure",
        sa.Column("claimed_id", sa.String(64), primary_key=True),
        sa.Column("day", sa.Date(), primary_key=True),
        sa.Column("failures", sa.Integer(), nullable=False),
    )


def _create_appointments() -> None:
    op.create_table(
        "appointment",
        sa.Column("position", sa.Integer(), primary_key=True),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("patient_id", sa.String(64), sa.ForeignKey("patient.id"), nullable=False),
        sa.Column(
            "practitioner_id", sa.Integer(), sa.ForeignKey("practitioner.id"), nullable=False
        ),
        sa.Column("visit_type_id", sa.Integer(), sa.ForeignKey("visit_type.id")),
        sa.Column("patient_name", sa.String(), nullable=False),
        sa.Column("starts_at", INSTANT, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=False),
        sa.Column("occupied_from", sa.BigInteger(), nullable=False),
        sa.Column("occupied_until", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("modified_at", INSTANT),
        sa.UniqueConstraint("id", name=op.f("uq_appointment_id")),
        sa.CheckConstraint(
            "status IN ('booked', 'cancelled')", name=op.f("ck_appointment_known_status")
        ),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_appointment_positive_length")),
    )
    op.create_index(
        op.f("ix_appointment_patient_id_starts_at"), "appointment", ["patient_id", "starts_at"]
    )
    booked = sa.text("status = 'booked'")
    op.create_index(
        op.f("ix_appointment_practitioner_id_occupied_from_occupied_until"),
        "appointment",
        ["practitioner_id", "occupied_from", "occupied_until"],
        sqlite_where=booked,
        postgresql_where=booked,
    )
    op.create_table(
        "reschedule",
        sa.Column("position", sa.Integer(), primary_key=True),
        sa.Column("appointment_id", sa.String(64), sa.ForeignKey("appointment.id"), nullable=False),
        sa.Column("rescheduled_from", INSTANT, nullable=False),
        sa.Column(
            "from_practitioner_id", sa.Integer(), sa.ForeignKey("practitioner.id"), nullable=False
        ),
        sa.Column("at", INSTANT, nullable=False),
    )
    _index("reschedule", "appointment_id")


def _create_claims() -> None:
    op.create_table(
        "hold",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column(
            "practitioner_id", sa.Integer(), sa.ForeignKey("practitioner.id"), nullable=False
        ),
        sa.Column("occupied_from", sa.BigInteger(), nullable=False),
        sa.Column("occupied_until", sa.BigInteger(), nullable=False),
        sa.Column("call_id", sa.String(64)),
        sa.Column("patient_id", sa.String(64), sa.ForeignKey("patient.id")),
        sa.Column("expires_at", INSTANT, nullable=False),
    )
    for column in ("call_id", "patient_id", "expires_at"):
        _index("hold", column)
    op.create_table(
        "practitioner_claim",
        sa.Column(
            "practitioner_id", sa.Integer(), sa.ForeignKey("practitioner.id"), primary_key=True
        ),
        sa.Column("cell_start", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("appointment_id", sa.String(64), sa.ForeignKey("appointment.id")),
        sa.Column("hold_id", sa.Integer(), sa.ForeignKey("hold.id")),
        sa.CheckConstraint(
            "(appointment_id IS NULL) <> (hold_id IS NULL)",
            name=op.f("ck_practitioner_claim_one_owner"),
        ),
        sqlite_with_rowid=False,
    )
    _index("practitioner_claim", "appointment_id")
    _index("practitioner_claim", "hold_id")
    op.create_table(
        "patient_claim",
        sa.Column("patient_id", sa.String(64), sa.ForeignKey("patient.id"), primary_key=True),
        sa.Column("cell_start", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("appointment_id", sa.String(64), sa.ForeignKey("appointment.id"), nullable=False),
        sqlite_with_rowid=False,
    )
    _index("patient_claim", "appointment_id")


def _create_waitlist() -> None:
    op.create_table(
        "waitlist_entry",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("patient_id", sa.String(64), sa.ForeignKey("patient.id"), nullable=False),
        sa.Column("appointment_id", sa.String(64), sa.ForeignKey("appointment.id")),
        sa.Column("practitioner_id", sa.Integer(), sa.ForeignKey("practitioner.id")),
        sa.Column("visit_type_id", sa.Integer(), sa.ForeignKey("visit_type.id")),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("earliest", INSTANT, nullable=False),
        sa.Column("latest", INSTANT, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.CheckConstraint(
            "status IN ('waiting', 'served', 'withdrawn')",
            name=op.f("ck_waitlist_entry_known_status"),
        ),
    )
    _index("waitlist_entry", "patient_id")
    _index("waitlist_entry", "status", "earliest")
    op.create_table(
        "waitlist_offer",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("entry_id", sa.Integer(), sa.ForeignKey("waitlist_entry.id"), nullable=False),
        sa.Column(
            "practitioner_id", sa.Integer(), sa.ForeignKey("practitioner.id"), nullable=False
        ),
        sa.Column("starts_at", INSTANT, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=False),
        sa.Column("hold_id", sa.Integer()),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("given_in_call", sa.String(64)),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.CheckConstraint(
            "status IN ('open', 'taken', 'declined', 'lapsed')",
            name=op.f("ck_waitlist_offer_known_status"),
        ),
    )
    for column in ("entry_id", "hold_id", "given_in_call", "expires_at"):
        _index("waitlist_offer", column)


def _create_record() -> None:
    op.create_table(
        "idempotency",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("answer", sa.JSON()),
        sa.Column("at", INSTANT, nullable=False),
    )
    _index("idempotency", "at")
    op.create_table(
        "journal",
        sa.Column("position", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("call_id", sa.String(64), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("tool", sa.String(64), nullable=False),
        sa.Column("action", sa.String(32), nullable=False),
        sa.Column("patient_id", sa.String(64)),
        sa.Column("result", sa.String(64), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("seal", sa.String(64), nullable=False),
    )
    _index("journal", "patient_id")
    op.create_table(
        "journal_head",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("seal", sa.String(64), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_journal_head_one_row")),
    )
    op.execute(f"INSERT INTO journal_head (id, position, seal) VALUES (1, 0, '{'0' * 64}')")
    op.create_table(
        "quarantine",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("place", sa.String(128), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
    )
    _index("quarantine", "source", "place", unique=True)


def _index(table: str, *columns: str, unique: bool = False) -> None:
    name = op.f(f"ix_{table}_{'_'.join(columns)}")
    op.create_index(name, table, list(columns), unique=unique)


def _put_back(rows: dict[str, list[dict[str, Any]]]) -> None:
    """Return what the book held, with the new columns; claims follow from the appointments."""
    for row in rows["practitioner"]:
        row |= {"key": "clinic", "specialty": "", "languages": [], "is_active": True}
    for row in rows["appointment"]:
        row["occupied_from"] = _seconds(row["starts_at"]) // CELL_SECONDS * CELL_SECONDS
        row["occupied_until"] = -(-_seconds(row["ends_at"]) // CELL_SECONDS) * CELL_SECONDS
    for name in KEPT:
        _insert(name, rows[name])
    booked = [row for row in rows["appointment"] if row["status"] == "booked"]
    for name in ("practitioner", "patient"):
        _insert(f"{name}_claim", [claim for row in booked for claim in _claims(row, f"{name}_id")])
    if op.get_bind().dialect.name == "postgresql":
        _go_on_counting("practitioner", "id")
        _go_on_counting("patient", "position")
        _go_on_counting("appointment", "position")


def _go_on_counting(name: str, column: str) -> None:
    op.execute(
        f"SELECT setval(pg_get_serial_sequence('{name}', '{column}'), "
        f"(SELECT coalesce(max({column}), 0) + 1 FROM {name}), false)"
    )


def _insert(name: str, rows: list[dict[str, Any]]) -> None:
    table = sa.Table(name, sa.MetaData(), autoload_with=op.get_bind())
    if rows:
        op.get_bind().execute(sa.insert(table), rows)


def _claims(row: dict[str, Any], owner: str) -> Iterator[dict[str, Any]]:
    for cell_start in range(row["occupied_from"], row["occupied_until"], CELL_SECONDS):
        yield {owner: row[owner], "cell_start": cell_start, "appointment_id": row["id"]}


def _seconds(instant: datetime) -> int:
    aware = instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant
    return int(aware.timestamp())


def _seal_the_journal() -> None:
    """Let nobody change or delete an entry, not even Kavita."""
    if op.get_bind().dialect.name == "sqlite":
        for event in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER journal_no_{event.lower()} BEFORE {event} ON journal "
                "BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION refuse_journal_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the journal is append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER journal_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON journal "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_journal_change()"
    )
