"""Files that `exclude:` of their source leaves out of the count, and those that it let in again."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True).with_variant(sa.DateTime(), "sqlite")


def upgrade() -> None:
    op.add_column("ingested_files", sa.Column("excluded_at", MOMENT, nullable=True))
    op.add_column("ingested_files", sa.Column("readmitted_at", MOMENT, nullable=True))


def downgrade() -> None:
    op.drop_column("ingested_files", "readmitted_at")
    op.drop_column("ingested_files", "excluded_at")
