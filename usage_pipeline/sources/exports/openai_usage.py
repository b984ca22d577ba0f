"""OpenAI usage (GET /v1/organization/usage/*, pages as JSON, all ten endpoints) → usage events, one per bucket and group.

Pull by day (bucket_width=1d) and grouped by everything that the endpoint offers, model above all: without a model nothing can be priced.
A page that was pulled here says in `result_object` whose bucket it is, so that a day without usage is known as such.
Of pages by the hour or minute, each bucket replaces itself alone.
https://platform.openai.com/docs/api-reference/usage
"""

import ibis.expr.types as ir

from usage_pipeline.sources.exports import openai_counts
from usage_pipeline.sources.exports.openai_counts import NEEDED, endpoint_covered, to_events
from usage_pipeline.tables.source import EMPTY_BUCKET, Format, Source
from usage_pipeline.tables.usage_events import usage_events

BUCKET = ("start_time", "end_time")
FIELDS = {
    **{name: f"bucket.{name}" if name in BUCKET else f"result.{name}" for name in NEEDED},
    "source_type": "result.source",
    "result_object": "bucket.result_object",
}


def covered(records: ir.Table) -> ir.Table:
    """The bucket of the endpoint, which an empty bucket may name itself."""
    empty = records.filter((records.state == EMPTY_BUCKET) & records.result_object.notnull())
    named = endpoint_covered(empty, empty.result_object)
    return openai_counts.covered(records).union(named, distinct=True)


SOURCE = Source(
    kind="openai_usage",
    title="OpenAI usage API",
    documentation="https://platform.openai.com/docs/api-reference/usage",
    format=Format.BUCKET_PAGES,
    channel="openai",
    table=usage_events,
    fields=FIELDS,
    to_rows=to_events,
    snapshot=True,
    covered=covered,
)
