"""Charges and their parts as the sums that a day's costs are made of, worked out by the engine. In: tables of the lake. Out: tables.

A charge is shared where it has no project and does not say whose it is, or where a rule of usage.yaml takes it (column `rule`).
"""

import ibis
import ibis.expr.types as ir

from usage_pipeline.money import MONEY, QUANTITY
from usage_pipeline.tables.bill_lines import shared_charges

DAY, LINES = "day", "lines"
NO, YES = ibis.literal(value=False), ibis.literal(value=True)
PLACE = (DAY, "charge_id", "source")
DIMENSIONS = ("channel", "project", "names_project", "provider", "model", "meter", "api_type", "category", "rule", "is_negative")


def shared_of(ruled: ir.Table) -> ir.Table:
    """The shared ones of `ruled`, charges with a column `rule`: `shared_charges` with the day."""
    shared = ruled.filter(_is_shared(ruled))
    return shared.select(*shared_charges.names, day=shared.period_start.date())


def lines_to_deal(ruled: ir.Table) -> ir.Table:
    """`ruled` summed as `bill_lines`, with the day and how many lines each is; shared ones without project."""
    return _summed(ruled.mutate(day=ruled.period_start.date()), _is_shared(ruled))


def lines_dealt(charges: ir.Table, parts: ir.Table) -> ir.Table:
    """`charges` summed as `bill_lines`: those that have `parts` (rows of `allocations`) without project."""
    dealt = parts.select(*PLACE).distinct().mutate(is_dealt=ibis.literal(value=True))
    told = charges.mutate(day=charges.period_start.date(), rule=ibis.null("string")).left_join(dealt, PLACE)
    return _summed(told, told.is_dealt.fill_null(NO))


def parts_of(charges: ir.Table, parts: ir.Table) -> ir.Table:
    """The parts summed as `bill_lines`, with the dimensions of their lines."""
    lines = charges.mutate(day=charges.period_start.date()).drop("project", "names_project", "quantity", "source_file", "source_line")
    own = parts.select(*PLACE, "project", "amount", "quantity")
    joined = lines.drop("billed_cost").inner_join(own, PLACE).rename(billed_cost="amount")
    named = joined.mutate(names_project=ibis.literal(value=True), rule=ibis.null("string"))
    return _summed(named, ibis.literal(value=False))


def undealt(charges: ir.Table, parts: ir.Table) -> ir.Table:
    """The lines whose parts do not sum to them, with both amounts: shared ones without parts, parts without their line among them."""
    sums = parts.group_by(*PLACE).agg(dealt=parts.amount.sum().cast(MONEY), units=parts.quantity.sum().cast(QUANTITY))
    lines = charges.mutate(day=charges.period_start.date())
    billed = lines.select(*PLACE, "billed_cost", "quantity", is_shared=lines.project.isnull() & ~lines.names_project)
    joined = billed.outer_join(sums, PLACE)
    both = joined.select(
        **{name: ibis.coalesce(joined[name], joined[f"{name}_right"]) for name in PLACE},
        **{name: joined[name] for name in ("billed_cost", "dealt", "quantity", "units", "is_shared")},
    )
    is_without = both.dealt.isnull() & both.is_shared
    differs = both.dealt.notnull() & ~(both.dealt.identical_to(both.billed_cost) & both.units.identical_to(both.quantity))
    return both.filter((is_without | differs).fill_null(YES)).drop("is_shared")


def _is_shared(ruled: ir.Table) -> ir.BooleanValue:
    return ruled.rule.notnull() | (ruled.project.isnull() & ~ruled.names_project)


def _summed(lines: ir.Table, is_shared: ir.BooleanValue) -> ir.Table:
    told = lines.mutate(
        project=ibis.ifelse(is_shared, ibis.null("string"), lines.project),
        names_project=~is_shared & lines.names_project,
        is_negative=(lines.billed_cost < 0) | (lines.quantity < 0).fill_null(NO),
    )
    return told.group_by(DAY, *DIMENSIONS).agg(
        billed_cost=told.billed_cost.sum().cast(MONEY),
        quantity=ibis.ifelse(told.quantity.isnull().any(), ibis.null(QUANTITY), told.quantity.sum().cast(QUANTITY)),
        lines=told.count(),
    )
