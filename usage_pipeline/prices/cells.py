"""What a price is and where it holds: the rows between the catalog, its supplements and the book."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Price:
    """The list price of one unit of `meter`; `priced_as` names the meter whose price it is, if it has none of its own.

    `source` says where it comes from if that is not the catalog's own entry as of that day.
    """

    meter: str
    unit_price: Decimal
    priced_as: str | None = None
    minimum_quantity: Decimal | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """Where a set of prices holds: [valid_from, valid_to) days, [from, to) seconds of the day, (gt, le] input tokens."""

    valid_from: date | None
    valid_to: date | None
    utc_from_second: int
    utc_to_second: int
    input_tokens_gt: int
    input_tokens_le: int
    state: str
    prices: tuple[Price, ...]
