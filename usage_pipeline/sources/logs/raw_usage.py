"""Raw responses of providers, as applications save them: whole bodies or their usage objects, JSON lines → usage events.

A line is one JSON object. The body stands in it as the provider gave it, with what the application adds beside it at the top,

    {"at": "2026-10-02T09:01:05.120Z", "project": "internal-chat", "id": "msg_01t…", "type": "message", "model": "…", "usage": {…}}

or, and always where the two could be mixed up, the body stands under `body`:

    {"at": "2026-10-02T09:01:05.120Z", "provider": "anthropic", "project": "internal-chat", "body": {…}}

Read are: OpenAI Chat Completions, Responses, embeddings, images, transcriptions, realtime `response.done` events, batch output lines;
Anthropic messages and batch results; Gemini and Vertex AI; Bedrock Converse; Cohere; Mistral; DeepSeek; OpenRouter; others that answer
in one of these shapes. The shape is told by the keys of the usage object.

Every line needs, from the body or from beside it:
- a time: `at` (ISO 8601, UTC without a zone, or seconds since 1970), when the request started. Bodies that have one (`created`,
  `created_at`, `createTime`) need none. ANTHROPIC, BEDROCK, COHERE, embeddings, transcriptions and realtime events HAVE NONE: without
  `at` the line is refused as 'missing_time'. A time is never guessed.
- an id: the response's own; where it has none (embeddings, images, transcriptions, Bedrock without its response metadata), `id` beside
  it. Failed batch requests are known by their `custom_id`. Writing a line twice is harmless: an id that comes again within a week is the
  same request, so an `id` beside the body must not start anew each day.
- a model: the response's own, else `model` beside it (images, transcriptions, realtime, Bedrock: the `modelId` of the request).
- a provider: told by the shape where it is its own (a plain Chat Completions body counts as OpenAI's). Name `provider` where somebody
  else answers in that shape: azure, bedrock, vertex_ai, groq, ... ; `channel` where somebody else bills.

Beside it may also stand: `ended_at`, `status` (success, failure, cache_hit), `is_batch`, `api_type`, `operation`, `project` (becomes the
tag `project`), `team`, `client`, `user`, `conversation`, `prompt_id`, `run`, `feature`, `region`, `service_tier`, `speed`, `api_key` (a
hash), `api_key_name`, `provider_project_id`, `provider_project_name`, `workspace_id`, `sub_account_id`, `principal`, `resource_id`,
`tags`, `request_tags`. `metadata` of an OpenAI body becomes tags; so does a batch's `custom_id`.

What is billed: the tier of the response, not of the request; all `iterations` of an Anthropic message, each as a row on its own model (its
top level leaves some out); Gemini's thoughts as output and tool-use prompts as input; Cohere's billed units (a rerank's search units as
`file_searches`). OpenRouter's own `cost` is kept for comparison. A failed batch request without a time was never billed: 'no_charge'.
A number under a key that raw_shapes.py does not know is refused as 'unknown_meter'. Prompts, answers and error texts are never read.
"""

import ibis
import ibis.expr.types as ir

from usage_pipeline.sources.bedrock_models import model_in
from usage_pipeline.sources.channels import channel_of, constant, provider_of
from usage_pipeline.sources.logs.raw_envelopes import AS_GIVEN, FIELDS, PERSONAL, unwrapped
from usage_pipeline.sources.logs.raw_meters import RUN_METERS, metered
from usage_pipeline.sources.logs.raw_quantities import QUANTITIES, quantities
from usage_pipeline.sources.logs.raw_requests import told
from usage_pipeline.sources.records import lines_of, staged
from usage_pipeline.sources.rejects import first_reason, quantity_checks, time_checks
from usage_pipeline.sources.tags import json_object, merged, text_list, value_in_object
from usage_pipeline.tables.personal import pseudonym
from usage_pipeline.tables.source import Format, Source
from usage_pipeline.tables.usage_events import FAILURE, LOG_VIEW, SUCCESS, usage_events

PARTS_OF_STREAMS = ("message_start", "message_delta")
"""Anthropic's stream tells usage piece by piece, each again in the next: only the message as a whole counts."""

ARN = r"^arn:[^:]*:bedrock:([^:]+):"

ONCE_A_LINE = ("m_web_searches", "m_file_searches", "m_audio_seconds")
UNLESS_ZERO = (
    "input_audio", "cache_audio_read", "output_audio", "input_image", "cache_image_read", "output_image", "input_video", "output_video",
)  # fmt: skip


def to_events(records: ir.Table) -> ir.Table:
    """One event a line; several where an Anthropic message ran several times inside."""
    lines = staged(unwrapped(lines_of(records)))
    rows = told(metered(quantities(lines)))
    known = _tagged(staged(rows.mutate(reject=_reject(rows))))
    return _events(staged(_runs(known)))


def _reject(rows: ir.Table) -> ir.StringValue:
    failed = rows.outcome == FAILURE
    is_body = ibis.coalesce(rows.usage_type, rows.event_id, rows.own_model, rows.object, rows.time_text).notnull() | rows.usage.notnull()
    return first_reason(
        ("total_row", rows.object == "batch"),
        ("unexpected_document", rows.type.isin(PARTS_OF_STREAMS) | (~failed & ~is_body)),
        ("no_charge", failed & rows.time_text.isnull() & rows.usage.isnull()),
        *time_checks(rows.time_text, rows.time),
        ("missing_id", rows.event_id.isnull()),
        ("unknown_status", rows.outcome.isnull()),
        *quantity_checks([(rows[name], rows[f"n_{name}"]) for name in QUANTITIES if name != "cost"]),
        ("negative_quantity", rows.runs_negative),
        ("bad_number", rows.runs_unread),
        ("bad_amount", rows.cost.notnull() & rows.n_cost.isnull()),
        ("unknown_meter", rows.is_unknown | rows.runs_unknown),
        ("missing_model", (~failed & rows.own_model.isnull()) | rows.runs_without_model),
        ("missing_usage", ((rows.outcome == SUCCESS) & rows["shape"].isnull()) | rows.runs_unmeasured),
        ("unaccounted_usage", rows.n_total > rows.sums_to),
        ("inconsistent_usage", rows.is_inconsistent | rows.runs_inconsistent),
    )


def _tagged(rows: ir.Table) -> ir.Table:
    """`rows` with `tags`: what the line says, the application's own tags, the body's metadata. Few lines have more than the first."""
    upstream = ibis.ifelse(rows.is_of_router, rows.upstream, ibis.null("string"))
    own = json_object(project=rows.project, custom_id=rows.custom_id, upstream_provider=upstream)
    named = staged(rows.mutate(own_tags=own, given_tags=rows.tags))
    both = staged(named.mutate(both_tags=merged(named.own_tags, named.given_tags)))
    is_plain = both.given_tags.isnull() & both.metadata.isnull() & ~both.own_tags.contains("@")
    return staged(both.mutate(tags=ibis.ifelse(is_plain, both.own_tags, merged(both.both_tags, both.metadata))))


def _runs(rows: ir.Table) -> ir.Table:
    """A row for each run of an accepted message, `place` telling which; one where it ran once."""
    count = ibis.ifelse(rows.reject.isnull(), rows.runs.length(), ibis.null("int64")).fill_null(1)
    placed = staged(rows.mutate(place=ibis.range(count).unnest()))
    return placed.mutate(inner=placed.runs[placed.place], is_inside=placed.runs.notnull(), is_first=placed.place == 0)


def _events(rows: ir.Table) -> ir.Table:
    run, inside = rows.inner, rows.is_inside
    nothing = ibis.null("string")
    own_model = ibis.coalesce(model_in(rows.own_model), rows.own_model)
    meters = {name: ibis.ifelse(inside, run[name], rows[f"m_{name}"]) for name in RUN_METERS}
    once = {name.removeprefix("m_"): ibis.ifelse(rows.is_first, rows[name], ibis.null(rows[name].type())) for name in ONCE_A_LINE}
    cost = ibis.ifelse(rows.is_first, rows.n_cost, ibis.null(rows.n_cost.type()))
    own = {name: rows[name] for name in AS_GIVEN if name not in {"operation", "region", "speed", "resource_id"}}
    return rows.select(
        "source_file",
        "source_line",
        "reject",
        event_id=ibis.ifelse(rows.is_first, rows.event_id, rows.event_id + "#" + (rows.place + 1).cast("string")),
        view=constant(LOG_VIEW),
        started_at=rows.time,
        ended_at=rows.end,
        conversation=ibis.coalesce(value_in_object(rows.conversation, "id"), rows.conversation),
        prompt=rows.prompt_id,
        operation=rows.did,
        api_type=rows.kind,
        status=rows.outcome,
        channel=ibis.coalesce(rows.channel, channel_of(rows.told_provider)),
        provider=provider_of(rows.told_provider),
        model=ibis.ifelse(inside, ibis.coalesce(run["model"], own_model), own_model),
        region=ibis.coalesce(rows.geography.nullif("not_available"), rows.region, rows.own_model.re_extract(ARN, 1).nullif("")),
        service_tier=rows.tier_served,
        speed=ibis.coalesce(rows.usage_speed, rows.speed),
        is_batch=rows.batch,
        resource_id=ibis.coalesce(rows.resource_id, ibis.ifelse(rows.own_model.startswith("arn:"), rows.own_model, nothing)),
        request_count=ibis.ifelse(rows.is_first, ibis.literal(1, "int64"), ibis.literal(0, "int64")),
        reasoning_tokens=ibis.ifelse(inside, ibis.null("int64"), rows.n_reasoning),
        reported_cost=cost,
        reported_cost_basis=ibis.ifelse(cost.notnull(), "provider_billed", nothing),
        tags=ibis.ifelse(inside, _with_iteration(rows.tags, run["type"]), rows.tags),
        request_tags=text_list(rows.request_tags),
        **meters,
        **{name: rows[f"m_{name}"].nullif(0) for name in UNLESS_ZERO},
        **(once | {"web_searches": once["web_searches"].nullif(0)}),
        **own,
        **{name: pseudonym(rows[name]) for name in PERSONAL},
    )


def _with_iteration(tags: ir.StringValue, kind: ir.StringValue) -> ir.StringValue:
    """The tags, and of what kind the run was."""
    own = json_object(iteration=kind)
    return ibis.ifelse(tags.isnull(), own, own.substr(0, own.length() - 1) + ", " + tags.substr(1))


SOURCE = Source(
    kind="raw_usage",
    title="Raw responses of providers",
    documentation="usage_pipeline/sources/logs/raw_usage.py",
    format=Format.JSON_LINES,
    table=usage_events,
    fields=FIELDS,
    to_rows=to_events,
    explodes=True,
    unique_ids=True,
)
