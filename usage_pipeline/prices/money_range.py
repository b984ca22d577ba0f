"""What usage without a rate may have cost: at the cheapest and at the dearest model that its provider sells. Told, never added up.

In: quantities by meter, whose they are, the day, a price book. Out: the range and its condition in words, or None where nothing can be
said. A model that is known keeps its own prices for the meters that it has a price for; only the others are looked for elsewhere.
Cards are those of the base tier, at all times of day, after agreements that hold for every project.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

import pyarrow as pa

from usage_pipeline import money
from usage_pipeline.prices.apply import KEY
from usage_pipeline.prices.book import PriceBook
from usage_pipeline.prices.hint import hint_for
from usage_pipeline.prices.resolve import provider_id_of
from usage_pipeline.prices.wide import SECOND_MEASURE
from usage_pipeline.tables.meters import LABELS, REQUESTS
from usage_pipeline.tables.priced_usage import FREE_OR_UNKNOWN, INCONSISTENT_USAGE, UNPRICED_METER, UNRESOLVED_MODEL
from usage_pipeline.tables.rates import NO_TOKENS
from usage_pipeline.tables.unpriced import Explain, Unpriced

_KEY_TYPE = pa.schema([(name, pa.bool_() if name == "is_batch" else pa.string()) for name in KEY])


@dataclass(frozen=True, slots=True)
class MoneyRange:
    """At least `low`, at most `high` (None: nobody can say), if `condition` is so."""

    low: Decimal
    high: Decimal | None
    condition: str


@dataclass(frozen=True, slots=True)
class Offer:
    """One model's prices by meter on [valid_from, valid_to)."""

    valid_from: date | None
    valid_to: date | None
    prices: Mapping[str, Decimal]

    def holds_on(self, day: date) -> bool:
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day < self.valid_to)

    def has(self, meters: Iterable[str]) -> bool:
        return all(meter in self.prices for meter in meters)

    def cost(self, quantities: Mapping[str, Decimal]) -> Decimal:
        """Of the quantities that it has a price for."""
        return money.total([money.multiply(quantity, self.prices[meter]) for meter, quantity in quantities.items() if meter in self.prices])


@dataclass(frozen=True)
class Offers:
    """What one book sells, by provider and by model: each looked up once, all models of a provider together."""

    book: PriceBook
    _of_provider: dict[str, list[Offer]] = field(default_factory=dict, repr=False)
    _of_model: dict[tuple[str | None, str | None], tuple[bool, list[Offer]]] = field(default_factory=dict, repr=False)

    def of_provider(self, provider_id: str, day: date) -> list[Offer]:
        """Those of the provider's own models that the catalog does not mark as deprecated."""
        if provider_id not in self._of_provider:
            provider = self.book.prices.provider(provider_id)
            models = [] if provider is None else [(provider.id, model.id) for model in provider.models if not model.deprecated]
            self._of_provider[provider_id] = self._resolved(models)[1]
        return [offer for offer in self._of_provider[provider_id] if offer.holds_on(day)]

    def of_model(self, provider: str | None, model: str | None, day: date) -> tuple[bool, list[Offer]]:
        """Whether the catalog knows the model, and its own offers."""
        if (provider, model) not in self._of_model:
            self._of_model[provider, model] = self._resolved([(provider, model)])
        is_known, offers = self._of_model[provider, model]
        return is_known, [offer for offer in offers if offer.holds_on(day)]

    def _resolved(self, models: Sequence[tuple[str | None, str | None]]) -> tuple[bool, list[Offer]]:
        blank: dict[str, object] = dict.fromkeys(KEY)
        keys = [blank | {"provider": provider, "model": model} for provider, model in models]
        found = self.book.resolve(pa.Table.from_pylist(keys, schema=_KEY_TYPE))
        prices: dict[str, dict[str, Decimal]] = {}
        for rate in found.rates.to_pylist():
            prices.setdefault(rate["rate_card"], {})[rate["meter"]] = rate["net_unit_price"]
        base = [card for card in found.rate_cards.to_pylist() if card["input_tokens_gt"] == NO_TOKENS and card["rate_card"] in prices]
        is_known = any(one is not None for one in found.resolutions["model_id"].to_pylist())
        return is_known, [Offer(card["valid_from"], card["valid_to"], prices[card["rate_card"]]) for card in base]


def money_range(
    quantities: Mapping[str, Decimal], providers: Sequence[str | None], day: date, offers: Offers, *, model: str | None = None
) -> MoneyRange | None:
    """The range for `quantities` of the first of `providers` (the usage's, else its channel) that the catalog knows."""
    provider_id = next((one for one in map(_known_to(offers), providers) if one is not None), None)
    if provider_id is None:
        return None
    is_known, own = offers.of_model(provider_id, model, day) if model else (False, [])
    asked = _asked(quantities)
    ours = {meter: quantity for meter, quantity in asked.items() if own and all(offer.has([meter]) for offer in own)}
    missing = {meter: quantity for meter, quantity in asked.items() if meter not in ours and meter != REQUESTS}
    own_costs = [offer.cost(asked if not missing else ours) for offer in own]
    if own and not missing:
        return MoneyRange(min(own_costs), max(own_costs), "at its own prices") if any(own_costs) else None
    fees = {} if own else {REQUESTS: asked.get(REQUESTS, money.ZERO)}
    sold = [offer for offer in offers.of_provider(provider_id, day) if missing and offer.has(missing)]
    others = [cost for cost in (offer.cost(missing | fees) for offer in sold) if cost]
    base = own_costs or [money.ZERO]
    if not others:
        return MoneyRange(min(base), None, "for what has a price") if any(base) else None
    whose = offers.book.prices.provider(provider_id)
    return MoneyRange(
        money.total([min(base), min(others)]),
        money.total([max(base), max(others)]),
        _condition(whose.name if whose else provider_id, missing if own else (), is_known=is_known),
    )


def explainer(book: PriceBook) -> Explain:
    """Fills in an unpriced row's range and hint, by what `book` sells; each provider is looked up once."""
    offers = Offers(book)

    def explain(row: Unpriced) -> Unpriced:
        found = None
        if not row.billed:
            found = money_range(dict(row.quantities), (row.provider, row.channel), row.day, offers, model=row.model)
        hint = hint_of(row.reason, row.provider or row.channel, row.model, [meter for meter, _ in row.quantities], book)
        if found is None:
            return replace(row, hint=hint)
        doubt = (
            ""
            if row.reason != INCONSISTENT_USAGE
            else f"{' and' if found.condition.startswith('if ') else ', if'} its quantities were right"
        )
        condition = found.condition + doubt
        return replace(row, low=found.low, high=found.high, range_if=condition, hint=hint)

    return explain


def hint_of(reason: str | None, provider: str | None, model: str | None, meters: Sequence[str], book: PriceBook) -> str | None:
    """What to do about usage with this price state; None where there is nothing to be done."""
    if reason == UNRESOLVED_MODEL:
        return hint_for(provider, model, book.prices, book.aliases)
    if reason in {UNPRICED_METER, FREE_OR_UNKNOWN} and provider and model:
        meter = next((one for one in meters if one != REQUESTS), "requests" if REQUESTS in meters else "input")
        return (
            f'add to usage.yaml, under prices: - {{provider: {provider_id_of(provider)}, model: "{model}", meter: {meter},'
            ' unit_price: "<price per unit, 0 if free>"}'
        )
    if reason == INCONSISTENT_USAGE:
        return (
            "look at the source’s lines: they count a part as larger than its whole, less than nothing, nothing at all,"
            " or quantities of no request"
        )
    return None


def _known_to(offers: Offers) -> Callable[[str | None], str | None]:
    def known(provider: str | None) -> str | None:
        found = offers.book.prices.provider(provider_id_of(provider)) if provider else None
        return None if found is None else found.id

    return known


def _asked(quantities: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """What counts towards the cost: no negative quantities, no second count of the same thing."""
    counted = {meter: quantity for meter, quantity in quantities.items() if quantity > 0}
    return {meter: quantity for meter, quantity in counted.items() if not counted.keys() & set(SECOND_MEASURE.get(meter, ()))}


def _condition(provider: str, missing: Iterable[str], *, is_known: bool) -> str:
    if named := [LABELS.get(meter, meter).lower() for meter in missing]:
        return f"if its {', '.join(named)} cost what models of {provider} ask for"
    return f"if it cost what other models of {provider} do" if is_known else f"if it was a model of {provider}"
