"""Forecasts and anomalies."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

MONEY = sa.Numeric(38, 15).with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "forecasts",
        sa.Column("row_key", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("project", sa.Text(), nullable=True),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.Column("period_end", sa.Date(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("spent", MONEY, nullable=False),
        sa.Column("forecast", MONEY, nullable=False),
        sa.Column("low", MONEY, nullable=False),
        sa.Column("high", MONEY, nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("straight_line", MONEY, nullable=False),
        sa.Column("history_days", sa.BigInteger(), nullable=False),
        sa.Column("missing_days", sa.BigInteger(), nullable=False),
        sa.Column("actual", MONEY, nullable=True),
        sa.Column("error", MONEY, nullable=True),
        sa.Column("straight_line_error", MONEY, nullable=True),
        sa.PrimaryKeyConstraint("row_key", name="pk_forecasts"),
    )
    op.create_index("ix_forecasts_project_period_start", "forecasts", ["project", "period_start"])
    op.create_table(
        "forecast_errors",
        sa.Column("row_key", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("project", sa.Text(), nullable=True),
        sa.Column("day_of_month", sa.BigInteger(), nullable=False),
        sa.Column("months", sa.BigInteger(), nullable=False),
        sa.Column("error", MONEY, nullable=False),
        sa.Column("straight_line_error", MONEY, nullable=False),
        sa.Column("in_interval", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("row_key", name="pk_forecast_errors"),
    )
    op.create_table(
        "anomalies",
        sa.Column("row_key", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("expected", MONEY, nullable=False),
        sa.Column("low", MONEY, nullable=False),
        sa.Column("high", MONEY, nullable=False),
        sa.Column("actual", MONEY, nullable=False),
        sa.Column("excess", MONEY, nullable=False),
        sa.Column("compared_days", sa.BigInteger(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("row_key", name="pk_anomalies"),
    )
    op.create_index("ix_anomalies_day_project", "anomalies", ["day", "project"])


def downgrade() -> None:
    for name in ("anomalies", "forecast_errors", "forecasts"):
        op.drop_table(name)
