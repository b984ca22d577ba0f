"""Requests over the limit on one request, as printed: how many, and the few that are most times over it."""

from dataclasses import dataclass
from decimal import Decimal

from usage_pipeline.money import CENT
from usage_pipeline.reports import words
from usage_pipeline.reports.snapshot import Snapshot
from usage_pipeline.tables.request_limits import MAX_COST, LimitViolation

MOST = 5
HUNDREDTH = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class ViolationLine:
    """One request and one limit that it is over."""

    project: str
    when: str
    operation: str
    model: str
    used: str
    limit: str
    times: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ViolationTable:
    """The printed lines, what all of them come to in words, and what a column of amounts needs, in mm."""

    lines: tuple[ViolationLine, ...]
    summary: str
    left: int
    amount_width: int


def violation_table(snapshot: Snapshot) -> ViolationTable | None:
    """None where no request was over a limit, or none is set."""
    found = snapshot.violations
    if found is None or not found.count:
        return None
    names = {project.id: words.project_name(project) for project in snapshot.projects}
    lines = tuple(_line(one, names, snapshot.currency) for one in found.worst[:MOST])
    requests = "1 request" if found.requests == 1 else f"{words.count(found.requests)} requests"
    width = words.column_width((text for line in lines for text in (line.used, line.limit)), 24)
    return ViolationTable(
        lines=lines,
        summary=f"{requests} used or cost more than request_limits in usage.yaml lets one request",
        left=found.count - len(lines),
        amount_width=width,
    )


def _line(one: LimitViolation, names: dict[str, str], currency: str) -> ViolationLine:
    return ViolationLine(
        project=words.name_of("project", None) if one.project is None else names.get(one.project, words.clean(one.project)),
        when=f"{words.short_day(one.day)}, {one.started_at:%H:%M}",
        operation=words.name_of("operation", one.operation),
        model=words.name_of("model", one.model),
        used=_quantity(one, one.amount, currency),
        limit=_quantity(one, one.limit, currency),
        times=f"{words.number((one.amount / one.limit).quantize(HUNDREDTH), 2)} ×",
    )


def _quantity(one: LimitViolation, value: Decimal, currency: str) -> str:
    """A cost below a cent keeps its digits, so that it is not told as nothing."""
    if one.measure != MAX_COST:
        return f"{words.count(value)} tokens"
    return words.amount(value, currency, 2 if value == value.quantize(CENT) or value >= 1 else 4)
