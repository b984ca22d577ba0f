"""For which days a file's bill lines are. Files that were read before this do not say it: their lines are looked at instead."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("ingested_days", sa.Column("last_day", sa.Date(), nullable=True))


def downgrade() -> None:
    op.drop_column("ingested_days", "last_day")
