"""Who bills, and whose prices hold: from a gateway's provider name to our channel and to genai-prices' provider id."""

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

UNKNOWN = "unknown"
"""The channel of a record that names no provider, such as a request that failed before it was routed."""


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel and the price catalog's provider behind it."""

    channel: str
    provider: str


CHANNELS: dict[str, Channel] = {
    "openai": Channel("openai", "openai"),
    "text-completion-openai": Channel("openai", "openai"),
    "anthropic": Channel("anthropic", "anthropic"),
    "azure": Channel("azure.openai", "azure"),
    "azure_text": Channel("azure.openai", "azure"),
    "azure_ai": Channel("azure.openai", "azure"),
    "azure.openai": Channel("azure.openai", "azure"),
    "bedrock": Channel("aws.bedrock", "aws"),
    "bedrock_converse": Channel("aws.bedrock", "aws"),
    "aws.bedrock": Channel("aws.bedrock", "aws"),
    "vertex_ai": Channel("google.vertex", "google"),
    "vertex_ai_beta": Channel("google.vertex", "google"),
    "google.vertex": Channel("google.vertex", "google"),
    "gemini": Channel("google.gemini", "google"),
    "google.gemini": Channel("google.gemini", "google"),
    "openrouter": Channel("openrouter", "openrouter"),
    "mistral": Channel("mistral", "mistral"),
    "cohere": Channel("cohere", "cohere"),
    "cohere_chat": Channel("cohere", "cohere"),
    "deepseek": Channel("deepseek", "deepseek"),
    "groq": Channel("groq", "groq"),
    "xai": Channel("x-ai", "x-ai"),
    "fireworks_ai": Channel("fireworks", "fireworks"),
    "together_ai": Channel("together", "together"),
    "perplexity": Channel("perplexity", "perplexity"),
    "cerebras": Channel("cerebras", "cerebras"),
    "moonshot": Channel("moonshotai", "moonshotai"),
    "voyage": Channel("voyageai", "voyageai"),
    "databricks": Channel("databricks", "databricks"),
    "azure.ai.openai": Channel("azure.openai", "azure"),
    "azure.ai.inference": Channel("azure.openai", "azure"),
    "az.ai.openai": Channel("azure.openai", "azure"),
    "az.ai.inference": Channel("azure.openai", "azure"),
    "azure-openai": Channel("azure.openai", "azure"),
    "gcp.gemini": Channel("google.gemini", "google"),
    "gcp.vertex_ai": Channel("google.vertex", "google"),
    "google": Channel("google.gemini", "google"),
    "google_genai": Channel("google.gemini", "google"),
    "google_vertexai": Channel("google.vertex", "google"),
    "vertex-ai": Channel("google.vertex", "google"),
    "vertex": Channel("google.vertex", "google"),
    "aws": Channel("aws.bedrock", "aws"),
    "amazon_bedrock": Channel("aws.bedrock", "aws"),
    "mistral_ai": Channel("mistral", "mistral"),
    "mistral-ai": Channel("mistral", "mistral"),
    "mistralai": Channel("mistral", "mistral"),
    "x_ai": Channel("x-ai", "x-ai"),
    "x-ai": Channel("x-ai", "x-ai"),
    "moonshot_ai": Channel("moonshotai", "moonshotai"),
    "fireworks": Channel("fireworks", "fireworks"),
    "fireworks-ai": Channel("fireworks", "fireworks"),
    "together": Channel("together", "together"),
    "together-ai": Channel("together", "together"),
    "perplexity-ai": Channel("perplexity", "perplexity"),
}
"""Names as gateways and applications give them: LiteLLM, OpenTelemetry (gen_ai.provider.name), Helicone, Portkey,
LangChain. One that is not listed stays as it is."""


def channel_of(name: ir.StringValue) -> ir.StringValue:
    """The channel for a provider's name; the name itself where the table has none, 'unknown' where there is no name."""
    given = name.nullif("")
    return given.cases(*((key, one.channel) for key, one in CHANNELS.items()), else_=given).fill_null(UNKNOWN)


def provider_of(name: ir.StringValue) -> ir.StringValue:
    """The price catalog's provider for a provider's name; the name itself where the table has none."""
    given = name.nullif("")
    return given.cases(*((key, one.provider) for key, one in CHANNELS.items()), else_=given)


def constant(text: str) -> ir.StringScalar:
    """A column of one text."""
    return ibis.literal(text, "string")
