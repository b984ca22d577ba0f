"""OpenAI's bill: what the costs API and the dashboard's cost export say alike → charges, one per line item, project and day.

In: lines with the texts of NEEDED, whatever file they come from. Out: charges, so a day's pages and its CSV give the same ones, by the
same ids. `line_item` and `project_id` are null unless the export was grouped by them.
https://platform.openai.com/docs/api-reference/usage/costs
"""

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from usage_pipeline.sources.cells import decimal, epoch_time, quantity
from usage_pipeline.sources.keys import natural_key, numbered
from usage_pipeline.sources.records import NO_SCOPE, staged
from usage_pipeline.sources.rejects import amount_checks, first_reason, time_checks
from usage_pipeline.tables.meters import UNMAPPED


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

NEEDED = (
    "start_time", "end_time", "amount", "currency", "line_item", "quantity", "quantity_unit", "project_id", "project_name", "api_key_id",
    "organization_id",
)  # fmt: skip
"""What a line must have, null where its file says nothing of it."""


def charges_of(lines: ir.Table) -> ir.Table:
    """One charge a line. A line that names no project is shared: it is allocated later.

    `lines` has the columns NEEDED, and `is_unexpected`: whether the line is of another document.
    """
    rows = staged(_read(lines))
    reject = first_reason(
        ("unexpected_document", rows.is_unexpected),
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
