"""What applications say of a request in its metadata, under names of ours: operation, feature, client, prompt, run."""

import ibis
import ibis.expr.types as ir

from usage_pipeline.sources.tags import FLAT_OBJECT, json_object, merged, value_in_list, value_in_object
from usage_pipeline.tables.personal import pseudonym

LABELS = ("operation", "feature", "client", "prompt", "run")
"""Columns that an application fills by naming them in its metadata, or in a request tag 'name:value'."""


def label(rows: ir.Table, name: str) -> ir.StringValue:
    """What the application says under `name`: in `tags`, else in a request tag of `tag_list`; never an e-mail address."""
    said = pseudonym(ibis.coalesce(value_in_object(rows.tags, name), value_in_list(rows.tag_list, name)))
    return prompt_name(said) if name == "prompt" else said


def prompt_name(said: ir.StringValue) -> ir.StringValue:
    """What stands under 'prompt' in metadata, where it is one word: a name. Anything else is taken for the prompt itself, and is null."""
    return ibis.ifelse(said.re_search(r"\s"), ibis.null("string"), said)


def joined(given: ir.StringValue, **own: ir.StringValue) -> ir.StringValue:
    """`merged` of our `own` values and a `given` JSON object. Most are plain and share no key: then one text follows the other."""
    mine = json_object(**own)
    shared = rf'"({"|".join(own)})"\s*:'
    is_plain = given.re_search(FLAT_OBJECT) & ~given.re_search(shared) & mine.notnull() & ~mine.contains("@")
    both = mine.substr(0, mine.length() - 1) + ", " + given.substr(1)
    return ibis.cases((is_plain & given.contains('"'), both), (is_plain, mine), else_=merged(mine, given))
