"""Which rule of `allocation:` takes a line of a bill, as one expression over charges. In: charges with their projects. Out: with `rule`."""

from collections.abc import Sequence
from functools import reduce
from operator import and_

import ibis
import ibis.expr.types as ir

from usage_pipeline.sources.attribution import COLUMN_OF, TAG
from usage_pipeline.sources.records import staged
from usage_pipeline.sources.tags import value_in_object
from usage_pipeline.tables.personal import pseudonym
from usage_pipeline.tables.shared_costs import SharedCostRule

PROJECT = "project"
NO = ibis.literal(value=False)


def with_rule(charges: ir.Table, rules: Sequence[SharedCostRule]) -> ir.Table:
    """`charges` with the name of the first rule that holds on the line's day and asks for nothing that the line is not; else null."""
    if not rules:
        return charges.mutate(rule=ibis.null("string"))
    tags = list(dict.fromkeys(field for rule in rules for field, _ in rule.lines if field.startswith(TAG)))
    values = {field: f"asked_by_rules_{number}" for number, field in enumerate(tags)}
    looked_up = staged(charges.mutate(**{name: value_in_object(charges.tags, field.removeprefix(TAG)) for field, name in values.items()}))
    branches = [(_takes(looked_up, rule, values), ibis.literal(rule.name)) for rule in rules]
    named = looked_up.mutate(rule=ibis.cases(*branches, else_=ibis.null("string")))
    return staged(named.drop(*values.values()))


def _takes(charges: ir.Table, rule: SharedCostRule, values: dict[str, str]) -> ir.BooleanValue:
    asked = [_is(charges[values.get(field, COLUMN_OF.get(field, field))], wanted) for field, wanted in rule.lines]
    if PROJECT not in {field for field, _ in rule.lines}:
        asked.append(charges.project.isnull())
    day = charges.period_start.date()
    if rule.valid_from is not None:
        asked.append(day >= ibis.literal(rule.valid_from, "date"))
    if rule.valid_to is not None:
        asked.append(day < ibis.literal(rule.valid_to, "date"))
    return reduce(and_, asked)


def _is(value: ir.StringValue, wanted: Sequence[str]) -> ir.BooleanValue:
    """Whether it is one of `wanted`; no value is none of them."""
    return value.isin([pseudonym(ibis.literal(one, "string")) for one in wanted]).fill_null(NO)
