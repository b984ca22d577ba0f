"""`advice`: what a month would have cost had the same usage been bought otherwise. Estimates, never promises, and not to be added up."""

from dataclasses import dataclass
from decimal import Decimal

from usage_pipeline.tables.schema import Table, column

CHEAPER_MODEL = "cheaper_model"
BATCH = "batch"
CACHE = "cache"


@dataclass(frozen=True, kw_only=True)
class Advice:
    """One way in which one project's usage of one model would have cost less. Ways of one usage exclude or overlap each other."""

    project: str = column("Our project id, or 'unattributed'", key=True)
    provider: str = column("The provider as booked", key=True)
    model: str = column("The catalog's id of the model as booked", key=True)
    kind: str = column("'cheaper_model', 'batch' or 'cache'", key=True)
    proposal: str = column("The smaller model's id; 'batch'; the share of input read from the cache, such as '62 %'")
    requests: int | None = column("Requests that this is about; null where the provider does not count them")
    tokens: int = column("Their tokens of all kinds")
    cost: Decimal = column("Their estimated cost as booked")
    would_cost: Decimal = column("What they would have cost")
    saving: Decimal = column("cost - would_cost, an estimate")
    percent: Decimal = column("The saving in percent of the cost, 4 decimals")
    words: str = column("What to do, what it assumes and what speaks against it, in words")


advice = Table("advice", Advice)
