"""`reconciled_usage`: usage as reconciliation takes it, `known_prices`: what its units may cost, `Known`: what else is known. Not stored.

What `prices/` hands to `costs/` where views of one dollar are compared: finer than `usage_costs` in all that can make a price another.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from usage_pipeline.money import QUANTITY
from usage_pipeline.tables.schema import Table, column

STANDARD = "standard"
BATCH = "batch"
_STANDARD_WORDS = frozenset({"default", "standard", "on_demand", "on-demand", "normal", ""})
NO_TIER = -1
"""A base tier starts above no tokens."""


def processing_of(service_tier: str | None, speed: str | None = None, *, is_batch: bool | None = None) -> str:
    """How requests were processed, in one word: 'batch', a tier that is not standard, a speed that is not, else 'standard'."""
    words = [(word or "").strip().lower() for word in (service_tier, speed)]
    if is_batch or words[0] == BATCH:
        return BATCH
    return next((word for word in words if word not in _STANDARD_WORDS), STANDARD)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconciledUsage:
    """Units of one meter that one view counts at one price."""

    day: date = column("UTC day of the start", key=True)
    view: str = column("'provider' or 'log'", key=True)
    channel: str = column("Who bills", key=True)
    project: str | None = column("Our project id, null where no rule gives one", key=True)
    account: str | None = column("The provider's project, workspace or sub-account", key=True)
    provider: str | None = column("Provider of the model, as the source names it", key=True)
    named: str | None = column("The model as the source names it", key=True)
    model: str | None = column("Catalog id of the model, else as given")
    region: str | None = column("As the source gives it", key=True)
    processing: str = column("See processing_of", key=True)
    is_crossing: bool = column("Whether the requests ended on another day than they started", key=True)
    is_unsplit: bool = column("Whether cached tokens may be inside `input`", key=True)
    rate_card: str | None = column("The card they were priced by", key=True)
    price_state: str = column("See tables/priced_usage.STATES", key=True)
    meter: str = column("Meter, or 'requests'", key=True)
    tier: int = column("The card is for requests of more input tokens than this; -1 for the base tier")
    list_unit_price: Decimal | None = column("Null where there is no rate")
    net_unit_price: Decimal | None = column("After agreements")
    agreement: str | None = column("The agreement that made the net price, in words")
    quantity: Decimal = column("Units; requests on rows of meter 'requests'", type=QUANTITY)
    list_cost: Decimal | None = column("Null where unpriced")
    net_cost: Decimal | None = column("Null where unpriced")


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownPrice:
    """A price that a unit of one meter of one model may have had, whether the usage says so or not."""

    channel: str = column("Who bills", key=True)
    provider: str | None = column("The catalog's id of the provider")
    model: str | None = column("Catalog id, else as given", key=True)
    meter: str = column("Meter", key=True)
    processing: str = column("As in reconciled_usage", key=True)
    region: str | None = column("Where it is the price of a region", key=True)
    tier: int = column("For requests of more input tokens than this; -1 for the base tier", key=True)
    book: str | None = column("Another price book than the one in force; null for that one", key=True)
    agreement: str | None = column("The agreement that makes the net price, in words", key=True)
    list_unit_price: Decimal = column("Catalog price")
    net_unit_price: Decimal = column("After agreements")
    valid_from: date | None = column("First UTC day, null for 'from ever'", key=True)
    valid_to: date | None = column("The UTC day after the last, null for 'until further notice'")

    def holds_on(self, day: date) -> bool:
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day < self.valid_to)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known beside the views. `open_days`: (channel, day) whose numbers the provider may still change as a rule, with the words
    that say so; `logged`: channels of which some source logs requests; `model_ids`: the catalog's id of a bill's (provider, model), by day.
    """

    prices: tuple[KnownPrice, ...] = ()
    open_days: Mapping[tuple[str, date], str] = field(default_factory=dict)
    logged: frozenset[str] = frozenset()
    model_ids: Mapping[date, Mapping[tuple[str | None, str | None], str]] = field(default_factory=dict)


reconciled_usage = Table("reconciled_usage", ReconciledUsage)
known_prices = Table("known_prices", KnownPrice)
