"""OpenRouter activity (GET /api/v1/activity as JSON, or the daily CSV) → charges, one per day, model and endpoint.

`usage` is what OpenRouter took from the credits, in USD: its bill. No cache, no app, no key is told; a pull for one key belongs into a
source of its own, whose rule names the project. Requests and tokens stand in the tags: a charge is for money alone, and usage comes
from logs. `byok_usage_inference` is what a provider charges on a key of your own: it is that provider's bill and no charge here, so it
is a tag too. The fee on top-ups is in no export.
A newer file replaces the days from its first to its last; nothing says that a day is final.
https://openrouter.ai/docs/api/api-reference/analytics/get-user-activity-grouped-by-endpoint
"""

import ibis
import ibis.expr.types as ir

from usage_pipeline.sources.cells import decimal, iso_time, whole_number
from usage_pipeline.sources.channels import constant
from usage_pipeline.sources.keys import natural_key, numbered
from usage_pipeline.sources.records import NO_SCOPE, days_covered, lines_of, staged
from usage_pipeline.sources.rejects import amount_checks, first_reason, quantity_checks, time_checks
from usage_pipeline.sources.tags import json_object
from usage_pipeline.tables.charges import charges
from usage_pipeline.tables.meters import UNMAPPED
from usage_pipeline.tables.source import Format, Source

FIELDS = {
    "date": "date",
    "permaslug": "model_permaslug",
    "slug": "slug",
    "model_name": "model",
    "endpoint_id": "endpoint_id",
    "provider_name": "provider_name",
    "usage": "usage",
    "byok": "byok_usage_inference",
    "byok_in_csv": "BYOK Usage",
    "requests": "requests",
    **{name: name for name in ("prompt_tokens", "completion_tokens", "reasoning_tokens")},
    **{f"{name}_in_csv": name.replace("_", " ") for name in ("prompt_tokens", "completion_tokens", "reasoning_tokens")},
}
COUNTS = ("requests", "prompt_tokens", "completion_tokens", "reasoning_tokens")


def to_charges(records: ir.Table) -> ir.Table:
    """One charge a row, also where only a key of your own was used: then it is 0."""
    rows = staged(_read(lines_of(records)))
    reject = first_reason(
        *time_checks(rows.date, rows.started_at),
        ("missing_model", rows.model.isnull()),
        *amount_checks(rows.usage, rows.billed, constant("USD")),
        ("bad_amount", rows.own_key.notnull() & decimal(rows.own_key).isnull()),
        *quantity_checks([(rows[f"count_of_{name}"], whole_number(rows[f"count_of_{name}"])) for name in COUNTS]),
    )
    counts = {name: rows[f"count_of_{name}"] for name in COUNTS}
    own_key = ibis.ifelse(decimal(rows.own_key) != 0, rows.own_key, ibis.null("string"))
    charged = rows.select(
        "source_file",
        "source_line",
        reject=reject,
        charge_id=natural_key(rows.started_at, rows.model, rows.endpoint_id),
        channel=constant("openrouter"),
        provider=constant("openrouter"),
        resource_id=rows.endpoint_id,
        names_project=ibis.literal(value=False),
        category=constant("Usage"),
        charge_class=ibis.ifelse(rows.billed < 0, "Correction", ibis.null("string")),
        period_start=rows.started_at,
        period_end=rows.started_at + ibis.interval(days=1),
        sku=rows.model,
        meter=constant(UNMAPPED),
        model=rows.model,
        billed_cost=rows.billed,
        currency=constant("USD"),
        amount_text=rows.usage,
        finality=constant("provisional"),
        tags=json_object(upstream=rows.provider_name, **counts, byok_usage_inference=own_key),
        snapshot_scope=NO_SCOPE,
    )
    return numbered(staged(charged), "charge_id")


def _read(lines: ir.Table) -> ir.Table:
    given = {f"count_of_{name}": ibis.coalesce(lines[name], lines[f"{name}_in_csv"]) for name in COUNTS if name != "requests"}
    return lines.mutate(
        started_at=iso_time(lines.date),
        model=ibis.coalesce(lines.permaslug, lines.slug, lines.model_name),
        billed=decimal(lines.usage),
        own_key=ibis.coalesce(lines.byok, lines.byok_in_csv),
        count_of_requests=lines.requests,
        **given,
    )


def covered(records: ir.Table) -> ir.Table:
    """Every day from the file's first to its last: those without a line are empty."""
    lines = records.select("source_file", day=iso_time(records.date))
    files = staged(lines.group_by("source_file").agg(first=lines.day.min(), last=lines.day.max()))
    known = files.filter(files["first"].notnull())
    days = ibis.range(known["first"], known["last"] + ibis.interval(days=1), ibis.interval(days=1))
    spread = staged(known.mutate(day=days.unnest()))
    return days_covered(spread, spread.day, NO_SCOPE)


SOURCE = Source(
    kind="openrouter_activity",
    title="OpenRouter activity (JSON or daily CSV)",
    documentation="https://openrouter.ai/docs/api/api-reference/analytics/get-user-activity-grouped-by-endpoint",
    format=Format.ROWS,
    channel="openrouter",
    table=charges,
    fields=FIELDS,
    to_rows=to_charges,
    snapshot=True,
    covered=covered,
    listed="data",
)
