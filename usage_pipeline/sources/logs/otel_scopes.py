"""What instrumentations put into gen_ai.usage.input_tokens: by scope name and version, a table, never by looking at the numbers.

The convention since 1.40: it SHOULD hold cached tokens, reads and writes
(https://github.com/open-telemetry/semantic-conventions/pull/3163, merged in January 2026). A scope that is not listed is taken at that
word. A scope that hands on what Anthropic or Bedrock say, where `input_tokens` leaves the cache out, is listed with the versions that
do. To add one: a line with its source and the day it was read.
"""

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusive:
    """Versions of a scope, from `since` up to and without `until` (None: any), whose input tokens leave cached ones out."""

    scope: str
    since: str | None = None
    until: str | None = None
    source: str
    read_on: str


EXCLUSIVE: tuple[Exclusive, ...] = (
    Exclusive(
        scope="opentelemetry.instrumentation.bedrock",
        source="https://github.com/traceloop/openllmetry/issues/4449 (open: 0.62.3 hands on Converse's inputTokens)",
        read_on="2026-11-21",
    ),
    Exclusive(
        scope="logfire.anthropic",
        until="4.31.0",
        source="https://github.com/pydantic/logfire/pull/1812 (inclusive since 4.31.0 of 2026-03-27)",
        read_on="2026-11-21",
    ),
)
"""OpenLLMetry's own `opentelemetry.instrumentation.anthropic` adds the cache up since caching is told at all, and so needs no line:
https://github.com/traceloop/openllmetry/pull/2175"""

NUMBERS = r"^[vV]?(\d{1,5})(?:\.(\d{1,5}))?(?:\.(\d{1,5}))?"
"""The numbers that a version begins with; what follows ('b0', '-rc1') does not count."""


def leaves_cache_out(scope: ir.StringValue, version: ir.StringValue) -> ir.BooleanValue:
    """Whether the scope's input tokens are without cached ones. A version that is not told counts as none of a bounded line's."""
    number = _ordered(version)
    told = ibis.literal(value=False)
    for one in EXCLUSIVE:
        holds = scope == one.scope
        if one.since is not None:
            holds = holds & (number >= _place(one.since))
        if one.until is not None:
            holds = holds & (number < _place(one.until))
        told = told | holds.fill_null(False)  # noqa: FBT003
    return told


def _ordered(version: ir.StringValue) -> ir.IntegerValue:
    """A version as a number that grows with it; null where it begins with none."""
    parts = [version.re_extract(NUMBERS, place).nullif("").try_cast("int64") for place in (1, 2, 3)]
    return parts[0] * 10**10 + parts[1].fill_null(0) * 10**5 + parts[2].fill_null(0)


def _place(version: str) -> int:
    major, minor, patch = (int(part) for part in version.split("."))
    return int(major * 10**10 + minor * 10**5 + patch)
