"""What each call used of the engines that cost money."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "call_usage",
        sa.Column("call_id", sa.String(64), sa.ForeignKey("call.id"), primary_key=True),
        sa.Column("day", sa.Date(), primary_key=True),
        sa.Column("stage", sa.String(8), primary_key=True),
        sa.Column("engine", sa.String(128), primary_key=True),
        sa.Column("unit", sa.String(32), primary_key=True),
        sa.Column("currency", sa.String(3), primary_key=True),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("cost", sa.BigInteger(), nullable=False),
    )
    op.create_index(op.f("ix_call_usage_day"), "call_usage", ["day"])


def downgrade() -> None:
    raise RuntimeError("a book is not taken back: restore the backup that was made before")
