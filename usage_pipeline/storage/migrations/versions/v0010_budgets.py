"""Budgets of any scope and their changes, and requests over their limit."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

MONEY = sa.Numeric(38, 15).with_variant(sa.Text(), "sqlite")
MOMENT = sa.DateTime(timezone=True).with_variant(sa.DateTime(), "sqlite")

ADDED: dict[str, sa.types.TypeEngine[Any]] = {
    "holder": sa.Text(),
    "model": sa.Text(),
    "channel": sa.Text(),
    "declared_limit": MONEY,
    "raised_by": MONEY,
    "raise_ends": sa.Date(),
    "raise_why": sa.Text(),
    "rolled_over": MONEY,
    "run_rate": MONEY,
    "forecast_low": MONEY,
    "forecast_high": MONEY,
    "forecast_method": sa.Text(),
    "days_so_far": sa.BigInteger(),
}


def upgrade() -> None:
    for name, kind in ADDED.items():
        op.add_column("budget_status", sa.Column(name, kind, nullable=True))
    _key("budget_id", "period_start", "as_of")
    op.create_table(
        "budgets",
        sa.Column("row_key", sa.Text(), nullable=False),
        sa.Column("budget_id", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("is_removed", sa.Boolean(), nullable=False),
        sa.Column("limit", MONEY, nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("declared", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("row_key", name="pk_budgets"),
    )
    op.create_table(
        "limit_violations",
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("project", sa.Text(), nullable=True),
        sa.Column("user", sa.Text(), nullable=True),
        sa.Column("operation", sa.Text(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("amount", MONEY, nullable=False),
        sa.Column("limit", MONEY, nullable=False),
        sa.Column("source_file", sa.Text(), nullable=False),
        sa.Column("source_line", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", "source", "measure", name="pk_limit_violations"),
    )
    op.create_index("ix_limit_violations_day_project", "limit_violations", ["day", "project"])


def downgrade() -> None:
    """Of a long budget's several rows a period, the newest is kept."""
    op.drop_table("limit_violations")
    op.drop_table("budgets")
    newer = "(SELECT 1 FROM budget_status n WHERE n.budget_id = budget_status.budget_id AND n.period_start = budget_status.period_start"
    op.execute(f"DELETE FROM budget_status WHERE EXISTS {newer} AND n.as_of > budget_status.as_of)")
    op.execute("DELETE FROM budget_status WHERE scope IN ('team', 'user', 'client')")
    _key("budget_id", "period_start")
    for name in reversed(ADDED):
        op.drop_column("budget_status", name)


def _key(*columns: str) -> None:
    """Another primary key; SQLite has no way to change one, so there the rows move to a new table."""
    bind = op.get_bind()
    if bind.dialect.name != "sqlite":
        op.drop_constraint("pk_budget_status", "budget_status", type_="primary")
        op.create_primary_key("pk_budget_status", "budget_status", list(columns))
        return
    before = sa.Table("budget_status", sa.MetaData(), autoload_with=bind)
    op.drop_index("ix_budget_status_project_period_start", "budget_status")
    op.rename_table("budget_status", "budget_status_before")
    op.create_table(
        "budget_status",
        *(sa.Column(one.name, one.type, nullable=one.nullable) for one in before.c),
        sa.PrimaryKeyConstraint(*columns, name="pk_budget_status"),
    )
    op.execute("INSERT INTO budget_status SELECT * FROM budget_status_before")
    op.drop_table("budget_status_before")
    op.create_index("ix_budget_status_project_period_start", "budget_status", ["project", "period_start"])
