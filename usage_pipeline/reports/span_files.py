"""A span's facts for machines and spreadsheets: JSON with all of them, CSV with a row a project and model. Exact, never rounded."""

import csv
import dataclasses
import io
import json
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from usage_pipeline import money
from usage_pipeline.reports.formats.guards import guarded
from usage_pipeline.reports.movers import Mover
from usage_pipeline.reports.plain import plain
from usage_pipeline.reports.span_facts import SpanFacts
from usage_pipeline.tables.costs import DailyCost
from usage_pipeline.tables.months import nulls_first
from usage_pipeline.tables.summary import totals

BOM = b"\xef\xbb\xbf"
COLUMNS = (
    "period", "project", "provider", "model", "requests", "tokens", "billed", "estimated", "cost", "cost_before", "change", "currency",
)  # fmt: skip
OUTLOOK = ("is_over", "through", "spent", "forecast", "low", "high", "method")

_Key = tuple[str, str | None, str | None]


def csv_of(facts: SpanFacts) -> bytes:
    """UTF-8, CRLF; empty where not known: `cost` where all is unpriced or nothing is there, `cost_before` where nothing is known of it."""
    now, before = _grouped(facts.rows), _grouped(facts.before)
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for key in sorted({*now, *before}, key=nulls_first):
        writer.writerow(_line(key, now.get(key, []), before.get(key, []), facts))
    return (BOM if facts.looks.excel_bom else b"") + buffer.getvalue().encode()


def _grouped(rows: Iterable[DailyCost]) -> dict[_Key, list[DailyCost]]:
    found: dict[_Key, list[DailyCost]] = defaultdict(list)
    for row in rows:
        found[row.project, row.provider, row.model].append(row)
    return found


def _line(key: _Key, now: list[DailyCost], before: list[DailyCost], facts: SpanFacts) -> list[str]:
    sums, older = totals(now), totals(before)
    cost = sums.cost if any(row.cost is not None for row in now) else None
    old = older.cost if any(row.cost is not None for row in before) else None
    compares = facts.cost_before is not None and (cost is not None or old is not None)
    return [
        facts.span.name,
        *(guarded(one or "") for one in key),
        str(sums.requests),
        money.text(sums.tokens),
        _text(None if cost is None else sums.cost_billed),
        _text(None if cost is None else sums.cost_estimated),
        _text(cost),
        _text(old),
        _text(money.total([cost, -(old or money.ZERO)]) if compares else None),
        facts.currency,
    ]


def json_of(facts: SpanFacts, report: str) -> bytes:
    """All facts, keys in a fixed order; money is a plain decimal string, null where unknown. Every project and model is a mover."""
    causes = facts.causes
    document = {
        "report": report,
        "period": facts.span.name,
        "kind": facts.span.kind,
        "from": facts.days.start,
        "to": facts.days.last,
        "compared_from": facts.compared.start,
        "compared_to": facts.compared.last,
        "currency": facts.currency,
        "finality": facts.finality.state,
        "finality_words": facts.finality.words,
        "grade": None if facts.grade is None else facts.grade.letter,
        "grade_reasons": [] if facts.grade is None else list(facts.grade.reasons),
        "days": facts.days.days_count,
        "days_with_data": facts.days_present,
        "compared_days": facts.compared.days_count,
        "compared_days_with_data": facts.compared_present,
        "cost": facts.cost,
        "cost_before": facts.cost_before,
        "change": None if causes is None else causes.change,
        "change_percent": None if causes is None or not causes.before else money.percent(causes.change, abs(causes.before)),
        "causes": None if causes is None else dict(causes.parts),
        "day_before": facts.day_before,
        "totals": dataclasses.asdict(facts.totals),
        "month": {name: getattr(facts.outlook, name) for name in OUTLOOK},
        "budgets": facts.budgets_count,
        "budgets_at_risk": [dataclasses.asdict(status) for status in facts.budgets],
        "movers": {name: [_mover(mover) for mover in facts.movers(name)] for name in ("project", "model")},
        "anomalies": [dataclasses.asdict(anomaly) for anomaly in facts.anomalies],
        "unpriced": [{**dataclasses.asdict(row), "quantities": dict(row.quantities)} for row in facts.unpriced],
        "findings": [dataclasses.asdict(finding) for finding in facts.findings],
        "trend": [{"day": day, "cost": cost} for day, cost in facts.trend],
    }
    return (json.dumps(plain(document), ensure_ascii=False, indent=1) + "\n").encode()


def _mover(one: Mover) -> dict[str, Any]:
    return {
        "key": one.key,
        "cost": one.now,
        "cost_before": one.before,
        "change": one.change,
        "percent": one.percent,
        "main_cause": one.causes.main[0] if one.change else None,
        "causes": dict(one.causes.parts),
    }


def _text(value: Decimal | None) -> str:
    return "" if value is None else money.text(value)
