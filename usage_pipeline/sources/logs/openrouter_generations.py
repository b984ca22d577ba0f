"""OpenRouter generations (the console's CSV, or bodies of GET /api/v1/generation) → usage events, one a generation.

Tokens are the model's own ('native'), which are billed; the JSON's `tokens_*` are counted by another tokenizer and not read. Cached
tokens are inside the prompt, and are taken out; cache writes are inside it too, and nothing tells them apart. `total_cost` is what
OpenRouter charges: reported, not billed, since the activity export is the bill. A generation that was cancelled may cost, and is a
success with the tag `cancelled`; one that ended in an error and cost nothing is a failure.
With a key of your own (BYOK) the provider bills the tokens: the event is on that provider's channel, with the model as it stands after
the vendor's name. Its reported cost is what OpenRouter estimates that the provider charges; OpenRouter's own fee is the tag
`openrouter_cost`.
https://openrouter.ai/docs/api/api-reference/generations/get-generation
"""

import ibis
import ibis.expr.types as ir

from usage_pipeline.sources.cells import decimal, iso_time, whole_number
from usage_pipeline.sources.channels import constant
from usage_pipeline.sources.records import lines_of, staged
from usage_pipeline.sources.rejects import first_reason, quantity_checks, time_checks
from usage_pipeline.sources.tags import json_object
from usage_pipeline.tables.personal import pseudonym
from usage_pipeline.tables.source import Format, Source
from usage_pipeline.tables.usage_events import FAILURE, LOG_VIEW, SUCCESS, usage_events

PROVIDERS = {
    "OpenAI": ("openai", "openai"),
    "Anthropic": ("anthropic", "anthropic"),
    "Google": ("google.vertex", "google"),
    "Google AI Studio": ("google.gemini", "google"),
    "Azure": ("azure.openai", "azure"),
    "Amazon Bedrock": ("aws.bedrock", "aws"),
    "Mistral": ("mistral", "mistral"),
    "DeepSeek": ("deepseek", "deepseek"),
    "Cohere": ("cohere", "cohere"),
    "xAI": ("x-ai", "x-ai"),
    "Groq": ("groq", "groq"),
    "Fireworks": ("fireworks", "fireworks"),
    "Together": ("together", "together"),
}
"""OpenRouter's names of providers: the channel that bills a key of your own there, and the price catalog's provider."""

API_TYPES = {"completions": "text", "embeddings": "embedding", "rerank": "tool", "tts": "speech", "stt": "transcription"}
OPERATIONS = {"text": "chat", "tool": "rerank"}

FIELDS = {
    "id": "id",
    "generation_id": "generation_id",
    "created_at": "created_at",
    "model_permaslug": "model_permaslug",
    "model_name": "model",
    "provider_name": "provider_name",
    "total_cost": "total_cost",
    "cost_total": "cost_total",
    "cost_web_search": "cost_web_search",
    "cost_cache": "cost_cache",
    "cost_file_processing": "cost_file_processing",
    "byok_usage_inference": "byok_usage_inference",
    "upstream_inference_cost": "upstream_inference_cost",
    "is_byok": "is_byok",
    "tokens_prompt": "tokens_prompt",
    "tokens_completion": "tokens_completion",
    "tokens_reasoning": "tokens_reasoning",
    "tokens_cached": "tokens_cached",
    "native_tokens_prompt": "native_tokens_prompt",
    "native_tokens_completion": "native_tokens_completion",
    "native_tokens_reasoning": "native_tokens_reasoning",
    "native_tokens_cached": "native_tokens_cached",
    "native_tokens_images": "native_tokens_completion_images",
    "variant": "variant",
    "service_tier": "service_tier",
    "data_region": "data_region",
    "cancelled": "cancelled",
    "finish_reason": "finish_reason",
    "finish_reason_normalized": "finish_reason_normalized",
    "end_user": "user",
    "external_user": "external_user",
    "key_name": "api_key_name",
    "app_name": "app_name",
    "app_id": "app_id",
    "api": "api_type",
}
QUANTITIES = ("prompt", "completion", "reasoning", "cached")
COSTS = ("total_cost", "cost_total", "byok_usage_inference", "upstream_inference_cost")


def to_events(records: ir.Table) -> ir.Table:
    """One event a generation."""
    rows = staged(_read(lines_of(records)))
    unread = [rows[name].notnull() & decimal(rows[name]).isnull() for name in COSTS]
    reject = first_reason(
        ("missing_id", rows.event_id.isnull()),
        *time_checks(rows.created_at, rows.started_at),
        *quantity_checks([(rows[name], rows[f"n_{name}"]) for name in (*QUANTITIES, "images")]),
        *(("bad_amount", is_unread) for is_unread in unread),
        ("missing_model", (rows.outcome != FAILURE) & rows.model.isnull()),
        ("missing_usage", (rows.outcome == SUCCESS) & rows.n_prompt.isnull() & rows.n_completion.isnull()),
        ("inconsistent_usage", (rows.uncached < 0) | (rows.text_output < 0)),
    )
    own_key = ibis.ifelse(rows.on_own_key, rows.provider_name, ibis.null("string"))
    own_cost = ibis.coalesce(rows.byok_usage_inference, rows.upstream_inference_cost)
    reported = decimal(ibis.ifelse(rows.on_own_key, own_cost, rows.cost))
    basis = ibis.ifelse(rows.on_own_key, "provider_estimated", "provider_billed")
    return rows.select(
        "source_file",
        "source_line",
        reject=reject,
        event_id=rows.event_id,
        view=constant(LOG_VIEW),
        started_at=rows.started_at,
        user=pseudonym(ibis.coalesce(rows.end_user, rows.external_user)),
        operation=rows.type.cases(*OPERATIONS.items(), else_=rows.type),
        api_type=rows.type,
        status=rows.outcome,
        channel=own_key.cases(*((name, channel) for name, (channel, _) in PROVIDERS.items()), else_=own_key.lower()).fill_null(
            "openrouter"
        ),
        provider=own_key.cases(*((name, provider) for name, (_, provider) in PROVIDERS.items()), else_=own_key.lower()).fill_null(
            "openrouter"
        ),
        model=ibis.ifelse(rows.on_own_key, rows.model.re_replace("^[^/]+/", ""), rows.model),
        region=rows.data_region,
        service_tier=rows.service_tier,
        is_batch=rows.variant == "batch",
        api_key_name=pseudonym(rows.key_name),
        request_count=ibis.literal(1, "int64"),
        input=rows.uncached,
        cache_read=rows.n_cached,
        output=rows.text_output,
        output_image=rows.n_images.nullif(0),
        reasoning_tokens=rows.n_reasoning,
        reported_cost=reported,
        reported_cost_basis=ibis.ifelse(reported.notnull(), basis, ibis.null("string")),
        tags=json_object(
            app=pseudonym(ibis.coalesce(rows.app_name, rows.app_id)),
            upstream=rows.provider_name,
            variant=rows.variant,
            cancelled=ibis.ifelse(rows.cancelled.lower() == "true", "true", ibis.null("string")),
            openrouter_cost=ibis.ifelse(rows.on_own_key, rows.cost, ibis.null("string")),
            **{name: _if_any(rows[name]) for name in ("cost_web_search", "cost_cache", "cost_file_processing")},
        ),
    )


def _read(lines: ir.Table) -> ir.Table:
    """Every cell as what it is. The CSV knows only one count of tokens, the native one."""
    in_csv = lines.generation_id.notnull()
    texts = {
        name: ibis.coalesce(lines[f"native_tokens_{name}"], ibis.ifelse(in_csv, lines[f"tokens_{name}"], ibis.null("string")))
        for name in QUANTITIES
    }
    cost = ibis.coalesce(lines.cost_total, lines.total_cost)
    own_cost = decimal(ibis.coalesce(lines.byok_usage_inference, lines.upstream_inference_cost))
    read = staged(
        lines.mutate(
            **texts,
            images=lines.native_tokens_images,
            **{f"n_{name}": whole_number(text) for name, text in texts.items()},
            n_images=whole_number(lines.native_tokens_images),
            event_id=ibis.coalesce(lines.generation_id, lines.id),
            started_at=iso_time(lines.created_at),
            model=ibis.coalesce(lines.model_permaslug, lines.model_name),
            cost=cost,
            on_own_key=ibis.coalesce(lines.is_byok.lower() == "true", (own_cost > 0) & in_csv).fill_null(ibis.literal(value=False)),
            outcome=_outcome(lines, decimal(cost)),
        )
    )
    told = read.api.cases(*API_TYPES.items())
    return read.mutate(
        uncached=read.n_prompt - read.n_cached.fill_null(0),
        text_output=read.n_completion - read.n_images.fill_null(0),
        type=ibis.coalesce(told, ibis.ifelse(read.n_images > 0, "image", ibis.null("string")), constant("text")),
    )


def _outcome(lines: ir.Table, cost: ir.DecimalValue) -> ir.StringValue:
    reason = ibis.coalesce(lines.finish_reason_normalized, lines.finish_reason)
    return ibis.ifelse((reason == "error") & (cost.fill_null(0) == 0), FAILURE, SUCCESS)


def _if_any(cost: ir.StringValue) -> ir.StringValue:
    return ibis.ifelse(decimal(cost) != 0, cost, ibis.null("string"))


SOURCE = Source(
    kind="openrouter_generations",
    title="OpenRouter generations (CSV or JSON)",
    documentation="https://openrouter.ai/docs/api/api-reference/generations/get-generation",
    format=Format.ROWS,
    table=usage_events,
    fields=FIELDS,
    to_rows=to_events,
    listed="data",
    unique_ids=True,
)
