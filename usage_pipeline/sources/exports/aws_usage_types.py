"""What AWS's usage types say of Bedrock: families of wording, each matched as a whole. Another one is 'unmapped': its money counts.

    USE1-NovaLite-input-tokens-flex                     first party, in blocks of 1K or 1M tokens
    USE1-qwen.qwen3-32b-mantle-input-tokens-standard
    USE1-NovaPro-cache-read-input-token-count
    USE1-MP:USE1_CacheWrite1hInputTokenCount_Global-Units   marketplace (Claude and others), in Units of a million tokens
    USW2-MP:USW2_input_tokens_global_standard-Units         the same, newer models

The region before it is as AWS abbreviates it (USE1, EUC1, APS3, EU); the model stands in it only where it is AWS's own or open.
Where no usage type is at hand, a marketplace line's description tells: 'AWS Marketplace software usage|us-west-2|Million Input Tokens
[Regional CRIS]'. Wordings of cached tokens in descriptions were not seen: by analogy.
https://docs.aws.amazon.com/bedrock/latest/userguide/cost-mgmt-understanding-cur-data.html
"""

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from usage_pipeline.sources.records import staged
from usage_pipeline.tables.meters import UNMAPPED

REGION = r"(?:[A-Z]{2,4}\d?-)?"
PLACE = r"(?:[A-Z]{2,4}\d?_)?"
TIERS = "(standard|batch|flex|priority)"

KINDS = {
    "input-tokens": "input",
    "input-text-tokens": "input",
    "input-token-count": "input",
    "output-tokens": "output",
    "output-text-tokens": "output",
    "output-token-count": "output",
    "cache-read-input-token-count": "cache_read",
    "cache-read-tokens": "cache_read",
    "cache-write-input-token-count": "cache_write",
    "cache-write-tokens": "cache_write",
    "input-audio-token-count": "input_audio",
    "input-image-token-count": "input_image",
    "input-video-token-count": "input_video",
    "inputtokencount": "input",
    "outputtokencount": "output",
    "cachereadinputtokencount": "cache_read",
    "cachewriteinputtokencount": "cache_write",
    "cachewrite1hinputtokencount": "cache_write_1h",
    "millionbatchinputtokens": "input",
    "millionbatchoutputtokens": "output",
    "input_tokens": "input",
    "output_tokens": "output",
    "cache_read_tokens": "cache_read",
    "cache_write_tokens": "cache_write",
    "cache_write_tokens_30m": "cache_write",
    "cache_write_tokens_1h": "cache_write_1h",
    "million input tokens": "input",
    "million response tokens": "output",
    "million output tokens": "output",
    "million cache read input tokens": "cache_read",
    "million cache write input tokens": "cache_write",
    "million batch input tokens": "input",
    "million batch response tokens": "output",
}
"""What is counted, in lower case, and its meter."""


@dataclass(frozen=True, slots=True)
class Family:
    """A family of wordings: its pattern, and in which group stand the kind, the words after it, and the model, if it has one."""

    pattern: str
    kind: int
    words: int
    model: int | None = None


FAMILIES: tuple[Family, ...] = (
    Family(
        REGION + r"([A-Za-z0-9][A-Za-z0-9._:-]*?)(?:-mantle)?"
        r"-((?:input|output)(?:-text)?-tokens|(?:input|output)-token-count|cache-(?:read|write)-(?:input-token-count|tokens)"
        r"|input-(?:audio|image|video)-token-count)"
        rf"((?:-(?:{TIERS[1:-1]}|cross-region-global))*)",
        kind=2,
        words=3,
        model=1,
    ),
    Family(
        REGION + r"(?:MP:)?" + PLACE + r"((?:CacheRead|CacheWrite|CacheWrite1h)?InputTokenCount|OutputTokenCount)"
        r"((?:_(?:Global|Batch|LatencyOptimized|LCtx))*)-Units",
        kind=1,
        words=2,
    ),
    Family(REGION + r"(?:MP:)?" + PLACE + r"(MillionBatch(?:Input|Output)Tokens)((?:_Global)?)-Units", kind=1, words=2),
    Family(
        REGION + r"(?:MP:)?" + PLACE + r"((?:input|output|cache_read|cache_write)_tokens(?:_1h|_30m)?)"
        rf"((?:_(?:long_ctx|global|{TIERS[1:-1]}))*)-Units",
        kind=1,
        words=2,
    ),
    Family(
        r"AWS Marketplace software usage\|[a-z0-9-]*\|(Million (?:Cache Read |Cache Write |Batch )?(?:Input|Response|Output) Tokens)"
        r"((?: \[(?:Regional CRIS|Global|Batch|Global Batch)\])?)",
        kind=1,
        words=2,
    ),
)
MARKETPLACE = FAMILIES[1:]
"""Those that count in millions of tokens."""

BLOCKS = {"1k tokens": 3, "1m tokens": 6, "1,000 tokens": 3, "1000 tokens": 3, "1000000 tokens": 6, "tokens": 0, "token": 0, "1 token": 0}
"""Pricing units, in lower case, and by how many digits they move the point."""

NO = ibis.literal(value=False)
NO_UNITS = ("Units", "Unit", "N/A")
"""What marketplace lines have for a unit."""


def with_usage_types(rows: ir.Table, lines: ir.Table) -> ir.Table:
    """`rows` with what their `usage_text` says, a usage type or a marketplace line's description; each text of `lines` is looked at once.

    Columns `aws_meter` ('unmapped' where no family fits), `aws_tier`, `aws_model` (a name, where the text holds one), `aws_is_global`
    (routed to any region) and `in_millions` (counts in millions of tokens, whatever its unit is called).
    """
    texts = lines.select(told_text=lines.usage_text).distinct()
    captured = staged(
        texts.mutate(
            kind=_captured(texts.told_text, [(family, family.kind) for family in FAMILIES]).lower(),
            words=_captured(texts.told_text, [(family, family.words) for family in FAMILIES]).lower(),
            aws_model=_captured(texts.told_text, [(family, family.model) for family in FAMILIES if family.model is not None]),
            in_millions=_any_fits(texts.told_text, MARKETPLACE),
        )
    )
    words = captured.kind + " " + captured.words
    tiers = ((words.contains(tier), tier) for tier in ("batch", "flex", "priority"))
    known = staged(
        captured.select(
            "told_text",
            "aws_model",
            "in_millions",
            aws_meter=captured.kind.cases(*KINDS.items(), else_=UNMAPPED),
            aws_tier=ibis.cases(*tiers, else_=ibis.null("string")),
            aws_is_global=words.contains("global"),
        )
    )
    joined = staged(rows.left_join(known, rows.usage_text == known.told_text).drop("told_text"))
    flags = {name: joined[name].fill_null(NO) for name in ("aws_is_global", "in_millions")}
    return staged(joined.mutate(aws_meter=joined.aws_meter.fill_null(UNMAPPED), **flags))


def token_digits(unit: ir.StringValue, in_millions: ir.BooleanValue) -> ir.IntegerValue:
    """By how many digits a line's unit moves the point to make tokens; null where its unit is none of tokens."""
    blocks = unit.lower().cases(*BLOCKS.items(), else_=ibis.null("int64"))
    return ibis.ifelse(in_millions & (unit.isnull() | unit.isin(NO_UNITS)), ibis.literal(6, "int64"), blocks.cast("int64"))


def _any_fits(text: ir.StringValue, families: tuple[Family, ...]) -> ir.BooleanValue:
    return text.re_search("^(?:" + "|".join(family.pattern for family in families) + ")$").fill_null(NO)


def _captured(text: ir.StringValue, groups: list[tuple[Family, int]]) -> ir.StringValue:
    found = ((text.re_search(f"^{family.pattern}$"), text.re_extract(f"^{family.pattern}$", group)) for family, group in groups)
    return ibis.cases(*found, else_=ibis.null("string"))
