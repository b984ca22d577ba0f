"""AWS's tags as one JSON object under the tags' own names, so that one rule holds for bill and log alike.

    resource_tags   {"user_project": "support-portal", "aws_created_by": "AssumedRole"}
    tags            {"resourceTags/user:project": "support-portal", "iamPrincipal/team": "support"}
    cost_category   {"Business unit": "retail"}
    FOCUS Tags      {"user:project": "support-portal"}

What users set loses its prefix (`project`, `team`); what AWS sets keeps it. Where two have one name, the resource's counts before the
caller's, and both before a cost category's. Names are in the order of the alphabet.
"""

import ibis
import ibis.expr.types as ir

from usage_pipeline.sources.cells import bound
from usage_pipeline.sources.tags import entries_of, pair_of

PREFIXES = ("user_", "user:", "resourceTags/user:", "iamPrincipal/", "")
PREFIX = r"^(?:user_|user:|resourceTags/user:|iamPrincipal/)"


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
