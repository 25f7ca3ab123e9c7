"""The appointment book with its claims, and the record of calls."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    create_book()
    create_claims()
    create_calls()
    practitioner = sa.table("practitioner", sa.column("id"), sa.column("name"))
    op.execute(sa.insert(practitioner).values(id=1, name="The clinic"))


def create_book() -> None:
    op.create_table(
        "book",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("origin", sa.String(16), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_book_one_row")),
    )
    op.create_table(
        "practitioner",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.String(), nullable=False),
    )
    op.create_table(
        "patient",
        sa.Column("position", sa.Integer(), primary_key=True),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("phone", sa.String()),
        sa.UniqueConstraint("id", name=op.f("uq_patient_id")),
    )
    op.create_table(
        "appointment",
        sa.Column("position", sa.Integer(), primary_key=True),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("patient_id", sa.String(64), sa.ForeignKey("patient.id"), nullable=False),
        sa.Column("practitioner_id", sa.Integer(), nullable=False),
        sa.Column("patient_name", sa.String(), nullable=False),
        sa.Column("starts_at", INSTANT, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("modified_at", INSTANT),
        sa.ForeignKeyConstraint(["practitioner_id"], ["practitioner.id"]),
        sa.UniqueConstraint("id", name=op.f("uq_appointment_id")),
        sa.CheckConstraint(
            "status IN ('booked', 'cancelled')", name=op.f("ck_appointment_known_status")
        ),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_appointment_positive_length")),
    )
    op.create_index(
        op.f("ix_appointment_patient_id_starts_at"), "appointment", ["patient_id", "starts_at"]
    )
    op.create_index(
        op.f("ix_appointment_practitioner_id_starts_at"),
        "appointment",
        ["practitioner_id", "starts_at"],
    )


def create_claims() -> None:
    for whose, key_type in (("practitioner", sa.Integer()), ("patient", sa.String(64))):
        op.create_table(
            f"{whose}_claim",
            sa.Column(f"{whose}_id", key_type, sa.ForeignKey(f"{whose}.id"), primary_key=True),
            sa.Column("cell_start", sa.BigInteger(), primary_key=True, autoincrement=False),
            sa.Column(
                "appointment_id", sa.String(64), sa.ForeignKey("appointment.id"), nullable=False
            ),
        )
        op.create_index(
            op.f(f"ix_{whose}_claim_appointment_id"), f"{whose}_claim", ["appointment_id"]
        )


def create_calls() -> None:
    op.create_table(
        "call",
        sa.Column("position", sa.Integer(), primary_key=True),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.Column("reason", sa.String(32)),
        sa.Column("summary", sa.String()),
        sa.UniqueConstraint("id", name=op.f("uq_call_id")),
    )
    op.create_index(op.f("ix_call_started_at"), "call", ["started_at"])
    op.create_table(
        "turn",
        sa.Column("position", sa.Integer(), primary_key=True),
        sa.Column("call_id", sa.String(64), sa.ForeignKey("call.id"), nullable=False),
        sa.Column("speaker", sa.String(8), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("interrupted", sa.Boolean(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.CheckConstraint("speaker IN ('caller', 'agent')", name=op.f("ck_turn_known_speaker")),
    )
    op.create_index(op.f("ix_turn_call_id"), "turn", ["call_id"])
    op.create_table(
        "tool_call",
        sa.Column("position", sa.Integer(), primary_key=True),
        sa.Column("call_id", sa.String(64), sa.ForeignKey("call.id"), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("arguments", sa.JSON(), nullable=False),
        sa.Column("result", sa.JSON(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
    )
    op.create_index(op.f("ix_tool_call_call_id"), "tool_call", ["call_id"])


def downgrade() -> None:
    for table in ("tool_call", "turn", "call", "patient_claim", "practitioner_claim"):
        op.drop_table(table)
    for table in ("appointment", "patient", "practitioner", "book"):
        op.drop_table(table)
