"""The first tables: the ledger of files, costs, budget status, alerts, deliveries, statements."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

MONEY = sa.Numeric(38, 15).with_variant(sa.Text(), "sqlite")
QUANTITY = sa.Numeric(38, 6).with_variant(sa.Text(), "sqlite")
MOMENT = sa.DateTime(timezone=True).with_variant(sa.DateTime(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "ingested_files",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("uri", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("modified_at", MOMENT, nullable=False),
        sa.Column("lines", sa.BigInteger(), nullable=False),
        sa.Column("accepted", sa.BigInteger(), nullable=False),
        sa.Column("duplicates", sa.BigInteger(), nullable=False),
        sa.Column("rejected", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("ingested_at", MOMENT, nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("source", "uri", "fingerprint", name="pk_ingested_files"),
    )
    op.create_table(
        "ingested_days",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("snapshot_scope", sa.Text(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("modified_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("source", "fingerprint", "day", "snapshot_scope", name="pk_ingested_days"),
    )
    op.create_index("ix_ingested_days_source_day", "ingested_days", ["source", "day"])
    op.create_table(
        "daily_costs",
        sa.Column("row_key", sa.Text(), nullable=False),
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("team", sa.Text(), nullable=True),
        sa.Column("user", sa.Text(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=True),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("api_type", sa.Text(), nullable=True),
        sa.Column("operation", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("meter", sa.Text(), nullable=False),
        sa.Column("quantity", QUANTITY, nullable=False),
        sa.Column("requests", sa.BigInteger(), nullable=False),
        sa.Column("list_cost", MONEY, nullable=True),
        sa.Column("estimated_cost", MONEY, nullable=True),
        sa.Column("billed_cost", MONEY, nullable=True),
        sa.Column("cost", MONEY, nullable=True),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("unpriced_quantity", QUANTITY, nullable=False),
        sa.Column("unpriced_events", sa.BigInteger(), nullable=False),
        sa.Column("unpriced_reason", sa.Text(), nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("row_key", name="pk_daily_costs"),
    )
    op.create_index("ix_daily_costs_day_project", "daily_costs", ["day", "project"])
    op.create_table(
        "monthly_costs",
        sa.Column("row_key", sa.Text(), nullable=False),
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("team", sa.Text(), nullable=True),
        sa.Column("user", sa.Text(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=True),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("api_type", sa.Text(), nullable=True),
        sa.Column("operation", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("meter", sa.Text(), nullable=False),
        sa.Column("quantity", QUANTITY, nullable=False),
        sa.Column("requests", sa.BigInteger(), nullable=False),
        sa.Column("list_cost", MONEY, nullable=True),
        sa.Column("estimated_cost", MONEY, nullable=True),
        sa.Column("billed_cost", MONEY, nullable=True),
        sa.Column("cost", MONEY, nullable=True),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("unpriced_quantity", QUANTITY, nullable=False),
        sa.Column("unpriced_events", sa.BigInteger(), nullable=False),
        sa.Column("unpriced_reason", sa.Text(), nullable=True),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("days_count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("row_key", name="pk_monthly_costs"),
    )
    op.create_index("ix_monthly_costs_month_project", "monthly_costs", ["month", "project"])
    op.create_table(
        "budget_status",
        sa.Column("budget_id", sa.Text(), nullable=False),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.Column("period_end", sa.Date(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("project", sa.Text(), nullable=True),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=True),
        sa.Column("limit", MONEY, nullable=False),
        sa.Column("spent", MONEY, nullable=False),
        sa.Column("percent", MONEY, nullable=False),
        sa.Column("remaining", MONEY, nullable=False),
        sa.Column("forecast", MONEY, nullable=True),
        sa.Column("crossing_date", sa.Date(), nullable=True),
        sa.Column("threshold", MONEY, nullable=True),
        sa.Column("level", sa.Text(), nullable=True),
        sa.Column("days_with_data", sa.BigInteger(), nullable=False),
        sa.Column("estimated_share", MONEY, nullable=False),
        sa.PrimaryKeyConstraint("budget_id", "period_start", name="pk_budget_status"),
    )
    op.create_index("ix_budget_status_project_period_start", "budget_status", ["project", "period_start"])
    op.create_table(
        "alerts",
        sa.Column("alert_id", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("budget_id", sa.Text(), nullable=False),
        sa.Column("project", sa.Text(), nullable=True),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.Column("threshold", MONEY, nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("percent", MONEY, nullable=False),
        sa.Column("spent", MONEY, nullable=False),
        sa.Column("limit", MONEY, nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("found_at", MOMENT, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("alert_id", name="pk_alerts"),
    )
    op.create_index("ix_alerts_project_period_start", "alerts", ["project", "period_start"])
    op.create_table(
        "deliveries",
        sa.Column("delivery_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("project", sa.Text(), nullable=True),
        sa.Column("level", sa.Text(), nullable=True),
        sa.Column("recipients", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("sent_at", MOMENT, nullable=False),
        sa.Column("receipt", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("delivery_id", name="pk_deliveries"),
    )
    op.create_index("ix_deliveries_project_sent_at", "deliveries", ["project", "sent_at"])
    op.create_table(
        "statements",
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("finality", sa.Text(), nullable=False),
        sa.Column("cost", MONEY, nullable=False),
        sa.Column("price_book", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("files", sa.Text(), nullable=False),
        sa.Column("written_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("period", "scope", "report", "revision", name="pk_statements"),
    )


def downgrade() -> None:
    op.drop_table("statements")
    op.drop_table("deliveries")
    op.drop_table("alerts")
    op.drop_table("budget_status")
    op.drop_table("monthly_costs")
    op.drop_table("daily_costs")
    op.drop_table("ingested_days")
    op.drop_table("ingested_files")
