"""The bridge from one revision of a closed month to the next: every difference under one cause, in parts that sum to it exactly."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

LATE_USAGE = "late_usage"
PRICE_CORRECTION = "price_correction"
RE_ATTRIBUTION = "re_attribution"
CURRENCY = "currency"
CREDIT = "credit"
INVOICE_TRUE_UP = "invoice_true_up"

CAUSES: dict[str, tuple[str, str]] = {
    LATE_USAGE: ("Late usage", "usage, or bill lines of usage, that came or went after the close"),
    PRICE_CORRECTION: ("Price correction", "the same quantity at another unit price, or at its first"),
    RE_ATTRIBUTION: ("Re-attribution", "the same amount, given to another project: sums to nothing"),
    CURRENCY: ("Currency", "the same amount in the bill's currency, at another rate"),
    CREDIT: ("Credit", "a credit or refund that was granted, changed or withdrawn"),
    INVOICE_TRUE_UP: (
        "Invoice true-up",
        "the bill where there was an estimate, a line of it restated without quantity, or a tax, fee or adjustment",
    ),
}
"""Cause → its name and what it means, in the order in which a bridge shows them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgePart:
    """One cause's part of the difference, of one project on one day. `quantity` is how much more of the meter, where that is known.

    `amount` is of what the statement counts; the others are of FOCUS's other costs, which may differ where it does not: a list price that
    changed for a project with a fixed price, or the other way round.
    """

    cause: str
    project: str
    day: date
    channel: str
    provider: str | None
    model: str | None
    meter: str
    category: str
    is_billed: bool
    quantity: Decimal | None
    amount: Decimal
    effective: Decimal
    contracted: Decimal
    listed: Decimal
