"""Usage types of Bedrock as AWS writes them, and what they say."""

import ibis
import pytest
from ibis.backends.duckdb import Backend

from usage_pipeline.sources.bedrock_models import model_in, model_named
from usage_pipeline.sources.exports.aws_usage_types import with_usage_types

UNMAPPED = ("unmapped", None, None, False, False)
SAID = {
    "USE1-NovaLite-input-tokens": ("input", None, "NovaLite", False, False),
    "NovaLite-input-tokens": ("input", None, "NovaLite", False, False),
    "USE1-NovaLite-output-tokens-batch": ("output", "batch", "NovaLite", False, False),
    "USE1-NovaPro-cache-read-input-token-count": ("cache_read", None, "NovaPro", False, False),
    "USE1-NovaPro-cache-write-input-token-count": ("cache_write", None, "NovaPro", False, False),
    "USE1-NovaLite-input-tokens-cross-region-global": ("input", None, "NovaLite", True, False),
    "USE1-qwen.qwen3-32b-mantle-input-tokens-standard": ("input", None, "qwen.qwen3-32b", False, False),
    "USE1-xai.grok-4.3-mantle-cache-read-tokens-flex": ("cache_read", "flex", "xai.grok-4.3", False, False),
    "USE1-Ministral-3-8b-Instruct-input-tokens-priority": ("input", "priority", "Ministral-3-8b-Instruct", False, False),
    "USE1-Claude4.6Sonnet-input-tokens": ("input", None, "Claude4.6Sonnet", False, False),
    "USW2-Nova2.0Omni-input-audio-token-count": ("input_audio", None, "Nova2.0Omni", False, False),
    "USW2-MP:USW2_InputTokenCount-Units": ("input", None, None, False, True),
    "USE2_OutputTokenCount_Global-Units": ("output", None, None, True, True),
    "EU-MP:EU_OutputTokenCount_Global-Units": ("output", None, None, True, True),
    "USE1-MP:USE1_CacheReadInputTokenCount-Units": ("cache_read", None, None, False, True),
    "USE1-MP:USE1_CacheWriteInputTokenCount_Global-Units": ("cache_write", None, None, True, True),
    "USE1-MP:USE1_CacheWrite1hInputTokenCount-Units": ("cache_write_1h", None, None, False, True),
    "USE1-MP:USE1_InputTokenCount_Global_Batch-Units": ("input", "batch", None, True, True),
    "APN1-MP:APN1_MillionBatchInputTokens-Units": ("input", "batch", None, False, True),
    "USW2-MP:USW2_input_tokens_global_standard-Units": ("input", None, None, True, True),
    "USW2-MP:USW2_output_tokens_long_ctx_standard-Units": ("output", None, None, False, True),
    "USW2-MP:USW2_cache_write_tokens_1h_standard-Units": ("cache_write_1h", None, None, False, True),
    "AWS Marketplace software usage|us-west-2|Million Response Tokens [Regional CRIS]": ("output", None, None, False, True),
    "AWS Marketplace software usage|us-west-2|Million Input Tokens [Global]": ("input", None, None, True, True),
    "AWS Marketplace software usage|us-west-2|Million Input Tokens [Odd]": UNMAPPED,
    "USE1-MP:USE1_Reserved_1Month_InputTPM_Geo-Units": UNMAPPED,
    "USE1-NovaLite-input-tokens-custom-model": UNMAPPED,
    "USE1-Guardrail-ContentPolicyUnitsConsumed": UNMAPPED,
    "USE1-BoxUsage:t3.micro": UNMAPPED,
    None: UNMAPPED,
}


def test_what_usage_types_say(engine: Backend):
    lines = ibis.memtable({"usage_text": list(SAID)}, schema={"usage_text": "string"})
    names = ("aws_meter", "aws_tier", "aws_model", "aws_is_global", "in_millions")
    told = engine.to_pyarrow(with_usage_types(lines, lines).select("usage_text", *names)).to_pylist()
    assert {row["usage_text"]: tuple(row[name] for name in names) for row in told} == SAID


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("Claude Haiku 4.5", "anthropic.claude-haiku-4-5-20251001-v1:0"),
        ("Claude Opus 4.7", "anthropic.claude-opus-4-7"),
        ("Claude Sonnet 5", "anthropic.claude-sonnet-5"),
        ("Nova Lite", "amazon.nova-lite-v1:0"),
        ("Cohere Embed 4", "Cohere Embed 4"),
    ],
)
def test_models_by_the_products_name(engine: Backend, name: str, model: str):
    assert engine.to_pyarrow(model_named(ibis.literal(name))).as_py() == model


@pytest.mark.parametrize(
    ("text", "model"),
    [
        ("amazon.nova-lite-v1:0", "amazon.nova-lite-v1:0"),
        ("arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0", "amazon.nova-lite-v1:0"),
        ("arn:aws-us-gov:bedrock:us-gov-west-1:1:inference-profile/us-gov.anthropic.claude-x", "us-gov.anthropic.claude-x"),
        ("arn:aws:bedrock:us-east-1:1:application-inference-profile/p9a8", None),
        ("arn:aws:bedrock:us-east-1:1:provisioned-model/abc", None),
    ],
)
def test_models_by_arn(engine: Backend, text: str, model: str | None):
    assert engine.to_pyarrow(model_in(ibis.literal(text))).as_py() == model
