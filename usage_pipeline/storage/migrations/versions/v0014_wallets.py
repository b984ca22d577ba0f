"""Credit wallets."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

MONEY = sa.Numeric(38, 15).with_variant(sa.Text(), "sqlite")
MOMENT = sa.DateTime(timezone=True).with_variant(sa.DateTime(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "wallets",
        sa.Column("wallet", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("balance", MONEY, nullable=False),
        sa.Column("overdrawn", MONEY, nullable=False),
        sa.Column("low", MONEY, nullable=True),
        sa.Column("is_low", sa.Boolean(), nullable=False),
        sa.Column("low_since", sa.Date(), nullable=True),
        sa.Column("given", MONEY, nullable=False),
        sa.Column("consumed", MONEY, nullable=False),
        sa.Column("expired", MONEY, nullable=False),
        sa.Column("next_expiry", sa.Date(), nullable=True),
        sa.Column("next_expiring", MONEY, nullable=True),
        sa.Column("unknown_days", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("wallet", name="pk_wallets"),
    )
    op.create_table(
        "wallet_entries",
        sa.Column("entry_id", sa.Text(), nullable=False),
        sa.Column("wallet", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("for_day", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("amount", MONEY, nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("expires", sa.Date(), nullable=True),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("entry_id", name="pk_wallet_entries"),
    )
    op.create_index("ix_wallet_entries_wallet_day", "wallet_entries", ["wallet", "day"])
    op.create_table(
        "recharge_requests",
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("wallet", sa.Text(), nullable=False),
        sa.Column("amount", MONEY, nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("expires", sa.Date(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("requested_at", MOMENT, nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_note", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("request_id", name="pk_recharge_requests"),
    )
    op.create_index("ix_recharge_requests_wallet_state", "recharge_requests", ["wallet", "state"])


def downgrade() -> None:
    for name in ("recharge_requests", "wallet_entries", "wallets"):
        op.drop_table(name)
