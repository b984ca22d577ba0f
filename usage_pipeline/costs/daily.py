"""`daily_costs`: three views of one dollar become one row set that sums to the bill and, where no bill is, to what usage costs.

In: one day's aggregated usage in both views, its charges, and the parts that projects have of the shared ones (`allocation`). Out: the
day's rows. DESIGN: bill, then provider usage, then logs; a lower view only splits a higher one. `usage_view` takes the usage once,
`bill` sums charges, `billing` lays them over it.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from types import MappingProxyType

from usage_pipeline.costs.accounting import check_day, check_parts, check_projects
from usage_pipeline.costs.bill import Bill, Billed, ModelIds
from usage_pipeline.costs.billing import lay_bill
from usage_pipeline.costs.draft import merged
from usage_pipeline.costs.usage_view import chosen_usage, free_drafts
from usage_pipeline.tables.bill_lines import BilledLines
from usage_pipeline.tables.costs import DailyCost
from usage_pipeline.tables.usage_costs import UsageCost

NONE: Mapping[str, str] = MappingProxyType({})
NO_MODEL_IDS: ModelIds = MappingProxyType({})


def daily_costs_of(
    day: date,
    usage: Sequence[UsageCost],
    charges: Sequence[Billed],
    dealt: Sequence[BilledLines] = (),
    *,
    model_ids: ModelIds = NO_MODEL_IDS,
    teams: Mapping[str, str] = NONE,
) -> list[DailyCost]:
    """What each project spent on `day`, one row a meter, in the order of their key (nulls first).

    `usage` and `charges` are the day's, in any order, amounts in the reporting currency. `dealt` are the parts of those charges that have
    no project and do not say whose they are. `model_ids` gives the catalog id of a bill's (provider, model); models it does not have stay
    as given. `teams` is the team of a project's lines that name none.
    Raises AccountingError where the parts do not sum to the shared charges, or the rows to the charges and the parts, project by project,
    and, per cell, to the view that gives the amount.
    """
    bill = Bill(charges, model_ids)
    lines = bill.dealt_out(dealt)
    drafts = chosen_usage(usage)
    drafts += lay_bill(bill, lines, drafts, teams)
    rows = merged(day, [*drafts, *free_drafts(usage)])
    check_parts(day, bill.shared, dealt)
    check_projects(day, lines, rows)
    check_day(day, usage, charges, rows)
    return rows
