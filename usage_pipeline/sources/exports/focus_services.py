"""Whose bill a FOCUS line is of, and whether it is about AI: providers, services and marketplaces by their names.

A line counts if any of these holds; the others are set aside as 'other_service':
  its provider, or the publisher on a marketplace, is a vendor that sells AI alone (OpenAI, Anthropic, ...);
  its service is one of those below, or its resource, meter category or usage type is one of Bedrock, Azure OpenAI or Foundry;
  its ServiceCategory is 'AI and Machine Learning', which holds the clouds' other AI services too;
  it is tax, a credit or an adjustment of a cloud's bill as a whole, naming no service;
  it is one that names no service, of a provider and billing account of whom every usage line in the file counts.
https://focus.finops.org/focus-specification/v1-2/
"""

import ibis
import ibis.expr.types as ir

from usage_pipeline.sources.bedrock_models import product_in
from usage_pipeline.sources.channels import UNKNOWN, channel_of, provider_of
from usage_pipeline.sources.records import staged

AI_CATEGORY = "AI and Machine Learning"
CLOUDS = {
    "aws": "aws",
    "amazon web services": "aws",
    "amazon web services, inc.": "aws",
    "microsoft": "azure",
    "microsoft azure": "azure",
    "microsoft corporation": "azure",
    "azure": "azure",
    "google": "google",
    "google cloud": "google",
    "google cloud platform": "google",
    "google llc": "google",
    "gcp": "google",
}
"""Providers that sell much else beside AI, as they call themselves, in lower case."""

SELLERS = {
    "openai": "openai",
    "openai, llc": "openai",
    "openai llc": "openai",
    "openai opco, llc": "openai",
    "anthropic": "anthropic",
    "anthropic, pbc": "anthropic",
    "anthropic pbc": "anthropic",
    "mistral": "mistral",
    "mistral ai": "mistral",
    "cohere": "cohere",
    "cohere inc.": "cohere",
    "deepseek": "deepseek",
    "groq": "groq",
    "xai": "xai",
    "x.ai": "xai",
    "fireworks ai": "fireworks_ai",
    "together ai": "together_ai",
    "perplexity": "perplexity",
    "perplexity ai": "perplexity",
    "cerebras": "cerebras",
    "moonshot ai": "moonshot",
    "voyage ai": "voyage",
    "openrouter": "openrouter",
}
"""Vendors of AI and nothing else, in lower case, and their names among channels.CHANNELS."""

SERVICES = {
    "amazon bedrock": "aws.bedrock",
    "amazon bedrock agentcore": "aws.bedrock",
    "amazon bedrock service": "aws.bedrock",
    "azure openai": "azure.openai",
    "azure openai service": "azure.openai",
    "foundry models": "azure.openai",
    "azure ai foundry": "azure.openai",
    "microsoft foundry": "azure.openai",
    "vertex ai": "google.vertex",
    "gemini api": "google.gemini",
    "generative language api": "google.gemini",
}
"""Names of services, in lower case, and their channels."""

SERVICE_CODES = ("AmazonBedrock", "AmazonBedrockService", "AmazonBedrockFoundationModels", "AmazonBedrockAgentCore")
METER_CATEGORIES = ("Foundry Models", "Azure OpenAI", "Azure AI Foundry Models", "Cognitive Services")
BEDROCK_ARN = r"^arn:aws[a-z-]*:bedrock:"
OF_THE_BILL = ("Tax", "Credit", "Adjustment")
NO = ibis.literal(value=False)


def with_service(rows: ir.Table) -> ir.Table:
    """`rows` with `cloud` (null for a vendor that is none), `channel`, `price_provider` and `is_ai` of each line.

    `rows` has provider_name, publisher, service_name, service_category, service_code, meter_category, resource_id, category,
    in_millions, usage_text and account, the one that is billed.
    """
    name = rows.provider_name.lower().strip()
    null = ibis.null("string")
    rows = staged(rows.mutate(seller_name=name, cloud=name.cases(*CLOUDS.items(), else_=null)))
    seller = rows.seller_name.cases(*SELLERS.items(), else_=null)
    rows = staged(rows.mutate(seller=seller, service_channel=_service(rows)))
    publisher = rows.publisher.lower().strip().isin(list(SELLERS)).fill_null(NO)
    whole = rows.cloud.notnull() & rows.category.isin(OF_THE_BILL) & rows.service_name.isnull() & rows.usage_text.isnull()
    known = rows.service_channel.notnull() | rows.seller.notnull() | publisher | whole | (rows.service_category == AI_CATEGORY)
    known = known.fill_null(NO) | _follows(rows, known.fill_null(NO))
    sold = ibis.ifelse(rows.seller.notnull(), channel_of(rows.seller), rows.seller_name)
    return staged(
        rows.mutate(
            channel=ibis.coalesce(rows.service_channel, rows.cloud, sold, UNKNOWN),
            price_provider=ibis.coalesce(rows.cloud, provider_of(rows.seller), rows.seller_name),
            is_ai=known,
        )
    )


def _follows(rows: ir.Table, known: ir.BooleanValue) -> ir.BooleanValue:
    """Tax, credits and adjustments without a service of their own, where all usage of the same provider and account in the file counts."""
    bare = rows.category.isin(OF_THE_BILL) & rows.service_name.isnull() & rows.usage_text.isnull()
    of_one_bill = ibis.window(group_by=[rows.source_file, rows.seller_name, rows.account])
    is_usage = rows.category == "Usage"
    all_known = ibis.ifelse(is_usage, known.cast("int8"), ibis.null("int8")).min().over(of_one_bill)
    return (bare & (all_known == 1)).fill_null(NO)


def _service(rows: ir.Table) -> ir.StringValue:
    """The channel of a cloud's service that sells models; null for any other."""
    bedrock = (
        rows.service_code.isin(SERVICE_CODES).fill_null(NO)
        | product_in(rows.service_name).notnull()
        | rows.in_millions
        | rows.resource_id.re_search(BEDROCK_ARN).fill_null(NO)
    )
    named = rows.service_name.lower().strip().cases(*SERVICES.items(), else_=ibis.null("string"))
    return ibis.cases(
        ((rows.cloud == "aws") & bedrock, "aws.bedrock"),
        ((rows.cloud == "azure") & rows.meter_category.isin(METER_CATEGORIES), "azure.openai"),
        (rows.cloud.notnull(), named),
        else_=ibis.null("string"),
    )
