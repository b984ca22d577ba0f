"""Money that no cause explains between bill, the provider's count and logs: how much, and whether that blocks the close."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from usage_pipeline import money
from usage_pipeline.defs.finding import Finding
from usage_pipeline.periods import Period
from usage_pipeline.storage.database import Database
from usage_pipeline.tables.configuration import Limits
from usage_pipeline.tables.reconciliations import UNEXPLAINED, reconciliation_causes, reconciliations


@dataclass(frozen=True, slots=True, kw_only=True)
class Unexplained:
    """`amount` regardless of sign, in `count` places; `percent` of what the highest view of each cell says. `alone` is what is billed and
    has no count and no log beside it: nothing of it can be unexplained. It is not looked for where all is explained.
    """

    amount: Decimal
    count: int
    percent: Decimal
    alone: Decimal = money.ZERO


def unexplained(database: Database, where: Mapping[str, Any]) -> Unexplained:
    """What nothing explains of the rows that `where` chooses."""
    rows = database.select(reconciliation_causes, where={**where, "cause": UNEXPLAINED})
    amount = money.total([abs(row.amount) for row in rows])
    if not amount:
        return Unexplained(amount=money.ZERO, count=0, percent=money.ZERO)
    cells = database.select(reconciliations, where=where)
    whole = money.total([abs(next(iter(one.costs), money.ZERO)) for one in cells])
    alone = money.total([one.billed_cost for one in cells if one.is_alone])
    return Unexplained(amount=amount, count=len(rows), percent=money.percent(amount, whole), alone=alone)


def unreconciled(database: Database, days: Period, limits: Limits) -> Finding | None:
    """The finding, above the limit a blocking one; None where every difference is explained."""
    found = unexplained(database, {"day": days})
    if not found.amount:
        return None
    left = f" Not reconciled, as no other view tells of it: {money.text(found.alone)}." if found.alone else ""
    words = (
        f"{money.text(found.amount)} between bill, the provider's count and logs are explained by nothing that is known, in {found.count:,}"
        f" {'place' if found.count == 1 else 'places'}: {money.text(found.percent)} %; {money.text(limits.unexplained_percent)} % may stand"
        f" when the period closes (limits.unexplained_percent in usage.yaml). `usage-pipeline reconcile` shows them.{left}"
    )
    return Finding(
        code="unreconciled", blocks=found.percent > limits.unexplained_percent, count=found.count, amount=found.amount, words=words
    )
