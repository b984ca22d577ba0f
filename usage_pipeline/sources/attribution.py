"""Whose is it: the attribution rules of usage.yaml as one expression over usage events or charges."""

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from usage_pipeline.sources.records import staged
from usage_pipeline.sources.tags import value_in_list, value_in_object
from usage_pipeline.tables.configuration import AttributionRule, Project
from usage_pipeline.tables.personal import pseudonym

OWN_VALUE = "{value}"
TAG = "tag."
COLUMN_OF = {"api_key_id": "api_key"}
"""Fields of rules whose column has another name."""


def attribute(rows: ir.Table, rules: Sequence[AttributionRule], projects: Sequence[Project]) -> ir.Table:
    """`rows` with `project` by the first rule that matches (null where none does), and `team` and `client`, where the table has them,
    filled from the project where the row names none.

    A column that the table lacks counts as null; `tag.<key>` is looked up in `tags`, then among the request tags 'key:value'.
    """
    fields = list(dict.fromkeys(rule.field for rule in rules))
    values = {field: f"attributed_by_{number}" for number, field in enumerate(fields)}
    looked_up = staged(rows.mutate(**{name: _value(rows, field) for field, name in values.items()}))
    own_ids = [project.id for project in projects]
    branches = [_branch(looked_up, rule, looked_up[values[rule.field]], own_ids) for rule in rules]
    project = ibis.cases(*branches, else_=ibis.null("string")) if branches else ibis.null("string")
    owned = staged(looked_up.mutate(project=project).drop(*values.values()))
    return _filled(owned, projects)


def first_rule(rows: ir.Table, rules: Sequence[AttributionRule], own_ids: Sequence[str]) -> ir.Table:
    """`rows` with `rule_number`, the place of the first rule that matches, null where none does, and `rule_value`, what it looks at."""
    fields = list(dict.fromkeys(rule.field for rule in rules))
    values = {field: f"attributed_by_{number}" for number, field in enumerate(fields)}
    looked_up = staged(rows.mutate(**{name: _value(rows, field) for field, name in values.items()}))
    matches = [_branch(looked_up, rule, looked_up[values[rule.field]], own_ids)[0] for rule in rules]
    numbers = [(one, ibis.literal(number, "int64")) for number, one in enumerate(matches)]
    told = staged(looked_up.mutate(rule_number=ibis.cases(*numbers, else_=ibis.null("int64"))))
    places = {field: [number for number, rule in enumerate(rules) if rule.field == field] for field in fields}
    of_field = [(told.rule_number.isin(numbers), told[values[field]]) for field, numbers in places.items()]
    return told.mutate(rule_value=ibis.cases(*of_field, else_=ibis.null("string"))).drop(*values.values())


def _value(rows: ir.Table, field: str) -> ir.StringValue:
    null = ibis.null("string")
    if field.startswith(TAG):
        key = field.removeprefix(TAG)
        in_tags = value_in_object(rows["tags"], key) if "tags" in rows.columns else null
        in_list = value_in_list(rows["request_tags"], key) if "request_tags" in rows.columns else null
        return ibis.coalesce(in_tags, in_list)
    name = COLUMN_OF.get(field, field)
    return rows[name] if name in rows.columns else null


def _branch(rows: ir.Table, rule: AttributionRule, value: ir.StringValue, own_ids: Sequence[str]) -> tuple[ir.BooleanValue, ir.StringValue]:
    any_or_none = value.notnull() if rule.any_value else value.isnull()
    matches = any_or_none if rule.equals is None else value == pseudonym(ibis.literal(rule.equals, "string"))
    if rule.project == OWN_VALUE:
        matches = matches & (value.isin(own_ids) if own_ids else ibis.literal(value=False))
    if rule.source is not None:
        matches = matches & (rows["source"] == rule.source)
    return matches, value if rule.project == OWN_VALUE else ibis.literal(rule.project, "string")


def _filled(rows: ir.Table, projects: Sequence[Project]) -> ir.Table:
    """The project's own team and client, where a row has none."""
    teams = {project.id: project.team for project in projects if project.team}
    clients = {project.id: project.client for project in projects if project.client}
    given = {name: found for name, found in (("team", teams), ("client", clients)) if name in rows.columns and found}
    return rows.mutate(**{name: ibis.coalesce(rows[name], rows["project"].cases(*found.items())) for name, found in given.items()})
