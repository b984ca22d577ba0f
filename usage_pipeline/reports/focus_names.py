"""What FOCUS calls our channels and meters. Data: who provides, hosts and bills a channel's service; which SKU meter a meter is.

Keys of SkuPriceDetails follow FOCUS 1.5's draft for AI (ModelId, ModelDeveloper, TokenDirection, TokenCacheAction), with `x_` until then.
"""

from dataclasses import dataclass
from functools import cache

from usage_pipeline.reports import words
from usage_pipeline.tables.meters import LABELS, METERS, REQUESTS, UNMAPPED


@dataclass(frozen=True, slots=True)
class Service:
    """A channel's: `provider` sells and invoices it, `host` is the cloud that runs it where that is one."""

    provider: str
    name: str
    host: str | None = None
    account: str = "Billing Account"
    sub_account: str = "Sub Account"


SERVICES = {
    "openai": Service("OpenAI", "OpenAI API", account="Organization"),
    "anthropic": Service("Anthropic", "Claude API", account="Organization"),
    "google.gemini": Service("Google Cloud", "Gemini API", host="Google Cloud", sub_account="Project"),
    "google.vertex": Service("Google Cloud", "Vertex AI", host="Google Cloud", sub_account="Project"),
    "aws.bedrock": Service("AWS", "Amazon Bedrock", host="AWS", account="Payer Account", sub_account="Account"),
    "azure.openai": Service("Microsoft", "Azure OpenAI", host="Microsoft", sub_account="Subscription"),
    "openrouter": Service("OpenRouter", "OpenRouter", account="Organization"),
}

SKU_METERS = {
    "input": ("Input Tokens", "Input", "Uncached"),
    "cache_read": ("Cache Read Input Tokens", "Input", "Read"),
    "cache_write": ("Cache Write Input Tokens", "Input", "Write"),
    "cache_write_1h": ("Cache Write Input Tokens, 1 Hour", "Input", "Write"),
    "output": ("Output Tokens", "Output", None),
    "input_audio": ("Audio Input Tokens", "Input", "Uncached"),
    "cache_audio_read": ("Cache Read Audio Input Tokens", "Input", "Read"),
    "output_audio": ("Audio Output Tokens", "Output", None),
    "input_image": ("Image Input Tokens", "Input", "Uncached"),
    "cache_image_read": ("Cache Read Image Input Tokens", "Input", "Read"),
    "output_image": ("Image Output Tokens", "Output", None),
    "input_video": ("Video Input Tokens", "Input", "Uncached"),
    "output_video": ("Video Output Tokens", "Output", None),
    "output_citation": ("Citation Tokens", "Output", None),
}
"""Meter → SkuMeter, token direction, cache action."""

UNITS = {meter.name: meter.unit for meter in METERS} | {REQUESTS: "Requests", UNMAPPED: "Units"}
TOKENS, BLOCK, TOKENS_PRICED = "Tokens", 6, "1000000 Tokens"
"""Tokens are priced by the million: 10 to the power of BLOCK."""
CHARGES = "Charges"
"""The pricing unit of a charge that no unit price comes out even of: one charge at its own amount."""


@cache
def service_of(channel: str) -> Service:
    """The channel's service; a channel that is not listed is called by its own name."""
    name = words.name_of("provider", channel)
    return SERVICES.get(channel) or Service(name, name)


def publisher_of(channel: str, provider: str | None) -> str:
    return words.name_of("provider", provider) if provider else service_of(channel).provider


def unit_of(meter: str) -> str:
    return UNITS.get(meter, UNITS[UNMAPPED])


def sku_meter_of(meter: str) -> str:
    return SKU_METERS[meter][0] if meter in SKU_METERS else LABELS.get(meter, meter)


def price_details_of(provider: str | None, model: str | None, meter: str, tier: str | None) -> dict[str, str]:
    """What decides the price, as far as it is known."""
    _, direction, action = SKU_METERS.get(meter, (None, None, None))
    told = {
        "x_ModelDeveloper": words.name_of("provider", provider) if model and provider else None,
        "x_ModelId": model,
        "x_ServiceTier": tier,
        "x_TokenCacheAction": action,
        "x_TokenDirection": direction,
    }
    return {name: value for name, value in told.items() if value}
