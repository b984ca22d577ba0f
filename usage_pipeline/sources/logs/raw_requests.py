"""What became of a request and who answered it, from a raw body and what stands around it: time, id, model, provider, tier, type, outcome.

In: rows with the columns of raw_envelopes, raw_quantities and raw_meters. Out: the same with those facts, one column each.
"""

import ibis
import ibis.expr.types as ir

from usage_pipeline.sources.cells import epoch_time, iso_time
from usage_pipeline.sources.logs.sellers import seller_of
from usage_pipeline.sources.records import staged
from usage_pipeline.tables.usage_events import CACHE_HIT, FAILURE, SUCCESS

STATUSES = {
    SUCCESS: SUCCESS,
    FAILURE: FAILURE,
    CACHE_HIT: CACHE_HIT,
    "completed": SUCCESS,
    "incomplete": SUCCESS,
    "in_progress": SUCCESS,
    "queued": SUCCESS,
    "failed": FAILURE,
    "cancelled": FAILURE,
}
"""Ours, and those of OpenAI's responses. What is not finished has no usage yet."""

BATCH_RESULTS = {"succeeded": SUCCESS, "errored": FAILURE, "canceled": FAILURE, "expired": FAILURE}
"""Anthropic's. https://docs.claude.com/en/api/retrieving-message-batch-results"""

TRAFFIC = {"ON_DEMAND": "default", "ON_DEMAND_PRIORITY": "priority", "ON_DEMAND_FLEX": "flex"}
"""Vertex AI's words for tiers."""


def told(rows: ir.Table) -> ir.Table:
    """`rows` with the facts of the request. A time is what the line says, never a guess."""
    model = ibis.coalesce(rows.model, rows.model_version, rows.model_version_python, rows.aws_model_id).nullif("")
    is_of_router = rows.is_openrouter | rows.id.startswith("gen-").fill_null(False)  # noqa: FBT003
    named = staged(rows.mutate(own_model=model, is_of_router=is_of_router, measures=_measures(rows)))
    answered = staged(named.mutate(shape_provider=_shape_provider(named)))
    return staged(_facts(answered))


def _facts(rows: ir.Table) -> ir.Table:
    time = ibis.coalesce(rows.at, rows.started_at, rows.created, rows.created_at, rows.create_time, rows.create_time_python, rows.timestamp)
    ended = ibis.coalesce(rows.ended_at, rows.completed_at)
    ids = (
        rows.id,
        rows.response_id,
        rows.response_id_python,
        rows.aws_request_id,
        rows.aws_sdk_request_id,
        rows.request_id,
        rows.custom_id,
    )
    is_batch = rows.is_from_batch | (rows.usage_tier == "batch").fill_null(False) | (rows.is_batch.lower() == "true").fill_null(False)  # noqa: FBT003
    traffic = rows.traffic.cases(*TRAFFIC.items(), else_=rows.traffic.lower())
    return rows.mutate(
        time_text=time,
        time=ibis.coalesce(iso_time(time), epoch_time(time)),
        end=ibis.coalesce(iso_time(ended), epoch_time(ended)),
        outcome=_outcome(rows),
        event_id=ibis.coalesce(*ids).nullif(""),
        told_provider=ibis.ifelse(
            rows.is_of_router & ~rows.is_wrapped, rows.shape_provider, ibis.coalesce(rows.given_provider, rows.shape_provider)
        ),
        batch=is_batch,
        kind=ibis.coalesce(rows.api_type, ibis.ifelse(is_batch, "batch", rows.measures.replace("rerank", "text"))),
        did=ibis.coalesce(rows.operation, ibis.ifelse(is_batch, "batch", rows.measures.replace("text", "chat"))),
        tier_served=ibis.coalesce(rows.usage_tier, rows.tier, traffic).nullif("auto"),
    )


def _outcome(rows: ir.Table) -> ir.StringValue:
    """Success, failure or cache hit; null for a word that we do not know."""
    said = rows.state.nullif("").cases(*STATUSES.items(), else_=ibis.ifelse(rows.state.nullif("").isnull(), SUCCESS, ibis.null("string")))
    errors = ibis.coalesce(rows.error_type, rows.error_code).notnull() | (rows.type == "error") | ~rows.status_code.startswith("2")
    result = rows.result_type.cases(*BATCH_RESULTS.items())
    return ibis.cases(
        (rows.result_type.notnull(), result),
        (errors, FAILURE),
        else_=said,
    )


def _shape_provider(rows: ir.Table) -> ir.StringValue:
    """The provider that the keys of the body tell; for shapes that many answer in, the model's name before the shape's own provider."""
    seller = seller_of(rows.own_model)
    openai = rows.has_input_details | rows.total.notnull() | rows.object.notnull()
    return ibis.cases(
        (rows.is_of_router, "openrouter"),
        (rows.is_deepseek, "deepseek"),
        (rows.is_mistral, "mistral"),
        (rows.is_xai, "xai"),
        (rows["shape"] == "gemini", ibis.ifelse(rows.traffic.notnull(), "vertex_ai", "gemini")),
        (rows["shape"].isin(("bedrock", "cohere")), rows["shape"]),
        (seller.notnull(), seller),
        (rows["shape"] == "anthropic", "anthropic"),
        (rows["shape"].isin(("chat", "duration")) | ((rows["shape"] == "responses") & openai), "openai"),
        (rows.type.isin(("message", "error")) | rows.result_type.notnull(), "anthropic"),
        else_=ibis.null("string"),
    )


def _measures(rows: ir.Table) -> ir.StringValue:
    """What the usage object measures; a rerank is told apart from other text."""
    without_output = rows.output_whole.isnull() & rows.prompt_tokens.notnull()
    return ibis.cases(
        (rows.reranked.notnull(), "rerank"),
        (rows["shape"].isin(("chat", "cohere")) & without_output, "embedding"),
        (rows.usage_type.isin(("tokens", "duration")) | (rows["shape"] == "duration"), "transcription"),
        (rows.makes_images, "image"),
        else_="text",
    )
