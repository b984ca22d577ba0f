"""`daily_costs` and `monthly_costs`: what each project spent. In the database, long form: one row a meter.

Parts always sum to the whole: the rows of a day sum to what was billed and, where no bill is, to what usage costs.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from usage_pipeline.money import QUANTITY
from usage_pipeline.tables.schema import Table, column

BILLED = "billed"
PROVIDER_ESTIMATED = "provider_estimated"
LOG_ESTIMATED = "log_estimated"
UNPRICED = "unpriced"
UNATTRIBUTED = "unattributed"
"""The project of cost that no rule gives to a project: shown under this name, never spread in silence."""

BASES: dict[str, str] = {
    BILLED: "billed by the provider",
    PROVIDER_ESTIMATED: "estimated: the provider's usage at our rates",
    LOG_ESTIMATED: "estimated: logged requests at our rates",
    UNPRICED: "unknown: no rate found",
}


@dataclass(frozen=True, kw_only=True)
class Cost:
    """The columns that a day's and a month's cost rows share."""

    project: str = column("Our project id, or 'unattributed'", key=True)
    team: str | None = column("Team", key=True)
    user: str | None = column("User; null where no log explains the amount", key=True)
    channel: str = column("Who bills", key=True)
    provider: str | None = column("Provider of the model", key=True)
    model: str | None = column("Catalog id of the model, else as given; null for charges without one", key=True)
    api_type: str | None = column("text, image, embedding, ...", key=True)
    operation: str | None = column("What the application did; null where no log explains the amount", key=True)
    status: str = column("'success', 'failure', 'cache_hit' or 'included'", key=True)
    meter: str = column("Meter; requests are counted only on the rows of meter 'requests'", key=True)
    quantity: Decimal = column("Units of the meter", type=QUANTITY)
    requests: int = column("Requests: on rows of meter 'requests', else 0, so that any sum of it is right")
    list_cost: Decimal | None = column("Usage at list prices; null if unpriced or without usage")
    estimated_cost: Decimal | None = column("Usage at our net rates; null if unpriced or without usage")
    billed_cost: Decimal | None = column("The provider's bill; null until a bill covers it")
    cost: Decimal | None = column("The amount: billed where billed, else estimated, null if unpriced")
    basis: str = column("'billed', 'provider_estimated', 'log_estimated' or 'unpriced'", key=True)
    unpriced_quantity: Decimal = column("The part of quantity without a rate", type=QUANTITY)
    unpriced_events: int = column("Events without a rate: on rows of meter 'requests', else 0")
    unpriced_reason: str | None = column("Price state of the unpriced part: unresolved_model, unpriced_meter, ...", key=True)
    credits: Decimal | None = column("Credits: on rows of meter 'requests', else null; null where no credit rule is for it", default=None)
    uncredited_events: int = column("Events under a credit rule whose credits are unknown: on rows of meter 'requests', else 0", default=0)


@dataclass(frozen=True, kw_only=True)
class DailyCost(Cost):
    """What one project spent on one meter of one model on one UTC day."""

    day: date = column("UTC day", key=True)


@dataclass(frozen=True, kw_only=True)
class MonthlyCost(Cost):
    """What one project spent on one meter of one model in one month: the sum of its days."""

    month: date = column("First day of the month", key=True)
    days_count: int = column("Days that have a row behind this one")


daily_costs = Table("daily_costs", DailyCost)
monthly_costs = Table("monthly_costs", MonthlyCost)
