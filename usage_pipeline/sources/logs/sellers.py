"""Whose model is it, where a log names the model alone: told by the form of the name, as the price catalog's own matching tells it.

A name before a slash is the provider ('openai/gpt-4o', 'bedrock/anthropic.claude-…'). Else the forms below count, each that of one
seller: Bedrock and Vertex AI write Anthropic's models in a form of their own. Open weights, which many sell, have no seller by name, and
a model that Azure deploys under OpenAI's own name counts as OpenAI's: an alias or the log's metadata can tell better.
Forms: https://github.com/pydantic/genai-prices/tree/main/prices/providers (model_match), read on 2026-11-21.
"""

import ibis
import ibis.expr.types as ir

from usage_pipeline.sources.channels import CHANNELS

FORMS: tuple[tuple[str, str], ...] = (
    (r"^((us|eu|apac|jp|au|global)\.)?(anthropic|amazon|meta|mistral|cohere|ai21|deepseek|openai|qwen|stability|twelvelabs)\.", "bedrock"),
    (r"^claude-[a-z0-9-]+@\d{8}$", "vertex_ai"),
    (r"^claude-", "anthropic"),
    (r"^(gpt-|chatgpt-|o[134](-|$)|text-embedding-(3-|ada-)|whisper-|tts-|dall-e-|omni-moderation-|codex-|computer-use-)", "openai"),
    (r"^(gemini-|text-embedding-00\d$)", "gemini"),
    (r"^(mistral|ministral|codestral|pixtral|magistral|devstral|voxtral)-", "mistral"),
    (r"^(command-|embed-(english|multilingual|v\d)|rerank-)", "cohere"),
    (r"^deepseek-(chat|reasoner)$", "deepseek"),
    (r"^grok-", "xai"),
    (r"^sonar(-|$)", "perplexity"),
    (r"^voyage-", "voyage"),
)
"""The form of a model's name, and who sells models so named. The first that fits counts."""


def seller_of(model: ir.StringValue) -> ir.StringValue:
    """The provider's name for a model's name; null where it does not tell."""
    before = model.re_extract("^([^/]+)/", 1)
    named = ibis.ifelse(before.isin(list(CHANNELS)), before, ibis.null("string"))
    formed = ibis.cases(*((model.re_search(form), seller) for form, seller in FORMS), else_=ibis.null("string"))
    return ibis.coalesce(named, formed)
