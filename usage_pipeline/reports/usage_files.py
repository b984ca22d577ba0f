"""The usage report for machines and spreadsheets: JSON with all facts, CSV and XLSX of the same rows. Exact, never rounded."""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Any

from usage_pipeline import money
from usage_pipeline.periods import start_of
from usage_pipeline.reports.formats.xlsx import workbook_of
from usage_pipeline.reports.plain import plain
from usage_pipeline.reports.sheets import Sheet
from usage_pipeline.reports.typed_rows import Row, csv_rows, sheet_of, stamp
from usage_pipeline.reports.usage_facts import ZONE, UsageFacts
from usage_pipeline.reports.usage_rows import COLUMNS, DAYS, HOURS, METER, PLACES, RECENT, TOTAL, kind_of, tables_of
from usage_pipeline.tables.logged_use import DIMENSIONS, PROMPT, TOP, Used

NAME = "usage"
ROWS = "Rows"
UNSEEN = frozenset({"period", "scope", "table"})
"""Columns that only the sheet of all rows has: the others say it above their heads."""
COST_IS = "price x logged requests (log_estimated); the statement takes the bill where there is one"


def csv_of(facts: UsageFacts) -> bytes:
    """All tables under one head."""
    return csv_rows(COLUMNS, [row for rows in tables_of(facts).values() for row in rows], with_bom=facts.looks.excel_bom)


def xlsx_of(facts: UsageFacts) -> bytes:
    """A sheet a table, and all rows for a pivot table."""
    return workbook_of(
        sheets_of(facts),
        title=f"AI usage report {facts.span.name}, {facts.scope}",
        author=facts.organisation.name,
        comments=COST_IS,
        moment=start_of(facts.days.last),
        paper=facts.looks.paper,
    )


def sheets_of(facts: UsageFacts) -> list[Sheet]:
    """The total first, all rows last."""
    tables = tables_of(facts)
    (total,) = tables[TOTAL]
    above = (
        ("Organisation", facts.organisation.name),
        ("Report of", facts.scope),
        ("Days", f"{facts.days.start} to {facts.days.last} ({ZONE})"),
        ("Cost is", COST_IS),
        ("State", facts.finality.state),
    )
    return [
        _sheet("Summary", [total], above=above),
        *(_sheet(f"By {name}", tables[name], total=total) for name in (*DIMENSIONS, *TOP)),
        *(_sheet(f"By {name}", tables[name]) for name in (METER, DAYS, HOURS)),
        _sheet("Newest requests", tables[RECENT]),
        sheet_of(ROWS, COLUMNS, [row for rows in tables.values() for row in rows]),
    ]


def _sheet(name: str, rows: Sequence[Row], total: Row = (), above: tuple[tuple[str, str], ...] = ()) -> Sheet:
    kept = [place for head, place in PLACES.items() if head not in UNSEEN]
    told = ("Total", *(total[place] for place in kept[1:])) if total else ()
    return sheet_of(
        name, [COLUMNS[place] for place in kept], [tuple(row[place] for place in kept) for row in rows], total=told, above=above
    )


def json_of(facts: UsageFacts) -> bytes:
    """Keys in a fixed order; money is a plain decimal string, null where unknown."""
    document = {
        "report": NAME,
        "period": facts.span.name,
        "scope": facts.scope,
        "from": facts.days.start,
        "to": facts.days.last,
        "compared_from": facts.compared.start,
        "compared_to": facts.compared.last,
        "time_zone": ZONE,
        "currency": facts.currency,
        "cost_is": COST_IS,
        "statement_cost": facts.statement.cost,
        "statement_billed": facts.statement.billed,
        "finality": facts.finality.state,
        "finality_words": facts.finality.words,
        "is_draft": facts.is_draft,
        "total": _used(facts, TOTAL, facts.total),
        "total_before": None if facts.before is None else _used(facts, TOTAL, facts.before),
        **{f"by_{name}": [_used(facts, name, one) for one in facts.by[name]] for name in (*DIMENSIONS, *TOP)},
        "by_meter": [dataclasses.asdict(one) for one in facts.meters],
        "by_day": [dataclasses.asdict(one) for one in facts.by_day],
        "by_hour": [dataclasses.asdict(one) for one in facts.by_hour],
        "cost_per_conversation": None if facts.spread is None else dataclasses.asdict(facts.spread),
        "newest": [{**dataclasses.asdict(one), "started_at": stamp(one.started_at)} for one in facts.recent],
    }
    return (json.dumps(plain(document), ensure_ascii=False, indent=1) + "\n").encode()


def _used(facts: UsageFacts, table: str, one: Used) -> Mapping[str, Any]:
    before = facts.prompts_before.get((one.key or "", one.of or "")) if table == PROMPT else None
    told = dataclasses.asdict(one) | {
        "row": kind_of(table, one),
        "cost": one.known_cost,
        "cost_each": one.cost_each,
        "tokens_each": one.tokens_each,
        "percent_of_cost": None if one.known_cost is None or not facts.total.cost else money.percent(one.known_cost, facts.total.cost),
        "first": None if one.first is None else stamp(one.first),
        "last": None if one.last is None else stamp(one.last),
    }
    return told | {"cost_before": None if before is None else before.known_cost} if table == PROMPT else told
