"""AWS's tags as one JSON object under the tags' own names, so that one rule holds for bill and log alike.

    resource_tags   {"user_project": "support-portal", "aws_created_by": "AssumedRole"}
    tags            {"resourceTags/user:project": "support-portal", "iamPrincipal/team": "support"}
    cost_category   {"Business unit": "retail"}
    FOCUS Tags      {"user:project": "support-portal"}

What users set loses its prefix (`project`, `team`); what AWS sets keeps it. Where two have one name, the resource's counts before the
caller's, and both before a cost category's. Names are in the order of the alphabet.
"""

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from usage_pipeline.sources.cells import bound
from usage_pipeline.sources.records import staged
from usage_pipeline.sources.tags import entries_of, pair_of

YES = ibis.literal(value=True)
PREFIXES = ("user_", "user:", "resourceTags/user:", "iamPrincipal/", "")
PREFIX = r"^(?:user_|user:|resourceTags/user:|iamPrincipal/)"


def with_aws_tags(rows: ir.Table, names: Sequence[str], lines: ir.Table) -> ir.Table:
    """`rows` with `told_tags`, the `aws_tags` of their columns `names`, and `is_told`, each set of texts in `lines` looked at once.

    Taking objects of tags apart is most of what a line costs, and few sets of tags are on many lines. A row that is not of `lines` is
    not told.
    """
    sets = lines.select(*names).distinct()
    told = staged(
        sets.select(**{_key(name): sets[name] for name in names}, told_tags=aws_tags(*(sets[name] for name in names)), is_told=YES)
    )
    joined = rows.left_join(told, [rows[name].identical_to(told[_key(name)]) for name in names])
    return staged(joined.mutate(is_told=joined.is_told.notnull()).drop(*(_key(name) for name in names)))


def _key(name: str) -> str:
    return f"of_{name}"


def aws_tags(*objects: ir.StringValue) -> ir.StringValue:
    """The JSON objects of tags that a line has, as one; null where none is left."""
    entries = entries_of(objects[0])
    for other in objects[1:]:
        entries = entries_of(other) + entries
    return ibis.ifelse(ibis.coalesce(*objects).notnull(), bound(entries, _renamed), ibis.null("string"))


def _renamed(entries: ir.MapValue) -> ir.StringValue:
    names = entries.keys().map(lambda key: key.re_replace(PREFIX, "")).unique().sort()
    pairs = names.map(lambda name: pair_of(name, ibis.coalesce(*(entries.get(ibis.literal(prefix) + name) for prefix in PREFIXES))))
    return ibis.literal("{") + pairs.join(", ").nullif("") + "}"
