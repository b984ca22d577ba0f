"""Every kind of source that can be pulled: `api:` in usage.yaml instead of `path:`. A new one is a module and a line here."""

from collections.abc import Mapping

from usage_pipeline.sources.apis import anthropic, openai
from usage_pipeline.tables.api import Api

APIS: Mapping[str, Api] = {
    "openai_costs": openai.COSTS,
    "openai_usage": openai.USAGE,
    "anthropic_cost": anthropic.COST,
    "anthropic_usage": anthropic.USAGE,
}
