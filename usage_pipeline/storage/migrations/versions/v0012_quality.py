"""The grade of each statement."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("statements", sa.Column("grade", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("statements", "grade")
