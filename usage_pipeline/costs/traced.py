"""What a day's cost rows are made of: bill lines laid over usage, and usage shared out to rows, each amount with where it came from.

In: what `daily_costs_of` takes. Out: parts; each has a whole (lines of a bill, or usage at our rates) and the rows it went to. Whatever
rows are asked for, a part says how much of its whole lies in them, so that wholes less what lies elsewhere sum to the rows exactly.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from usage_pipeline import money
from usage_pipeline.costs.bill import Bill, Billed, BillLine, Dimensions, ModelIds
from usage_pipeline.costs.billing import Laid, laid_lines
from usage_pipeline.costs.draft import DIMENSIONS, Draft
from usage_pipeline.costs.usage_view import Chosen, chosen, free_drafts, is_charged
from usage_pipeline.tables.bill_lines import BilledLines
from usage_pipeline.tables.costs import UNATTRIBUTED, DailyCost
from usage_pipeline.tables.usage_costs import UsageCost

Asked = Mapping[str, Any]
"""Column of daily_costs → the value that a row must have; None for 'none'."""

LineKey = tuple[str, Dimensions]
"""(project, what else the line names)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BillPart:
    """Lines of a bill, `whole` together, of which `here` is in the rows that are asked for."""

    day: date
    lines: Sequence[BillLine]
    whole: Decimal
    here: Decimal

    @property
    def keys(self) -> set[LineKey]:
        return {(str(line.project), line.dimensions) for line in self.lines}


@dataclass(frozen=True, slots=True, kw_only=True)
class UsagePart:
    """Usage, `whole` at our rates, of which `counted` is the cost of rows that are asked for, and `beside` is the estimate of rows of
    them that a bill covers. `split_by` are the logs' rows that say whose it is; they add nothing.
    """

    day: date
    usage: Sequence[UsageCost]
    split_by: Sequence[UsageCost]
    whole: Decimal
    counted: Decimal
    beside: Decimal


def traced(
    day: date,
    usage: Sequence[UsageCost],
    charges: Sequence[Billed],
    dealt: Sequence[BilledLines],
    asked: Asked,
    *,
    model_ids: ModelIds,
    teams: Mapping[str, str],
) -> tuple[list[BillPart], list[UsagePart]]:
    """The parts that have a row which is asked for, of the bill and of usage."""
    bill = Bill(charges, model_ids)
    used = chosen(usage)
    laid = laid_lines(bill, bill.dealt_out(dealt), [draft for one in used for draft in one.drafts], teams)
    used += [Chosen([row], [], free_drafts([row])) for row in usage if not is_charged(row)]
    for draft in [draft for one in used for draft in one.drafts] + [draft for one in laid for draft in one.own]:
        draft.settle()
    bills = [_bill_part(day, one, asked) for one in _once(laid)]
    usages = [_usage_part(day, one, asked) for one in _of_one_meter(used)]
    return [one for one in bills if one], [one for one in usages if one]


def is_asked(row: Draft | DailyCost, asked: Asked) -> bool:
    return all(getattr(row, name) == value for name, value in asked.items())


def splits(row: UsageCost, asked: Asked) -> bool:
    """Whether a log's row, by what it says itself, is of the rows that are asked for."""
    return all((getattr(row, name) or (UNATTRIBUTED if name == "project" else None)) == asked[name] for name in DIMENSIONS if name in asked)


def _bill_part(day: date, laid: Laid, asked: Asked) -> BillPart | None:
    rows = [one for one in (*laid.rows, *laid.own) if not one.is_empty and is_asked(one, asked)]
    if not rows:
        return None
    whole, here = money.total([line.amount for line in laid.lines]), money.total([one.billed_cost for one in rows])
    return BillPart(day=day, lines=laid.lines, whole=whole, here=here) if whole or here or laid.own else None


def _usage_part(day: date, used: Chosen, asked: Asked) -> UsagePart | None:
    rows = [one for one in used.drafts if not one.is_empty and is_asked(one, asked)]
    if not rows:
        return None
    return UsagePart(
        day=day,
        usage=used.usage,
        split_by=[row for row in used.split_by if splits(row, asked)],
        whole=money.total([row.net_cost for row in used.usage]),
        counted=money.total([one.estimated_cost for one in rows if one.billed_cost is None]),
        beside=money.total([one.estimated_cost for one in rows if one.billed_cost is not None]),
    )


def _once(laid: Sequence[Laid]) -> list[Laid]:
    """Lines that stand for themselves and name the same, together: those that name their project, and parts of shared ones."""
    own: dict[LineKey, list[Laid]] = defaultdict(list)
    told: list[Laid] = []
    for one in laid:
        if one.rows or len(one.lines) > 1:
            told.append(one)
        else:
            (line,) = one.lines
            own[str(line.project), line.dimensions].append(one)
    return told + [
        Laid([line for one in same for line in one.lines], [], [row for one in same for row in one.own]) for same in own.values()
    ]


def _of_one_meter(used: Sequence[Chosen]) -> list[Chosen]:
    """Usage of the same dimensions and meter together, priced and not."""
    groups: dict[tuple[Any, ...], list[Chosen]] = defaultdict(list)
    for one in used:
        if one.usage:
            first = one.usage[0]
            key = tuple(getattr(first, name) for name in DIMENSIONS) if len(one.usage) == 1 and not one.split_by else (id(one),)
            groups[first.view, *key].append(one)
    return [
        Chosen(
            [row for one in same for row in one.usage],
            [row for one in same for row in one.split_by],
            [draft for one in same for draft in one.drafts],
        )
        for same in groups.values()
    ]
