"""A month of one credit wallet, as a statement tells it. `opening` + `given` − `consumed` − `expired` is `closing`, to the last digit."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletTold:
    """In `unit`: 'credits' or the reporting currency. `as_of` is the last day told of: the month's last, or the last that is counted.

    `next_expiry` is the next day after `as_of` at whose end something lapses, and `next_expiring` how much as it stood then; null where
    nothing will, or nobody can say.
    """

    wallet: str
    scope: str
    holder: str | None
    unit: str
    as_of: date
    opening: Decimal
    given: Decimal
    consumed: Decimal
    expired: Decimal
    closing: Decimal
    low: Decimal | None
    next_expiry: date | None
    next_expiring: Decimal | None

    @property
    def is_low(self) -> bool:
        return self.low is not None and self.closing <= self.low
