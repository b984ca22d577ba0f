"""`priced_usage`: every usage event with its price. In the lake, by UTC day of the start, beside its event's columns."""

import dataclasses
from dataclasses import dataclass
from decimal import Decimal

from usage_pipeline.tables.schema import Table, column
from usage_pipeline.tables.usage_events import UsageEvent

PRICED = "priced"
PRICED_AS_PARENT = "priced_as_parent"
NO_VARIANT = "no_variant"
AGGREGATE_GRAIN = "aggregate_grain"
UPPER_BOUND = "upper_bound"
UNRESOLVED_MODEL = "unresolved_model"
UNPRICED_METER = "unpriced_meter"
INCONSISTENT_USAGE = "inconsistent_usage"
FREE_OR_UNKNOWN = "free_or_unknown"
NOT_CHARGED = "not_charged"

STATES: dict[str, str] = {
    PRICED: "priced at the rates in force",
    PRICED_AS_PARENT: "priced; a part without a price of its own (such as cached tokens) at its whole's price",
    NO_VARIANT: "priced at the standard rate: the catalog has none for this tier or mode",
    AGGREGATE_GRAIN: "an aggregate of requests, priced at the base tier",
    UPPER_BOUND: "priced as if nothing was cached, as the source does not tell: tokens read from a cache cost less",
    UNRESOLVED_MODEL: "the catalog does not know this model",
    UNPRICED_METER: "the catalog has no price for a meter of this request",
    INCONSISTENT_USAGE: "the quantities contradict each other",
    FREE_OR_UNKNOWN: "the catalog lists the model without any price",
    NOT_CHARGED: "failed, answered by the gateway's cache, or included in a subscription: costs nothing",
}
UNPRICED_STATES = (UNRESOLVED_MODEL, UNPRICED_METER, INCONSISTENT_USAGE, FREE_OR_UNKNOWN)


@dataclass(frozen=True, kw_only=True)
class PricedUsage(UsageEvent):
    """A usage event with its rate card, cost and credits; they are null where unknown, never 0."""

    model_id: str | None = column("The catalog's id of the model, null where it does not know it")
    price_book: str = column("Version of the price book")
    rate_card: str | None = column("The rate card in force (rates.rate_card); null where there is none")
    price_state: str = column("See STATES")
    list_cost: Decimal | None = column("At list prices; null if any meter is unpriced")
    net_cost: Decimal | None = column("After agreements: our estimated cost; null if any meter is unpriced")
    credit_rule: str | None = column("The credit rule that counts, in words; null where none is for it")
    credits: Decimal | None = column("Credits, beside dollars; null where no rule is for it, or where they are unknown")


priced_usage = Table("priced_usage", PricedUsage)
PRICE_COLUMNS: tuple[str, ...] = tuple(
    field.name for field in dataclasses.fields(PricedUsage) if field.name not in {one.name for one in dataclasses.fields(UsageEvent)}
)
