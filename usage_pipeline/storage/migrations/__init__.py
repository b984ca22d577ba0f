"""How the database's tables came to be, step by step (Alembic). `Database.migrate` runs what is missing.

A changed declaration needs a new file in `versions/`; the tests compare the migrated database with the declared tables.
"""
