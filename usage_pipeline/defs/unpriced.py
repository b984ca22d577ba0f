"""Usage without a rate: how much of all usage it is."""

from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from operator import add
from typing import Any

from usage_pipeline import money
from usage_pipeline.periods import Period
from usage_pipeline.storage.lake import Lake
from usage_pipeline.tables.meters import TOKEN_METERS
from usage_pipeline.tables.priced_usage import NOT_CHARGED, UNPRICED_STATES, priced_usage


@dataclass(frozen=True, slots=True, kw_only=True)
class UnpricedShare:
    """How much has no cost; `percent` of the requests or of the tokens, whichever is more."""

    events: int
    tokens: int
    percent: Decimal


def unpriced_share(lake: Lake, days: Period | None) -> UnpricedShare:
    """What of the priced usage of `days` (all if None) has no cost: of what can have one, so without failures and the cache's answers."""
    rows = lake.read(priced_usage, days)
    rows = rows.filter(rows.price_state != NOT_CHARGED)
    tokens = reduce(add, (rows[meter].fill_null(0) for meter in TOKEN_METERS)).cast("int64")
    found = lake.engine.to_pyarrow(rows.group_by("price_state").agg(events=rows.count(), tokens=tokens.sum())).to_pylist()
    unpriced = [row for row in found if row["price_state"] in UNPRICED_STATES]
    return UnpricedShare(
        events=sum(row["events"] for row in unpriced),
        tokens=sum(row["tokens"] for row in unpriced),
        percent=max(_percent(unpriced, found, "events"), _percent(unpriced, found, "tokens")),
    )


def _percent(part: list[dict[str, Any]], whole: list[dict[str, Any]], name: str) -> Decimal:
    return money.percent(Decimal(sum(row[name] for row in part)), Decimal(sum(row[name] for row in whole)))
