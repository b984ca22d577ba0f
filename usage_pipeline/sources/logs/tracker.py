"""The project's own usage log: JSON lines that applications write themselves, one request a line → usage events.

A line is one JSON object. Needed: `id` (unique per request, on other days too: an id that comes again within a week is the
same request; writing a line twice is harmless), `started_at` (ISO 8601, UTC without a zone, or seconds since 1970), and for a request
that succeeded `provider`, `model` and `meters`:

    {"id": "req-1", "started_at": "2026-10-02T09:01:05.120Z", "ended_at": "2026-10-02T09:01:07.430Z",
     "provider": "anthropic", "model": "claude-haiku-4-5-20251001",
     "meters": {"input": 1200, "cache_read": 3000, "cache_write": 2000, "output": 450}, "reasoning_tokens": 120,
     "project": "internal-chat", "feature": "ask-hr", "user": "user_bb82030d", "conversation": "c-77",
     "tags": {"environment": "production"}, "request_tags": ["release:12"]}

- `meters`: whole numbers (`audio_seconds` may have decimals) under the names of tables/meters.py. They are DISJOINT: cached tokens are not
  in `input`, audio tokens not in `input` or `output`; `output` holds reasoning, which `reasoning_tokens` only notes.
- `status`: "success" (default), "failure" or "cache_hit" (answered by a cache of your own; costs nothing).
- `provider`: openai, anthropic, gemini, vertex_ai, azure, bedrock, openrouter, ... ; `channel` where somebody else bills.
- What the request was: `api_type` (text, image, embedding, speech, transcription, moderation, batch, tool; told from the meters if left
  out), `operation` (chat, image, prompt_run, preview, improvement, ...), `service_tier`, `speed`, `region`, `is_batch`.
- Whose it was: `project`, `team`, `client`, `user`, `conversation`, `prompt` (a name, never its text), `run`, `feature`, `api_key`
  (a hash), `api_key_name`, `provider_project_id`, `provider_project_name`, `workspace_id`, `sub_account_id`, `principal`, `resource_id`.
  `project` becomes the tag `project`: the rule {field: tag.project, project: "{value}"} makes it count. An e-mail address is dropped.
- `reported_cost`: what the application itself reckons, in the reporting currency; compared, never summed.
Anything else on the line is not read. Prompts and answers do not belong here.
"""

import ibis
import ibis.expr.types as ir

from usage_pipeline.sources.cells import decimal, epoch_time, iso_time, seconds, whole_number
from usage_pipeline.sources.channels import channel_of, constant, provider_of
from usage_pipeline.sources.records import lines_of, staged
from usage_pipeline.sources.rejects import first_reason, quantity_checks, time_checks
from usage_pipeline.sources.tags import json_object, merged, text_list
from usage_pipeline.tables.meters import METER_NAMES
from usage_pipeline.tables.personal import pseudonym
from usage_pipeline.tables.source import Format, Source
from usage_pipeline.tables.usage_events import CACHE_HIT, FAILURE, LOG_VIEW, SUCCESS, usage_events

STATUSES = (SUCCESS, FAILURE, CACHE_HIT)
WHOLE = tuple(meter for meter in METER_NAMES if meter != "audio_seconds")
KNOWN_METERS = rf'"({"|".join(METER_NAMES)})"\s*:'

AS_GIVEN = (
    "conversation", "prompt", "run", "feature", "region", "service_tier", "speed", "api_key", "provider_project_id",
    "provider_project_name", "workspace_id", "sub_account_id", "resource_id",
)  # fmt: skip
PERSONAL = ("team", "user", "client", "api_key_name", "principal")
"""Texts that people like to fill with e-mail addresses."""

FIELDS = {
    "id": "id",
    "started": "started_at",
    "ended": "ended_at",
    "status": "status",
    "channel": "channel",
    "provider": "provider",
    "model": "model",
    "api_type": "api_type",
    "operation": "operation",
    "is_batch": "is_batch",
    "project": "project",
    "reported_cost": "reported_cost",
    "reasoning_tokens": "reasoning_tokens",
    "meters": "meters",
    "tags": "tags",
    "request_tags": "request_tags",
    **{name: name for name in (*AS_GIVEN, *PERSONAL)},
    **{meter: f"meters.{meter}" for meter in METER_NAMES},
}


def to_events(records: ir.Table) -> ir.Table:
    """One event a line."""
    rows = staged(_read(lines_of(records)))
    pairs = [(rows[name], rows[f"n_{name}"]) for name in (*METER_NAMES, "reasoning_tokens")]
    without_usage = rows.meters.isnull() | ~rows.meters.re_search(KNOWN_METERS)
    reject = first_reason(
        ("missing_id", rows.id.isnull()),
        *time_checks(rows.started, rows.started_at),
        ("unknown_status", ~rows.outcome.isin(STATUSES)),
        *quantity_checks(pairs),
        ("unknown_meter", rows.meters.re_replace(KNOWN_METERS, "").contains('":')),
        ("bad_amount", rows.reported_cost.notnull() & rows.reported.isnull()),
        ("missing_model", (rows.outcome != FAILURE) & rows.model.isnull()),
        ("missing_usage", (rows.outcome == SUCCESS) & without_usage),
        ("inconsistent_usage", rows.n_reasoning_tokens > rows.n_output),
    )
    return rows.select(
        "source_file",
        "source_line",
        *AS_GIVEN,
        reject=reject,
        event_id=rows.id,
        view=constant(LOG_VIEW),
        started_at=rows.started_at,
        ended_at=rows.ended_at,
        operation=ibis.coalesce(rows.operation, rows.type.cases(("text", "chat"), else_=rows.type)),
        api_type=rows.type,
        status=rows.outcome,
        channel=ibis.coalesce(rows.channel, channel_of(rows.provider)),
        provider=provider_of(rows.provider),
        model=rows.model,
        is_batch=rows.batch,
        request_count=ibis.literal(1, "int64"),
        reasoning_tokens=rows.n_reasoning_tokens,
        reported_cost=rows.reported,
        reported_cost_basis=ibis.ifelse(rows.reported.notnull(), "app_estimated", ibis.null("string")),
        tags=merged(json_object(project=rows.project), rows.tags),
        request_tags=text_list(rows.request_tags),
        **{name: pseudonym(rows[name]) for name in PERSONAL},
        **{meter: rows[f"n_{meter}"] for meter in METER_NAMES},
    )


def _read(lines: ir.Table) -> ir.Table:
    """Every cell as what it is; `n_<name>` are the quantities."""
    batch = lines.is_batch.lower() == "true"
    told = ibis.cases(
        (batch, "batch"),
        (lines.images.notnull() | lines.output_image.notnull(), "image"),
        (lines.characters.notnull(), "speech"),
        (lines.audio_seconds.notnull(), "transcription"),
        else_="text",
    )
    return lines.mutate(
        started_at=ibis.coalesce(iso_time(lines.started), epoch_time(lines.started)),
        ended_at=ibis.coalesce(iso_time(lines.ended), epoch_time(lines.ended)),
        outcome=lines.status.fill_null(SUCCESS),
        batch=batch,
        type=ibis.coalesce(lines.api_type, told),
        reported=decimal(lines.reported_cost),
        n_audio_seconds=seconds(lines.audio_seconds),
        **{f"n_{name}": whole_number(lines[name]) for name in (*WHOLE, "reasoning_tokens")},
    )


SOURCE = Source(
    kind="tracker",
    title="The project's own usage log",
    documentation="usage_pipeline/sources/logs/tracker.py",
    format=Format.JSON_LINES,
    table=usage_events,
    fields=FIELDS,
    to_rows=to_events,
    unique_ids=True,
)
