"""Why a day was worked out, each time. Days that were before this have no entry: their next one is their first."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True).with_variant(sa.DateTime(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "computed_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("computed_at", MOMENT, nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("price_book", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("day", "run_id", name="pk_computed_days"),
    )


def downgrade() -> None:
    op.drop_table("computed_days")
