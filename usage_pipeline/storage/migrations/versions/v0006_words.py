"""When a file version came to speak of a day: it decides among files of one time. Files that were read before this do not say it."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True).with_variant(sa.DateTime(), "sqlite")


def upgrade() -> None:
    op.add_column("ingested_days", sa.Column("ingested_at", MOMENT, nullable=True))


def downgrade() -> None:
    op.drop_column("ingested_days", "ingested_at")
