"""The shapes of usage objects that providers give: where each quantity lies, and which keys cost nothing. Data only.

A new key of a provider is a line here; until then a usage object that holds a number under it is refused as 'unknown_meter'.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

KeyPath = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """Quantities under our names, each with the places that may hold it; the lists among them; and the keys that cost nothing."""

    name: str
    quantities: Mapping[str, tuple[KeyPath, ...]]
    lists: Mapping[str, tuple[KeyPath, ...]] = field(default_factory=dict)
    free: tuple[KeyPath, ...] = ()

    @property
    def known(self) -> list[KeyPath]:
        return [path for places in (*self.quantities.values(), *self.lists.values()) for path in places] + list(self.free)


def _in(holders: tuple[str, ...], key: str) -> tuple[KeyPath, ...]:
    return tuple((holder, key) for holder in holders)


PROMPT, COMPLETION = ("prompt_tokens_details",), ("completion_tokens_details",)
CHAT = Shape(
    "chat",
    {
        "input_whole": (("prompt_tokens",),),
        "output_whole": (("completion_tokens",),),
        "total": (("total_tokens",),),
        "cached": _in(PROMPT, "cached_tokens"),
        "cached_again": (("prompt_cache_hit_tokens",), ("num_cached_tokens",), ("cached_tokens",)),
        "missed": (("prompt_cache_miss_tokens",),),
        "written": _in(PROMPT, "cache_write_tokens"),
        "audio": _in(PROMPT, "audio_tokens"),
        "image": _in(PROMPT, "image_tokens"),
        "video": _in(PROMPT, "video_tokens"),
        "output_audio": _in(COMPLETION, "audio_tokens"),
        "output_image": _in(COMPLETION, "image_tokens"),
        "reasoning": _in(COMPLETION, "reasoning_tokens"),
        "searches": (("server_tool_use", "web_search_requests"),),
        "seconds": (("prompt_audio_seconds",),),
        "cost": (("cost",),),
    },
    free=(
        ("prompt_tokens_details", "text_tokens"),
        ("completion_tokens_details", "text_tokens"),
        ("completion_tokens_details", "accepted_prediction_tokens"),
        ("completion_tokens_details", "rejected_prediction_tokens"),
        ("cost_details",),
        ("cost_in_usd_ticks",),
        ("queue_time",),
        ("prompt_time",),
        ("completion_time",),
        ("total_time",),
    ),
)
"""OpenAI Chat Completions and embeddings, DeepSeek, Mistral, OpenRouter, Groq, xAI. Rejected predictions are billed, in completion_tokens.
https://platform.openai.com/docs/api-reference/chat/object https://openrouter.ai/docs/use-cases/usage-accounting
https://api-docs.deepseek.com/api/create-chat-completion https://docs.mistral.ai/api/"""

INPUT, OUTPUT = ("input_tokens_details", "input_token_details"), ("output_tokens_details", "output_token_details")
RESPONSES = Shape(
    "responses",
    {
        "input_whole": (("input_tokens",),),
        "output_whole": (("output_tokens",),),
        "total": (("total_tokens",),),
        "cached": _in(INPUT, "cached_tokens"),
        "written": _in(INPUT, "cache_write_tokens"),
        "audio": _in(INPUT, "audio_tokens"),
        "image": _in(INPUT, "image_tokens"),
        "cached_audio": tuple((holder, "cached_tokens_details", "audio_tokens") for holder in INPUT),
        "cached_image": tuple((holder, "cached_tokens_details", "image_tokens") for holder in INPUT),
        "output_audio": _in(OUTPUT, "audio_tokens"),
        "output_image": _in(OUTPUT, "image_tokens"),
        "reasoning": _in(OUTPUT, "reasoning_tokens"),
        "cost": (("cost",),),
    },
    free=(
        *_in((*INPUT, *OUTPUT), "text_tokens"),
        *((holder, "cached_tokens_details", "text_tokens") for holder in INPUT),
        ("cost_details",),
    ),
)
"""OpenAI Responses, images, transcription by tokens, realtime. https://platform.openai.com/docs/api-reference/responses/object
https://platform.openai.com/docs/api-reference/images/object https://platform.openai.com/docs/api-reference/realtime-server-events"""

DURATION = Shape("duration", {"seconds": (("seconds",),)})
"""OpenAI transcription by length. https://platform.openai.com/docs/api-reference/audio/json-object"""

ANTHROPIC = Shape(
    "anthropic",
    {
        "input_whole": (("input_tokens",),),
        "output_whole": (("output_tokens",),),
        "cached": (("cache_read_input_tokens",),),
        "written": (("cache_creation_input_tokens",),),
        "written_5m": (("cache_creation", "ephemeral_5m_input_tokens"),),
        "written_1h": (("cache_creation", "ephemeral_1h_input_tokens"),),
        "reasoning": (("output_tokens_details", "thinking_tokens"),),
        "searches": (("server_tool_use", "web_search_requests"),),
    },
    lists={"iterations": (("iterations",),)},
    free=(("server_tool_use", "web_fetch_requests"),),
)
"""Anthropic Messages: input without cache. Web fetches cost their tokens alone. https://docs.claude.com/en/api/messages"""

ITERATION = Shape("iteration", {name: places for name, places in ANTHROPIC.quantities.items() if name != "searches"})
"""One of an Anthropic message's `iterations`: a model's run of its own."""

BEDROCK = Shape(
    "bedrock",
    {
        "input_whole": (("inputTokens",),),
        "output_whole": (("outputTokens",),),
        "total": (("totalTokens",),),
        "cached": (("cacheReadInputTokens",), ("cacheReadInputTokenCount",)),
        "written": (("cacheWriteInputTokens",), ("cacheWriteInputTokenCount",)),
    },
    lists={"ttls": (("cacheDetails",),)},
)
"""Bedrock Converse: input without cache. https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_TokenUsage.html"""

COHERE = Shape(
    "cohere",
    {
        "input_whole": (("billed_units", "input_tokens"),),
        "output_whole": (("billed_units", "output_tokens"),),
        "image": (("billed_units", "image_tokens"),),
        "reranked": (("billed_units", "search_units"),),
    },
    free=(("tokens",), ("cached_tokens",)),
)
"""Cohere bills by billed_units; the tokens beside them are not what is charged. https://docs.cohere.com/reference/chat"""

GEMINI = Shape(
    "gemini",
    {
        "input_whole": (("promptTokenCount",), ("prompt_token_count",)),
        "output_whole": (
            ("candidatesTokenCount",),
            ("candidates_token_count",),
            ("responseTokenCount",),
            ("response_token_count",),
        ),
        "total": (("totalTokenCount",), ("total_token_count",)),
        "cached": (("cachedContentTokenCount",), ("cached_content_token_count",)),
        "reasoning": (("thoughtsTokenCount",), ("thoughts_token_count",)),
        "tool_input": (("toolUsePromptTokenCount",), ("tool_use_prompt_token_count",)),
    },
    lists={
        "input_details": (("promptTokensDetails",), ("promptTokenDetails",), ("prompt_tokens_details",)),
        "cache_details": (("cacheTokensDetails",), ("cache_tokens_details",)),
        "output_details": (
            ("candidatesTokensDetails",),
            ("candidates_tokens_details",),
            ("responseTokensDetails",),
            ("response_tokens_details",),
        ),
    },
    free=(("toolUsePromptTokensDetails",), ("tool_use_prompt_tokens_details",)),
)
"""Gemini API, Vertex AI and its Live API; the second spelling is the Python SDK's. https://ai.google.dev/api/generate-content#UsageMetadata"""

SHAPES = (GEMINI, COHERE, BEDROCK, CHAT, DURATION, ANTHROPIC, RESPONSES)

TEXTS: Mapping[str, tuple[KeyPath, ...]] = {
    "usage_type": (("type",),),
    "usage_tier": (("service_tier",), ("serviceTier",)),
    "traffic": (("trafficType",), ("traffic_type",)),
    "geography": (("inference_geo",),),
    "usage_speed": (("speed",),),
}
"""What usage objects say in words."""

MARKS: Mapping[str, tuple[KeyPath, ...]] = {
    "has_billed_units": (("billed_units",),),
    "has_bedrock_tokens": (("inputTokens",), ("outputTokens",)),
    "has_chat_tokens": (("prompt_tokens",), ("completion_tokens",)),
    "has_anthropic_keys": (
        ("cache_read_input_tokens",),
        ("cache_creation_input_tokens",),
        ("cache_creation",),
        ("server_tool_use",),
        ("iterations",),
    ),
    "has_input_details": tuple((holder,) for holder in INPUT),
    "has_output_details": tuple((holder,) for holder in OUTPUT),
    "is_deepseek": (("prompt_cache_hit_tokens",), ("prompt_cache_miss_tokens",)),
    "is_mistral": (("num_cached_tokens",),),
    "is_openrouter": (("cost",), ("is_byok",)),
    "is_xai": (("num_sources_used",), ("cost_in_usd_ticks",)),
}
"""What it says that one of these keys is there."""
