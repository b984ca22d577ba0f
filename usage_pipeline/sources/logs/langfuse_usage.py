"""Langfuse's `usage_details` → our meters. Its keys are disjoint: what the SDK sent inside a whole, Langfuse has taken out of it.

Keys follow whatever the SDK sent; several stand for one meter. `total` is the sum of the others: where they sum to more, some may
hold others (an SDK that sent cached tokens beside a whole input), and to less, something that is not named was used.
https://langfuse.com/docs/observability/features/token-and-cost-tracking
https://github.com/langfuse/langfuse/blob/main/packages/shared/src/server/otel/OtelIngestionProcessor.ts
"""

from collections.abc import Sequence
from functools import reduce
from operator import add

import ibis
import ibis.expr.types as ir

KEYS: dict[str, tuple[str, ...]] = {
    "input": ("input", "input_text_tokens", "input_text"),
    "cache_read": (
        "input_cached_tokens", "input_cache_read", "input_cache_read_tokens", "cache_read_input_tokens", "cached_tokens",
        "input_cached_text_tokens",
    ),
    "cache_write": (
        "input_cache_write_tokens", "input_cache_creation", "input_cache_creation_tokens", "input_cache_creation_5m",
        "cache_creation_input_tokens", "cache_write_input_tokens", "input_ephemeral_5m_input_tokens", "input_cache_write",
    ),
    "cache_write_1h": ("input_cache_creation_1h", "input_ephemeral_1h_input_tokens"),
    "output": (
        "output", "output_text_tokens", "output_text", "output_reasoning_tokens", "output_reasoning", "output_accepted_prediction_tokens",
        "output_rejected_prediction_tokens",
    ),
    "input_audio": ("input_audio_tokens", "input_audio"),
    "cache_audio_read": ("input_cached_audio_tokens",),
    "output_audio": ("output_audio_tokens", "output_audio"),
    "input_image": ("input_image_tokens", "input_image"),
    "cache_image_read": ("input_cached_image_tokens",),
    "output_image": ("output_image_tokens", "output_image"),
    "input_video": ("input_video_tokens", "input_video"),
}  # fmt: skip
"""Our meters with Langfuse's keys. Reasoning and predictions are parts of `output` with us, and billed as it is."""

REASONING = ("output_reasoning_tokens", "output_reasoning")
TOTAL = "total"
KNOWN = (*dict.fromkeys(key for keys in KEYS.values() for key in keys), TOTAL)

NOTHING = r'"[^"\\]*"\s*:\s*(0(\.0*)?|null)\s*[,}]'
KNOWN_NAMES = rf'"({"|".join(KNOWN)})"\s*:'
WHOLE = r"\s*(\d{1,18}(\.0*)?|null)\s*"
WELL_FORMED = rf'^\s*\{{(\s*"[^"\\]*"\s*:{WHOLE},?)*\s*\}}\s*$'
"""Names with whole numbers, and nothing else."""
CONTENT = r':\s*(\d|-|")'


def is_empty(usage: ir.StringValue) -> ir.BooleanValue:
    """Whether the observation has no usage of its own: no key, or nothing under any."""
    return usage.isnull() | ~usage.re_search(CONTENT)


def is_negative(usage: ir.StringValue) -> ir.BooleanValue:
    """Whether some number is below zero."""
    return usage.re_search(r":\s*-\d")


def is_well_formed(usage: ir.StringValue) -> ir.BooleanValue:
    """Whether all is whole numbers."""
    return usage.re_search(WELL_FORMED)


def has_unknown(usage: ir.StringValue) -> ir.BooleanValue:
    """Whether something was used under a name that is none of KNOWN. A zero under such a name says nothing."""
    return usage.re_replace(NOTHING, "").re_replace(KNOWN_NAMES, "").re_search(r'"\s*:')


def counts(usage: ir.StringValue) -> ir.StructValue:
    """The numbers by key; all null where the text is not well formed."""
    text = ibis.ifelse(is_well_formed(usage), usage, ibis.null("string"))
    return text.try_cast("json").try_cast("struct<" + ", ".join(f"{key}: int64" for key in KNOWN) + ">")


def meter_columns(numbers: ir.StructValue) -> dict[str, ir.IntegerValue]:
    """A column a meter, null where no key of it is there; audio, image and video are null for 0 as well."""
    found = {meter: _sum(numbers, keys) for meter, keys in KEYS.items()}
    always = ("input", "cache_read", "cache_write", "cache_write_1h", "output")
    return {meter: count if meter in always else count.nullif(0) for meter, count in found.items()}


def reasoning(numbers: ir.StructValue) -> ir.IntegerValue:
    """The part of the output that was reasoning."""
    return _sum(numbers, REASONING)


def beyond_total(numbers: ir.StructValue) -> ir.IntegerValue:
    """By how much the keys sum to more than `total`, below zero for less; null where there is no total."""
    keys = [key for key in KNOWN if key != TOTAL]
    return reduce(add, (numbers[key].fill_null(0) for key in keys)) - numbers[TOTAL]


def _sum(numbers: ir.StructValue, keys: Sequence[str]) -> ir.IntegerValue:
    values = [numbers[key] for key in keys]
    if len(values) == 1:
        return values[0]
    return ibis.ifelse(ibis.coalesce(*values).isnull(), ibis.null("int64"), reduce(add, (value.fill_null(0) for value in values)))
