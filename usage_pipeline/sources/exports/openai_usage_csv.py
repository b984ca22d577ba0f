"""OpenAI dashboard's usage exports (CSV, <endpoint>_usage_<from>_<to>.csv) → the same events that the usage API gives for those days.

Which endpoint a file is of, its rows tell by what they measure: the header has no column for it. Whole numbers come as '31422.0', truth
as 'False'. A bucket in which nothing was used is a row with its four time columns alone, and a file of an endpoint that was never used
has no other columns at all: it names no endpoint, so it speaks of no day. Group the view by model and by all else that it offers.
Only the header of `completions` is known from real exports; the others are read under the names that the API has.
https://help.openai.com/en/articles/8554956
"""

import ibis
import ibis.expr.types as ir

from usage_pipeline.sources.exports import openai_counts
from usage_pipeline.sources.exports.openai_counts import NEEDED, Endpoint
from usage_pipeline.tables.source import Format, Source
from usage_pipeline.tables.usage_events import usage_events

BUCKET = ("start_time", "end_time")
COLUMNS = {"source_type": "source"}
FIELDS = {name: COLUMNS.get(name, name) for name in NEEDED if name != "object"}
BY_NAME = {endpoint.name: endpoint for endpoint in openai_counts.ENDPOINTS}
MODERATION = r"moderation"


def to_events(records: ir.Table) -> ir.Table:
    """One event a line that is no empty bucket."""
    return openai_counts.to_events(_with_endpoint(records))


def covered(records: ir.Table) -> ir.Table:
    """The bucket of the file's endpoint."""
    return openai_counts.covered(_with_endpoint(records))


def _with_endpoint(records: ir.Table) -> ir.Table:
    """`object`, the API's name of what the row is a result of, by what it measures; `batch` as the API writes it."""
    measures = [(records[endpoint.measure].notnull(), endpoint) for endpoint in _by_own_measure()]
    is_moderation = records.model.contains(MODERATION).fill_null(False)  # noqa: FBT003
    endpoints = ibis.cases(
        (records.state.notnull(), ibis.null("string")),
        *((holds, endpoint.result) for holds, endpoint in measures),
        (records.num_requests.notnull() & records.num_model_requests.notnull(), BY_NAME["web_searches"].result),
        (records.num_requests.notnull(), BY_NAME["file_searches"].result),
        (records.output_tokens.notnull(), BY_NAME["completions"].result),
        (records.input_tokens.notnull() & is_moderation, BY_NAME["moderations"].result),
        (records.input_tokens.notnull(), BY_NAME["embeddings"].result),
        else_=ibis.null("string"),
    )
    return records.mutate(object=endpoints, batch=records.batch.lower())


def _by_own_measure() -> list[Endpoint]:
    """Endpoints that measure what no other does."""
    measures = [endpoint.measure for endpoint in BY_NAME.values()]
    return [endpoint for endpoint in BY_NAME.values() if measures.count(endpoint.measure) == 1]


SOURCE = Source(
    kind="openai_usage_csv",
    title="OpenAI dashboard, usage exports",
    documentation="https://help.openai.com/en/articles/8554956",
    format=Format.CSV,
    channel="openai",
    table=usage_events,
    fields=FIELDS,
    to_rows=to_events,
    snapshot=True,
    covered=covered,
    bucket=BUCKET,
)
