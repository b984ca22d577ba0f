"""OpenAI's usage: what the usage API and the dashboard's usage exports say alike → usage events, one per bucket and group.

In: records with the texts of NEEDED, `object` among them, which names the endpoint. Out: events, so a day's pages and its CSV give the
same ones, by the same ids. `input_tokens` holds cached tokens and cache writes; they are taken out. Image tokens of the gpt-image models
come with `completions`, and so do their requests: the count of such images is a note beside them, not a meter. Stored bytes of vector
stores are a level, not a flow: kept as a note, too.
https://platform.openai.com/docs/api-reference/usage
"""

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from usage_pipeline.sources.cells import epoch_time, seconds, whole_number
from usage_pipeline.sources.channels import constant
from usage_pipeline.sources.keys import natural_key, numbered
from usage_pipeline.sources.records import bucket_scope, days_covered, lines_of, staged
from usage_pipeline.sources.rejects import first_reason, quantity_checks, time_checks
from usage_pipeline.sources.tags import json_object
from usage_pipeline.tables.usage_events import PROVIDER_VIEW, SUCCESS


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint: the type of its requests, what it measures, whether rows need a model, and whether its requests are its own.

    Tool calls happen inside model requests, which `completions` counts.
    """

    name: str
    api_type: str
    measure: str
    needs_model: bool = True
    has_requests: bool = True

    @property
    def result(self) -> str:
        return f"organization.usage.{self.name}.result"


ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint("completions", "text", "input_tokens"),
    Endpoint("embeddings", "embedding", "input_tokens"),
    Endpoint("moderations", "moderation", "input_tokens"),
    Endpoint("images", "image", "images"),
    Endpoint("audio_speeches", "speech", "characters"),
    Endpoint("audio_transcriptions", "transcription", "seconds"),
    Endpoint("vector_stores", "tool", "usage_bytes", needs_model=False, has_requests=False),
    Endpoint("code_interpreter_sessions", "tool", "num_sessions", needs_model=False, has_requests=False),
    Endpoint("file_searches", "tool", "num_requests", needs_model=False, has_requests=False),
    Endpoint("web_searches", "tool", "num_requests", needs_model=False, has_requests=False),
)
COMPLETIONS = ENDPOINTS[0].result

IMAGE_TOKEN_MODELS = ("gpt-image-1", "gpt-image-1-mini", "gpt-image-1.5", "gpt-image-2", "chatgpt-image-latest")
"""Models that charge images by the token."""

QUANTITIES = (
    "input_tokens", "input_cached_tokens", "input_cache_write_tokens", "input_uncached_tokens", "output_tokens",
    "input_text_tokens", "input_audio_tokens", "input_image_tokens",
    "input_cached_text_tokens", "input_cached_audio_tokens", "input_cached_image_tokens",
    "output_text_tokens", "output_audio_tokens", "output_image_tokens",
    "num_model_requests", "images", "characters", "usage_bytes", "num_sessions", "num_requests",
)  # fmt: skip
DIMENSIONS = (
    "project_id", "user_id", "api_key_id", "model", "batch", "service_tier", "size", "source_type", "vector_store_id", "context_level",
)  # fmt: skip
NEEDED = ("start_time", "end_time", "object", "seconds", *QUANTITIES, *DIMENSIONS)
"""What a record must have, null where its file says nothing of it."""


def to_events(records: ir.Table) -> ir.Table:
    """One event a result."""
    rows = staged(_split(staged(_read(lines_of(records)))))
    of_completions = rows.object == COMPLETIONS
    reject = first_reason(
        ("unexpected_document", rows.api_type.isnull()),
        *time_checks(rows.start_time, rows.started_at),
        *quantity_checks([(rows.seconds, rows.n_seconds), *((rows[name], rows[f"n_{name}"]) for name in QUANTITIES)]),
        ("missing_usage", rows.measured.isnull() | (of_completions & rows.n_output_tokens.isnull())),
        ("grouping_mixed", rows.needs_model & rows.model.isnull()),
        (
            "inconsistent_usage",
            of_completions & ((rows.uncached < 0) | (rows.uncached + rows.cached + rows.written != rows.n_input_tokens)),
        ),
    )
    counts_tokens = of_completions | rows.object.isin([endpoint.result for endpoint in ENDPOINTS[1:3]])
    by_token = rows.model.isin(IMAGE_TOKEN_MODELS)
    is_batch = rows.batch.lower() == "true"
    events = rows.select(
        "source_file",
        "source_line",
        reject=reject,
        event_id=natural_key(rows.object, rows.start_time, *(rows[name] for name in DIMENSIONS)),
        view=constant(PROVIDER_VIEW),
        started_at=rows.started_at,
        ended_at=rows.ended_at,
        user=rows.user_id,
        api_type=ibis.cases((is_batch, "batch"), (of_completions & by_token, "image"), else_=rows.api_type),
        status=constant(SUCCESS),
        channel=constant("openai"),
        provider=constant("openai"),
        model=rows.model,
        service_tier=rows.service_tier,
        is_batch=is_batch,
        api_key=rows.api_key_id,
        provider_project_id=rows.project_id,
        sub_account_id=rows.project_id,
        request_count=ibis.ifelse(rows.has_requests & (of_completions | ~by_token), rows.n_num_model_requests, ibis.literal(0, "int64")),
        input=_only(counts_tokens, rows.input_part),
        cache_read=_only(of_completions, rows.cached_part),
        cache_write=_only(of_completions, rows.written),
        output=_only(of_completions, rows.output_part),
        input_audio=rows.input_audio_part.nullif(0),
        cache_audio_read=rows.cached_audio_part.nullif(0),
        output_audio=rows.output_audio_part.nullif(0),
        input_image=rows.input_image_part.nullif(0),
        cache_image_read=rows.cached_image_part.nullif(0),
        output_image=rows.output_image_part.nullif(0),
        images=_only(~by_token, rows.n_images),
        audio_seconds=rows.n_seconds,
        characters=rows.n_characters,
        web_searches=_only(rows.object == "organization.usage.web_searches.result", rows.n_num_requests),
        file_searches=_only(rows.object == "organization.usage.file_searches.result", rows.n_num_requests),
        code_sessions=rows.n_num_sessions,
        tags=json_object(
            size=rows.size,
            source=rows.source_type,
            vector_store_id=rows.vector_store_id,
            context_level=rows.context_level,
            usage_bytes=rows.usage_bytes,
            images=_only(by_token, rows.images),
        ),
        snapshot_scope=bucket_scope(rows.object, rows.started_at, rows.ended_at),
    )
    return numbered(staged(events), "event_id")


def _read(lines: ir.Table) -> ir.Table:
    """Every cell as what it is: `n_<name>` are the quantities, `measured` the one that the endpoint must have."""
    whole = {f"n_{name}": whole_number(lines[name]) for name in QUANTITIES}
    needing = [endpoint.result for endpoint in ENDPOINTS if endpoint.needs_model]
    counting = [endpoint.result for endpoint in ENDPOINTS if endpoint.has_requests]
    return lines.mutate(
        started_at=epoch_time(lines.start_time),
        ended_at=epoch_time(lines.end_time),
        api_type=lines.object.cases(*((endpoint.result, endpoint.api_type) for endpoint in ENDPOINTS)),
        measured=lines.object.cases(*((endpoint.result, lines[endpoint.measure]) for endpoint in ENDPOINTS)),
        needs_model=lines.object.isin(needing),
        has_requests=lines.object.isin(counting),
        n_seconds=seconds(lines.seconds),
        **whole,
    )


def _split(rows: ir.Table) -> ir.Table:
    """Input without cache, and the modalities where they sum to their whole; where they do not, the whole is text."""
    cached, written = rows.n_input_cached_tokens.fill_null(0), rows.n_input_cache_write_tokens.fill_null(0)
    uncached = rows.n_input_uncached_tokens.fill_null(rows.n_input_tokens - cached - written)
    return rows.mutate(
        uncached=uncached,
        cached=cached,
        written=written,
        **_modalities(rows, "input", "input", uncached),
        **_modalities(rows, "cached", "input_cached", cached),
        **_modalities(rows, "output", "output", rows.n_output_tokens),
    )


def _modalities(rows: ir.Table, name: str, prefix: str, whole: ir.IntegerValue) -> dict[str, ir.IntegerValue]:
    text, audio, image = (rows[f"n_{prefix}_{modality}_tokens"].fill_null(0) for modality in ("text", "audio", "image"))
    sums = (text + audio + image) == whole
    return {
        f"{name}_part": ibis.ifelse(sums, text, whole),
        f"{name}_audio_part": _only(sums, audio),
        f"{name}_image_part": _only(sums, image),
    }


def _only(condition: ir.BooleanValue, value: ir.Value) -> ir.Value:
    return ibis.ifelse(condition, value, ibis.null(value.type()))


def covered(records: ir.Table) -> ir.Table:
    """The bucket of the endpoint.

    An empty bucket belongs to the only endpoint of its file; a file that names none, or that is not grouped by model, covers nothing.
    """
    window = ibis.window(group_by=records.source_file)
    needing = [endpoint.result for endpoint in ENDPOINTS if endpoint.needs_model]
    first, last = records.object.min().over(window), records.object.max().over(window)
    named = (records.model.notnull() | (records.state.isnull() & ~records.object.isin(needing))).any().over(window)
    known = records.mutate(scope=ibis.coalesce(records.object, ibis.ifelse(first == last, first, ibis.null("string"))), named=named)
    grouped = known.filter(known.named)
    return endpoint_covered(grouped, grouped.scope)


def endpoint_covered(records: ir.Table, endpoint: ir.StringValue) -> ir.Table:
    """The bucket, as a part of the day of `endpoint` where it is shorter than one."""
    start = epoch_time(records.start_time)
    return days_covered(records, start, bucket_scope(endpoint, start, epoch_time(records.end_time)))
