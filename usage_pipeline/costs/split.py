"""How far rows of a lower view explain rows of a higher one, and what each of them gets of its amounts.

A lower row explains up to its own share: all its quantity where the lower rows sum to no more than the whole, else a part in
proportion. Amounts follow the covered share of the whole; inside it, the lower rows' own estimates (which know tiers and modes),
so that two views that tie leave every lower row its own amount to the last digit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from usage_pipeline import money

ONE = Decimal(1)
MILLIONTH = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Cover:
    """`covered` of `whole` is explained. `taken`: of each higher row. `given`: to each lower row. Both sum to `covered`."""

    whole: Decimal
    covered: Decimal
    taken: Sequence[Decimal]
    given: Sequence[Decimal]


def cover(wholes: Sequence[Decimal], parts: Sequence[Decimal]) -> Cover:
    """Match quantities (≥ 0) of higher rows with those of lower rows. Whole numbers stay whole."""
    whole, part = money.total(wholes), money.total(parts)
    if whole <= part:
        return Cover(whole, whole, wholes, parts if whole == part else money.allocate(whole, parts, step=step_of([*wholes, *parts])))
    return Cover(whole, part, money.allocate(part, wholes, step=step_of([*wholes, *parts])), parts)


def covered_amount(amount: Decimal, match: Cover, *, step: Decimal = money.SMALLEST) -> Decimal:
    """The covered share of `amount`, in multiples of `step`; all of it where all is covered."""
    if match.covered == match.whole or not amount:
        return amount
    return money.allocate(amount, [match.covered, less(match.whole, match.covered)], step=step)[0]


def dealt(amount: Decimal, weights: Sequence[Decimal | None], given: Sequence[Decimal], *, step: Decimal = money.SMALLEST) -> list[Decimal]:
    """`amount` in proportion to `weights`; to `given` where a weight is unknown or all are 0. The parts sum to `amount` exactly.

    Who is given no quantity gets no amount.
    """
    if not amount:
        return [money.ZERO] * len(given)
    known = [weight if share else money.ZERO for weight, share in zip(weights, given, strict=True) if weight is not None]
    whole = money.total(known)
    if len(known) < len(given) or whole <= 0:
        return money.allocate(amount, given, step=step)
    return known if whole == amount else money.allocate(amount, known, step=step)


def less(whole: Decimal, part: Decimal) -> Decimal:
    """`whole` - `part`, exactly."""
    return money.total([whole, part.copy_negate()])


def step_of(quantities: Sequence[Decimal]) -> Decimal:
    """1 where all quantities are whole numbers, else a millionth (the scale of quantities)."""
    return ONE if all(quantity == quantity.to_integral_value() for quantity in quantities) else MILLIONTH
