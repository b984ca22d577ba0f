"""What Google's SKU texts say: three families of wording (Gemini API, Vertex AI, partner models), matched as a whole.

Google's prices know SKUs by id, but the ids are not published as a list, so the text is the key; one that is not known stays 'unmapped'.
"""

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from usage_pipeline.tables.meters import UNMAPPED


@dataclass(frozen=True, slots=True)
class Sku:
    """A wording in lower case, matched as a whole. Group 1 is the model's name, group 2 the tier, where there is one."""

    pattern: str
    meter: str


GEMINI = r"(gemini [0-9][0-9a-z. -]*?)"
BAND = r"(?: (?:short|long) input)?"
KIND = r"(?: (flex|batch|priority))?"
MODE = r"(?:(batch|priority|flex) )?predictions"
VERSION = r"(?: ga)?(?: global)?(?: \(long\))?"

TOKENS = {
    "input": {"text": "input", "audio": "input_audio", "image": "input_image", "video": "input_video"},
    "cached input": {"text": "cache_read", "audio": "cache_audio_read", "image": "cache_image_read"},
    "output": {"text": "output", "audio": "output_audio", "image": "output_image", "video": "output_video"},
}
"""Meters by direction and modality."""


def _gemini_api() -> list[Sku]:
    spoken = [
        Sku(rf"generate[ _]content {words} token count (?:for )?{GEMINI}{BAND} {modality}{KIND}", meter)
        for words, modalities in TOKENS.items()
        for modality, meter in modalities.items()
    ]
    return [
        *spoken,
        Sku(rf"generate_content image output token count for {GEMINI}", "output_image"),
        Sku(r"embedcontent input token count for (gemini-embedding-[0-9a-z-]+) text", "input"),
    ]


def _vertex() -> list[Sku]:
    spoken = [
        Sku(rf"{GEMINI}{VERSION} (?:thinking )?{modality} {words}(?: \(long\))? - {MODE}", meter)
        for words in ("input", "output")
        for modality, meter in TOKENS[words].items()
    ]
    return [*spoken, Sku(rf"{GEMINI}{VERSION} (?:text input|input text) caching(?: \(long\))?", "cache_read")]


PARTNERS = [
    Sku(r"(claude [a-z]+ [0-9.]+) input tokens", "input"),
    Sku(r"(claude [a-z]+ [0-9.]+) output tokens", "output"),
]

SKUS: tuple[Sku, ...] = (*_gemini_api(), *_vertex(), *PARTNERS)


def meter_of(text: ir.StringValue) -> ir.StringValue:
    """The meter that a SKU's text charges, else 'unmapped'."""
    return ibis.cases(*((_matches(text, sku), sku.meter) for sku in SKUS), else_=UNMAPPED)


def model_of(text: ir.StringValue) -> ir.StringValue:
    """The model in a catalog's spelling: 'Gemini 2.5 Flash' is gemini-2.5-flash, 'Claude Haiku 4.5' claude-haiku-4-5; null if unmapped."""
    name = ibis.cases(*((_matches(text, sku), text.lower().re_extract(f"^{sku.pattern}$", 1)) for sku in SKUS), else_=ibis.null("string"))
    spelled = name.re_replace(r" ga$", "").replace(" ", "-")
    return ibis.ifelse(name.startswith("claude "), spelled.replace(".", "-"), spelled)


def tier_of(text: ir.StringValue) -> ir.StringValue:
    """batch, flex or priority where a known SKU's text says so; null else."""
    moded = [sku for sku in SKUS if KIND in sku.pattern or MODE in sku.pattern]
    return ibis.cases(
        *((_matches(text, sku), text.lower().re_extract(f"^{sku.pattern}$", 2).nullif("")) for sku in moded), else_=ibis.null("string")
    )


def _matches(text: ir.StringValue, sku: Sku) -> ir.BooleanValue:
    return text.lower().re_search(f"^{sku.pattern}$")
