"""Helicone's requests (its export tool's or dashboard's JSON lines, JSON array or CSV) → usage events.

`prompt_tokens` are the uncached ones; cached, written and audio tokens stand beside them. How long a write is kept is not told: it counts
as 5 minutes. `costUSD` is Helicone's estimate. A request that Helicone's own cache answered has a `cache_reference_id`. Bodies are never
read, nor are URLs, which may hold keys. https://docs.helicone.ai/rest/request/post-v1requestquery-clickhouse
"""

import ibis
import ibis.expr.types as ir

from usage_pipeline.sources.cells import decimal, iso_time, whole_number
from usage_pipeline.sources.channels import channel_of, constant, provider_of
from usage_pipeline.sources.logs.labels import LABELS, joined, prompt_name
from usage_pipeline.sources.records import lines_of, staged
from usage_pipeline.sources.rejects import first_reason, quantity_checks, time_checks
from usage_pipeline.sources.tags import merged, value_in_object
from usage_pipeline.tables.personal import pseudonym
from usage_pipeline.tables.source import Format, Source
from usage_pipeline.tables.usage_events import CACHE_HIT, FAILURE, LOG_VIEW, SUCCESS, usage_events

QUANTITIES = {
    "prompt_tokens": "prompt_tokens",
    "write_tokens": "prompt_cache_write_tokens",
    "read_tokens": "prompt_cache_read_tokens",
    "completion_tokens": "completion_tokens",
    "prompt_audio": "prompt_audio_tokens",
    "completion_audio": "completion_audio_tokens",
}
FIELDS = {
    "id": "request_id",
    "created": "request_created_at",
    "responded": "response_created_at",
    "response_status": "response_status",
    "model_override": "model_override",
    "response_model": "response_model",
    "request_model": "request_model",
    "own_model": "model",
    "maker": "provider",
    **QUANTITIES,
    "prompt_id": "prompt_id",
    "user_id": "request_user_id",
    "helicone_user": "helicone_user",
    "request_properties": "request_properties",
    "properties": "properties",
    "cost_usd": "costUSD",
    "cached_from": "cache_reference_id",
}

SAID = (*LABELS, "session")
NO_REFERENCE = "00000000-0000-0000-0000-000000000000"
"""What a request has that no cache answered."""


def to_events(records: ir.Table) -> ir.Table:
    """One event a request; a response status outside 200 to 299, Helicone's own below zero among them, is a failure."""
    rows = staged(_labelled(staged(_read(lines_of(records)))))
    unmeasured = rows.n_prompt_tokens.isnull() & rows.n_completion_tokens.isnull()
    reject = first_reason(
        ("missing_id", rows.id.isnull()),
        *time_checks(rows.created, rows.started_at),
        *quantity_checks([(rows[name], rows[f"n_{name}"]) for name in QUANTITIES]),
        ("bad_amount", rows.cost_usd.notnull() & rows.reported.isnull()),
        ("missing_model", (rows.outcome != FAILURE) & rows.model.isnull()),
        ("missing_usage", (rows.outcome == SUCCESS) & unmeasured),
    )
    return rows.select(
        "source_file",
        "source_line",
        reject=reject,
        event_id=rows.id,
        view=constant(LOG_VIEW),
        started_at=rows.started_at,
        ended_at=iso_time(rows.responded),
        user=pseudonym(ibis.coalesce(rows.user_id, rows.helicone_user)),
        client=pseudonym(rows.said_client),
        conversation=pseudonym(rows.said_session),
        prompt=ibis.coalesce(rows.prompt_id, prompt_name(pseudonym(rows.said_prompt))),
        run=pseudonym(rows.said_run),
        feature=pseudonym(rows.said_feature),
        operation=ibis.coalesce(pseudonym(rows.said_operation), "chat"),
        api_type=constant("text"),
        status=rows.outcome,
        channel=channel_of(rows.provider),
        provider=provider_of(rows.provider),
        model=rows.model,
        request_count=ibis.literal(1, "int64"),
        input=rows.n_prompt_tokens,
        cache_read=rows.n_read_tokens,
        cache_write=rows.n_write_tokens,
        output=rows.n_completion_tokens,
        input_audio=rows.n_prompt_audio.nullif(0),
        output_audio=rows.n_completion_audio.nullif(0),
        reported_cost=rows.reported,
        reported_cost_basis=ibis.ifelse(rows.reported.notnull(), "gateway_estimated", ibis.null("string")),
        tags=rows.tags,
    )


def _read(lines: ir.Table) -> ir.Table:
    """Every cell as what it is; `n_<name>` are the quantities. The tag `project` is small, as everywhere; Helicone writes 'Project'."""
    lines = staged(lines.mutate(all_properties=merged(lines.request_properties, lines.properties)))
    lines = staged(lines.mutate(own_project=value_in_object(lines.all_properties, "Project")))
    hit = lines.cached_from.notnull() & ~lines.cached_from.isin(["", NO_REFERENCE])
    return lines.mutate(
        started_at=iso_time(lines.created),
        outcome=ibis.cases((hit, CACHE_HIT), (lines.response_status.re_search(r"^2\d\d$"), SUCCESS), else_=FAILURE),
        model=ibis.coalesce(*(lines[name].nullif("") for name in ("model_override", "response_model", "own_model", "request_model"))),
        provider=lines.maker.lower(),
        reported=decimal(lines.cost_usd),
        tags=joined(ibis.coalesce(lines.all_properties, "{}"), project=lines.own_project),
        **{f"n_{name}": whole_number(lines[name]) for name in QUANTITIES},
    )


def _labelled(rows: ir.Table) -> ir.Table:
    """`rows` with `said_<name>`: a property under the name, as Helicone's own are written too: 'Feature', 'Helicone-Session-Id'."""
    names = {name: (value_in_object(rows.tags, name), value_in_object(rows.tags, name.capitalize())) for name in SAID}
    return rows.mutate(**{f"said_{name}": ibis.coalesce(*values) for name, values in names.items()})


SOURCE = Source(
    kind="helicone",
    title="Helicone requests",
    documentation="https://docs.helicone.ai/rest/request/post-v1requestquery-clickhouse",
    format=Format.ROWS,
    table=usage_events,
    fields=FIELDS,
    to_rows=to_events,
    unique_ids=True,
)
