"""The price book as tables: `resolutions` (what a source's words mean), `rate_cards` (when a card holds), `rates` (its prices).

A price book version is a snapshot: one Parquet file per table in the home, named by the book's content hash.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from usage_pipeline.money import QUANTITY
from usage_pipeline.tables.schema import Table, column

REASONING = "reasoning"
"""Rate meter of the reasoning part of `output`, on cards that price it apart."""

DAY_SECONDS = 86_400
NO_TOKENS = -1
ALL_TOKENS = 2**62


@dataclass(frozen=True, slots=True)
class Scopes:
    """The projects and accounts that an agreement names: only these make a difference to a price."""

    projects: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Rate:
    """The price of one unit of one meter on one rate card."""

    rate_card: str = column("The card's id, stable for equal content", key=True)
    meter: str = column("Our meter, 'requests' for a fee per request, or 'reasoning' where reasoning has its own price", key=True)
    list_unit_price: Decimal = column("Catalog price per one unit (token, second, search ...), 15 decimals")
    net_unit_price: Decimal = column("After agreements; equal to the list price without one")
    agreement: str | None = column("The agreement that made the net price, in words; null without one")
    priced_as: str | None = column("The meter whose price this is, where this one has none of its own (cached tokens as input)")
    source: str | None = column("Where the price comes from: catalog id or URL")
    minimum_quantity: Decimal | None = column(
        "The least that a request is charged for; null without such a rule", type=QUANTITY, default=None
    )


@dataclass(frozen=True, kw_only=True)
class RateCard:
    """When and for which requests a set of rates holds. A schedule is one model in one context."""

    rate_card: str = column("The card's id", key=True)
    schedule: str = column("The model and context it belongs to (resolutions.schedule)", key=True)
    valid_from: date | None = column("First UTC day, null for 'from ever'", key=True)
    valid_to: date | None = column("The UTC day after the last, null for 'until further notice'")
    utc_from_second: int = column("Second of the UTC day from which it holds, 0 for all day", key=True)
    utc_to_second: int = column("Second of the UTC day until which it holds (exclusive), 86400 for all day")
    input_tokens_gt: int = column("Holds for requests with more input tokens than this, cached ones included; -1 for all", key=True)
    input_tokens_le: int = column("... and at most this many; 2^62 for all")
    state: str = column("'priced', 'no_variant' (standard rates: none for the tier or mode then) or 'free_or_unknown'", default="priced")


@dataclass(frozen=True, kw_only=True)
class Resolution:
    """What one distinct (provider, model, context) of the usage means in the price book."""

    provider: str | None = column("As in usage_events", key=True)
    model: str | None = column("As in usage_events", key=True)
    is_batch: bool | None = column("As in usage_events", key=True)
    service_tier: str | None = column("As in usage_events", key=True)
    speed: str | None = column("As in usage_events", key=True)
    region: str | None = column("As in usage_events", key=True)
    project: str | None = column("As in usage_events, where an agreement depends on it; else null", key=True)
    account: str | None = column("Sub-account, provider project or workspace that an agreement names; else null", key=True)
    valid_from: date | None = column("First UTC day on which this is so, null for 'from ever' (an alias may be dated)", key=True)
    valid_to: date | None = column("The UTC day after the last, null for 'until further notice'")
    model_id: str | None = column("The catalog's model id; null where unknown")
    provider_id: str | None = column("The catalog's provider id; null where unknown")
    schedule: str | None = column("rate_cards.schedule; null where unknown")
    state: str = column("'priced', 'no_variant', 'unresolved_model' or 'free_or_unknown'")


rates = Table("rates", Rate)
applied_rates = Table("applied_rates", Rate)
"""In the lake, by UTC day: the rates by which usage of that day was priced, so that every cost can be walked back to its unit price."""
rate_cards = Table("rate_cards", RateCard)
resolutions = Table("resolutions", Resolution)
