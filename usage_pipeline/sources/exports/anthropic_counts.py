"""Anthropic's messages usage: what the usage report and the Console's token export say alike → usage events, one per bucket and group.

In: lines with the texts of NEEDED, whatever file they come from. Out: events. The four input counts are disjoint already: nothing is
subtracted. There is no number of requests.
https://docs.claude.com/en/api/admin-api/usage-cost/get-messages-usage-report
"""

import ibis
import ibis.expr.types as ir

from usage_pipeline.sources.cells import whole_number
from usage_pipeline.sources.channels import constant
from usage_pipeline.sources.keys import natural_key, numbered
from usage_pipeline.sources.records import NO_SCOPE, bucket_scope, staged
from usage_pipeline.sources.rejects import first_reason, quantity_checks, time_checks
from usage_pipeline.sources.tags import json_object
from usage_pipeline.tables.personal import pseudonym
from usage_pipeline.tables.usage_events import PROVIDER_VIEW, SUCCESS

BATCH = "batch"

METERS = ("input", "cache_read", "cache_write", "cache_write_1h", "output", "web_searches")
DIMENSIONS = (
    "account_id", "api_key_id", "context_window", "inference_geo", "model", "service_account_id", "service_tier", "speed", "workspace_id",
)  # fmt: skip
NAMES = ("api_key_name", "workspace_name")
"""What the Console's export has in the place of ids."""

NEEDED = ("starting_at", *DIMENSIONS, *NAMES, *METERS)
"""What a line must have, null where its file says nothing of it."""


def events_of(lines: ir.Table) -> ir.Table:
    """One event a line. `lines` has the columns NEEDED, the times started_at and ended_at, and is_unexpected: of another document."""
    rows = staged(lines.mutate(**{f"n_{meter}": whole_number(lines[meter]) for meter in METERS}))
    reject = first_reason(
        ("unexpected_document", rows.is_unexpected),
        *time_checks(rows.starting_at, rows.started_at),
        *quantity_checks([(rows[meter], rows[f"n_{meter}"]) for meter in METERS]),
        ("missing_usage", rows.input.isnull() | rows.output.isnull()),
        ("grouping_mixed", rows.model.isnull()),
    )
    is_batch = rows.service_tier == BATCH
    named = {"api_key_id": rows.api_key_id.fill_null(rows.api_key_name), "workspace_id": rows.workspace_id.fill_null(rows.workspace_name)}
    events = rows.select(
        "source_file",
        "source_line",
        reject=reject,
        event_id=natural_key(rows.starting_at, *(named.get(name, rows[name]) for name in DIMENSIONS)),
        view=constant(PROVIDER_VIEW),
        started_at=rows.started_at,
        ended_at=rows.ended_at,
        user=rows.account_id,
        api_type=ibis.ifelse(is_batch, "batch", "text"),
        status=constant(SUCCESS),
        channel=constant("anthropic"),
        provider=constant("anthropic"),
        model=rows.model,
        region=rows.inference_geo.nullif("not_available"),
        service_tier=ibis.ifelse(is_batch, "standard", rows.service_tier),
        speed=rows.speed,
        is_batch=is_batch,
        api_key=rows.api_key_id,
        api_key_name=pseudonym(rows.api_key_name),
        workspace_id=rows.workspace_id,
        sub_account_id=rows.workspace_id,
        provider_project_name=rows.workspace_name,
        principal=rows.service_account_id,
        tags=json_object(context_window=rows.context_window),
        snapshot_scope=bucket_scope(NO_SCOPE, rows.started_at, rows.ended_at),
        **{meter: rows[f"n_{meter}"] for meter in METERS},
    )
    return numbered(staged(events), "event_id")
