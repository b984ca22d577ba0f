"""`repriced`: what past usage cost as booked, beside what it would have cost. Made when asked for, never kept: facts stay as they are."""

from dataclasses import dataclass
from decimal import Decimal

from usage_pipeline.tables.schema import Table, column


@dataclass(frozen=True, kw_only=True)
class Repriced:
    """One project's usage of one model. What can be compared and what cannot are rows of their own, so that every column adds up."""

    project: str = column("Our project id, or 'unattributed'", key=True)
    provider: str = column("The provider as booked", key=True)
    model: str | None = column("The model as booked: the catalog's id, else the text of the source", key=True)
    model_id: str | None = column("The catalog's id as booked; null where it did not know the model")
    requests: int | None = column("Requests; null where the provider does not count them")
    events: int = column("Rows of usage: requests, or a provider's buckets of them")
    tokens: int = column("Tokens of all kinds, as used")
    cost: Decimal | None = column("Estimated cost as booked, after agreements; null if unpriced")
    would_cost: Decimal | None = column("What it would have cost; null if it cannot be priced so")
    difference: Decimal | None = column("would_cost - cost; null unless both are known")
    percent: Decimal | None = column(
        "The difference in percent of the cost, 4 decimals; null unless both are known, or where the cost is 0"
    )
    unpriced_events: int = column("Rows of usage without a price on either side: 0, or all of `events`")
    unpriced_reason: str | None = column("The price state of what would have no price", key=True)
    standard_events: int = column("Rows of usage at the standard rate, for want of a price for the mode asked for")
    standard_mode: str | None = column("The modes that these asked for, such as 'batch' or 'batch, flex'; null where there are none")
    base_tier_events: int = column("Rows of usage that are sums of requests: priced at the base tier, whatever their requests' length")


repriced = Table("repriced", Repriced)
