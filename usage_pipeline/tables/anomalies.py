"""`anomalies`: days on which a project spent more on a model than is usual for such a day. In the database."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from usage_pipeline.tables.schema import Table, column

COST, UNIT_COST = "cost", "unit_cost"
KINDS: dict[str, str] = {COST: "the day's cost", UNIT_COST: "the cost of a request, or of a million tokens"}
PER_REQUEST, PER_MILLION_TOKENS = "request", "1M tokens"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnomalyRules:
    """What counts as one: `floor` is the least excess to tell of, in the reporting currency; `deviations` how far beyond the usual."""

    floor: Decimal = Decimal(5)
    deviations: Decimal = Decimal(4)


@dataclass(frozen=True, kw_only=True)
class Anomaly:
    """A project's cost of a model, or its unit cost, on one day, far above what such days usually cost."""

    day: date = column("UTC day", key=True)
    project: str = column("Our project id, or 'unattributed'", key=True)
    model: str | None = column("Catalog id of the model, else as given; null for charges without one", key=True)
    kind: str = column("'cost' or 'unit_cost'", key=True)
    unit: str | None = column("Of a unit cost: 'request' or '1M tokens'; null for a day's cost")
    expected: Decimal = column("Usual on such a day (same weekday; holidays as Sundays): the median of the days before")
    low: Decimal = column("Lower end of what is usual")
    high: Decimal = column("Upper end of what is usual")
    actual: Decimal = column("What it was")
    excess: Decimal = column("Money above what was expected, in the reporting currency: of a unit cost, times the units of the day")
    compared_days: int = column("Days before that it was compared with")
    words: str = column("The same in a sentence")


anomalies = Table("anomalies", Anomaly)
