"""Which model of Bedrock it was: from an ARN or id as logs and bills give it, or from the product's name on the bill.

Model ids are the catalog's: 'anthropic.claude-haiku-4-5-20251001-v1:0', with 'global.' before it where a request was routed anywhere,
'us.', 'eu.' and so on where it stayed in a geography: the price depends on it. An application inference profile, a provisioned or
an imported model has an id that names no model; it stays as it is, and an alias in usage.yaml says what it stands for.
https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html
https://docs.aws.amazon.com/bedrock/latest/userguide/models-supported.html
"""

import ibis
import ibis.expr.types as ir

ARN_OF_MODEL = r"^arn:aws[a-z-]*:bedrock:[^:]*:[^:]*:(?:foundation-model|inference-profile)/(.+)$"
EDITION = r"^(.+) \(Amazon Bedrock Edition\)$"
GLOBAL = "global."

PRODUCTS = {
    "Claude 3 Haiku": "anthropic.claude-3-haiku-20240307-v1:0",
    "Claude 3 Sonnet": "anthropic.claude-3-sonnet-20240229-v1:0",
    "Claude 3 Opus": "anthropic.claude-3-opus-20240229-v1:0",
    "Claude 3.5 Sonnet": "anthropic.claude-3-5-sonnet-20240620-v1:0",
    "Claude 3.5 Sonnet v2": "anthropic.claude-3-5-sonnet-20241022-v2:0",
    "Claude 3.5 Haiku": "anthropic.claude-3-5-haiku-20241022-v1:0",
    "Claude 3.7 Sonnet": "anthropic.claude-3-7-sonnet-20250219-v1:0",
    "Claude Sonnet 4": "anthropic.claude-sonnet-4-20250514-v1:0",
    "Claude Opus 4": "anthropic.claude-opus-4-20250514-v1:0",
    "Claude Opus 4.1": "anthropic.claude-opus-4-1-20250805-v1:0",
    "Claude Sonnet 4.5": "anthropic.claude-sonnet-4-5-20250929-v1:0",
    "Claude Haiku 4.5": "anthropic.claude-haiku-4-5-20251001-v1:0",
    "Claude Opus 4.5": "anthropic.claude-opus-4-5-20251101-v1:0",
    "Nova Micro": "amazon.nova-micro-v1:0",
    "NovaMicro": "amazon.nova-micro-v1:0",
    "Nova Lite": "amazon.nova-lite-v1:0",
    "NovaLite": "amazon.nova-lite-v1:0",
    "Nova Pro": "amazon.nova-pro-v1:0",
    "NovaPro": "amazon.nova-pro-v1:0",
    "Nova Premier": "amazon.nova-premier-v1:0",
    "NovaPremier": "amazon.nova-premier-v1:0",
}
"""Names on bills and in usage types whose model id does not follow from the name. Another one stays as the bill has it."""

NEWER_CLAUDE = r"^Claude ([A-Z][a-z]+) (\d+(?:\.\d+)?)$"
"""Claude from 4.6 on: the id has no date, 'Claude Opus 4.7' is anthropic.claude-opus-4-7."""


def model_in(text: ir.StringValue) -> ir.StringValue:
    """The model id in an ARN of a model or of a system-defined inference profile, or `text` itself where it is no ARN; else null."""
    told = text.re_extract(ARN_OF_MODEL, 1).nullif("")
    return ibis.ifelse(text.startswith("arn:"), told, text)


def product_in(text: ir.StringValue) -> ir.StringValue:
    """'Claude Haiku 4.5' of 'Claude Haiku 4.5 (Amazon Bedrock Edition)'; null for another product."""
    return text.re_extract(EDITION, 1).nullif("")


def model_named(name: ir.StringValue) -> ir.StringValue:
    """The model id of a product's name; the name itself where the table has none."""
    spelled = ibis.literal("anthropic.claude-") + name.re_replace(NEWER_CLAUDE, r"\1-\2").lower().replace(".", "-")
    return name.cases(*PRODUCTS.items(), else_=ibis.ifelse(name.re_search(NEWER_CLAUDE), spelled, name))


def routed(model: ir.StringValue, is_global: ir.BooleanValue) -> ir.StringValue:
    """The model id with 'global.' where the bill says that requests were routed anywhere."""
    return ibis.ifelse(is_global & ~model.startswith(GLOBAL) & model.contains("."), ibis.literal(GLOBAL) + model, model)
