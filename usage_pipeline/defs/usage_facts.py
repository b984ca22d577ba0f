"""The facts of the usage report, summed by the engine out of the lake's priced usage, and held against the same days' cost rows."""

from collections.abc import Mapping
from dataclasses import fields
from decimal import Decimal
from typing import Any, TypeVar

import ibis
import ibis.expr.types as ir

from usage_pipeline import money
from usage_pipeline.costs import logged_use as query
from usage_pipeline.defs.digest_facts import KnownCosts, finality_in
from usage_pipeline.defs.looks import looks_of
from usage_pipeline.defs.progress import tell
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.errors import UsageConfigError
from usage_pipeline.money import MONEY
from usage_pipeline.periods import Period, months_in
from usage_pipeline.prices.daily import usage_costs
from usage_pipeline.reports.usage_facts import InStatement, UsageFacts
from usage_pipeline.settings import Settings
from usage_pipeline.storage.compiled import named, rows_of
from usage_pipeline.storage.day_sums import day_sums
from usage_pipeline.storage.lake import Lake
from usage_pipeline.tables.configuration import Project
from usage_pipeline.tables.costs import UNATTRIBUTED
from usage_pipeline.tables.finality_told import FinalityTold
from usage_pipeline.tables.logged_use import (
    CONVERSATION,
    DIMENSIONS,
    PROMPT,
    TOP,
    RecentRequest,
    Spread,
    Used,
    UsedInHour,
    UsedOfMeter,
    UsedOnDay,
)
from usage_pipeline.tables.meters import TOKEN_METERS
from usage_pipeline.tables.priced_usage import priced_usage
from usage_pipeline.tables.rates import applied_rates
from usage_pipeline.tables.spans import Span
from usage_pipeline.tables.summary import known_total, totals
from usage_pipeline.tables.usage_events import SUCCESS

TOP_MOST = 10
KEYS_MOST = 10_000
"""Of users and the like; the others are one line. All digits of them stand in the lake."""
NEWEST = 20
OF = {CONVERSATION: "project", PROMPT: "project", "model": "provider"}
"""What names a key beside it."""

Row = TypeVar("Row")


def usage_facts(workplace: Workplace, span: Span, project: str | None = None, *, finality: FinalityTold | None = None) -> UsageFacts:
    """Of the organisation, or of one project ('unattributed' for what has none). `finality` is the span's, where it is known.

    Raises UsageConfigError for a span of which no day is over, and for a project that usage.yaml does not have.
    """
    settings, today = workplace.settings(), workplace.now().date()
    if span.period.start >= today:
        raise UsageConfigError(f"{span.name}: no day of it is over, today is {today} (UTC): name one that lies before")
    days = Period(span.period.start, min(span.period.end, today))
    compared = span.compared_with(days)
    scope = project_named(settings, project)
    lake = workplace.lake(workplace.engine())
    requests = _requests(lake, days, project)
    steps = len(DIMENSIONS) + len(TOP)
    by: dict[str, tuple[Used, ...]] = {}
    for done, name in enumerate((*DIMENSIONS, *TOP)):
        tell("usage report", done, steps)
        most = TOP_MOST if name in TOP else KEYS_MOST
        by[name] = tuple(_many(lake, Used, query.by_key, _keyed(lake, requests, name), facts=(most,)))
    before = _requests(lake, compared, project)
    total_before = _whole(lake, before)
    known = KnownCosts(workplace, workplace.database())
    return UsageFacts(
        span=span,
        days=days,
        compared=compared,
        organisation=settings.organisation,
        project=scope,
        projects=settings.projects,
        total=_whole(lake, requests),
        before=None if total_before.first is None else total_before,
        by=by,
        prompts_before=_prompts(lake, before, by[PROMPT]),
        meters=_meters(lake, days, project),
        by_day=tuple(_many(lake, UsedOnDay, query.by_day, requests)),
        by_hour=tuple(_many(lake, UsedInHour, query.by_hour, requests)),
        spread=_spread(lake, requests),
        recent=tuple(_many(lake, RecentRequest, query.newest, requests, facts=(NEWEST,))),
        statement=_statement(workplace, known, days, project),
        finality=finality or finality_in(workplace, known, days),
        is_draft=any(month.start in known.closed and known.closed[month.start].is_draft for month in months_in(days)),
        looks=looks_of(settings),
    )


def _statement(workplace: Workplace, known: KnownCosts, days: Period, project: str | None) -> InStatement:
    """The cost rows' sums: of open months summed by the database, of closed ones as they were closed."""
    costs: list[Decimal | None] = []
    billed: list[Decimal] = []
    for month in months_in(days):
        part = Period(max(month.start, days.start), min(month.end, days.end))
        if month.start in known.closed:
            rows = [row for row in known.costs(part) if project in {None, row.project}]
            costs.append(known_total(row.cost for row in rows))
            billed.append(totals(rows).cost_billed)
        else:
            sums = [one for one in day_sums(workplace.database(), part, ("project",)) if project in {None, one.project}]
            costs += [one.cost for one in sums]
            billed += [money.total([one.cost, -(one.estimated or money.ZERO)]) for one in sums if one.cost is not None]
    return InStatement(cost=known_total(costs), billed=money.total(billed))


def project_named(settings: Settings, project: str | None) -> Project | None:
    """The project of that id; None for the organisation. Raises UsageConfigError."""
    if project is None:
        return None
    if project == UNATTRIBUTED:
        return Project(id=UNATTRIBUTED, name="Unattributed")
    found = next((one for one in settings.projects if one.id == project), None)
    if found is None:
        known = ", ".join(one.id for one in settings.projects) or "none"
        raise UsageConfigError(f"--project {project[:80]!r} is no project of {settings.file}: {known}, or {UNATTRIBUTED}")
    return found


def _requests(lake: Lake, days: Period, project: str | None) -> ir.Table:
    """The days' logged requests as a table that the engine holds: read once, summed many times."""
    logs = _logs(lake, days, project)
    partly = lake.engine.create_table(ibis.util.gen_name("partly"), _partly(lake, logs, days), temp=True)
    return lake.engine.create_table(ibis.util.gen_name("requests"), query.requests_of(logs, partly), temp=True)


def _keyed(lake: Lake, requests: ir.Table, key: str) -> ir.Table:
    """The requests with `key` and what names it beside it as columns of one name each, so that one query does for all keys."""
    name, of = ibis.util.gen_name("keyed"), f'"{OF[key]}"' if key in OF else "NULL::VARCHAR"
    held = named(lake.engine, requests).op().name
    lake.engine.con.execute(f'CREATE TEMP VIEW {name} AS SELECT "{key}" AS key, {of} AS "of", * FROM "{held}"')
    return lake.engine.table(name)


def _logs(lake: Lake, days: Period, project: str | None) -> ir.Table:
    return query.of_logs(lake.read(priced_usage, days), project)


def _partly(lake: Lake, logs: ir.Table, days: Period) -> ir.Table:
    """What events cost of which a meter has no price: the sum of their other meters."""
    events = query.partly_priced(logs)
    if lake.engine.to_pyarrow(events.count()).as_py() == 0:
        return events.select("source", "event_id", cost=ibis.null(MONEY)).limit(0)
    costs = usage_costs(events, lake.read(applied_rates, days).distinct(), ("source", "event_id"))
    return costs.group_by("source", "event_id").agg(cost=costs.net_cost.sum().cast(MONEY))


def _meters(lake: Lake, days: Period, project: str | None) -> tuple[UsedOfMeter, ...]:
    """By meter, out of quantities summed first and priced then: another way to the same total."""
    costs = rows_of(lake.engine, usage_costs, _logs(lake, days, project), lake.read(applied_rates, days).distinct(), facts=(("status",),))
    by_meter: dict[str, list[Mapping[str, Any]]] = {}
    for row in costs:
        by_meter.setdefault(row["meter"], []).append(row)
    found = [
        UsedOfMeter(
            meter=meter,
            quantity=sum((row["quantity"] for row in rows), Decimal(0)),
            tokens=sum((row["quantity"] for row in rows if meter in TOKEN_METERS and row["status"] == SUCCESS), Decimal(0)),
            cost=known_total(row["net_cost"] for row in rows),
            unpriced_quantity=sum((row["unpriced_quantity"] for row in rows), Decimal(0)),
        )
        for meter, rows in by_meter.items()
    ]
    return tuple(sorted(found, key=lambda one: (one.cost is None, -(one.cost or 0), one.meter)))


def _prompts(lake: Lake, before: ir.Table, shown: tuple[Used, ...]) -> dict[tuple[str, str], Used]:
    """The shown prompts' use in the days before."""
    names = sorted({one.key for one in shown if one.key is not None})
    if not names:
        return {}
    rows = _many(lake, Used, query.by_key, _keyed(lake, before.filter(before.prompt.isin(names)), PROMPT), facts=(KEYS_MOST,))
    return {(one.key, one.of or ""): one for one in rows if one.key is not None}


def _whole(lake: Lake, requests: ir.Table) -> Used:
    (row,) = rows_of(lake.engine, query.whole, requests)
    counted = {name: row[name] or 0 for name in query.SUMS if name not in query.MONEY_SUMS}
    return Used(**{**row, **counted, "key": None, "of": None, "members": 1})


def _spread(lake: Lake, requests: ir.Table) -> Spread | None:
    (row,) = rows_of(lake.engine, query.spread_of, requests)
    if not row["conversations"]:
        return None
    unpriced = row["all_conversations"] - row["conversations"]
    return Spread(**{name: row[name] for name in ("conversations", "median", "percentile_95", "dearest")}, unpriced=unpriced)


def _many(lake: Lake, kind: type[Row], asked: Any, requests: ir.Table, facts: tuple[Any, ...] = ()) -> list[Row]:
    names = [one.name for one in fields(kind)]  # type: ignore[arg-type]
    return [kind(**{name: row[name] for name in names}) for row in rows_of(lake.engine, asked, requests, facts=facts)]
