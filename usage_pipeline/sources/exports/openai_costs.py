"""OpenAI costs (GET /v1/organization/costs, pages as JSON) → charges, one per line item, project and day.

The organisation's bill: OpenAI says that costs, not usage, reconcile to the invoice. Amounts are USD as text of 34 digits ('0E-6176' is
zero) in live pages and numbers in the documented shape.
https://platform.openai.com/docs/api-reference/usage/costs
"""

import ibis.expr.types as ir

from usage_pipeline.sources.cells import epoch_time
from usage_pipeline.sources.exports.openai_bill import charges_of
from usage_pipeline.sources.records import NO_SCOPE, days_covered, lines_of
from usage_pipeline.tables.charges import charges
from usage_pipeline.tables.source import Format, Source

FIELDS = {
    "object": "result.object",
    "start_time": "bucket.start_time",
    "end_time": "bucket.end_time",
    "amount": "result.amount.value",
    "currency": "result.amount.currency",
    "line_item": "result.line_item",
    "quantity": "result.quantity",
    "quantity_unit": "result.quantity_unit",
    "project_id": "result.project_id",
    "project_name": "result.project_name",
    "api_key_id": "result.api_key_id",
    "organization_id": "result.organization_id",
}
RESULT = "organization.costs.result"


def to_charges(records: ir.Table) -> ir.Table:
    """One charge a result."""
    lines = lines_of(records)
    return charges_of(lines.mutate(is_unexpected=lines.object != RESULT))


def covered(records: ir.Table) -> ir.Table:
    """The bucket's day, as a whole."""
    return days_covered(records, epoch_time(records.start_time), NO_SCOPE)


SOURCE = Source(
    kind="openai_costs",
    title="OpenAI costs API",
    documentation="https://platform.openai.com/docs/api-reference/usage/costs",
    format=Format.BUCKET_PAGES,
    channel="openai",
    table=charges,
    fields=FIELDS,
    to_rows=to_charges,
    snapshot=True,
    covered=covered,
)
