"""Credits beside dollars in daily and monthly costs, and the ledger of adopted price books.

Rows that are there already keep null credits: no schedule was applied to them until they are made again.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

MONEY = sa.Numeric(38, 15).with_variant(sa.Text(), "sqlite")
MOMENT = sa.DateTime(timezone=True).with_variant(sa.DateTime(), "sqlite")
COSTS = ("daily_costs", "monthly_costs")


def upgrade() -> None:
    for table in COSTS:
        op.add_column(table, sa.Column("credits", MONEY, nullable=True))
        op.add_column(table, sa.Column("uncredited_events", sa.BigInteger(), nullable=False, server_default="0"))
    op.create_table(
        "price_books",
        sa.Column("adoption_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("adopted_at", MOMENT, nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("models_count", sa.BigInteger(), nullable=False),
        sa.Column("rate_cards_count", sa.BigInteger(), nullable=False),
        sa.Column("rates_count", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("adoption_id", name="pk_price_books"),
    )


def downgrade() -> None:
    op.drop_table("price_books")
    for table in COSTS:
        op.drop_column(table, "uncredited_events")
        op.drop_column(table, "credits")
