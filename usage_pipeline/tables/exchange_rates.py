"""`exchange_rates`: reference rates by day, as the European Central Bank publishes them: so many units of a currency for one euro."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.periods import ONE_DAY

EURO = "EUR"
DAYS_BACK = 7
"""A rate holds for the days after it on which none is published, weekends and holidays, and for no more than so many."""

ONE = Decimal(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Both currencies' rates on the day that counts: `into` and `out_of` units for one euro."""

    day: date
    into: Decimal
    out_of: Decimal

    @property
    def value(self) -> Decimal:
        """What one unit of the other currency is worth, at 15 decimals. For showing: amounts are converted by the two rates themselves."""
        return money.in_proportion(ONE, self.into, self.out_of)

    def convert(self, amount: Decimal) -> Decimal:
        """`amount` × into / out of, worked out exactly and rounded once, at 15 decimals."""
        return money.in_proportion(amount, self.into, self.out_of)


@dataclass(frozen=True, slots=True)
class ExchangeRates:
    """Units for one euro, by day and currency, and the file they are from ('' where none is named in usage.yaml)."""

    by_day: Mapping[date, Mapping[str, Decimal]]
    file: str = ""

    def rate(self, out_of: str, into: str, day: date) -> Rate | None:
        """The rate of `day`, or of the last day before it that has both currencies, at most DAYS_BACK days; None where there is none."""
        for back in range(DAYS_BACK + 1):
            published = day - ONE_DAY * back
            per_euro = self.by_day.get(published)
            if per_euro is None:
                continue
            source, target = (ONE if name == EURO else per_euro.get(name) for name in (out_of, into))
            if source is not None and target is not None:
                return Rate(day=published, into=target, out_of=source)
        return None
