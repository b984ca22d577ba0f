"""By what a home hashes ids and scopes that hold an address, a raw key or a sentence: by USAGE_HASH_KEY, or plainly. Decided once a home.

A line that comes again is known by its id, so its hash must stay what it was. In: the home's note, the key of today. Out: whether ids are
hashed by it. The note never holds the key: only a slow fingerprint, which tells another key.
"""

import hashlib
import json
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from usage_pipeline.errors import UsageConfigError
from usage_pipeline.storage.database import Database
from usage_pipeline.storage.pull_landing import write_whole
from usage_pipeline.storage.sql_tables import sql_table
from usage_pipeline.tables.ingested_files import ingested_files

HASHED_BY = "ids_hashed_by"
NONE = "none"
_SALT = b"usage-pipeline: which key are ids hashed by"
_WORK = 1 << 14
"""scrypt's cost: 16 MB and some 50 ms, once an ingest."""


def ids_by_key(note: Path, key: str | None, *, is_new: bool, now: datetime) -> bool:
    """Whether ids are hashed by `key`, else plainly. `is_new`: nothing was read into the home yet, so that it is decided now.

    A home that was read into before there was a note goes on as it is now. Raises UsageConfigError where ids are hashed by another key.
    """
    current = NONE if key is None else _fingerprint(key)
    noted = _noted(note)
    if noted is None or (is_new and noted != current):
        write_whole(note, json.dumps({HASHED_BY: current}).encode() + b"\n", now)
        return key is not None
    if noted == NONE:
        return False
    if noted != current:
        what = "is not set" if key is None else "is another one"
        raise UsageConfigError(
            f"environment: USAGE_HASH_KEY: it {what}, but ids in {note.parent} are hashed by the key that it began with, and lines that"
            " come again would count twice: set that key; if it is lost, name a new home (USAGE_HOME) and read all files anew"
        )
    return True


def has_read(database: Database) -> bool:
    """Whether any file was ever read."""
    with database.transaction() as transaction:
        return transaction.connection.scalar(sa.select(sa.literal(1)).select_from(sql_table(ingested_files)).limit(1)) is not None


def _fingerprint(key: str) -> str:
    return "scrypt " + hashlib.scrypt(key.encode(errors="surrogateescape"), salt=_SALT, n=_WORK, r=8, p=1, dklen=16).hex()


def _noted(note: Path) -> str | None:
    try:
        said = json.loads(note.read_bytes())
        return str(said[HASHED_BY])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise UsageConfigError(f"{note}: it does not read ({error}): restore it from a backup, with the database and the lake") from error
