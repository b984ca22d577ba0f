"""`daily_costs`: three views of one dollar become one row set that sums to the bill and, where no bill is, to what usage costs.

In: one day's aggregated usage in both views and its charges. Out: the day's rows. DESIGN: bill, then provider usage, then logs; a
lower view only splits a higher one. `usage_view` takes the usage once, `bill` allocates shared charges, `billing` lays them over it.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from types import MappingProxyType

from usage_pipeline.costs.accounting import check_day
from usage_pipeline.costs.bill import Bill
from usage_pipeline.costs.billing import lay_bill
from usage_pipeline.costs.draft import merged
from usage_pipeline.costs.usage_view import chosen_usage, free_drafts
from usage_pipeline.tables.charges import Charge
from usage_pipeline.tables.costs import DailyCost
from usage_pipeline.tables.usage_costs import UsageCost

NONE: Mapping[str, str] = MappingProxyType({})
NO_MODEL_IDS: Mapping[tuple[str | None, str | None], str] = MappingProxyType({})


def daily_costs_of(
    day: date,
    usage: Sequence[UsageCost],
    charges: Sequence[Charge],
    *,
    model_ids: Mapping[tuple[str | None, str | None], str] = NO_MODEL_IDS,
    teams: Mapping[str, str] = NONE,
) -> list[DailyCost]:
    """What each project spent on `day`, one row a meter, in the order of their key (nulls first).

    `usage` and `charges` are the day's, in any order, amounts in the reporting currency. `model_ids` gives the catalog id of a
    bill's (provider, model); models it does not have stay as given. `teams` is the team of a project's lines that name none.
    Raises AccountingError where the rows would not sum to the charges and, per cell, to the view that gives the amount.
    """
    bill = Bill(charges, model_ids)
    drafts = chosen_usage(usage)
    drafts += lay_bill(bill, bill.allocated(usage), drafts, teams)
    rows = merged(day, [*drafts, *free_drafts(usage)])
    check_day(day, usage, charges, rows)
    return rows
