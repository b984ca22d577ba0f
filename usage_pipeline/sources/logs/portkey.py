"""Portkey's log export (JSON lines, CSV) → usage events.

`req_units` are the prompt's tokens without a word of how many were cached: the event `is_unsplit`. `cost` is Portkey's estimate, in
CENTS; one in another currency than USD is left out. Bodies and URLs are never read. https://portkey.ai/docs/product/observability/logs-export
"""

import ibis
import ibis.expr.types as ir

from usage_pipeline.sources.cells import decimal, epoch_time, iso_time, whole_number
from usage_pipeline.sources.channels import channel_of, constant, provider_of
from usage_pipeline.sources.logs.labels import label
from usage_pipeline.sources.records import lines_of, staged
from usage_pipeline.sources.rejects import first_reason, quantity_checks, time_checks
from usage_pipeline.sources.tags import flat_object, text_list, value_in_object
from usage_pipeline.tables.personal import pseudonym
from usage_pipeline.tables.source import Format, Source
from usage_pipeline.tables.usage_events import CACHE_HIT, FAILURE, LOG_VIEW, SUCCESS, usage_events

QUANTITIES = {"req_units": "req_units", "res_units": "res_units", "response_time": "response_time"}
FIELDS = {
    "id": "id",
    "trace_id": "trace_id",
    "created_at": "created_at",
    "is_success": "is_success",
    "ai_org": "ai_org",
    "ai_model": "ai_model",
    **QUANTITIES,
    "cost": "cost",
    "cost_currency": "cost_currency",
    "response_status_code": "response_status_code",
    "config": "config",
    "prompt_slug": "prompt_slug",
    "metadata": "metadata",
    "named_user": "metadata._user",
    "cache_status": "cache_status",
}

HITS = ("HIT", "SEMANTIC HIT")
"""Cache states of a request that Portkey's own cache answered. https://portkey.ai/docs/product/ai-gateway/cache-simple-and-semantic"""


def to_events(records: ir.Table) -> ir.Table:
    """One event a request."""
    rows = staged(_read(lines_of(records)))
    reject = first_reason(
        ("missing_id", rows.id.isnull()),
        *time_checks(rows.created_at, rows.started_at),
        *quantity_checks([(rows[name], rows[f"n_{name}"]) for name in QUANTITIES]),
        ("bad_amount", rows.cost.notnull() & rows.cost_usd.isnull()),
        ("missing_model", (rows.outcome != FAILURE) & rows.ai_model.isnull()),
        ("missing_usage", (rows.outcome == SUCCESS) & rows.n_req_units.isnull() & rows.n_res_units.isnull()),
    )
    return rows.select(
        "source_file",
        "source_line",
        reject=reject,
        event_id=rows.id,
        view=constant(LOG_VIEW),
        started_at=rows.started_at,
        ended_at=rows.started_at + rows.n_response_time.as_interval("ms"),
        user=pseudonym(ibis.coalesce(rows.named_user, value_in_object(rows.tags, "user"))),
        client=label(rows, "client"),
        conversation=rows.trace_id,
        prompt=ibis.coalesce(rows.prompt_slug, label(rows, "prompt")),
        run=label(rows, "run"),
        feature=label(rows, "feature"),
        operation=ibis.coalesce(label(rows, "operation"), "chat"),
        api_type=constant("text"),
        status=rows.outcome,
        channel=channel_of(rows.provider),
        provider=provider_of(rows.provider),
        model=rows.ai_model,
        resource_id=rows.config,
        request_count=ibis.literal(1, "int64"),
        input=rows.n_req_units,
        output=rows.n_res_units,
        is_unsplit=ibis.ifelse(rows.n_req_units > 0, True, ibis.null("boolean")),  # noqa: FBT003
        reported_cost=rows.reported,
        reported_cost_basis=ibis.ifelse(rows.reported.notnull(), "gateway_estimated", ibis.null("string")),
        tags=rows.tags,
    )


def _read(lines: ir.Table) -> ir.Table:
    """Every cell as what it is; `n_<name>` are the quantities."""
    cost_usd = decimal(lines.cost, shift=-2)
    succeeded = ibis.coalesce(lines.is_success.lower(), lines.response_status_code)
    return lines.mutate(
        started_at=ibis.coalesce(iso_time(lines.created_at), epoch_time(lines.created_at)),
        outcome=ibis.cases(
            (lines.cache_status.upper().isin(HITS), CACHE_HIT), (succeeded.re_search(r"^(true|1|2\d\d)$"), SUCCESS), else_=FAILURE
        ),
        provider=lines.ai_org.lower(),
        cost_usd=cost_usd,
        reported=ibis.ifelse(lines.cost_currency.upper().fill_null("USD") == "USD", cost_usd, ibis.null(cost_usd.type())),
        tags=flat_object(lines.metadata),
        tag_list=text_list(ibis.null("string")),
        **{f"n_{name}": whole_number(lines[name]) for name in QUANTITIES},
    )


SOURCE = Source(
    kind="portkey",
    title="Portkey logs",
    documentation="https://portkey.ai/docs/product/observability/logs-export",
    format=Format.ROWS,
    table=usage_events,
    fields=FIELDS,
    to_rows=to_events,
    unique_ids=True,
)
