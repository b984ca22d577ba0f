"""`exchange_used`: by which rates bills of other currencies were converted, and what they came to. For statements; never stored."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from usage_pipeline.tables.schema import Table, column


@dataclass(frozen=True, kw_only=True)
class ExchangeUsed:
    """One currency of one channel's bill on one day."""

    channel: str = column("Who bills", key=True)
    currency: str = column("The bill's own currency", key=True)
    day: date = column("UTC day of the charges", key=True)
    rate: Decimal = column("What a unit is worth in the reporting currency, at 15 decimals")
    rate_day: date = column("The day that the rate is of: the same, or the last before it with a rate")
    original_cost: Decimal | None = column("What was billed, in the bill's own currency; null on a project's statement")
    cost: Decimal | None = column("The same in the reporting currency; null on a project's statement")


exchange_used = Table("exchange_used", ExchangeUsed)
