"""What a source's words for provider, model and mode mean in the catalog. Exact: what is not listed stays unresolved.

The model text goes to the library's own matcher within one provider. The provider comes from the list of aliases below:
the library would also take any text that merely contains a provider's name.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain

from usage_pipeline.prices.catalog import Catalog, CatalogModel
from usage_pipeline.prices.supply import added_model

PROVIDER_ALIASES: dict[str, tuple[str, ...]] = {
    "anthropic": ("anthropic_text",),
    "aws": ("aws.bedrock", "bedrock", "bedrock_converse", "amazon_bedrock", "amazon-bedrock"),
    "azure": (
        "azure.openai", "azure_openai", "azure_ai", "azure_text", "azure.ai.openai", "azure.ai.inference", "az.ai.openai",
        "az.ai.inference",
    ),
    "cohere": ("cohere_chat",),
    "fireworks": ("fireworks_ai",),
    "github-copilot": ("github_copilot",),
    "google": (
        "google.gemini", "google.vertex", "gemini", "vertex_ai", "vertex_ai_beta", "vertex", "gcp.gemini", "gcp.vertex_ai", "gcp.gen_ai",
        "google_ai_studio", "google_genai", "google_vertexai",
    ),
    "mistral": ("mistral_ai", "mistralai"),
    "moonshotai": ("moonshot", "moonshot_ai"),
    "openai": ("text-completion-openai",),
    "together": ("together_ai", "together-ai", "togetherai"),
    "voyageai": ("voyage",),
    "x-ai": ("xai", "x_ai"),
}  # fmt: skip
"""Our channels, LiteLLM's custom_llm_provider and OpenTelemetry's gen_ai.provider.name, by the catalog's provider id."""

_PROVIDER_OF_ALIAS = {alias: provider for provider, aliases in PROVIDER_ALIASES.items() for alias in aliases}

STANDARD = frozenset({"default", "standard", "on_demand", "on-demand", "normal", ""})
"""Tiers and speeds that mean: nothing special."""

BATCH = "batch"
PROCESSING = "processing"


@dataclass(frozen=True, slots=True)
class Key:
    """The words of one distinct kind of usage; `model` None where the source names none."""

    provider: str | None
    model: str | None
    is_batch: bool | None = None
    service_tier: str | None = None
    speed: str | None = None


def provider_id_of(provider: str) -> str:
    """The catalog's provider id for a source's word; the word itself, in lower case, where no alias is listed."""
    word = provider.strip().lower()
    return _PROVIDER_OF_ALIAS.get(word, word)


def context_of(key: Key, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The request context as the library names it, of what is not standard: processing, service_tier, speed, and `more`."""
    tier = (key.service_tier or "").strip().lower()
    speed = (key.speed or "").strip().lower()
    context = dict(more or {})
    if key.is_batch or tier == BATCH:
        context[PROCESSING] = BATCH
    if tier not in STANDARD | {BATCH}:
        context["service_tier"] = tier
    if speed not in STANDARD:
        context["speed"] = speed
    return context


def find_model(catalog: Catalog, key: Key) -> CatalogModel | None:
    """The catalog's model, else the one that a supplement adds by exactly this name, else the one of that display name, or None.

    A model text that repeats its own provider ('gemini/gemini-2.5-pro') is read without it. Only a text with a blank can be a display
    name ('Claude Haiku 4.5'): without one it is an id, which the library itself knows or does not.
    """
    provider = catalog.provider(provider_id_of(key.provider)) if key.provider else None
    if provider is None or not key.model:
        return None
    prefix, slash, rest = key.model.partition("/")
    names = [key.model, *([rest] if slash and provider_id_of(prefix) == provider.id else [])]
    known = (catalog.find(provider, name) for name in names)
    added = (added_model(catalog.supplements, provider, name) for name in names)
    displayed = (catalog.named(provider, name) for name in names if " " in name)
    return next((model for model in chain(known, added, displayed) if model is not None), None)
