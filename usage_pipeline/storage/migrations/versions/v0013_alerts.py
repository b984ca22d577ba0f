"""Alerts of any rule with states, and messages that wait until they are sent."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

MONEY = sa.Numeric(38, 15).with_variant(sa.Text(), "sqlite")
MOMENT = sa.DateTime(timezone=True).with_variant(sa.DateTime(), "sqlite")

OF_BUDGETS: dict[str, sa.types.TypeEngine[Any]] = {
    "budget_id": sa.Text(),
    "threshold": MONEY,
    "percent": MONEY,
    "spent": MONEY,
    "limit": MONEY,
    "unit": sa.Text(),
}
OF_ALERTS: dict[str, sa.types.TypeEngine[Any]] = {
    "scope": sa.Text(),
    "period_end": sa.Date(),
    "armed_limit": MONEY,
    "words": sa.Text(),
    "told": sa.BigInteger(),
    "told_at": MOMENT,
    "step": sa.BigInteger(),
    "snoozed_until": sa.Date(),
    "changed_by": sa.Text(),
    "changed_at": MOMENT,
}
OF_DELIVERIES: dict[str, sa.types.TypeEngine[Any]] = {
    "state": sa.Text(),
    "projects": sa.Text(),
    "queued_at": MOMENT,
    "attempts": sa.BigInteger(),
    "next_attempt_at": MOMENT,
    "remaining": sa.Text(),
    "message": sa.Text(),
    "claimed_by": sa.Text(),
    "claimed_until": MOMENT,
}


def upgrade() -> None:
    for name, kind in OF_ALERTS.items():
        op.add_column("alerts", sa.Column(name, kind, nullable=True))
    for name, kind in OF_DELIVERIES.items():
        op.add_column("deliveries", sa.Column(name, kind, nullable=True))
    op.execute("UPDATE alerts SET scope = CASE WHEN project IS NULL THEN 'organisation' ELSE 'projects/' || project END, step = 0")
    op.execute("UPDATE alerts SET told = CASE WHEN state = 'held' THEN 0 ELSE 1 END, told_at = CASE WHEN state <> 'held' THEN found_at END")
    op.execute("UPDATE alerts SET state = 'open' WHERE state = 'held'")
    op.execute("UPDATE deliveries SET state = 'sent', attempts = 1")
    with op.batch_alter_table("alerts") as batch:
        for name, kind in OF_BUDGETS.items():
            batch.alter_column(name, existing_type=kind, nullable=True)
        for name in ("scope", "told", "step"):
            batch.alter_column(name, existing_type=OF_ALERTS[name], nullable=False)
    with op.batch_alter_table("deliveries") as batch:
        for name in ("state", "attempts"):
            batch.alter_column(name, existing_type=OF_DELIVERIES[name], nullable=False)
    op.create_index("ix_alerts_state", "alerts", ["state"])
    op.create_index("ix_deliveries_state", "deliveries", ["state"])
    op.create_index("ix_deliveries_sent_at", "deliveries", ["sent_at"])


def downgrade() -> None:
    """What is about no budget has no place any more, nor has a message that waits: its alerts are found again."""
    op.drop_index("ix_deliveries_sent_at", "deliveries")
    op.drop_index("ix_deliveries_state", "deliveries")
    op.drop_index("ix_alerts_state", "alerts")
    op.execute("DELETE FROM alerts WHERE budget_id IS NULL OR threshold IS NULL")
    op.execute("DELETE FROM deliveries WHERE state <> 'sent'")
    op.execute("UPDATE alerts SET state = CASE WHEN state = 'open' THEN 'held' WHEN state = 'covered' THEN 'covered' ELSE 'sent' END")
    with op.batch_alter_table("alerts") as batch:
        for name, kind in OF_BUDGETS.items():
            batch.alter_column(name, existing_type=kind, nullable=False)
    for name in reversed(OF_ALERTS):
        op.drop_column("alerts", name)
    for name in reversed(OF_DELIVERIES):
        op.drop_column("deliveries", name)
