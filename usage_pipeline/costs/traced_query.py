"""The rows behind parts (`traced`): bill lines and usage events one by one, found and summed by the engine. In: tables. Out: tables.

`wanted` names the parts' rows as the day's sums have them, with the number of the part in column `part`; nulls agree with nulls.
"""

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from usage_pipeline.costs.bill_query import DAY, PLACE
from usage_pipeline.money import MONEY
from usage_pipeline.tables.costs import UNATTRIBUTED

PART = "part"
LINE = (DAY, "channel", "project", "provider", "model", "meter", "api_type", "category")
USED = (DAY, "view", "project", "team", "user", "channel", "provider", "model", "api_type", "operation", "status")
EVENT = ("event_id", "source", "source_file", "source_line")
DEALT = ("method", "rule", "share", "of_shares")
WANTED_LINES = ibis.schema({PART: "int64", DAY: "date"} | dict.fromkeys(LINE[1:], "string"))
WANTED_USAGE = ibis.schema({PART: "int64", DAY: "date"} | dict.fromkeys((*USED[1:], "meter"), "string"))


def lines_of_parts(charges: ir.Table, dealt: ir.Table, wanted: ir.Table) -> ir.Table:
    """Each bill line of the parts with all its columns, `part`, `amount` (its own, or a project's part) and how it was dealt out."""
    dated = charges.mutate(day=charges.period_start.date(), own_project=charges.project).drop("project")
    parts = dealt.select(*PLACE, "project", "amount", *DEALT)
    shared = dated.inner_join(parts, PLACE)
    named = dated.anti_join(parts, PLACE)
    named = named.mutate(
        project=named.own_project.fill_null(UNATTRIBUTED),
        amount=named.billed_cost,
        **{name: ibis.null(parts[name].type().copy(nullable=True)) for name in DEALT},
    )
    both = named.union(shared.select(*named.columns))
    return _of_part(both, wanted, LINE)


def events_of_parts(priced: ir.Table, wanted: ir.Table) -> ir.Table:
    """The events of `priced` (with `day` and the catalog's `model`) that stand behind any of the parts."""
    return priced.semi_join(wanted, [priced[name].identical_to(wanted[name]) for name in USED])


def usage_of_parts(costs: ir.Table, wanted: ir.Table) -> ir.Table:
    """Rows of `usage_costs` by event with `part` and `amount`, which is null without a price."""
    told = costs.group_by([*USED, *EVENT, "meter"]).agg(
        quantity=costs.quantity.sum(),
        amount=costs.net_cost.sum().cast(MONEY),
        list_cost=costs.list_cost.sum().cast(MONEY),
        requests=costs.requests.sum(),
    )
    rows = _of_part(told, wanted, (*USED, "meter"))
    return rows.filter((rows.quantity != 0) | (rows.meter == "requests"))


def sums_of(rows: ir.Table) -> ir.Table:
    """Per part and source: rows, and their amount."""
    return rows.group_by(PART, "source").agg(rows=rows.count(), amount=rows.amount.sum().cast(MONEY))


def largest(rows: ir.Table, number: int) -> ir.Table:
    """The first `number` rows: the largest amount first, unknown ones last, then where they stand."""
    size = rows.amount.abs()
    return rows.order_by([size.isnull(), size.desc(), rows.quantity.desc(), rows.source, rows.source_file, rows.source_line]).limit(number)


def _of_part(rows: ir.Table, wanted: ir.Table, names: Sequence[str]) -> ir.Table:
    held = wanted.rename({f"wanted_{name}": name for name in names})
    joined = rows.inner_join(held, [rows[name].identical_to(held[f"wanted_{name}"]) for name in names])
    return joined.select(*rows.columns, PART)
