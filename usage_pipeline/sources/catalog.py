"""Every kind of source that usage.yaml may name. A new one is a module and a line here."""

from collections.abc import Mapping

from usage_pipeline.sources.exports import (
    anthropic_cost,
    anthropic_cost_csv,
    anthropic_tokens_csv,
    anthropic_usage,
    aws_cur,
    azure_cost,
    claude_code,
    deepseek_csv,
    deepseek_usage_csv,
    focus,
    gcp_billing,
    gcp_cost_table_csv,
    openai_costs,
    openai_costs_csv,
    openai_usage,
    openai_usage_csv,
    openrouter_activity,
)
from usage_pipeline.sources.logs import (
    bedrock_log,
    helicone,
    langfuse,
    litellm,
    litellm_spend_logs,
    openrouter_generations,
    otel_genai,
    portkey,
    raw_usage,
    tracker,
)
from usage_pipeline.tables.source import Source

SOURCES: Mapping[str, Source] = {
    source.kind: source
    for source in (
        openai_costs.SOURCE,
        openai_usage.SOURCE,
        openai_costs_csv.SOURCE,
        openai_usage_csv.SOURCE,
        anthropic_cost.SOURCE,
        anthropic_usage.SOURCE,
        anthropic_cost_csv.SOURCE,
        anthropic_tokens_csv.SOURCE,
        claude_code.SOURCE,
        gcp_billing.SOURCE,
        gcp_cost_table_csv.SOURCE,
        openrouter_activity.SOURCE,
        openrouter_generations.SOURCE,
        deepseek_csv.SOURCE,
        deepseek_usage_csv.SOURCE,
        aws_cur.SOURCE,
        azure_cost.SOURCE,
        focus.SOURCE,
        bedrock_log.SOURCE,
        litellm.SOURCE,
        litellm_spend_logs.SOURCE,
        langfuse.SOURCE,
        helicone.SOURCE,
        portkey.SOURCE,
        otel_genai.SOURCE,
        raw_usage.SOURCE,
        tracker.SOURCE,
    )
}
