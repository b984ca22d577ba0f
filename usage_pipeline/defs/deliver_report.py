"""A report as it lies in `reports/`: whether it may go out, its files with their hashes, and the figures that its mail says.

In: which report, of which span and scope, as which version. Out: `Found`, or in words why it cannot go out and what mends that.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from usage_pipeline.alerts.delivery_letter import span_words
from usage_pipeline.defs.finality import missing_days
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.errors import UsageError
from usage_pipeline.periods import ONE_DAY, inclusive, month_of, start_of
from usage_pipeline.reports.bridge_files import BRIDGE_PDF
from usage_pipeline.tables.computed_days import computed_days
from usage_pipeline.tables.configuration import Organisation, Project
from usage_pipeline.tables.costs import daily_costs, monthly_costs
from usage_pipeline.tables.delivery_figures import Figures
from usage_pipeline.tables.delivery_rules import ORGANISATION, PROJECTS, DeliveredReport
from usage_pipeline.tables.report_deliveries import DRAFT
from usage_pipeline.tables.revisions import CLOSED, FINALITIES
from usage_pipeline.tables.spans import DAY, MONTH, Span, month_span
from usage_pipeline.tables.statements import Statement, statements

MONTHLY = "monthly"
BUDGET_OF_PARTS = ("operation", "model", "channel", "holder")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A report of a span for a scope, as a version: 'draft', or 'r1', 'r2', … of a closed month."""

    report: DeliveredReport
    span: Span
    scope: str
    version: str

    @property
    def revision(self) -> int | None:
        return None if self.version == DRAFT else int(self.version[1:])

    @property
    def command(self) -> str:
        """What writes it."""
        first, last = self.span.period.start, self.span.period.last
        option = f" {self.report.option}" if self.report.option and self.scope != ORGANISATION else ""
        told = f"{self.report.command}{option}"
        return f"`{told.format(period=self.span.name, first=first, last=last, project=self.scope.removeprefix(PROJECTS))}`"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFile:
    """A file on disk, as it is now."""

    name: str
    path: Path
    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A report that may go out. `files`: all it has, by name; `extra`: names that go out with any format."""

    files: Mapping[str, ReportFile]
    extra: tuple[str, ...]
    content_hash: str
    document: Mapping[str, Any]


class NotReadyError(UsageError):
    """A report cannot go out: why, and the mend."""


def report_of(workplace: Workplace, wanted: Wanted) -> Found:
    """Raises NotReadyError in words."""
    folder = workplace.home.reports / wanted.span.name / wanted.scope
    stated = _newest_stated(workplace, wanted) if wanted.report.is_stated else None
    names, extra = [*json.loads(stated.files)] if stated else wanted.report.all_names, list[str]()
    if wanted.scope == ORGANISATION and wanted.revision and wanted.revision > 1 and (folder / BRIDGE_PDF).is_file():
        extra.append(BRIDGE_PDF)
    files = {name: found for name in [*names, *extra] if (found := _file(folder / name)) is not None}
    if wanted.report.summary not in files or (stated is None and wanted.report.is_stated):
        raise NotReadyError(f"it is not written yet: {wanted.command} writes it")
    document = _document(folder / wanted.report.summary)
    if stated is not None:
        _check_statement(workplace, wanted, stated, files)
    else:
        _check_span(workplace, wanted, document)
    told = "".join(f"{one.name} {one.sha256}\n" for one in sorted(files.values(), key=lambda one: one.name))
    return Found(files=files, extra=tuple(extra), content_hash=hashlib.sha256(told.encode()).hexdigest(), document=document)


def figures_of(workplace: Workplace, wanted: Wanted, found: Found, organisation: Organisation, projects: Mapping[str, Project]) -> Figures:
    """What the report's own JSON file says, exact."""
    document, project = found.document, wanted.scope.removeprefix(PROJECTS)
    totals = document.get("totals") or document.get("total") or {}
    cost, before = _costs(document)
    gap = _gap(workplace, wanted, document) if before is not None else ""
    name = organisation.name if wanted.scope == ORGANISATION else (projects[project].name if project in projects else project)
    return Figures(
        label=wanted.report.label,
        span=wanted.span,
        scope_name=name,
        organisation=organisation.name,
        currency=str(document.get("currency") or totals.get("currency") or organisation.currency),
        cost=cost,
        before=None if gap else before,
        before_words=_before_words(wanted.span),
        before_gap=gap,
        budget=_budget(document, wanted),
        grade=document.get("grade"),
        requests=totals.get("requests"),
        revision=wanted.revision,
        replaced=_replaced(workplace, wanted),
        open=_open(document, wanted),
    )


def _gap(workplace: Workplace, wanted: Wanted, document: Mapping[str, Any]) -> str:
    """That no source speaks of some days of the span that it is compared with: a change in percent would mislead."""
    if "compared_from" in document:
        days = inclusive(date.fromisoformat(document["compared_from"]), date.fromisoformat(document["compared_to"]))
    else:
        days = month_of(wanted.span.period.start - ONE_DAY)
    database = workplace.database()
    missing = missing_days(database, days, database.select(daily_costs, where={"day": days}))
    return f"of {len(missing)} of the {days.days_count} days of {_before_words(wanted.span)} nothing is known" if missing else ""


def _file(path: Path) -> ReportFile | None:
    if not path.is_file():
        return None
    content = path.read_bytes()
    return ReportFile(name=path.name, path=path, sha256=hashlib.sha256(content).hexdigest(), size_bytes=len(content))


def _document(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except ValueError as error:
        raise NotReadyError(f"{path} is no JSON file ({error}): write the report again") from error
    if not isinstance(found, dict):
        raise NotReadyError(f"{path} is no report: write it again")
    return found


def _check_statement(workplace: Workplace, wanted: Wanted, newest: Statement, files: Mapping[str, ReportFile]) -> None:
    """It lies there as the ledger of statements has it, of a month that was over or closed."""
    if wanted.revision is None:
        last = wanted.span.period.last
        computed = workplace.database().select(computed_days, where={"day": last})
        if max((one.computed_at for one in computed), default=start_of(last)) < start_of(last + ONE_DAY):
            raise NotReadyError(f"it was written before {span_words(wanted.span)} was over: {wanted.command} brings it up to date")
    elif newest.revision != wanted.revision or newest.finality != CLOSED:
        raise NotReadyError(f"r{newest.revision} is being worked on: it goes out when the month is closed again")
    known = json.loads(newest.files)
    odd = sorted(name for name, sha256 in known.items() if name not in files or files[name].sha256 != sha256)
    if odd:
        mend = f"`usage-pipeline verify {wanted.span.name}` says more" if wanted.revision else f"{wanted.command} writes it again"
        raise NotReadyError(f"{odd[0]} is not the file that was written: {mend}")


def _check_span(workplace: Workplace, wanted: Wanted, document: Mapping[str, Any]) -> None:
    """A digest or a page was written when its span was over; of a closed month, out of what was closed."""
    if str(document.get("to", wanted.span.period.last)) != wanted.span.period.last.isoformat():
        raise NotReadyError(f"it was written before {span_words(wanted.span)} was over: {wanted.command} brings it up to date")
    if wanted.revision is None:
        return
    rows = workplace.database().select(monthly_costs, where={"month": wanted.span.period.start})
    stated = [one for one in _stated(workplace, wanted) if one.revision == wanted.revision]
    cost = _exact(document["statement_cost"]) if "statement_cost" in document else _costs(document)[0]
    if document.get("finality") != CLOSED or (stated and rows and cost is not None and cost != stated[0].cost):
        raise NotReadyError(f"it does not say yet what was closed as r{wanted.revision}: {wanted.command} writes it")


def _costs(document: Mapping[str, Any]) -> tuple[Decimal | None, Decimal | None]:
    """What it cost, and the span before, as each report has them in its JSON; None where it is not known."""
    totals = document.get("totals") or document.get("total") or {}
    before = (document.get("total_before") or {}).get("cost", totals.get("previous_cost"))
    return _exact(document.get("cost", totals.get("cost"))), _exact(document.get("cost_before", before))


def _stated(workplace: Workplace, wanted: Wanted) -> list[Statement]:
    return workplace.database().select(statements, where={"period": wanted.span.name, "scope": wanted.scope, "report": "statement"})


def _newest_stated(workplace: Workplace, wanted: Wanted) -> Statement | None:
    return max(_stated(workplace, wanted), key=lambda one: one.revision, default=None)


def _replaced(workplace: Workplace, wanted: Wanted) -> tuple[int, Decimal | None] | None:
    if wanted.revision is None or wanted.revision == 1:
        return None
    before = wanted.revision - 1
    stated = [one for one in _stated(workplace, wanted) if one.revision == before]
    return before, stated[0].cost if stated else None


def _budget(document: Mapping[str, Any], wanted: Wanted) -> tuple[Decimal, Decimal] | None:
    """The scope's own budget for the month, of all its cost."""
    listed = document.get("budgets")
    if wanted.span.kind != MONTH or not isinstance(listed, list):
        return None
    project = None if wanted.scope == ORGANISATION else wanted.scope.removeprefix(PROJECTS)
    for one in listed:
        whole = all(one.get(name) is None for name in BUDGET_OF_PARTS)
        own = one.get("project") == project and one.get("scope") in {ORGANISATION, "project"}
        if whole and own and one.get("period") == MONTHLY and one.get("unit") == document.get("currency"):
            spent, limit = _exact(one.get("spent")), _exact(one.get("limit"))
            return None if spent is None or limit is None else (spent, limit)
    return None


def _open(document: Mapping[str, Any], wanted: Wanted) -> tuple[str, ...]:
    found: list[str] = []
    if document.get("statement_cost") is not None:
        stated = f"{Decimal(document['statement_cost']):,.2f} {document.get('currency', '')}"
        found.append(f"Its cost is price times logged requests; the statement, which takes the bill where there is one, says {stated}.")
    finality = str(document.get("finality"))
    if wanted.revision is None and finality in FINALITIES:
        found.append(document.get("finality_words") or f"The month is {finality}: {FINALITIES[finality]}.")
    found += [f"{one[0].upper()}{one[1:]}." for one in document.get("grade_reasons") or [] if one]
    risks = document.get("budgets_at_risk")
    if isinstance(risks, list) and risks:
        found.append(f"{len(risks)} {'budget is' if len(risks) == 1 else 'budgets are'} crossed or at risk; the report names them.")
    odd = document.get("anomalies")
    if isinstance(odd, list) and odd:
        found.append(f"{len(odd)} {'day was' if len(odd) == 1 else 'days were'} far dearer than usual; the report names them.")
    return tuple(found)


def _before_words(span: Span) -> str:
    if span.kind == DAY:
        return "the same weekday a week before"
    if span.kind == MONTH:
        return span_words(month_span(span.period.start - ONE_DAY))
    return "the week before"


def _exact(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value))
