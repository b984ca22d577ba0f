"""OpenAI costs (GET /v1/organization/costs, pages as JSON) → charges, one per line item, project and day.

The organisation's bill: OpenAI says that costs, not usage, reconcile to the invoice. Amounts are USD as text of 34 digits ('0E-6176' is
zero) in live pages and numbers in the documented shape. `line_item` and `project_id` are null unless the pull was grouped by them.
https://platform.openai.com/docs/api-reference/usage/costs
"""

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from usage_pipeline.sources.cells import decimal, epoch_time, quantity
from usage_pipeline.sources.keys import natural_key, numbered
from usage_pipeline.sources.records import NO_SCOPE, days_covered, lines_of, staged
from usage_pipeline.sources.rejects import amount_checks, first_reason, time_checks
from usage_pipeline.tables.charges import charges
from usage_pipeline.tables.meters import UNMAPPED
from usage_pipeline.tables.source import Format, Source


@dataclass(frozen=True, slots=True)
class LineItem:
    """A form of `line_item`, matched as a whole, and the meter it charges. Group 1 of `pattern` is the model, if it has one."""

    pattern: str
    meter: str
    tier: str | None = None
    verified: bool = True


MODEL = r"([A-Za-z0-9][^\s,|]*)"
TOKENS = {"input": "input", "output": "output", "cached input": "cache_read", "cache writes": "cache_write"}
CONTEXT = r"(?:, long context)?"

LINE_ITEMS: tuple[LineItem, ...] = (
    *(LineItem(rf"^{MODEL}, {words}{CONTEXT}$", meter) for words, meter in TOKENS.items()),
    *(LineItem(rf"^priority \| {MODEL}, {words}{CONTEXT}$", meter, "priority") for words, meter in TOKENS.items()),
    LineItem(r"^web search tool calls$", "web_searches"),
    *(LineItem(rf"^{MODEL} batch, {words}{CONTEXT}$", meter, "batch", verified=False) for words, meter in TOKENS.items()),
    *(LineItem(rf"^flex \| {MODEL}, {words}{CONTEXT}$", meter, "flex", verified=False) for words, meter in TOKENS.items()),
)
"""Every form known. Another one is charged as 'unmapped': its money counts and its text is shown."""

EMBEDDING_MODELS = ("text-embedding-3-small", "text-embedding-3-large", "text-embedding-ada-002")

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
    """One charge a result. A line that names no project is shared: it is allocated later."""
    rows = staged(_read(lines_of(records)))
    reject = first_reason(
        ("unexpected_document", rows.object != RESULT),
        *time_checks(rows.start_time, rows.started_at),
        *amount_checks(rows.amount, rows.billed, rows.currency),
        ("bad_number", rows.quantity.notnull() & rows.units.isnull()),
    )
    charged = rows.select(
        "source_file",
        "source_line",
        reject=reject,
        charge_id=natural_key(rows.start_time, rows.project_id, rows.api_key_id, rows.line_item),
        channel=ibis.literal("openai"),
        provider=ibis.literal("openai"),
        billing_account=rows.organization_id,
        sub_account_id=rows.project_id,
        provider_project_id=rows.project_id,
        provider_project_name=rows.project_name,
        api_key=rows.api_key_id,
        names_project=rows.project_id.notnull(),
        category=ibis.literal("Usage"),
        charge_class=ibis.ifelse(rows.billed < 0, "Correction", ibis.null("string")),
        period_start=rows.started_at,
        period_end=rows.ended_at,
        sku=rows.line_item,
        meter=rows.meter,
        model=rows.model,
        api_type=ibis.ifelse(rows.model.isin(EMBEDDING_MODELS), "embedding", ibis.null("string")),
        service_tier=rows.tier,
        quantity=rows.units,
        unit=rows.quantity_unit,
        billed_cost=rows.billed,
        currency=rows.currency.upper(),
        amount_text=rows.amount,
        finality=ibis.literal("provisional"),
        snapshot_scope=NO_SCOPE,
    )
    return numbered(staged(charged), "charge_id")


def _read(lines: ir.Table) -> ir.Table:
    item = lines.line_item
    forms = [(item.re_search(form.pattern), form) for form in LINE_ITEMS]
    has_model = [(matches, item.re_extract(form.pattern, 1)) for matches, form in forms if MODEL in form.pattern]
    return lines.mutate(
        started_at=epoch_time(lines.start_time),
        ended_at=epoch_time(lines.end_time),
        billed=decimal(lines.amount),
        units=ibis.ifelse(lines.quantity_unit == "1000_tokens", quantity(lines.quantity, shift=3), quantity(lines.quantity)),
        meter=ibis.cases(*((matches, form.meter) for matches, form in forms), else_=UNMAPPED),
        tier=ibis.cases(*((matches, form.tier) for matches, form in forms if form.tier), else_=ibis.null("string")),
        model=ibis.cases(*has_model, else_=ibis.null("string")),
    )


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
