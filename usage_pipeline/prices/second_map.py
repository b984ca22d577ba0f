"""litellm's map of prices, read: plain or as the extract that is shipped. Field names in, `Term`s (our meter, context, tier) out.

The map has floats per one unit; each goes through its shortest decimal form, so 1.5e-07 is exactly 0.00000015.
"""

import gzip
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

from usage_pipeline.errors import UsageConfigError
from usage_pipeline.tables.rates import NO_TOKENS, REASONING

EXTRACT = Path(__file__).parent / "data" / "litellm_prices.json.gz"
LICENCE = "MIT, Copyright (c) 2023 Berri AI"

PROVIDERS: dict[str, str] = {
    "anthropic": "anthropic",
    "azure": "azure",
    "azure_ai": "azure",
    "bedrock": "aws",
    "bedrock_converse": "aws",
    "cohere": "cohere",
    "cohere_chat": "cohere",
    "deepseek": "deepseek",
    "gemini": "google",
    "groq": "groq",
    "mistral": "mistral",
    "moonshot": "moonshotai",
    "openai": "openai",
    "perplexity": "perplexity",
    "text-completion-openai": "openai",
    "vertex_ai": "google",
    "vertex_ai-anthropic_models": "google",
    "vertex_ai-embedding-models": "google",
    "vertex_ai-image-models": "google",
    "vertex_ai-language-models": "google",
    "voyage": "voyageai",
    "xai": "x-ai",
}
"""Their provider word → the catalog's provider id; entries of other providers are not looked at."""

METER_OF_FIELD: dict[str, str] = {
    "input_cost_per_token": "input",
    "output_cost_per_token": "output",
    "cache_read_input_token_cost": "cache_read",
    "cache_creation_input_token_cost": "cache_write",
    "cache_creation_input_token_cost_above_1hr": "cache_write_1h",
    "input_cost_per_audio_token": "input_audio",
    "output_cost_per_audio_token": "output_audio",
    "cache_read_input_audio_token_cost": "cache_audio_read",
    "input_cost_per_image_token": "input_image",
    "output_cost_per_image_token": "output_image",
    "cache_read_input_image_token_cost": "cache_image_read",
    "input_cost_per_video_token": "input_video",
    "output_cost_per_video_token": "output_video",
    "output_cost_per_reasoning_token": REASONING,
    "output_cost_per_image": "images",
    "input_cost_per_second": "audio_seconds",
    "input_cost_per_character": "characters",
    "ocr_cost_per_page": "document_pages",
    "code_interpreter_cost_per_session": "code_sessions",
    "search_context_cost_per_query": "web_searches",
}
CONTEXT_OF_SUFFIX: dict[str, tuple[tuple[str, str], ...]] = {
    "": (),
    "_batches": (("processing", "batch"),),
    "_flex": (("service_tier", "flex"),),
    "_priority": (("service_tier", "priority"),),
}
SEARCH_SIZE = "search_context_size_medium"
"""Their fee of a web search is by size of its context; the medium one is theirs by default."""

_FIELD = re.compile(rf"({'|'.join(sorted(METER_OF_FIELD, key=len, reverse=True))})(?:_above_(\d+)k_tokens)?(_batches|_flex|_priority)?")


@dataclass(frozen=True, slots=True)
class Term:
    """The price of one unit of `meter` in `context`, for requests with more than `input_tokens_gt` input tokens."""

    meter: str
    context: tuple[tuple[str, str], ...]
    input_tokens_gt: int
    unit_price: Decimal


@dataclass(frozen=True)
class SecondCatalog:
    """One version of the map: its entries by key, with the fields that say a price."""

    version: str
    entries: Mapping[str, Mapping[str, Any]] = field(repr=False)

    @property
    def name(self) -> str:
        return f"litellm {self.version}"

    @cached_property
    def keys(self) -> list[str]:
        """The keys of models that we have a provider for, in order. A '/' in the name tells one region or size: these are left out."""
        ours = (key for key, entry in self.entries.items() if entry["litellm_provider"] in PROVIDERS)
        return sorted(key for key in ours if "/" not in self.model(key))

    def provider(self, key: str) -> str:
        return str(self.entries[key]["litellm_provider"])

    def model(self, key: str) -> str:
        """The key without their provider's word before it."""
        head, slash, rest = key.partition("/")
        return rest if slash and head in PROVIDERS else key

    def terms(self, key: str) -> Iterator[Term]:
        for name, value in self.entries[key].items():
            found = _FIELD.fullmatch(name)
            if found is not None:
                amount = value.get(SEARCH_SIZE) if isinstance(value, dict) else value
                if amount is not None:
                    above = int(found[2]) * 1000 if found[2] else NO_TOKENS
                    yield Term(METER_OF_FIELD[found[1]], CONTEXT_OF_SUFFIX[found[3] or ""], above, Decimal(repr(amount)))


def read_second(path: Path = EXTRACT, version: str = "of the file") -> SecondCatalog:
    """The shipped extract, or any litellm map (`model_prices_and_context_window.json`, gzip or not), which is then of `version`.

    Raises UsageConfigError where the file is neither.
    """
    try:
        content = path.read_bytes()
        document = json.loads(gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content)
        entries = document.get("entries", document)
        known = {key: entry for key, entry in entries.items() if "litellm_provider" in entry and key != "sample_spec"}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise UsageConfigError(f"{path}: not a price map of litellm ({error}); name a model_prices_and_context_window.json") from error
    return SecondCatalog(str(document["version"]) if "entries" in document else version, known)


def extract(second: SecondCatalog, taken_on: str) -> bytes:
    """What is shipped: the fields with prices of the providers above, gzip, equal for equal content."""
    entries = {
        key: {"litellm_provider": second.provider(key)}
        | {name: value for name, value in second.entries[key].items() if _FIELD.fullmatch(name)}
        for key in second.keys
    }
    document = {
        "package": "litellm",
        "version": second.version,
        "licence": LICENCE,
        "source": "https://github.com/BerriAI/litellm/blob/main/model_prices_and_context_window.json",
        "taken_on": taken_on,
        "entries": {key: entry for key, entry in entries.items() if len(entry) > 1},
    }
    return gzip.compress(json.dumps(document, separators=(",", ":"), sort_keys=True).encode(), mtime=0)
