"""`usage_costs`: one day's priced usage, summed. What `prices/` hands to `costs/`; never stored. One row a meter."""

from dataclasses import dataclass
from decimal import Decimal

from usage_pipeline.money import QUANTITY
from usage_pipeline.tables.schema import Table, column


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageCost:
    """What one view says was used of one meter by one combination of dimensions, and what that costs at our rates."""

    view: str = column("'provider' or 'log'", key=True)
    project: str | None = column("Our project id, null where no rule gives one", key=True)
    team: str | None = column("Team", key=True)
    user: str | None = column("User", key=True)
    channel: str = column("Who bills", key=True)
    provider: str | None = column("Provider of the model", key=True)
    model: str | None = column("Catalog id of the model, else as given", key=True)
    api_type: str | None = column("text, image, embedding, ...", key=True)
    operation: str | None = column("What the application did", key=True)
    status: str = column("'success', 'failure', 'cache_hit' or 'included'", key=True)
    meter: str = column("Meter, or 'requests'", key=True)
    quantity: Decimal = column("Units of the meter", type=QUANTITY)
    requests: int | None = column("Requests, on rows of meter 'requests' only; null where the provider does not count them")
    events: int = column("Rows of usage_events behind this one")
    list_cost: Decimal | None = column("At list prices; null if unpriced")
    net_cost: Decimal | None = column("After agreements; null if unpriced")
    unpriced_quantity: Decimal = column("The part of quantity without a rate", type=QUANTITY)
    unpriced_events: int = column("Events without a rate")
    unpriced_reason: str | None = column("Price state of the unpriced part")
    credits: Decimal | None = column("Credits, on rows of meter 'requests' only; null where no credit rule is for it", default=None)
    uncredited_events: int = column("Events under a credit rule whose credits are unknown", default=0)


usage_costs = Table("usage_costs", UsageCost)
