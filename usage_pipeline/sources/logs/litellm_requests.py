"""LiteLLM's requests, however they are stored (a payload a request, or rows of LiteLLM_SpendLogs) → usage events.

`prompt_tokens` holds cached tokens and cache writes for every provider, Anthropic too; they are taken out here, so that meters are
disjoint. What was cached stands in the `usage_object` alone: without it the request `is_unsplit`. The cost is LiteLLM's own estimate:
kept for comparison. A retry or fallback is a request of its own. Prompts, answers, addresses and error texts are never read.
"""

from collections.abc import Callable

import ibis
import ibis.expr.types as ir

from usage_pipeline.sources.cells import decimal, seconds, whole_number
from usage_pipeline.sources.channels import channel_of, constant, provider_of
from usage_pipeline.sources.logs.labels import LABELS, label
from usage_pipeline.sources.logs.modalities import input_parts
from usage_pipeline.sources.records import lines_of, staged
from usage_pipeline.sources.rejects import first_reason, quantity_checks, time_checks
from usage_pipeline.sources.tags import merged, text_list
from usage_pipeline.tables.personal import pseudonym
from usage_pipeline.tables.usage_events import CACHE_HIT, FAILURE, LOG_VIEW, SUCCESS

USAGE = "metadata.usage_object"
PROMPT = f"{USAGE}.prompt_tokens_details"
COMPLETION = f"{USAGE}.completion_tokens_details"

REQUEST_FIELDS = {
    "session_id": "session_id",
    "call_type": "call_type",
    "status": "status",
    "inner_status": "metadata.status",
    "cache_hit": "cache_hit",
    "start_time": "startTime",
    "end_time": "endTime",
    "model": "model",
    "model_id": "model_id",
    "custom_llm_provider": "custom_llm_provider",
}
"""What a payload and a row of the table say of a request in the same place."""

QUANTITIES = {
    "prompt_tokens": "prompt_tokens",
    "completion_tokens": "completion_tokens",
    "cached": f"{PROMPT}.cached_tokens",
    "cache_read_input": f"{USAGE}.cache_read_input_tokens",
    "cache_creation": f"{PROMPT}.cache_creation_tokens",
    "cache_write": f"{PROMPT}.cache_write_tokens",
    "cache_creation_input": f"{USAGE}.cache_creation_input_tokens",
    "cache_creation_1h": f"{PROMPT}.cache_creation_token_details.ephemeral_1h_input_tokens",
    "prompt_audio": f"{PROMPT}.audio_tokens",
    "prompt_image": f"{PROMPT}.image_tokens",
    "completion_audio": f"{COMPLETION}.audio_tokens",
    "completion_image": f"{COMPLETION}.image_tokens",
    "reasoning": f"{COMPLETION}.reasoning_tokens",
    "web_search_requests": f"{USAGE}.server_tool_use.web_search_requests",
    "character_count": f"{PROMPT}.character_count",
    "usage_prompt": f"{USAGE}.prompt_tokens",
    "usage_input": f"{USAGE}.input_tokens",
    "usage_total": f"{USAGE}.total_tokens",
}
"""Whole numbers of a request, alike in every store: our name for each and where it lies."""

COUNTS = (*QUANTITIES, "image_count")

LABEL_FIELDS = ("spend_logs_metadata", "requester_metadata", "request_tags")

API_TYPES = {
    "text": (
        "completion", "acompletion", "text_completion", "atext_completion", "responses", "aresponses", "anthropic_messages",
        "generate_content", "agenerate_content", "generate_content_stream", "agenerate_content_stream", "rerank", "arerank",
        "_arealtime", "arealtime",
    ),
    "embedding": ("embedding", "aembedding"),
    "image": ("image_generation", "aimage_generation", "image_edit", "aimage_edit", "image_variation", "aimage_variation"),
    "speech": ("speech", "aspeech"),
    "transcription": ("transcription", "atranscription"),
    "moderation": ("moderation", "amoderation"),
    "batch": ("create_batch", "acreate_batch", "retrieve_batch", "aretrieve_batch"),
    "tool": ("search", "asearch", "ocr", "aocr", "call_mcp_tool"),
}  # fmt: skip
"""Our types with LiteLLM's call types; a call type that is not listed (pass-through endpoints) has none."""

TYPE_OF = {call_type: api_type for api_type, call_types in API_TYPES.items() for call_type in call_types}
OPERATIONS = {call_type: "chat" if api_type == "text" else api_type for call_type, api_type in TYPE_OF.items()} | {
    "text_completion": "completion",
    "atext_completion": "completion",
    "rerank": "rerank",
    "arerank": "rerank",
}
"""What a request did, where the application does not say it."""


def to_events(records: ir.Table, time_of: Callable[[ir.StringValue], ir.TimestampValue]) -> ir.Table:
    """One event a request. A failure may lack its model; a gateway cache hit keeps its tokens and says that it is one.

    `time_of` reads a time as this store writes it.
    """
    lines = lines_of(records)
    read = staged(_read(lines, time_of))
    rows = staged(_labelled(staged(_split(read)), lines))
    reject = first_reason(
        ("missing_id", rows.id.isnull()),
        *time_checks(rows.start_time, rows.started_at),
        *quantity_checks([(rows[name], rows[f"n_{name}"]) for name in (*COUNTS, "seconds")]),
        ("bad_amount", rows.response_cost.notnull() & rows.reported.isnull()),
        ("missing_model", (rows.outcome != FAILURE) & rows.model.isnull()),
        ("missing_usage", (rows.outcome == SUCCESS) & _is_unmeasured(rows)),
        ("inconsistent_usage", (rows.uncached < 0) | (rows.text_cached < 0) | (rows.written < 0) | (rows.text_output < 0)),
    )
    return rows.select(
        "source_file",
        "source_line",
        reject=reject,
        event_id=rows.id,
        view=constant(LOG_VIEW),
        started_at=rows.started_at,
        ended_at=rows.ended_at,
        team=ibis.coalesce(rows.team_alias, rows.team_id),
        user=pseudonym(ibis.coalesce(*(rows[name].nullif("") for name in ("end_user", "key_end_user_id", "key_user_id")))),
        client=rows.label_client,
        conversation=ibis.coalesce(rows.session_id, rows.trace_id),
        prompt=ibis.coalesce(rows.label_prompt, rows.prompt_id),
        run=rows.label_run,
        feature=rows.label_feature,
        operation=ibis.coalesce(rows.label_operation, rows.call_type.cases(*OPERATIONS.items())),
        api_type=rows.api_type,
        status=rows.outcome,
        channel=channel_of(rows.custom_llm_provider),
        provider=provider_of(rows.custom_llm_provider),
        model=rows.model,
        region=rows.inference_geo.nullif("not_available"),
        service_tier=ibis.coalesce(rows.served_tier, rows.hidden_tier, rows.asked_tier).nullif("auto"),
        speed=rows.speed,
        is_batch=rows.call_type.isin(API_TYPES["batch"]),
        api_key=rows.key_hash,
        api_key_name=pseudonym(rows.key_alias),
        sub_account_id=rows.org_id,
        resource_id=rows.model_id,
        request_count=ibis.literal(1, "int64"),
        input=rows.text_input,
        cache_read=rows.text_cached,
        cache_write=rows.written,
        cache_write_1h=rows.written_1h,
        output=rows.text_output,
        input_audio=rows.input_audio,
        cache_audio_read=rows.cache_audio_read,
        output_audio=rows.n_completion_audio.nullif(0),
        input_image=rows.input_image,
        cache_image_read=rows.cache_image_read,
        output_image=rows.n_completion_image.nullif(0),
        images=ibis.ifelse((rows.api_type == "image") & (rows.tokens == 0), rows.n_image_count.fill_null(1), ibis.null("int64")),
        audio_seconds=rows.n_seconds,
        characters=rows.n_character_count.nullif(0),
        web_searches=rows.n_web_search_requests.nullif(0),
        reasoning_tokens=rows.n_reasoning,
        is_unsplit=rows.is_unsplit,
        reported_cost=rows.reported,
        reported_cost_basis=ibis.ifelse(rows.reported.notnull(), "gateway_estimated", ibis.null("string")),
        tags=rows.tags,
        request_tags=rows.tag_list,
    )


def _read(lines: ir.Table, time_of: Callable[[ir.StringValue], ir.TimestampValue]) -> ir.Table:
    """Every cell as what it is; `n_<name>` are the quantities."""
    failed = ibis.coalesce(lines.status, lines.inner_status) == FAILURE
    hit = lines.cache_hit.lower() == "true"
    return lines.mutate(
        started_at=time_of(lines.start_time),
        ended_at=time_of(lines.end_time),
        outcome=ibis.cases((failed, FAILURE), (hit, CACHE_HIT), else_=SUCCESS),
        api_type=lines.call_type.cases(*TYPE_OF.items()),
        reported=decimal(lines.response_cost),
        n_seconds=seconds(lines.seconds),
        **{f"n_{name}": whole_number(lines[name]) for name in COUNTS},
    )


def _split(rows: ir.Table) -> ir.Table:
    """The prompt's parts, disjoint. Where no usage object tells what was cached, the whole prompt is input, and the rest unknown."""
    zero = ibis.literal(0, "int64")
    told = ibis.coalesce(rows.n_usage_prompt, rows.n_usage_input, rows.n_usage_total).notnull()
    unsplit = ~told & (rows.n_prompt_tokens > 0)
    written = ibis.coalesce(rows.n_cache_creation, rows.n_cache_write, rows.n_cache_creation_input, zero)
    cached = ibis.coalesce(rows.n_cached, rows.n_cache_read_input, zero)
    uncached = rows.n_prompt_tokens - cached - written
    parts = input_parts(uncached, cached, rows.n_prompt_audio.fill_null(0), rows.n_prompt_image.fill_null(0))
    written_1h = rows.n_cache_creation_1h.fill_null(0)
    return rows.mutate(
        is_unsplit=ibis.ifelse(unsplit, True, ibis.null("boolean")),  # noqa: FBT003
        uncached=uncached,
        text_input=parts.text,
        input_audio=parts.audio.nullif(0),
        input_image=parts.image.nullif(0),
        cache_audio_read=parts.audio_cached.nullif(0),
        cache_image_read=parts.image_cached.nullif(0),
        text_cached=ibis.ifelse(unsplit, ibis.null("int64"), parts.text_cached),
        written=ibis.ifelse(unsplit, ibis.null("int64"), written - written_1h),
        written_1h=ibis.ifelse(unsplit, ibis.null("int64"), written_1h),
        tokens=rows.n_prompt_tokens.fill_null(0) + rows.n_completion_tokens.fill_null(0),
        text_output=rows.n_completion_tokens - rows.n_completion_audio.fill_null(0) - rows.n_completion_image.fill_null(0),
    )


def _is_unmeasured(rows: ir.Table) -> ir.BooleanValue:
    """Whether a payload says nothing that has a price: no token counts, or sound without tokens, length or characters."""
    uncounted = rows.n_prompt_tokens.isnull() & rows.n_completion_tokens.isnull()
    sound = rows.api_type.isin(("speech", "transcription")) & (rows.tokens == 0)
    return (uncounted | sound) & rows.n_seconds.isnull() & rows.n_character_count.isnull()


def _labelled(rows: ir.Table, lines: ir.Table) -> ir.Table:
    """`rows` with `tags`, `tag_list` and a column `label_<name>` for each of LABELS.

    Few requests have metadata of their own, so each distinct one is taken apart once and joined back.
    """
    distinct = lines.select(*LABEL_FIELDS).distinct()
    texts = staged(
        distinct.mutate(
            tags=merged(distinct.spend_logs_metadata, distinct.requester_metadata),
            tag_list=text_list(distinct.request_tags),
        )
    )
    known = staged(texts.mutate(**{f"label_{name}": label(texts, name) for name in LABELS}))
    joined = rows.left_join(known, [rows[name].identical_to(known[name]) for name in LABEL_FIELDS])
    return joined.select(*(rows[name] for name in rows.columns), *(known[name] for name in known.columns if name not in LABEL_FIELDS))
