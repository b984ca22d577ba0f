"""Cost of no project and its likely claimants, out of the lake and the month's cost rows."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import ibis

from usage_pipeline import money
from usage_pipeline.costs import claimants_query as query
from usage_pipeline.costs.claimants import Cell, Logged, Named, Weights, unclaimed
from usage_pipeline.costs.coverage import FIELDS
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.periods import Period, months_in
from usage_pipeline.tables.allocations import allocations
from usage_pipeline.tables.charges import charges
from usage_pipeline.tables.claimants import Unclaimed
from usage_pipeline.tables.costs import UNATTRIBUTED, DailyCost
from usage_pipeline.tables.priced_usage import priced_usage

ORDER = ("api_key_id", "provider_project_id", "workspace_id", "sub_account_id", "principal", "resource_id")
"""Of several values on a line, a rule about the first says most."""


def unclaimed_of(workplace: Workplace, days: Period, daily: Sequence[DailyCost]) -> Unclaimed | None:
    """Of the cost rows of `days`; None where all cost has a project."""
    cells: dict[Cell, list[Decimal]] = defaultdict(list)
    for row in daily:
        if row.project == UNATTRIBUTED and row.cost:
            cells[row.day, row.channel, row.model].append(row.cost)
    if not cells:
        return None
    lake = workplace.lake(workplace.engine())
    engine, priced = lake.engine, lake.read(priced_usage, days)
    bills = query.unowned_bills(lake.read(charges, days), lake.read(allocations, days))
    lines = ibis.union(bills, query.unowned_usage(priced))
    months = Period(months_in(days)[0].start, months_in(days)[-1].end)  # whose a key is, is told by more than these days
    logged = Logged(
        by_key=_weights(engine.to_pyarrow(query.logged_by_key(lake.read(priced_usage, months), lines)).to_pylist(), ("api_key",)),
        by_hour=_weights(engine.to_pyarrow(query.logged_by_hour(priced, lines)).to_pylist(), ("day", "channel", "model")),
        by_day=_weights(engine.to_pyarrow(query.logged_by_day(priced)).to_pylist(), ("day", "channel", "model")),
    )
    named = _named(workplace, days, engine.to_pyarrow(query.named_by(lines)).to_pylist())
    sums = {cell: whole for cell, parts in cells.items() if (whole := money.total(parts))}
    return unclaimed(sums, sorted(named, key=str), logged, workplace.settings().unattributed_owners)


def _weights(rows: Iterable[Mapping[str, Any]], place: tuple[str, ...]) -> dict[Any, Weights]:
    found: dict[Any, dict[str, Decimal]] = defaultdict(dict)
    for row in rows:
        key = row[place[0]] if len(place) == 1 else tuple(row[name] for name in place)
        found[key][row["project"]] = row["cost"]
    return dict(found)


def _named(workplace: Workplace, days: Period, rows: Sequence[Mapping[str, Any]]) -> list[Named]:
    """What the lines name, their models called as the price book of their day calls them."""
    found: list[Named] = []
    for span, book in workplace.books().in_force(days):
        for day in span.days():
            ours = [row for row in rows if row["day"] == day]
            names = book.model_ids({(row["provider"], row["model"]) for row in ours}, day)
            for row in ours:
                model = row["model"] and names.get((row["provider"], row["model"]), row["model"])
                fields = tuple((field, row[FIELDS[field]]) for field in ORDER if row[FIELDS[field]])
                named = {"source": row["source"], "day": day, "channel": row["channel"], "model": model, "key": row["api_key"]}
                found.append(Named(**named, fields=fields, origin=row["origin"], amount=row["amount"] or money.ZERO))
    return found
