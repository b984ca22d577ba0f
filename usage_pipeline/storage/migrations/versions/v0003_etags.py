"""What an S3 store says of the version of a file's content. Rows that are there already are of local files, which have none."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("ingested_files", sa.Column("etag", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("ingested_files", "etag")
