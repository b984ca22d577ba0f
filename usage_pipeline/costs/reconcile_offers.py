"""The prices that a unit of one cell may have had, in the order in which they are tried: ours first, then the list, then others."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, Decimal

from usage_pipeline import money
from usage_pipeline.costs.reconcile_lots import Cell, Lot
from usage_pipeline.tables.reconciled_usage import NO_TIER, STANDARD, KnownPrice

NET, LIST, BOOK, OFF = "net", "list", "book", "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """`kind`: our own price, the list price beside it, or another price book's."""

    price: Decimal
    kind: str
    processing: str
    tier: int
    told: str
    provider: str | None = None
    book: str | None = None
    percent: Decimal | None = None


class Offers:
    """Known prices, looked up by cell."""

    def __init__(self, prices: Iterable[KnownPrice]) -> None:
        self._by_model: dict[tuple[str, str | None, str], list[KnownPrice]] = defaultdict(list)
        for one in prices:
            self._by_model[one.channel, one.model, one.meter].append(one)
            self._by_model[one.channel, None, one.meter].append(one)

    def of(self, cell: Cell, lower: Sequence[Lot], discounts: Iterable[Decimal] = ()) -> list[Offer]:
        """Each price of a processing once: as the lower view has it, as our book has it, as other books do, last the list less one of
        `discounts` (percent) that other lines of the day show.
        """
        known = [one for one in self._by_model.get((cell.channel, cell.model, cell.meter), ()) if one.holds_on(cell.day)]
        own = [
            Offer(price=lot.price, kind=NET, processing=lot.processing, tier=lot.tier, told=net_words(lot.agreement))
            for lot in lower
            if lot.price
        ]
        listed = [
            Offer(price=lot.listed, kind=LIST, processing=lot.processing, tier=lot.tier, told="the list price")
            for lot in lower
            if lot.listed
        ]
        ours = sorted((one for one in known if one.book is None), key=lambda one: (one.tier, one.region is not None))
        others = sorted((one for one in known if one.book is not None), key=lambda one: (one.tier, one.region is not None))
        found = [*own, *listed, *_offers(ours, NET), *_offers(ours, LIST), *_offers(others, NET), *_offers(others, LIST)]
        found += [less(one, percent) for percent in discounts for one in found if one.kind == LIST]
        kept: dict[object, Offer] = {}
        for one in found:
            kept.setdefault((one.price, one.processing), one)
        return list(kept.values())

    def provider_of(self, cell: Cell) -> str | None:
        """The catalog's id of who sells the model."""
        return next((one.provider for one in self._by_model.get((cell.channel, cell.model, cell.meter), ()) if one.provider), None)

    def ours(self, cell: Cell, lot: Lot) -> Decimal | None:
        """Our price for what `lot` says of its processing and tier; None where none is known."""
        known = [
            one
            for one in self._by_model.get((cell.channel, cell.model, cell.meter), ())
            if one.book is None and one.holds_on(cell.day) and (one.processing, one.tier) == (lot.processing, lot.tier)
        ]
        same = [one for one in known if one.region == lot.region] or known
        return next((one.net_unit_price for one in same), None)


def less(listed: Offer, percent: Decimal) -> Offer:
    """So many percent off (negative: on top of) a list price."""
    words = f"{money.text(abs(percent))} % {'below' if percent > 0 else 'above'} {listed.told}"
    return replace(listed, price=listed.price - listed.price * percent.scaleb(-2), kind=OFF, told=words, percent=percent)


def _offers(prices: Iterable[KnownPrice], part: str) -> list[Offer]:
    found = []
    for one in prices:
        price = one.net_unit_price if part == NET else one.list_unit_price
        words = _words(one, net_words(one.agreement) if part == NET else "the list price")
        kind = BOOK if one.book else part
        if price:
            found.append(
                Offer(price=price, kind=kind, processing=one.processing, tier=one.tier, told=words, provider=one.provider, book=one.book)
            )
    return found


def _words(one: KnownPrice, what: str) -> str:
    parts = [
        *([f"for {one.processing}"] if one.processing != STANDARD else []),
        *([f"above {one.tier:,} input tokens"] if one.tier != NO_TIER else []),
        *([f"in {one.region}"] if one.region else []),
        *([f"of price book {one.book}"] if one.book else []),
    ]
    return " ".join([what, *parts])


def net_words(agreement: str | None) -> str:
    return f"the agreed price ({agreement})" if agreement else "our price"


_SIGNIFICANT = 4


def plain_price(cost: Decimal, quantity: Decimal) -> Decimal | None:
    """`cost` / `quantity` where that is a number as prices are: even, of few digits."""
    if not quantity:
        return None
    price = money.in_proportion(cost, Decimal(1), quantity)
    digits = len(price.normalize().as_tuple().digits)
    return price if price > 0 and digits <= _SIGNIFICANT and price * quantity == cost else None


def plain_discount(cost: Decimal, listed: Decimal, margin: Decimal) -> Decimal | None:
    """By how many percent (at most 2 decimals) `cost` is below `listed` (negative: above); None where that is no plain number."""
    if listed <= 0 or cost <= 0:
        return None
    percent = (100 - money.in_proportion(cost, Decimal(100), listed)).quantize(Decimal("0.01"))
    off = abs(listed * (100 - percent) - cost * 100)
    is_sharp = listed > 100_000 * (margin + money.SMALLEST)
    return percent if percent and abs(percent) < 100 and is_sharp and off <= 100 * (margin + money.SMALLEST) else None  # noqa: PLR2004


_LEAST_LINES = 2
_STEPS = (Decimal(5), Decimal(1), Decimal("0.5"))


def common_discount(lines: Sequence[tuple[Decimal, Decimal, Decimal]]) -> Decimal | None:
    """The percentage below the list, or above it, that several rounded lines (billed, at the list price, margin) show together: the
    plainest that all of them allow. None where they allow none, or so many that it says nothing.
    """
    known = [one for one in lines if one[0] > 0 and one[1] > 0]
    if len(known) < _LEAST_LINES:
        return None
    low = max(100 - money.in_proportion(billed + margin, Decimal(100), listed) for billed, listed, margin in known)
    high = min(100 - money.in_proportion(billed - margin, Decimal(100), listed) for billed, listed, margin in known)
    if high < low or high - low > 1 or low <= 0 <= high:
        return None
    for step in _STEPS:
        count = (low / step).to_integral_value(ROUND_CEILING)
        if count * step <= high:
            return count * step
    return None
