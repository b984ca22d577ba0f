"""What a cause says of itself: words with numbers that a finance person can check, and the line or command that would mend it."""

from datetime import date
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.costs.reconcile_gaps import Gap
from usage_pipeline.costs.reconcile_lots import Cell, Lot, units_of

NAMES = {"bill": "the bill", "provider": "the provider's count", "log": "the logs"}


def verb(view: str, one: str, many: str) -> str:
    """The form of a verb that goes with a view's name."""
    return many if view == "log" else one


def exact(value: Decimal) -> str:
    """Plain digits."""
    return money.text(value)


def units(value: Decimal) -> str:
    """Grouped digits."""
    return f"{value.normalize():,f}"


def rounding_words(gap: Gap) -> str:
    count, units = sum(line.lines for line in gap.upper), sorted({line.rounded_to for line in gap.upper})
    return f"{count:,} {'line' if count == 1 else 'lines'} of the bill, rounded to {' or '.join(units)} each"


def odd_words(line: Lot, amount: Decimal, gap: Gap) -> str:
    said = "" if line.quantity is None else f" for {units(line.units)} {gap.cell.unit}"
    return f"the bill has {exact(line.cost)}{said} ({line.text}): no price or quantity that is known makes it, {exact(amount)} are left"


def pair_words(gap: Gap, upper: Lot, lower: Lot) -> str:
    """One quantity at two prices."""
    return f"{NAMES[gap.above]} has it at {_price(upper)}, {NAMES[gap.below]} at {_price(lower)}"


def _price(lot: Lot) -> str:
    if lot.is_unpriced:
        return f"no price ({lot.text or 'model unknown'}: {lot.state})"
    what = [
        *([lot.told] if lot.told else [f"agreed: {lot.agreement}"] if lot.agreement else []),
        *([lot.processing] if lot.processing != "standard" and lot.processing not in lot.told else []),
        *([f"above {lot.tier:,} input tokens"] if lot.tier >= 0 and "above" not in lot.told else []),
    ]
    number = "a price of several" if lot.price is None else exact(lot.price)
    return number + (f" ({', '.join(what)})" if what else "")


def surplus_words(gap: Gap) -> str:
    """More units here than there."""
    upper, lower = (_count(units_of(lots)) for lots in gap.had)
    reckoned = [lot for lot in gap.had[0] if lot.is_reckoned and lot.price is not None]
    told = f", as its amount tells at {_price(reckoned[0])}," if reckoned else ","
    return f"{NAMES[gap.above]} has {upper}{told} {NAMES[gap.below]} {lower} ({gap.cell.unit}){_part_words(gap)}"


def _part_words(gap: Gap) -> str:
    """Of a line for several days nobody knows what of it is of which day."""
    return f"; the bill's line is for {gap.part_of_days} days, of which each has an even part" if gap.part_of_days > 1 else ""


def money_words(gap: Gap, upper: Decimal, lower: Decimal) -> str:
    """More money here than there, of units of several kinds."""
    return f"{NAMES[gap.above]} has {exact(upper)}, {NAMES[gap.below]} {exact(lower)} at our prices{_part_words(gap)}"


def _count(value: Decimal) -> str:
    return units(value) if value else "none"


def uncounted_words(gap: Gap, lines: list[Lot]) -> str:
    texts = ", ".join(sorted({line.text for line in lines}))
    return f"billed without a quantity ({texts}); {NAMES[gap.below]} {verb(gap.below, 'has', 'have')} nothing of it"


def agreement(provider: str | None, cell: Cell, price: Decimal, day: date) -> str | None:
    """The line of `prices:` that makes our price what the bill says."""
    if provider is None or cell.model is None:
        return None
    what = f"provider: {provider}, model: {quoted(cell.model)}, meter: {cell.meter}, unit_price: {exact(price)}"
    return f'- {{{what}, valid_from: {day}, source: "the bill"}}'


def discount(provider: str | None, cell: Cell, percent: Decimal) -> str | None:
    """The same where the bill is so many percent below the list price (negative: above it): for the meter that shows it."""
    if provider is None or cell.model is None:
        return None
    terms = f"discount_percent: {exact(percent)}" if percent > 0 else f"markup_percent: {exact(-percent)}"
    what = f"provider: {provider}, model: {quoted(cell.model)}, meter: {cell.meter}, {terms}"
    return f'- {{{what}, valid_from: {cell.day}, source: "the bill"}}'


def alias(name: str, model: str) -> str:
    """The line of `aliases:` that gives a model text its model."""
    return f"- {{name: {quoted(name)}, model: {quoted(model)}}}"


def quoted(text: str) -> str:
    """As YAML reads it back."""
    plain = text.replace("-", "").replace(".", "").replace("_", "").isalnum() and not text[0].isdigit()
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return text if plain else f'"{escaped}"'
