"""By which exchange rates a day's bills were converted. Days that were before this were converted by none."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("computed_days", sa.Column("rates", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("computed_days", "rates")
