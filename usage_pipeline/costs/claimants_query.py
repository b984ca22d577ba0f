"""What lines without a project name, and whose logged usage there is beside them: the queries behind `claimants`."""

import ibis
import ibis.expr.types as ir

from usage_pipeline.costs.claimants import BILL, DRAWN
from usage_pipeline.costs.coverage import FIELDS
from usage_pipeline.money import MONEY
from usage_pipeline.tables.allocations import BY_BILL, BY_CHANNEL, BY_MODEL, BY_USAGE
from usage_pipeline.tables.costs import UNATTRIBUTED
from usage_pipeline.tables.usage_events import LOG_VIEW, PROVIDER_VIEW, SUCCESS

NAMED = ("source", "day", "channel", "provider", "model", "region", "hour", "origin", *FIELDS.values())
DRAWN_BY_USAGE = (BY_USAGE, BY_MODEL, BY_BILL, BY_CHANNEL)
"""Methods by which usage without a project, too, draws its part of a shared line."""


def unowned_bills(charges: ir.Table, allocations: ir.Table) -> ir.Table:
    """Bill lines, or their parts, that no rule and no usage gives to a project; a bill tells no hour."""
    lines = charges.mutate(day=charges.period_start.date(), hour=ibis.null("int64"), origin=ibis.literal(BILL))
    named = lines.filter(lines.project.isnull() & lines.names_project).mutate(amount=ibis._.billed_cost.cast(MONEY))
    left = allocations.filter(allocations.project == UNATTRIBUTED).select(
        "day", "charge_id", "source", part=allocations.amount, is_drawn=allocations.method.isin(DRAWN_BY_USAGE)
    )
    shared = lines.inner_join(left, ["day", "charge_id", "source"]).mutate(
        amount=ibis._.part.cast(MONEY), origin=ibis.ifelse(ibis._.is_drawn, ibis.literal(DRAWN), ibis.literal(BILL))
    )
    return ibis.union(_lines(named), _lines(shared))


def unowned_usage(priced: ir.Table) -> ir.Table:
    """Usage without a project that can cost anything; 0 as far as it has no price."""
    rows = _usage(priced)
    charged = (rows["view"] == PROVIDER_VIEW) | (rows.status == SUCCESS)
    return _lines(rows.filter(rows.project.isnull() & charged).mutate(amount=rows.cost))


def named_by(lines: ir.Table) -> ir.Table:
    """One row for each combination of what the lines name; hours and regions aside."""
    keys = [name for name in NAMED if name not in {"hour", "region"}]
    return lines.group_by(keys).agg(amount=lines.amount.sum())


def logged_by_key(priced: ir.Table, lines: ir.Table) -> ir.Table:
    """What each project's logs cost under the keys that `lines` name."""
    keys = lines.filter(lines.api_key.notnull()).select("api_key").distinct()
    rows = _logs(priced).inner_join(keys, "api_key")
    return rows.group_by("api_key", "project").agg(cost=rows.cost.sum())


def logged_by_hour(priced: ir.Table, lines: ir.Table) -> ir.Table:
    """What each project's logs cost in the hours in which `lines` were, of the same channel, model and region."""
    place = ["day", "channel", "model", "region", "hour"]
    asked = lines.filter(lines.hour.notnull()).mutate(region=lines.region.fill_null("")).select(place).distinct()
    known = _logs(priced)
    rows = known.mutate(region=known.region.fill_null("")).inner_join(asked, place)
    return rows.group_by("day", "channel", "model", "project").agg(cost=rows.cost.sum())


def logged_by_day(priced: ir.Table) -> ir.Table:
    """What each project's logs cost by day, channel and model."""
    rows = _logs(priced)
    return rows.group_by("day", "channel", "model", "project").agg(cost=rows.cost.sum())


def _lines(rows: ir.Table) -> ir.Table:
    """What is asked of every line. A table that holds no row yet says which of its columns are never null; the others do not."""
    lines = rows.select(*NAMED, "amount")
    return lines.cast({name: kind.copy(nullable=True) for name, kind in lines.schema().items()})


def _usage(priced: ir.Table) -> ir.Table:
    return priced.mutate(
        day=priced.started_at.date(),
        hour=priced.started_at.hour().cast("int64"),
        model=ibis.coalesce(priced.model_id, priced.model),
        origin=priced["view"],
        cost=priced.net_cost.cast(MONEY).fill_null(0).cast(MONEY),
    )


def _logs(priced: ir.Table) -> ir.Table:
    """What applications and gateways logged of projects, with a price."""
    rows = _usage(priced)
    return rows.filter(rows.project.notnull() & (rows["view"] == LOG_VIEW) & (rows.status == SUCCESS) & (rows.cost > 0))
