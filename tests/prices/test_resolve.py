"""What words mean: exact aliases, the library's matcher within one provider, nothing guessed."""

import pytest

from usage_pipeline.prices.catalog import installed_catalog
from usage_pipeline.prices.resolve import PROVIDER_ALIASES, Key, context_of, find_model, provider_id_of

CATALOG = installed_catalog()


def name(provider: str | None, model: str | None) -> str | None:
    found = find_model(CATALOG, Key(provider, model))
    return None if found is None else found.name


@pytest.mark.parametrize(
    ("provider", "model", "expected"),
    [
        ("openai", "gpt-4o", "openai/gpt-4o"),
        ("OpenAI", "GPT-4o", "openai/gpt-4o"),
        ("google.gemini", "gemini-2.5-pro", "google/gemini-2.5-pro"),
        ("gemini", "gemini/gemini-2.5-pro", "google/gemini-2.5-pro"),
        ("vertex_ai", "claude-haiku-4-5", "google/claude-haiku-4-5"),
        ("azure.openai", "gpt-4o", "azure/openai/gpt-4o"),
        ("openrouter", "openrouter/openai/gpt-4o", "openrouter/openai/gpt-4o"),
        ("xai", "grok-4.5", "x-ai/grok-4.5"),
        ("anthropic", "claude-haiku-4-5-20251001", "anthropic/claude-haiku-4-5"),
        ("anthropic", "Claude Haiku 4.5", "anthropic/claude-haiku-4-5"),
        ("anthropic", "Claude Sonnet 3.7", "anthropic/claude-3-7-sonnet-latest"),
    ],
)
def test_known_words(provider: str, model: str, expected: str):
    assert name(provider, model) == expected


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        (None, "gpt-4o"),
        ("openai", None),
        ("", "gpt-4o"),
        ("my openai gateway", "gpt-4o"),
        ("openai", "claude-haiku-4-5"),
        ("openai", "Claude Haiku 4.5"),
        ("anthropic", "Claude Haiku"),
        ("anthropic", "Claude Haiku 4.5 2025-10-01"),
        ("openai", "anthropic/claude-haiku-4-5"),
        ("anthropic", "openai/gpt-4o"),
        ("openai", "gpt-9-foo"),
        ("azure", "my-deployment"),
    ],
)
def test_unknown_words_stay_unresolved(provider: str | None, model: str | None):
    assert name(provider, model) is None


def test_every_alias_leads_to_a_provider_of_the_catalog_and_hides_none():
    ids = {provider.id for provider in CATALOG.providers}
    assert set(PROVIDER_ALIASES) <= ids
    aliases = [alias for words in PROVIDER_ALIASES.values() for alias in words]
    assert len(aliases) == len(set(aliases))
    assert not ids & set(aliases)


@pytest.mark.parametrize("channel", ["openai", "anthropic", "google.gemini", "google.vertex", "aws.bedrock", "azure.openai", "openrouter"])
def test_every_channel_is_known(channel: str):
    assert CATALOG.provider(provider_id_of(channel)) is not None


@pytest.mark.parametrize(
    ("key", "context"),
    [
        (Key("openai", "m"), {}),
        (Key("openai", "m", is_batch=False, service_tier="default", speed="standard"), {}),
        (Key("openai", "m", is_batch=True), {"processing": "batch"}),
        (Key("anthropic", "m", service_tier="batch"), {"processing": "batch"}),
        (Key("openai", "m", service_tier="Priority"), {"service_tier": "priority"}),
        (Key("openai", "m", is_batch=True, service_tier="flex"), {"processing": "batch", "service_tier": "flex"}),
        (Key("anthropic", "m", speed="fast"), {"speed": "fast"}),
    ],
)
def test_context(key: Key, context: dict[str, str]):
    assert context_of(key) == context


def test_further_context_is_added():
    assert context_of(Key("perplexity", "sonar"), {"search_type": "web"}) == {"search_type": "web"}
