"""Names beside ids: what a project, workspace or API key was called on the day of its use, where the line itself does not say."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

import ibis
import ibis.expr.types as ir

from usage_pipeline.sources.records import staged
from usage_pipeline.tables.names import API_KEYS, PROJECTS, WORKSPACES, KnownName
from usage_pipeline.tables.personal import pseudonym


class Named(NamedTuple):
    """Which column holds the id of a kind of thing, and which one its name."""

    what: str
    id_column: str
    name_column: str


COLUMNS = (
    Named(PROJECTS, "provider_project_id", "provider_project_name"),
    Named(WORKSPACES, "workspace_id", "provider_project_name"),
    Named(API_KEYS, "api_key", "api_key_name"),
)
SCHEMA = ibis.schema(
    {"named_channel": "string", "named_id": "string", "known_name": "string", "named_since": "date", "named_until": "date"}
)


def named(rows: ir.Table, names: Sequence[KnownName], started: str) -> ir.Table:
    """`rows` with the name columns filled where they are null and a list knows the id; `started` is the column with the time of use."""
    for what, id_column, name_column in COLUMNS:
        known = [(one.channel, one.id, one.name, one.since or date.min, one.until or date.max) for one in names if one.what == what]
        if known:
            rows = _joined(rows, ibis.memtable(known, schema=SCHEMA), id_column, name_column, rows[started].date())
    return rows


def _joined(rows: ir.Table, known: ir.Table, id_column: str, name_column: str, day: ir.DateValue) -> ir.Table:
    joined = rows.left_join(
        known,
        [
            rows[id_column] == known.named_id,
            rows.channel == known.named_channel,
            day >= known.named_since,
            day < known.named_until,
        ],
    )
    name = ibis.coalesce(joined[name_column], pseudonym(joined.known_name))
    return staged(joined.mutate(**{name_column: name}).select(*rows.columns))
