"""Exact money: one decimal type, and the only place where money is multiplied, divided or rounded.

Money is `Decimal` in Python and `decimal(38,15)` in tables, in the reporting currency's main unit (USD, not cents).
Unit prices are per one unit at 15 decimals and quantities have at most 6, so products and sums are exact.
Nothing is rounded before a number is shown; shares are dealt out by largest remainder, so parts always sum to the whole.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal, Inexact, localcontext

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

SCALE = 15
MONEY = dt.Decimal(38, SCALE)
QUANTITY = dt.Decimal(38, 6)
ZERO = Decimal(0)
SMALLEST = Decimal(1).scaleb(-SCALE)
CENT = Decimal("0.01")

_WIDE = Context(prec=120, rounding=ROUND_HALF_EVEN)


def exactly() -> AbstractContextManager[Context]:
    """Within it, plain +, - and × of decimals are exact; a division still is not, unless it comes out even."""
    return localcontext(_WIDE)


def exact(value: Decimal) -> Decimal:
    """`value` at 15 decimals, half-even: the one quantization of numbers that come from outside (prices, bills)."""
    return value.quantize(SMALLEST, context=_WIDE)


def allocate(total: Decimal, weights: Sequence[Decimal | int], *, step: Decimal = SMALLEST) -> list[Decimal]:
    """Split `total` in proportion to `weights` by largest remainder: the parts sum to `total` to the last digit.

    Weights are ≥ 0; where all are 0 the split is even. Parts are multiples of `step`, save the digits of `total`
    finer than `step`, which go to the first part. Ties go to the earlier weight, so equal input gives equal output.

    Raises ValueError for a negative weight or for no weights at all.
    """
    return Portions(weights).of(total, step=step)


class Portions:
    """`allocate` for many totals by the same weights, worked out once."""

    def __init__(self, weights: Sequence[Decimal | int]) -> None:
        if not weights:
            raise ValueError("allocate needs at least one weight")
        if any(weight < 0 for weight in weights):
            raise ValueError(f"allocate needs weights >= 0, got {min(weights)}")
        with localcontext(_WIDE):
            exponents = [int(Decimal(weight).as_tuple().exponent) for weight in weights]
            places = max(0, *(-exponent for exponent in exponents))
            self.weights = [int(Decimal(weight).scaleb(places)) for weight in weights]
        self.whole = sum(self.weights)
        if self.whole == 0:
            self.weights, self.whole = [1] * len(weights), len(weights)

    def of(self, total: Decimal, *, step: Decimal = SMALLEST) -> list[Decimal]:
        """The parts of `total`, as `allocate` says."""
        units, rest = units_of(total, step)
        floors = [units * weight // self.whole for weight in self.weights]
        missing = units - sum(floors)
        if missing:
            left = [units * weight % self.whole for weight in self.weights]
            for place in sorted(range(len(left)), key=lambda place: (-left[place], place))[:missing]:
                floors[place] += 1
        return amounts_of(floors, rest, step, is_negative=total < 0)


class Running:
    """Parts of one total after another, each a multiple of `step` within one step of its ideal, so that the sums over all totals keep
    to the weights too: what one total's rounding took from a part, the next ones give back. Equal order gives equal parts.

    For what is counted, such as many lines of one request each: every one of them by itself would go to the largest weight.
    """

    def __init__(self, weights: Sequence[Decimal | int], step: Decimal) -> None:
        self._portions, self._step = Portions(weights), step
        self._owed = {False: [0] * len(weights), True: [0] * len(weights)}

    def of(self, total: Decimal) -> list[Decimal]:
        """The parts of the next `total`; they sum to it to the last digit."""
        units, rest = units_of(total, self._step)
        weights, whole, owed = self._portions.weights, self._portions.whole, self._owed[total < 0]
        floors = [units * weight // whole for weight in weights]
        missing = units - sum(floors)
        if missing:
            left = [units * weight % whole for weight in weights]
            behind = [owing + more for owing, more in zip(owed, left, strict=True)]
            candidates = [place for place, more in enumerate(left) if more]
            given = set(sorted(candidates, key=lambda place: (-behind[place], place))[:missing])
            for place in candidates:
                floors[place] += place in given
                owed[place] = behind[place] - (whole if place in given else 0)
        return amounts_of(floors, rest, self._step, is_negative=total < 0)


def units_of(total: Decimal, step: Decimal) -> tuple[int, Decimal]:
    """How many steps are in the size of `total`, and what of it is finer than a step."""
    with localcontext(_WIDE):
        size = abs(total)
        units = (size / step).to_integral_value(ROUND_FLOOR)
        return int(units), size - units * step


def amounts_of(units: Sequence[int], rest: Decimal, step: Decimal, *, is_negative: bool) -> list[Decimal]:
    """So many steps as amounts; the first has `rest` beside them."""
    with localcontext(_WIDE):
        signed = -step if is_negative else step
        parts = [one * signed for one in units]
        if rest:
            parts[0] += -rest if is_negative else rest
        return parts


def share_of(total: Decimal, part: Decimal | int, whole: Decimal | int) -> Decimal:
    """`total` × `part` / `whole` at 15 decimals, rounded towards zero, so that shares never exceed the total."""
    with localcontext(_WIDE):
        if whole == 0:
            return ZERO
        product = total * part / whole
        return product.quantize(SMALLEST, rounding="ROUND_DOWN")


_EVENLY = Context(prec=60, traps=[Inexact])


def quotient(amount: Decimal, quantity: Decimal, places: int) -> Decimal | None:
    """`amount` / `quantity` where it comes out even within `places` decimals, so that the product is `amount` again; else None."""
    if not quantity:
        return None
    try:
        return _EVENLY.divide(amount, quantity).quantize(Decimal(1).scaleb(-places), context=_EVENLY)
    except Inexact:
        return None


def multiply(quantity: Decimal | int, unit_price: Decimal) -> Decimal:
    """The exact product of quantity and unit price; raises if the product needs more than 15 decimals (it cannot for whole quantities)."""
    with localcontext(_WIDE):
        return exact(quantity * unit_price)


def in_proportion(value: Decimal, part: Decimal, whole: Decimal) -> Decimal:
    """`value` × `part` / `whole` at 15 decimals, half-even. Raises ZeroDivisionError where the whole is 0."""
    with localcontext(_WIDE):
        return exact(value * part / whole)


def less(amount: Decimal, percentage: Decimal) -> Decimal:
    """`amount` without `percentage` percent of it, with all its digits; a negative percentage adds."""
    with localcontext(_WIDE):
        return amount - amount * percentage.scaleb(-2)


def mean(values: Sequence[Decimal], weights: Sequence[Decimal]) -> Decimal:
    """The weighted mean at 15 decimals, half-even. Raises ZeroDivisionError where the weights sum to 0."""
    with localcontext(_WIDE):
        weighed = [value * weight for value, weight in zip(values, weights, strict=True)]
        return exact(sum(weighed, ZERO) / sum(weights, ZERO))


def round_parts(parts: Sequence[Decimal | None], *, step: Decimal = CENT, whole: Decimal | None = None) -> list[Decimal | None]:
    """Each part rounded up or down to a multiple of `step`, so that they sum to the rounded sum: what a column of a report shows.

    Rounds up where the most is left over (ties: the earlier part). Unknown parts (None) stay unknown. Signs may be mixed.
    `whole` is the sum to reach where it is itself a rounded part of something: the true sum rounded up or down.
    """
    known = [part for part in parts if part is not None]
    with localcontext(_WIDE):
        floors = [(part / step).to_integral_value(ROUND_FLOOR) for part in known]
        target = ((total(known) if whole is None else whole) / step).to_integral_value(ROUND_HALF_EVEN)
        missing = int(target - sum(floors, ZERO))
        order = sorted(range(len(known)), key=lambda place: (floors[place] * step - known[place], place))
        for place in order[:missing]:
            floors[place] += 1
        rounded = iter([floor * step for floor in floors])
        return [None if part is None else next(rounded) for part in parts]


def percent(part: Decimal, whole: Decimal) -> Decimal:
    """`part` in percent of `whole` at 4 decimals, half-even; 0 where the whole is 0. For showing, never for adding."""
    if whole == 0:
        return ZERO
    with localcontext(_WIDE):
        return (part * 100 / whole).quantize(Decimal("0.0001"))


def reaches(part: Decimal, whole: Decimal, percentage: Decimal) -> bool:
    """Whether `part` is at least `percentage` percent of `whole`, exactly: a last digit short is short."""
    with localcontext(_WIDE):
        return part * 100 >= whole * percentage


def total(amounts: Sequence[Decimal | None]) -> Decimal:
    """The exact sum, leaving out what is unknown (None)."""
    with localcontext(_WIDE):
        return sum((amount for amount in amounts if amount is not None), ZERO)


def text(value: Decimal) -> str:
    """Plain digits without exponent or trailing zeros: '26.9190387', '0', '-2.5'. What JSON and CSV carry."""
    plain = f"{value:f}"
    if "." in plain:
        plain = plain.rstrip("0").rstrip(".")
    return "0" if plain in {"-0", ""} else plain


def times(quantity: ir.NumericValue, unit_price: ir.DecimalValue) -> ir.DecimalValue:
    """The same product as a column: whole quantity × price per unit → money, in the engine's exact decimals."""
    return (quantity.cast("int64") * unit_price.cast(MONEY)).cast(MONEY)


_LIMB = 13
_DIGITS = 38


def even_shares(amount: ir.DecimalValue, count: ir.IntegerValue) -> tuple[ir.DecimalValue, ir.IntegerValue]:
    """What each part gets of `amount` split evenly in `count` parts, and what is left over in units of its last decimal, as columns.

    The engine has no exact division of decimals, so their digits are divided as at school, 13 at a time, which fit a whole number of 64
    bits for counts up to 900.
    """
    kind = dt.Decimal(_DIGITS, amount.type().scale)
    zeros = ibis.literal("0" * 3 * _LIMB)
    digits = (zeros + amount.cast(kind).abs().cast("string").replace(".", "")).right(3 * _LIMB)
    rest: ir.IntegerValue = ibis.literal(0, "int64")
    quotient: ir.StringValue = ibis.literal("")
    for start in range(0, 3 * _LIMB, _LIMB):
        number = rest * 10**_LIMB + digits.substr(start, _LIMB).cast("int64")
        rest = number % count
        quotient = quotient + (zeros + ((number - rest) / count).cast("int64").cast("string")).right(_LIMB)
    sign = ibis.ifelse(amount < 0, "-", "")
    share = (sign + quotient.left(3 * _LIMB - kind.scale) + "." + quotient.right(kind.scale)).cast(kind)
    return share, rest * ibis.ifelse(amount < 0, -1, 1)


def even_part(share: ir.DecimalValue, left: ir.IntegerValue, place: ir.IntegerValue) -> ir.DecimalValue:
    """The part at `place` (from 0) of an amount with these `even_shares`: what is left over goes to the first parts, as `allocate` does."""
    kind = dt.Decimal(_DIGITS, share.type().scale)
    smallest = Decimal(1).scaleb(-kind.scale)
    units = ibis.cases(
        (place < left, ibis.literal(smallest, kind)), (place < -left, ibis.literal(-smallest, kind)), else_=ibis.literal(ZERO, kind)
    )
    return (share + units).cast(kind)


_WIDER = dt.Decimal(38, 2 * SCALE)


def product(amount: ir.DecimalValue, whole: ir.IntegerValue, fraction: ir.DecimalValue) -> ir.DecimalValue:
    """Money × (`whole` + `fraction`) as a column: exact, and half-even at 15 decimals only where the product needs more.

    `fraction` is in [0, 1) and has up to 15 decimals: multiplied apart, the product keeps its 30 decimals and room for 8 digits before
    them. The engine raises where these are too few. It rounds half away from zero, which is put right where it was a tie.
    """
    amount, plain = amount.cast(MONEY), times(whole, amount)
    fine = amount * fraction.cast(MONEY)
    rounded = fine.round(SCALE)
    is_tie = (rounded.cast(_WIDER) - fine.cast(_WIDER)).abs() == ibis.literal(SMALLEST / 2, _WIDER)
    step = ibis.ifelse(amount < 0, ibis.literal(-SMALLEST, MONEY), ibis.literal(SMALLEST, MONEY))
    away = plain + rounded.cast(MONEY)
    is_odd = away % ibis.literal(2 * SMALLEST, MONEY) != 0
    even = ibis.ifelse(is_odd, away - step, away)
    return ibis.cases((fraction == 0, plain), (is_tie, even), else_=away).cast(MONEY)
