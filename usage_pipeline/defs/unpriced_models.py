"""Models without a rate, as the UI lists them: how much of them was used, what it may have cost, and how to mend it."""

from decimal import Decimal
from typing import Any

from usage_pipeline import money
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.periods import Period
from usage_pipeline.prices.book import PriceBook
from usage_pipeline.prices.money_range import explainer
from usage_pipeline.storage.lake import Lake
from usage_pipeline.tables.costs import daily_costs
from usage_pipeline.tables.meters import METER_NAMES, REQUESTS, TOKEN_METERS
from usage_pipeline.tables.priced_usage import STATES, UNPRICED_STATES, priced_usage
from usage_pipeline.tables.unpriced import Unpriced, total_range, unpriced_of

COLUMN_OF = {meter: meter for meter in METER_NAMES} | {REQUESTS: "request_count"}


def unpriced_at_risk(workplace: Workplace, days: Period | None) -> Decimal | None:
    """The most that usage without a rate may cost beyond what bills have, by the book adopted last; None where nobody can know it."""
    costs = workplace.database().select(daily_costs, where={} if days is None else {"day": days})
    rows = unpriced_of(costs, by_project=False)
    if all(one.billed for one in rows):
        return money.ZERO
    return total_range(unpriced_of(costs, explainer(workplace.books().current()), by_project=False))[1]


def unpriced_models(lake: Lake, days: Period | None, book: PriceBook) -> list[dict[str, Any]]:
    """The priced usage of `days` (all if None) that has no cost, by model and state, most tokens first; ranges and hints by `book`."""
    rows = lake.read(priced_usage, days)
    unpriced = rows.filter(rows.price_state.isin(UNPRICED_STATES))
    sums = {meter: unpriced[column].sum() for meter, column in COLUMN_OF.items()}
    grouped = unpriced.group_by(["channel", "provider", "model", "price_state"]).agg(
        events=unpriced.count(), day=unpriced.started_at.date().max(), **{f"sum_{meter}": total for meter, total in sums.items()}
    )
    explain = explainer(book)
    found = [explain(_unpriced(row)) for row in lake.engine.to_pyarrow(grouped).to_pylist()]
    return [_told(one) for one in sorted(found, key=lambda one: (-one.tokens, -one.events, one.model or ""))]


def _unpriced(row: dict[str, Any]) -> Unpriced:
    quantities = {meter: Decimal(row[f"sum_{meter}"] or 0) for meter in COLUMN_OF}
    return Unpriced(
        project=None,
        channel=row["channel"],
        provider=row["provider"],
        model=row["model"],
        reason=row["price_state"],
        events=row["events"],
        tokens=money.total([quantities[meter] for meter in TOKEN_METERS]),
        quantities=tuple((meter, quantity) for meter, quantity in quantities.items() if quantity),
        day=row["day"],
    )


def _told(one: Unpriced) -> dict[str, Any]:
    return {
        "provider": one.provider or one.channel,
        "model": one.model,
        "price_state": one.reason,
        "events": one.events,
        "tokens": int(one.tokens),
        "low": one.low,
        "high": one.high,
        "range holds": one.range_if,
        "reason": STATES[one.reason or ""],
        "hint": one.hint,
    }
