"""Where views differ and why, which months were closed, and who did what to the book."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

MONEY = sa.Numeric(38, 15).with_variant(sa.Text(), "sqlite")
QUANTITY = sa.Numeric(38, 6).with_variant(sa.Text(), "sqlite")
MOMENT = sa.DateTime(timezone=True).with_variant(sa.DateTime(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "reconciliations",
        sa.Column("row_key", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("project", sa.Text(), nullable=True),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("meter", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=True),
        sa.Column("invoice", sa.Text(), nullable=True),
        sa.Column("finality", sa.Text(), nullable=False),
        sa.Column("billed_quantity", QUANTITY, nullable=True),
        sa.Column("provider_quantity", QUANTITY, nullable=True),
        sa.Column("logged_quantity", QUANTITY, nullable=True),
        sa.Column("billed_cost", MONEY, nullable=True),
        sa.Column("provider_cost", MONEY, nullable=True),
        sa.Column("logged_cost", MONEY, nullable=True),
        sa.Column("difference", MONEY, nullable=False),
        sa.PrimaryKeyConstraint("row_key", name="pk_reconciliations"),
    )
    op.create_index("ix_reconciliations_day_channel", "reconciliations", ["day", "channel"])
    op.create_table(
        "reconciliation_causes",
        sa.Column("row_key", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("project", sa.Text(), nullable=True),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("meter", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("amount", MONEY, nullable=False),
        sa.Column("quantity", QUANTITY, nullable=True),
        sa.Column("mend", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("row_key", name="pk_reconciliation_causes"),
    )
    op.create_index("ix_reconciliation_causes_day_channel", "reconciliation_causes", ["day", "channel"])
    op.create_table(
        "revisions",
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", MOMENT, nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("cost", MONEY, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("manifest_hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("month", "revision", name="pk_revisions"),
    )
    op.create_table(
        "audit_log",
        sa.Column("entry_id", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("entry_id", name="pk_audit_log"),
    )
    op.create_index("ix_audit_log_subject_at", "audit_log", ["subject", "at"])


def downgrade() -> None:
    for name in ("audit_log", "revisions", "reconciliation_causes", "reconciliations"):
        op.drop_table(name)
