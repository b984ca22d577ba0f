"""What Alembic runs: the missing steps, on the connection that `Database.migrate` gives it."""

from alembic import context

from usage_pipeline.storage.sql_tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
