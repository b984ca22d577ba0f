"""Google's SKU texts, as they stand in price lists and bills, and what each charges."""

import ibis
import pytest
from ibis.backends.duckdb import Backend

from usage_pipeline.sources.exports.gcp_skus import with_skus

GEMINI_API = [
    ("Generate content output token count gemini 2.5 flash short input text", "output", "gemini-2.5-flash", None),
    ("Generate content output token count gemini 2.5 flash short output text non-thinking", "output", "gemini-2.5-flash", None),
    ("Generate content output token count gemini 2.5 flash lite short output text non-thinking", "output", "gemini-2.5-flash-lite", None),
    ("Generate content output token count Gemini 2.5 Pro short output text", "output", "gemini-2.5-pro", None),
    ("Generate content input token count Gemini 2.5 Pro long input text", "input", "gemini-2.5-pro", None),
    ("Generate content input token count gemini 2.5 flash input audio", "input_audio", "gemini-2.5-flash", None),
    ("Generate content input token count Gemini 2.5 Pro input image", "input_image", "gemini-2.5-pro", None),
    ("Generate content input token count gemini 3.8 flash video", "input_video", "gemini-3.8-flash", None),
    ("Generate content input token count gemini 3.1 flash lite preview text", "input", "gemini-3.1-flash-lite-preview", None),
    ("Generate content input token count gemini 3 flash text flex", "input", "gemini-3-flash", "flex"),
    ("Generate content output token count gemini 3.8 flash text priority", "output", "gemini-3.8-flash", "priority"),
    ("Generate content input token count gemini 3.8 flash lite tts text batch", "input", "gemini-3.8-flash-lite-tts", "batch"),
    ("Generate content cached input token count gemini 2.5 flash input short text", "cache_read", "gemini-2.5-flash", None),
    ("Generate content cached input token count gemini 2.5 pro short input", "cache_read", "gemini-2.5-pro", None),
    ("Generate content cached input token count gemini 2.5 flash input audio", "cache_audio_read", "gemini-2.5-flash", None),
    ("Generate content cached input token count gemini 2.5 flash input image", "cache_image_read", "gemini-2.5-flash", None),
    ("Generate_content_cached_input_token_count_gemini_3_pro_short_image", "cache_image_read", "gemini-3-pro", None),
    ("Generate content input token count gemini 3.7 flash image flex caching", "cache_image_read", "gemini-3.7-flash", "flex"),
    ("Generate_content text input token count for gemini 3 pro short", "input", "gemini-3-pro", None),
    ("Generate_content text cached input token count for gemini 3 pro short", "cache_read", "gemini-3-pro", None),
    ("Generate_content cached text input token count for gemini 3 flash", "cache_read", "gemini-3-flash", None),
    ("Generate_content cached image input token count for gemini 3 flash", "cache_image_read", "gemini-3-flash", None),
    ("Generate_content text output token count for gemini 3 flash batch", "output", "gemini-3-flash", "batch"),
    ("GenerateContent text output token count for Gemini 2.0 Flash", "output", "gemini-2.0-flash", None),
    ("GenerateContent image input token count for Gemini 2.0 Flash", "input_image", "gemini-2.0-flash", None),
    (
        "Generate_content image output token count for Gemini 2.5 Flash Native Image Generation",
        "output_image",
        "gemini-2.5-flash-native-image-generation",
        None,
    ),
    ("Generate_content image output token count for Gemini 3 Pro Image", "output_image", "gemini-3-pro-image", None),
    ("Generate_content audio input token count for Gemini 3.5 Live Translate", "input_audio", "gemini-3.5-live-translate", None),
    ("Bidi_generate_content text input token count for gemini-3.8-live", "input", "gemini-3.8-live", None),
    ("EmbedContent input token count for gemini-embedding-2 text", "input", "gemini-embedding-2", None),
    ("EmbedContent input token count for gemini-embedding-001", "input", "gemini-embedding-001", None),
    ("Generate content cached content storage token hours gemini 3.8 flash", "unmapped", "gemini-3.8-flash", None),
    ("Generate_content cached text storage token hours for gemini 3 flash", "unmapped", "gemini-3-flash", None),
    ("Generate content cached content storage token hours", "unmapped", None, None),
    ("Generate content search query gemini 3 paid one", "web_searches", None, None),
]
VERTEX_AI = [
    ("Gemini 2.5 Flash GA Text Input - Predictions", "input", "gemini-2.5-flash", None),
    (" Gemini 2.5 Flash  Ga Text Output - Predictions ", "output", "gemini-2.5-flash", None),
    ("Gemini 2.5 Flash GA Thinking Text Output - Predictions", "output", "gemini-2.5-flash", None),
    ("Gemini 2.5 Flash GA Text Output (Thinking On) - Predictions", "output", "gemini-2.5-flash", None),
    ("Gemini 2.5 Flash Text Output (Thinking On) - Batch Predictions", "output", "gemini-2.5-flash", "batch"),
    ("Gemini 2.5 Flash GA Audio Input (Long) - Predictions", "input_audio", "gemini-2.5-flash", None),
    ("Gemini 3.0 Pro Text Output (Long) - Predictions", "output", "gemini-3.0-pro", None),
    ("Gemini 2.5 Flash Text Input - Batch Predictions", "input", "gemini-2.5-flash", "batch"),
    ("Gemini 3.7 Flash Global Text Output - Priority Predictions", "output", "gemini-3.7-flash", "priority"),
    ("Gemini 3 Flash Text Input Priority - Predictions", "input", "gemini-3-flash", "priority"),
    ("Gemini 3.7 Flash Global Text Output - Predictions", "output", "gemini-3.7-flash", None),
    ("Gemini 3.5 Flash Regional Text Input - Predictions", "input", "gemini-3.5-flash", None),
    ("Gemini 3.1 Flash Lite Global Video Input - Predictions", "input_video", "gemini-3.1-flash-lite", None),
    ("Gemini 3.1 Flash Image Image Output - Predictions", "output_image", "gemini-3.1-flash-image", None),
    ("Gemini 3.1 Flash Image Text Input - Predictions", "input", "gemini-3.1-flash-image", None),
    ("Gemini 2.5 Flash Live Text Input - Predictions", "input", "gemini-2.5-flash-live", None),
    ("Gemini 2.5 Flash GA Input Text Caching (Long)", "cache_read", "gemini-2.5-flash", None),
    ("Gemini 3.0 Pro Text Input Caching (Long)", "cache_read", "gemini-3.0-pro", None),
    ("Gemini 3 Flash Image Input Caching Priority", "cache_image_read", "gemini-3-flash", "priority"),
    ("Gemini 3.8 Flash Cyber Global Text Input Caching Offpeak", "cache_read", "gemini-3.8-flash-cyber", "offpeak"),
    ("Gemini 3 Flash Text Input Caching Storage", "unmapped", "gemini-3-flash", None),
    ("Gemini 2.5 Pro Caching Storage", "unmapped", "gemini-2.5-pro", None),
    ("Grounding with Google Search on Gemini 3", "web_searches", None, None),
]
PARTNER_MODELS = [
    ("Claude Opus 5 Input Tokens", "input", "claude-opus-5", None),
    ("Claude Haiku 4.5 Output Tokens", "output", "claude-haiku-4-5", None),
    ("Claude Sonnet 4.5 Batch Input Tokens", "input", "claude-sonnet-4-5", "batch"),
    ("Claude Sonnet 4.5 Cache Hit Input Tokens", "cache_read", "claude-sonnet-4-5", None),
    ("Claude Sonnet 4.5 Cache Write Input Tokens", "cache_write", "claude-sonnet-4-5", None),
    ("Claude Sonnet 4.5 1h Cache Write Tokens", "cache_write_1h", "claude-sonnet-4-5", None),
    ("Llama 4 Maverick Input tokens", "input", "llama-4-maverick", None),
    ("Cloud Vertex AI Model Garden Model as a Service Llama 4 Maverick Batch Input Token", "input", "llama-4-maverick", "batch"),
    ("Cloud Vertex AI Model Garden Model as a Service DeepSeek-V3.1 Cached Text Input Token", "cache_read", "deepseek-v3.1", None),
    ("Cloud Vertex AI Model Garden Model as a Service GLM-5.2 Input", "input", "glm-5.2", None),
]
UNKNOWN = [
    "Veo Generation 720p with Audio",
    "Imagen 4 fast Generation (output)",
    "Gemini Code Assist Standard",
    "Gemini 9 Flash Something New - Predictions",
    "Claude Opus 5 Provisioned Throughput",
    "Vertex AI: Provisioned Throughput 1 month",
    "Generate content input token count gemini 3 flash text something new",
    "Generate content input token count gemini 3 flash batch text",
    "Generate content output token count gemini 9 flash hologram",
    "Claude Opus 5 Batch Fast Cache Write Tokens",
    "Not a Gemini 2.5 Flash GA Text Input - Predictions",
    "",
]
KNOWN = [*GEMINI_API, *VERTEX_AI, *PARTNER_MODELS]


@pytest.fixture
def found(engine: Backend) -> dict[str | None, tuple[str, str | None, str | None]]:
    texts = ibis.memtable({"sku_description": [*(sku for sku, *_ in KNOWN), *UNKNOWN, None]}, schema={"sku_description": "string"})
    rows = engine.to_pyarrow(with_skus(texts)).to_pylist()
    return {row["sku_description"]: (row["meter"], row["model"], row["tier"]) for row in rows}


def test_texts_seen_are_read(found):
    assert {sku: found[sku] for sku, *_ in KNOWN} == {sku: (meter, model, tier) for sku, meter, model, tier in KNOWN}


def test_a_text_of_no_family_is_unmapped(found):
    assert {found[sku][0] for sku in (*UNKNOWN, None)} == {"unmapped"}


def test_no_row_is_lost_or_doubled(engine: Backend):
    texts = ["Claude Opus 5 Input Tokens", None, "Claude Opus 5 Input Tokens", "x", None]
    rows = with_skus(ibis.memtable({"sku_description": texts, "place": range(5)}, schema={"sku_description": "string", "place": "int64"}))
    assert sorted(row["place"] for row in engine.to_pyarrow(rows).to_pylist()) == [0, 1, 2, 3, 4]
