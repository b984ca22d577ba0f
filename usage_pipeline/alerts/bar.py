"""The bar of a budget as whole percents of its width: table cells in a mail, so that it shows with images blocked."""

from dataclasses import dataclass
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.tables.budgets import BudgetStatus

SPENT = "spent"
OVER = "over"
FORECAST = "forecast"
FORECAST_OVER = "forecast-over"
FREE = "free"

_ALL = Decimal(100)
_ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of the bar. `kind` is one of the names above; `ends_at_limit` says that the limit is its right edge, inside the bar."""

    kind: str
    width: int
    ends_at_limit: bool


def segments_of(status: BudgetStatus) -> list[Segment]:
    """Spent, forecast and free stretches from left to right, 100 in sum; beyond the limit spent and forecast are kinds of their own."""
    spent = max(status.spent, money.ZERO)
    end = max(spent, status.forecast or money.ZERO)
    limit = max(status.limit, money.ZERO)
    stretches = [
        (SPENT, min(spent, limit)),
        (FORECAST, min(end, limit) - min(spent, limit)),
        (FREE, max(limit - end, money.ZERO)),
        (OVER, max(spent - limit, money.ZERO)),
        (FORECAST_OVER, max(end - max(spent, limit), money.ZERO)),
    ]
    widths = [int(width) for width in money.allocate(_ALL, [amount for _, amount in stretches], step=_ONE)]
    shown = [(kind, width) for (kind, _), width in zip(stretches, widths, strict=True) if width]
    last_inside = max((place for place, (kind, _) in enumerate(shown) if kind in {SPENT, FORECAST, FREE}), default=-1)
    return [Segment(kind, width, place == last_inside and place < len(shown) - 1) for place, (kind, width) in enumerate(shown)]
