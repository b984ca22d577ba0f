"""OpenTelemetry GenAI spans (OTLP's JSON, a document a line, as the collector's file exporter writes them) → usage events.

A span is a request if its operation is a model's (chat, generate_content, text_completion, embeddings); spans of agents, tools and
workflows repeat the sums of their children and are set aside. Current and older attribute names are read. gen_ai.usage.input_tokens
holds cached tokens, except where otel_scopes.py says otherwise; where a span tells nothing of a cache, the event `is_unsplit`. How long
a cache write is kept is not told: it counts as 5 minutes. A span that ended in an error is a failure. Of resources and spans only the
attributes in FIELDS are read: never prompts, answers, command lines or addresses.
https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/gen-ai-spans.md
"""

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from usage_pipeline.sources.cells import decimal, epoch_time, whole_number
from usage_pipeline.sources.channels import channel_of, constant, provider_of
from usage_pipeline.sources.logs.modalities import input_parts
from usage_pipeline.sources.logs.otel_scopes import leaves_cache_out
from usage_pipeline.sources.records import lines_of, staged
from usage_pipeline.sources.rejects import first_reason, quantity_checks, time_checks
from usage_pipeline.sources.tags import flat_object, json_object
from usage_pipeline.tables.personal import pseudonym
from usage_pipeline.tables.source import Format, Path, Source
from usage_pipeline.tables.usage_events import FAILURE, LOG_VIEW, SUCCESS, usage_events

NAMES: dict[str, tuple[str, ...]] = {
    "operation": ("gen_ai.operation.name",),
    "request_type": ("llm.request.type",),
    "provider": ("gen_ai.provider.name", "gen_ai.system"),
    "model": ("gen_ai.response.model", "gen_ai.request.model"),
    "conversation": ("gen_ai.conversation.id", "session.id"),
    "prompt": ("gen_ai.prompt.name",),
    "agent": ("gen_ai.agent.name",),
    "user": ("enduser.id", "user.id", "enduser.pseudo.id"),
    "error": ("error.type",),
    "served_tier": ("openai.response.service_tier", "gen_ai.openai.response.service_tier"),
    "asked_tier": ("openai.request.service_tier", "gen_ai.openai.request.service_tier"),
    "cost": ("operation.cost", "gen_ai.usage.cost"),
    "total_input": ("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens"),
    "total_output": ("gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens"),
    "cached": (
        "gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_read_input_tokens", "gen_ai.usage.details.cache_read_tokens",
        "gen_ai.usage.details.cache_read_input_tokens", "gen_ai.usage.cache_read_tokens", "gen_ai.usage.input_tokens.cached",
    ),
    "written": (
        "gen_ai.usage.cache_creation.input_tokens", "gen_ai.usage.cache_creation_input_tokens", "gen_ai.usage.details.cache_write_tokens",
        "gen_ai.usage.details.cache_creation_input_tokens", "gen_ai.usage.cache_write_tokens", "gen_ai.usage.input_tokens.cache_write",
    ),
    "reasoning": (
        "gen_ai.usage.reasoning.output_tokens", "gen_ai.usage.reasoning_tokens", "gen_ai.usage.details.reasoning_tokens",
        "gen_ai.usage.output_tokens.reasoning",
    ),
    "audio": ("gen_ai.usage.audio.input_tokens",),
    "image": ("gen_ai.usage.image.input_tokens",),
    "audio_output": ("gen_ai.usage.audio.output_tokens",),
}  # fmt: skip
"""What a span's attributes say, under their names from the newest to the oldest: the first that is there counts."""

QUANTITIES = ("total_input", "total_output", "cached", "written", "reasoning", "audio", "image", "audio_output")

TAGS = (
    "service.name", "service.namespace", "service.version", "deployment.environment.name", "deployment.environment", "k8s.namespace.name",
    "k8s.deployment.name", "cloud.account.id", "project", "team", "client", "feature", "run", "environment", "cost_center",
)  # fmt: skip
"""Attributes of the span, else of its resource, that become tags."""

OWN = ("project", "team", "client", "feature", "run")
"""Those that an application sets for us."""


def _of_span(name: str) -> tuple[str, ...]:
    return ("span", "attributes", name)


FIELDS: dict[str, Path] = {
    "trace_id": ("span", "traceId"),
    "span_id": ("span", "spanId"),
    "start_nanos": ("span", "startTimeUnixNano"),
    "end_nanos": ("span", "endTimeUnixNano"),
    "status_code": ("span", "status", "code"),
    "scope_name": ("scope", "name"),
    "scope_version": ("scope", "version"),
    **{f"{name}_{place}": _of_span(key) for name, keys in NAMES.items() for place, key in enumerate(keys)},
    **{f"tag_{place}": ("resource", key) for place, key in enumerate(TAGS)},
    **{f"own_{name}": _of_span(name) for name in OWN},
}

API_TYPES = {"chat": "text", "generate_content": "text", "text_completion": "text", "embeddings": "embedding"}
"""Operations of a model, with our api types."""

OPERATIONS = {"generate_content": "chat", "text_completion": "completion", "embeddings": "embedding"}
REQUEST_TYPES = {"chat": "chat", "completion": "text_completion", "embedding": "embeddings"}
"""OpenLLMetry's llm.request.type, from before there was an operation's name."""

OTHERS = (
    "invoke_agent", "create_agent", "execute_tool", "invoke_workflow", "plan", "retrieval", "search_memory", "create_memory_store",
    "update_memory", "upsert_memory", "delete_memory", "delete_memory_store",
)  # fmt: skip
"""Operations that are no model's: their usage, if any, is that of their children."""

ERRORS = ("2", "STATUS_CODE_ERROR")


def to_events(records: ir.Table) -> ir.Table:
    """One event a span of a model's operation, named by its trace and span."""
    rows = staged(_split(staged(_read(lines_of(records)))))
    reported = decimal(rows.cost)
    reject = first_reason(
        ("missing_id", rows.id.isnull()),
        ("not_usage", ~rows.is_request & (~rows.has_usage | rows.operation.isin(OTHERS))),
        ("unknown_operation", ~rows.is_request),
        *time_checks(rows.start_nanos, rows.started_at),
        *quantity_checks([(rows[name], rows[f"n_{name}"]) for name in QUANTITIES]),
        ("bad_amount", rows.cost.notnull() & reported.isnull()),
        ("missing_model", (rows.outcome != FAILURE) & rows.model.isnull()),
        ("missing_usage", (rows.outcome == SUCCESS) & rows.n_total_input.isnull() & rows.n_total_output.isnull()),
        ("inconsistent_usage", (rows.uncached < 0) | (rows.text_cached < 0) | (rows.text_output < 0)),
        ("inconsistent_usage", rows.n_reasoning > rows.n_total_output),
    )
    return rows.select(
        "source_file",
        "source_line",
        reject=reject,
        event_id=rows.id,
        view=constant(LOG_VIEW),
        started_at=rows.started_at,
        ended_at=_nano_time(rows.end_nanos),
        team=pseudonym(ibis.coalesce(rows.own_team, _resource(rows, "team"))),
        user=pseudonym(rows.user),
        client=pseudonym(ibis.coalesce(rows.own_client, _resource(rows, "client"))),
        conversation=ibis.coalesce(rows.conversation, rows.trace_id),
        prompt=rows.prompt,
        run=rows.own_run,
        feature=ibis.coalesce(rows.own_feature, _resource(rows, "feature")),
        operation=rows.operation.cases(*OPERATIONS.items(), else_=rows.operation),
        api_type=rows.api_type,
        status=rows.outcome,
        channel=channel_of(rows.provider.lower()),
        provider=provider_of(rows.provider.lower()),
        model=rows.model,
        service_tier=ibis.coalesce(rows.served_tier.nullif("auto"), rows.asked_tier.nullif("auto")),
        request_count=ibis.literal(1, "int64"),
        input=rows.text_input,
        cache_read=rows.text_cached,
        cache_write=rows.n_written,
        output=rows.text_output,
        input_audio=rows.input_audio,
        cache_audio_read=rows.cache_audio_read,
        output_audio=rows.n_audio_output.nullif(0),
        input_image=rows.input_image,
        cache_image_read=rows.cache_image_read,
        reasoning_tokens=rows.n_reasoning,
        is_unsplit=rows.is_unsplit,
        reported_cost=reported,
        reported_cost_basis=ibis.ifelse(reported.notnull(), "app_estimated", ibis.null("string")),
        tags=_tags(rows),
    )


def _read(lines: ir.Table) -> ir.Table:
    """What the span says, each under one name; `n_<name>` are the quantities."""
    said = {name: ibis.coalesce(*(lines[f"{name}_{place}"] for place in range(len(keys)))) for name, keys in NAMES.items()}
    operation = ibis.coalesce(said["operation"], said["request_type"].cases(*REQUEST_TYPES.items()))
    failed = lines.status_code.isin(ERRORS) | said["error"].notnull()
    return lines.mutate(
        **said
        | {
            "id": lines.trace_id + "-" + lines.span_id,
            "operation": operation,
            "api_type": operation.cases(*API_TYPES.items()),
            "is_request": operation.isin(list(API_TYPES)).fill_null(False),  # noqa: FBT003
            "has_usage": ibis.coalesce(*(said[name] for name in QUANTITIES)).notnull(),
            "started_at": _nano_time(lines.start_nanos),
            "outcome": ibis.ifelse(failed.fill_null(False), FAILURE, SUCCESS),  # noqa: FBT003
            "excludes": leaves_cache_out(lines.scope_name, lines.scope_version),
            **{f"n_{name}": whole_number(said[name]) for name in QUANTITIES},
        }
    )


def _split(rows: ir.Table) -> ir.Table:
    """The prompt's parts, disjoint; what the span does not tell of the cache is null."""
    cached, written = rows.n_cached.fill_null(0), rows.n_written.fill_null(0)
    uncached = rows.n_total_input - ibis.ifelse(rows.excludes, 0, cached + written)
    parts = input_parts(uncached, cached, rows.n_audio.fill_null(0), rows.n_image.fill_null(0))
    untold = rows.n_cached.isnull() & rows.n_written.isnull()
    may_hold_cache = untold & ~rows.excludes & (rows.n_total_input > 0) & (rows.api_type == "text")
    return rows.mutate(
        uncached=uncached,
        text_input=parts.text,
        text_cached=ibis.ifelse(rows.n_cached.isnull(), ibis.null("int64"), parts.text_cached),
        input_audio=parts.audio.nullif(0),
        input_image=parts.image.nullif(0),
        cache_audio_read=parts.audio_cached.nullif(0),
        cache_image_read=parts.image_cached.nullif(0),
        text_output=rows.n_total_output - rows.n_audio_output.fill_null(0),
        is_unsplit=ibis.ifelse(may_hold_cache, True, ibis.null("boolean")),  # noqa: FBT003
    )


def _nano_time(text: ir.StringValue) -> ir.TimestampValue:
    """Nanoseconds since 1970, as the text of a whole number."""
    return epoch_time(ibis.ifelse(text.re_search(r"^\d{10,22}$"), text.re_replace(r"(\d{9})$", r".\1"), text))


def _resource(rows: ir.Table, name: str) -> ir.StringValue:
    return rows[f"tag_{TAGS.index(name)}"]


def _tags(rows: ir.Table) -> ir.StringValue:
    """The tags that are there, and the scope and agent; addresses left out."""
    given = {key: rows[f"tag_{place}"] for place, key in enumerate(TAGS)}
    own: Sequence[str] = OWN
    said = given | {name: ibis.coalesce(rows[f"own_{name}"], given[name]) for name in own}
    return flat_object(json_object(**said, scope=rows.scope_name, agent=rows.agent))


SOURCE = Source(
    kind="otel_genai",
    title="OpenTelemetry GenAI spans",
    documentation="https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/gen-ai-spans.md",
    format=Format.SPANS,
    table=usage_events,
    fields=FIELDS,
    to_rows=to_events,
    unique_ids=True,
)
