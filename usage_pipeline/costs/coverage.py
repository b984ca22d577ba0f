"""Which values of which fields the lines of bills and usage name, with money and owner: what attribution rules could still be written.

In: attributed `charges` and `priced_usage` of a period. Out: rows of `Covered`, those without an owner first, the dearest first.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import ibis
import ibis.expr.types as ir

from usage_pipeline import money
from usage_pipeline.money import MONEY
from usage_pipeline.tables.coverage import MANY_VALUES, NOTHING, Covered

FIELDS: Mapping[str, str] = {
    "provider_project_id": "provider_project_id",
    "workspace_id": "workspace_id",
    "sub_account_id": "sub_account_id",
    "api_key_id": "api_key",
    "principal": "principal",
    "resource_id": "resource_id",
}
"""Attribution fields that say whose a line is, and their columns."""

NAMES: Mapping[str, str] = {
    "provider_project_id": "provider_project_name",
    "workspace_id": "provider_project_name",
    "sub_account_id": "provider_project_name",
    "api_key_id": "api_key_name",
}
"""The column with the name of what a field's id stands for."""

TEXT_MAP = "map<string, string>"


def coverage_query(lines: ir.Table, *, time: str, cost: str, is_bill: bool) -> ir.Table:
    """One row for each source, field, value and project of `lines`: counts, money, days. `lines` has `project` filled in by the rules."""
    told = lines.mutate(
        day=lines[time].date(),
        amount=lines[cost].cast(MONEY),
        requests_made=ibis.literal(0, "int64") if is_bill else lines.request_count.fill_null(0),
    )
    told = told.mutate(sub_account_id=ibis.ifelse(_is_said(told), ibis.null("string"), told.sub_account_id))
    ids = [_of_field(told, field, told[column], told[NAMES[field]] if field in NAMES else None) for field, column in FIELDS.items()]
    named = [told[column] for column in FIELDS.values()]
    bare = told.filter(ibis.coalesce(*named, told.tags).isnull())
    every = [*ids, _of_tags(told), _of_field(bare, NOTHING, ibis.literal("")), *([] if is_bill else [_of_request_tags(told)])]
    return ibis.union(*every).mutate(is_bill=ibis.literal(is_bill))


def _is_said(rows: ir.Table) -> ir.BooleanValue:
    """Whether the sub-account is the provider's project or workspace under another name."""
    account = rows.sub_account_id
    return ((account == rows.provider_project_id) | (account == rows.workspace_id)).fill_null(False)  # noqa: FBT003


def covered_rows(found: Iterable[Mapping[str, Any]]) -> list[Covered]:
    """The rows of `coverage_query` of bills and usage, brought together by source, field and value."""
    groups: dict[tuple[str, str, str | None], list[Mapping[str, Any]]] = defaultdict(list)
    for (source, field), rows in _by_field(found).items():
        values = {row["value"] for row in rows}
        for row in rows:
            groups[source, field, row["value"] if len(values) <= MANY_VALUES else None].append(row)
    covered = [_covered(source, field, value, rows) for (source, field, value), rows in groups.items()]
    return sorted(covered, key=_order)


def _by_field(found: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], list[Mapping[str, Any]]]:
    by_field: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for row in found:
        by_field[row["source"], row["field"]].append(row)
    return by_field


def _of_field(rows: ir.Table, field: str, value: ir.StringValue, name: ir.StringValue | None = None) -> ir.Table:
    chosen = rows.mutate(field=ibis.literal(field), value=value, name=ibis.null("string") if name is None else name)
    return _summed(chosen.filter(chosen.value.notnull()))


def _of_tags(rows: ir.Table) -> ir.Table:
    """A row for each key of `tags`; keys that repeat an id of the line tell nothing new."""
    tagged = rows.filter(rows.tags.notnull())
    tags = tagged.mutate(known=tagged.tags.try_cast("json").try_cast(TEXT_MAP))
    each = tags.mutate(key=tags.known.keys().unnest())
    return _summed(each.mutate(field=ibis.literal("tag.") + each.key, value=each.known.get(each.key), name=ibis.null("string")))


def _of_request_tags(rows: ir.Table) -> ir.Table:
    """A row for each request tag 'key:value' that `tags` do not have already: a rule looks there first."""
    tagged = rows.filter(rows.request_tags.length() > 0)
    known = tagged.mutate(known=tagged.tags.fill_null("{}").try_cast("json").try_cast(TEXT_MAP))
    each = known.mutate(tag=known.request_tags.unnest())
    pairs = each.filter(each.tag.re_search("^[^:]+:.") & ~each.known.contains(each.tag.re_extract("^([^:]+):", 1)).fill_null(False))  # noqa: FBT003
    key = pairs.tag.re_extract("^([^:]+):", 1)
    return _summed(pairs.mutate(field=ibis.literal("tag.") + key, value=pairs.tag.re_extract("^[^:]+:(.*)$", 1), name=ibis.null("string")))


def _summed(rows: ir.Table) -> ir.Table:
    return rows.group_by("source", "field", "value", "project").agg(
        name=rows.name.max(),
        lines=rows.count(),
        requests=rows.requests_made.sum(),
        amount=rows.amount.sum(),
        first_day=rows.day.min(),
        last_day=rows.day.max(),
    )


def _covered(source: str, field: str, value: str | None, rows: Sequence[Mapping[str, Any]]) -> Covered:
    unowned = [row for row in rows if row["project"] is None]
    return Covered(
        source=source,
        field=field,
        value=value,
        values_count=len({row["value"] for row in rows}),
        name=max((row["name"] for row in rows if row["name"]), default=None) if value is not None else None,
        projects=tuple(sorted({row["project"] for row in rows if row["project"]})),
        lines=sum(row["lines"] for row in rows),
        requests=sum(row["requests"] for row in rows),
        estimated=_amount(rows, is_bill=False),
        billed=_amount(rows, is_bill=True),
        unowned_estimated=_amount(unowned, is_bill=False),
        unowned_billed=_amount(unowned, is_bill=True),
        unowned_lines=sum(row["lines"] for row in unowned),
        first_day=min(row["first_day"] for row in rows),
        last_day=max(row["last_day"] for row in rows),
    )


def _amount(rows: Iterable[Mapping[str, Any]], *, is_bill: bool) -> Decimal | None:
    """The sum of what is known; None where there is no such line, or none with an amount."""
    amounts = [row["amount"] for row in rows if row["is_bill"] == is_bill and row["amount"] is not None]
    return money.total(amounts) if amounts else None


def _order(row: Covered) -> tuple[Any, ...]:
    at_stake = max(abs(row.unowned_billed or money.ZERO), abs(row.unowned_estimated or money.ZERO))
    whole = max(abs(row.billed or money.ZERO), abs(row.estimated or money.ZERO))
    return (row.is_owned, -at_stake, -whole, row.source, row.field, row.value or "")
