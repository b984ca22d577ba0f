"""Langfuse's blob storage export of observations (JSON lines, JSON, CSV, Parquet) → usage events.

Only generations and embeddings are requests; an observation of another type (a span, an agent, a tool) holds at most the sum of its
parts and is set aside. An observation may change after it was exported and come again: the newest by `updated_at` counts.
Langfuse does not name the provider: the metadata may (LangChain's ls_provider, OpenTelemetry's gen_ai.provider.name), else the
model's name tells it (sellers.py). Nor does it tell how long a cache write is kept, unless the SDK does: it counts as 5 minutes.
`total_cost` is Langfuse's estimate. Prompts and answers are never read. Times are UTC without a zone.
https://langfuse.com/docs/api-and-data-platform/features/export-to-blob-storage
"""

import ibis
import ibis.expr.types as ir

from usage_pipeline.sources.cells import decimal, iso_time
from usage_pipeline.sources.channels import channel_of, constant, provider_of
from usage_pipeline.sources.logs import langfuse_usage
from usage_pipeline.sources.logs.labels import joined, label
from usage_pipeline.sources.logs.sellers import seller_of
from usage_pipeline.sources.records import lines_of, staged
from usage_pipeline.sources.rejects import first_reason, time_checks
from usage_pipeline.sources.tags import text_list, value_in_object
from usage_pipeline.tables.personal import pseudonym
from usage_pipeline.tables.source import Format, Source
from usage_pipeline.tables.usage_events import FAILURE, LOG_VIEW, SUCCESS, usage_events

FIELDS = {
    "id": "id",
    "trace_id": "trace_id",
    "langfuse_project_id": "project_id",
    "environment": "environment",
    "type": "type",
    "start_time": "start_time",
    "end_time": "end_time",
    "name": "name",
    "metadata": "metadata",
    "level": "level",
    "version": "version",
    "model": "provided_model_name",
    "model_parameters": "model_parameters",
    "usage": "usage_details",
    "prompt_name": "prompt_name",
    "prompt_version": "prompt_version",
    "total_cost": "total_cost",
    "updated_at": "updated_at",
    "user_id": "user_id",
    "session_id": "session_id",
    "trace_name": "trace_name",
    "trace_tags": "tags",
    "release": "release",
}

REQUESTS = {"GENERATION": "text", "EMBEDDING": "embedding"}
"""The types of observations that are requests, with our api types."""

PROVIDER_KEYS = ("ls_provider", "gen_ai.provider.name", "gen_ai.system", "provider")
"""Where metadata may name the provider."""


def to_events(records: ir.Table) -> ir.Table:
    """One event a generation or embedding; one with level ERROR failed."""
    rows = staged(_read(lines_of(records)))
    usage, request = rows.usage, rows.api_type.notnull()
    reject = first_reason(
        ("missing_id", rows.id.isnull()),
        ("unexpected_document", rows.type.isnull()),
        *time_checks(rows.start_time, rows.started_at),
        ("not_usage", ~request),
        ("negative_quantity", langfuse_usage.is_negative(usage)),
        ("bad_number", usage.notnull() & ~langfuse_usage.is_well_formed(usage)),
        ("unknown_meter", langfuse_usage.has_unknown(usage)),
        ("bad_amount", rows.total_cost.notnull() & rows.reported.isnull()),
        ("missing_model", (rows.outcome != FAILURE) & rows.model.isnull()),
        ("missing_usage", (rows.outcome == SUCCESS) & langfuse_usage.is_empty(usage)),
        ("unaccounted_usage", rows.beyond < 0),
    )
    return rows.select(
        "source_file",
        "source_line",
        reject=reject,
        event_id=rows.id,
        view=constant(LOG_VIEW),
        started_at=rows.started_at,
        ended_at=iso_time(rows.end_time),
        user=pseudonym(rows.user_id),
        client=label(rows, "client"),
        conversation=ibis.coalesce(rows.session_id, rows.trace_id),
        prompt=rows.prompt_name,
        run=label(rows, "run"),
        feature=label(rows, "feature"),
        operation=ibis.coalesce(label(rows, "operation"), rows.api_type.cases(("text", "chat"), else_=rows.api_type)),
        api_type=rows.api_type,
        status=rows.outcome,
        channel=channel_of(rows.provider),
        provider=provider_of(rows.provider),
        model=rows.model,
        service_tier=value_in_object(rows.model_parameters, "service_tier").nullif("auto"),
        request_count=ibis.literal(1, "int64"),
        reasoning_tokens=langfuse_usage.reasoning(rows.numbers),
        is_unsplit=ibis.ifelse(rows.beyond > 0, True, ibis.null("boolean")),  # noqa: FBT003
        reported_cost=rows.reported,
        reported_cost_basis=ibis.ifelse(rows.reported.notnull(), "app_estimated", ibis.null("string")),
        tags=rows.tags,
        request_tags=rows.tag_list,
        updated_at=iso_time(rows.updated_at),
        **langfuse_usage.meter_columns(rows.numbers),
    )


def _read(lines: ir.Table) -> ir.Table:
    """Every cell as what it is."""
    tags = joined(
        lines.metadata.fill_null("{}"),
        environment=lines.environment,
        release=lines.release,
        version=lines.version,
        trace_name=lines.trace_name,
        name=lines.name,
        prompt_version=lines.prompt_version,
        langfuse_project_id=lines.langfuse_project_id,
    )
    numbers = langfuse_usage.counts(lines.usage)
    rows = staged(lines.mutate(tags=tags, numbers=numbers))
    told = ibis.coalesce(*(value_in_object(rows.tags, key) for key in PROVIDER_KEYS))
    return rows.mutate(
        started_at=iso_time(rows.start_time),
        tag_list=text_list(rows.trace_tags),
        outcome=ibis.ifelse(rows.level == "ERROR", FAILURE, SUCCESS),
        api_type=rows.type.cases(*REQUESTS.items()),
        reported=decimal(rows.total_cost),
        provider=ibis.coalesce(told.lower(), seller_of(rows.model)),
        beyond=langfuse_usage.beyond_total(rows.numbers),
    )


SOURCE = Source(
    kind="langfuse",
    title="Langfuse observations",
    documentation="https://langfuse.com/docs/api-and-data-platform/features/export-to-blob-storage",
    format=Format.ROWS,
    table=usage_events,
    fields=FIELDS,
    to_rows=to_events,
    unique_ids=True,
)
