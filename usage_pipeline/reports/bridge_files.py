"""The bridge as files: CSV (every part), JSON (by cause and project, and every part) and one page as PDF; the corrections as FOCUS rows.

In: the parts, which sum to the difference. Out: bytes. Amounts are exact, but for the page, which rounds to cents that add up.
"""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from usage_pipeline import money
from usage_pipeline.periods import Period, month_name, start_of
from usage_pipeline.reports import words
from usage_pipeline.reports.focus_corrections import corrections_of
from usage_pipeline.reports.focus_rows import stamp
from usage_pipeline.reports.formats.csv import BOM
from usage_pipeline.reports.formats.guards import guarded
from usage_pipeline.reports.formats.html import page_from
from usage_pipeline.reports.formats.pdf import pdf_of
from usage_pipeline.reports.front import initial_of
from usage_pipeline.reports.frozen import canonical
from usage_pipeline.reports.looks_page import looks_page
from usage_pipeline.tables.bridge import CAUSES, BridgePart
from usage_pipeline.tables.configuration import Organisation, Project
from usage_pipeline.tables.looks import PLAIN, Looks

BRIDGE_CSV, BRIDGE_JSON, BRIDGE_PDF, CORRECTIONS = "bridge.csv", "bridge.json", "bridge.pdf", "corrections.csv"
COLUMNS = ("period", "from_revision", "to_revision", "cause", "project", "day", "channel", "provider", "model", "meter", "category",
           "basis", "quantity", "amount", "currency")  # fmt: skip
PROJECTS_MOST = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Bridge:
    """From one revision to the next: the totals of both, and the parts between them."""

    month: Period
    revision: int
    before: Decimal
    after: Decimal
    organisation: Organisation
    projects: Sequence[Project]
    parts: Sequence[BridgePart]
    closed_at: datetime
    approved_by: str
    note: str | None
    looks: Looks = PLAIN

    @property
    def told(self) -> list[BridgePart]:
        """The parts of the totals: not those that FOCUS's other costs alone have."""
        return [one for one in self.parts if one.amount]


def files_of(bridge: Bridge, templates: Path) -> dict[str, bytes]:
    """All files of the bridge by name."""
    lines = _csv(COLUMNS, (_line(one, bridge) for one in bridge.told), with_mark=bridge.looks.excel_bom)
    with words.written_in(bridge.looks.locale):
        page = page_from("bridge.html.j2", _page(bridge), templates)
    return {
        BRIDGE_CSV: lines,
        BRIDGE_JSON: canonical(_document(bridge)),
        BRIDGE_PDF: pdf_of(page, lines, start_of(bridge.month.last), templates, BRIDGE_CSV, bridge.looks.logo),
        CORRECTIONS: corrections_of(bridge.parts, bridge.month, bridge.revision, bridge.closed_at.date(), bridge.organisation.currency),
    }


def _csv(columns: Sequence[str], rows: Iterable[Mapping[str, str]], *, with_mark: bool) -> bytes:
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, columns, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return (BOM if with_mark else b"") + buffer.getvalue().encode()


def _line(one: BridgePart, bridge: Bridge) -> dict[str, str]:
    return {
        "period": month_name(bridge.month),
        "from_revision": str(bridge.revision - 1),
        "to_revision": str(bridge.revision),
        "cause": one.cause,
        "project": guarded(one.project),
        "day": one.day.isoformat(),
        "channel": guarded(one.channel),
        "provider": guarded(one.provider or ""),
        "model": guarded(one.model or ""),
        "meter": one.meter,
        "category": one.category,
        "basis": "billed" if one.is_billed else "estimated",
        "quantity": _text(one.quantity),
        "amount": money.text(one.amount),
        "currency": bridge.organisation.currency,
    }


def _document(bridge: Bridge) -> dict[str, Any]:
    return {
        "period": month_name(bridge.month),
        "from_revision": bridge.revision - 1,
        "to_revision": bridge.revision,
        "currency": bridge.organisation.currency,
        "from_cost": money.text(bridge.before),
        "to_cost": money.text(bridge.after),
        "difference": money.text(money.total([one.amount for one in bridge.told])),
        "by_cause": _sums(bridge.told, lambda one: one.cause),
        "by_project": _sums(bridge.told, lambda one: one.project),
        "causes": {cause: meaning for cause, (_, meaning) in CAUSES.items()},
        "parts": [_line(one, bridge) for one in bridge.told],
    }


def _sums(parts: Sequence[BridgePart], key: Callable[[BridgePart], str]) -> dict[str, str]:
    return {name: money.text(amount) for name, amount in _totals(parts, key).items()}


def _totals(parts: Sequence[BridgePart], key: Callable[[BridgePart], str]) -> dict[str, Decimal]:
    names = sorted({key(one) for one in parts})
    return {name: money.total([one.amount for one in parts if key(one) == name]) for name in names}


def _page(bridge: Bridge) -> dict[str, Any]:
    """The one page: revision to revision, a row a project, a column a cause; cents that add up."""
    currency = bridge.organisation.currency
    used = [cause for cause in CAUSES if any(one.cause == cause for one in bridge.told)]
    by_project = _totals(bridge.told, lambda one: one.project)
    shown = sorted(by_project, key=lambda name: (-abs(by_project[name]), name))
    rest = shown[PROJECTS_MOST:]
    rows = [
        _row(_project_name(name, bridge), [one for one in bridge.told if one.project == name], used, currency)
        for name in shown[:PROJECTS_MOST]
    ]
    if rest:
        rows.append(_row(f"{len(rest)} other projects", [one for one in bridge.told if one.project in rest], used, currency))
    difference = money.total([one.amount for one in bridge.told])
    sign = "−" if difference < 0 else "+"
    return {
        **looks_page(bridge.looks),
        "organisation": words.clean(bridge.organisation.name),
        "initial": initial_of(bridge.organisation.name),
        "title": f"Bridge from revision {bridge.revision - 1} to {bridge.revision}",
        "month": words.month_text(bridge.month),
        "number": f"BR-{month_name(bridge.month)}-{bridge.revision}",
        "created": stamp(start_of(bridge.month.last)),
        "revision": bridge.revision,
        "approved": f"{words.clean(bridge.approved_by)}, {words.day_text(bridge.closed_at.date())}",
        "note": words.clean(bridge.note or "", 300),
        "currency": currency,
        "before": words.amount(bridge.before, currency),
        "after": words.amount(bridge.after, currency),
        "difference": words.amount(difference, currency),
        "exactly": f"{money.text(bridge.before)} {sign} {money.text(abs(difference))} = {money.text(bridge.after)}",
        "causes": [(CAUSES[cause][0], CAUSES[cause][1]) for cause in used],
        "rows": rows,
        "total": _row("Total", bridge.told, used, currency),
    }


def _row(name: str, parts: Sequence[BridgePart], causes: Sequence[str], currency: str) -> tuple[str, list[str], str]:
    sums = _totals(parts, lambda one: one.cause)
    cells = [words.amount(sums[cause], currency) if cause in sums else words.NONE for cause in causes]
    return name, cells, words.amount(money.total([one.amount for one in parts]), currency)


def _project_name(name: str, bridge: Bridge) -> str:
    named = next((one for one in bridge.projects if one.id == name), None)
    return words.project_name(named) if named else words.name_of("project", name)


def _text(value: Decimal | None) -> str:
    return "" if value is None else money.text(value)
