"""Sums of text input by project, model and day in, the best-cached day of each model out: how well its prompts can be cached."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from usage_pipeline import money

CACHED = ("cache_read", "cache_write", "cache_write_1h")
TEXT_INPUT = ("input", *CACHED)

LEAST_DAY_TOKENS, LEAST_DAY_PERCENT = 10_000, Decimal(1)
"""The input tokens that a day must have, and its part of its project's month, to be an example of good caching."""

Kind = tuple[str, str]
"""Provider as booked and the catalog's id of the model."""

Place = tuple[str, str, str]
"""Project, provider, model."""

Day = Mapping[str, Any]
"""project, provider, model_id, day, and the tokens of each of TEXT_INPUT."""


@dataclass(frozen=True, slots=True)
class Example:
    """The best-cached day of a model: whose, when, and each cache meter's share of the text input, at 6 decimals."""

    project: str
    day: date
    shares: Mapping[str, Decimal]


def examples_of(days: Sequence[Day]) -> dict[Kind, Example]:
    """For each model the day of a project with the greatest share of its input read from the cache; none where nobody reads any."""
    months = {place: _tokens(rows) for place, rows in by_place(days).items()}
    found: dict[Kind, Example] = {}
    for row in sorted(days, key=lambda one: (one["day"], one["project"])):
        tokens, kind = _tokens([row]), (row["provider"], row["model_id"])
        whole = months[row["project"], *kind]
        is_example = tokens >= LEAST_DAY_TOKENS and money.reaches(Decimal(tokens), Decimal(whole), LEAST_DAY_PERCENT)
        shares = {meter: share_of([row], meter) for meter in CACHED}
        best = found[kind].shares["cache_read"] if kind in found else money.ZERO
        if is_example and shares["cache_read"] > best:
            found[kind] = Example(row["project"], row["day"], shares)
    return found


def by_place(days: Iterable[Day]) -> dict[Place, list[Day]]:
    """The days of each project's use of a model."""
    groups: dict[Place, list[Day]] = defaultdict(list)
    for row in days:
        groups[row["project"], row["provider"], row["model_id"]].append(row)
    return groups


def share_of(days: Sequence[Day], meter: str) -> Decimal:
    """The meter's share of the text input, at 6 decimals, rounded down; 0 where there is none."""
    return money.share_of(Decimal(1), sum(row[meter] for row in days), _tokens(days)).quantize(Decimal("0.000001"), ROUND_FLOOR)


def _tokens(days: Iterable[Day]) -> int:
    return sum(row[meter] for row in days for meter in TEXT_INPUT)
