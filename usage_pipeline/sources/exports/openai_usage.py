"""OpenAI usage (GET /v1/organization/usage/*, pages as JSON, all ten endpoints) → usage events, one per bucket and group.

Pull by day (bucket_width=1d) and grouped by everything that the endpoint offers, model above all: without a model nothing can be priced.
https://platform.openai.com/docs/api-reference/usage
"""

from usage_pipeline.sources.exports.openai_counts import NEEDED, covered, to_events
from usage_pipeline.tables.source import Format, Source
from usage_pipeline.tables.usage_events import usage_events

BUCKET = ("start_time", "end_time")
FIELDS = {
    **{name: f"bucket.{name}" if name in BUCKET else f"result.{name}" for name in NEEDED},
    "source_type": "result.source",
}

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
