"""What applications say of a request in its metadata, under names of ours: operation, feature, client, prompt, run."""

import ibis
import ibis.expr.types as ir

from usage_pipeline.sources.cells import without_email
from usage_pipeline.sources.tags import value_in_list, value_in_object

LABELS = ("operation", "feature", "client", "prompt", "run")
"""Columns that an application fills by naming them in its metadata, or in a request tag 'name:value'."""


def label(rows: ir.Table, name: str) -> ir.StringValue:
    """What the application says under `name`: in `tags`, else in a request tag of `tag_list`; never an e-mail address."""
    return without_email(ibis.coalesce(value_in_object(rows.tags, name), value_in_list(rows.tag_list, name)))
