"""The sheets of statement.xlsx as values: a summary, one sheet a breakdown, budgets, what has no price, and all rows for a pivot table.

In: the snapshot. Out: heads with the kind of their column, and exact values; `formats/xlsx.py` writes them. Null is an empty cell.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.reports import words
from usage_pipeline.reports.formats.csv import AMOUNTS, COLUMNS, UNITS
from usage_pipeline.reports.formats.json import DIMENSIONS
from usage_pipeline.reports.snapshot import Snapshot
from usage_pipeline.tables.budgets import BudgetStatus
from usage_pipeline.tables.summary import Group, Totals
from usage_pipeline.tables.unpriced import Unpriced

Value = str | int | Decimal | date | datetime | None

TEXT, MONEY, NUMBER, PERCENT, DAY, MOMENT = "text", "money", "number", "percent", "day", "moment"
"""What a column holds; a moment in UTC."""
SUMMARY, ROWS, BUDGETS, UNPRICED = "Summary", "Rows", "Budgets", "Unpriced"
ROWS_A_SHEET = 1_000_000
"""A sheet ends at 1,048,576 rows; more go on in 'Rows 2'."""
MONEY_OF_ROWS = frozenset({"list_cost", "estimated_cost", "billed_cost", "cost"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column's head, what it holds, and how wide it is in characters."""

    head: str
    kind: str = TEXT
    width: int = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One table. `total` stands below it, outside the filter; `above` are lines before its head: (label, value)."""

    name: str
    columns: tuple[Column, ...]
    rows: Sequence[tuple[Value, ...]]
    total: tuple[Value, ...] = ()
    above: tuple[tuple[str, str], ...] = ()


def sheets_of(snapshot: Snapshot, more: Sequence[Sheet] = ()) -> tuple[Sheet, ...]:
    """All of them, the summary first, the rows last, `more` before them; budgets and unpriced usage only where there are any."""
    return (
        _summary(snapshot),
        *(_breakdown(name, getattr(snapshot, f"by_{name}"), snapshot) for name in DIMENSIONS),
        *([_budgets(snapshot)] if snapshot.budgets else []),
        *([_unpriced(snapshot)] if snapshot.unpriced else []),
        *more,
        *_rows(snapshot),
    )


def sheet_name(dimension: str) -> str:
    """'By project'."""
    return f"By {dimension}"


def _summary(snapshot: Snapshot) -> Sheet:
    """Every total as a number and, because a spreadsheet keeps 15 digits, as a text of all its digits."""
    complete = snapshot.completeness
    totals = [(one.name, getattr(snapshot.totals, one.name)) for one in fields(Totals)]
    before = None if snapshot.previous is None else snapshot.previous.cost
    counted = [("days_expected", complete.expected), ("days_present", complete.present)]
    values: list[tuple[str, int | Decimal | None]] = [*totals, ("previous_cost", before), *counted]
    return Sheet(
        name=SUMMARY,
        columns=(Column(head="total", width=24), Column(head="value", kind=NUMBER, width=22), Column(head="exact", width=34)),
        rows=[(name, value, _exact(value)) for name, value in values],
        above=(
            ("Organisation", snapshot.organisation.name),
            ("Statement of", snapshot.scope),
            *([("Project", snapshot.project.name)] if snapshot.project else []),
            ("Period", snapshot.period),
            ("State", f"{snapshot.finality}, revision {snapshot.revision}"),
            ("Currency", snapshot.currency),
            ("Data through", "" if snapshot.data_through is None else snapshot.data_through.isoformat()),
            ("Price book", snapshot.price_book),
        ),
    )


def _exact(value: Decimal | int | None) -> str | None:
    return None if value is None else money.text(value) if isinstance(value, Decimal) else str(value)


def _breakdown(dimension: str, groups: Sequence[Group], snapshot: Snapshot) -> Sheet:
    """The groups of one `by_` list of statement.json, whole: no line is folded into others."""
    totals, currency = snapshot.totals, snapshot.currency
    names = {one.id: one.name for one in snapshot.projects} if dimension == "project" else {}
    key = Column(head=dimension, kind=DAY, width=12) if dimension == "day" else Column(head=dimension, width=34)
    amounts = [Column(head=f"{name} ({currency})", kind=MONEY, width=20) for name in ("cost", "billed", "estimated", "list")]
    by_meter = dimension == "meter"
    columns = (
        key,
        *([Column(head="name", width=30)] if names else []),
        Column(head="requests", kind=NUMBER),
        Column(head="tokens", kind=NUMBER, width=18),
        *([Column(head="quantity", kind=NUMBER, width=18), Column(head="unit")] if by_meter else []),
        *amounts,
        Column(head="percent of cost", kind=PERCENT),
        Column(head="credits", kind=NUMBER),
        Column(head="unpriced requests", kind=NUMBER, width=18),
    )

    def line(group: Group) -> tuple[Value, ...]:
        shown = words.UNKNOWN[dimension] if group.key is None else group.key
        named = (names.get(str(group.key)),) if names else ()
        measured = (group.quantity, UNITS.get(str(group.key))) if by_meter else ()
        costs = (group.cost, group.billed_cost, group.estimated_cost, group.list_cost)
        return (
            shown, *named, group.requests, group.tokens, *measured, *costs, group.percent, group.credits, group.unpriced_events,
        )  # fmt: skip

    total: tuple[Value, ...] = (
        "Total",
        *([None] if names else []),
        totals.requests,
        totals.tokens,
        *([None, None] if by_meter else []),
        *(totals.cost, totals.billed_cost, totals.estimated_cost, totals.list_cost),
        *(None, totals.credits, totals.unpriced_events),
    )
    return Sheet(name=sheet_name(dimension), columns=columns, rows=[line(group) for group in groups], total=total)


def _budgets(snapshot: Snapshot) -> Sheet:
    columns = (
        Column(head="budget", width=40), Column(head="project", width=28), Column(head="operation"), Column(head="unit"),
        Column(head="period"), Column(head="from", kind=DAY), Column(head="to (excluded)", kind=DAY), Column(head="as of", kind=DAY),
        Column(head="limit", kind=MONEY, width=18), Column(head="spent", kind=MONEY, width=18),
        Column(head="remaining", kind=MONEY, width=18), Column(head="percent", kind=PERCENT),
        Column(head="forecast", kind=MONEY, width=18), Column(head="crossing date", kind=DAY),
        Column(head="level"),
    )  # fmt: skip

    def line(one: BudgetStatus) -> tuple[Value, ...]:
        return (
            one.budget_id, one.project, one.operation, one.unit, one.period, one.period_start, one.period_end, one.as_of,
            one.limit, one.spent, one.remaining, one.percent, one.forecast, one.crossing_date, one.level,
        )  # fmt: skip

    return Sheet(name=BUDGETS, columns=columns, rows=[line(one) for one in snapshot.budgets])


def _unpriced(snapshot: Snapshot) -> Sheet:
    columns = (
        Column(head="project", width=28), Column(head="channel", width=18), Column(head="provider", width=18),
        Column(head="model", width=34), Column(head="reason", width=24),
        Column(head="requests", kind=NUMBER), Column(head="tokens", kind=NUMBER, width=18),
        Column(head="last day", kind=DAY), Column(head="may cost at least", kind=MONEY, width=18),
        Column(head="may cost at most", kind=MONEY, width=18), Column(head="to mend", width=60),
    )  # fmt: skip

    def line(one: Unpriced) -> tuple[Value, ...]:
        return (
            one.project, one.channel, one.provider, one.model, one.reason, one.events, one.tokens, one.day, one.low, one.high, one.hint,
        )  # fmt: skip

    return Sheet(name=UNPRICED, columns=columns, rows=[line(one) for one in snapshot.unpriced])


def _rows(snapshot: Snapshot) -> list[Sheet]:
    """The rows of statement.csv under the same heads, numbers as numbers: what a pivot table is made of."""
    columns = tuple(Column(head=name, kind=_kind(name), width=max(12, len(name) + 3)) for name in COLUMNS)
    whole: dict[str, Value] = {
        "period": snapshot.period,
        "currency": snapshot.currency,
        "revision": snapshot.revision,
        "finality": snapshot.finality,
        "grade": None if snapshot.grade is None else snapshot.grade.letter,
    }
    rows: list[tuple[Value, ...]] = []
    for row in snapshot.rows:
        more = whole | {"unit": UNITS.get(row.meter)}
        rows.append(tuple(more[name] if name in more else getattr(row, name) for name in COLUMNS))
    starts = range(0, max(1, len(rows)), ROWS_A_SHEET)
    return [
        Sheet(name=ROWS if not place else f"{ROWS} {place + 1}", columns=columns, rows=rows[start : start + ROWS_A_SHEET])
        for place, start in enumerate(starts)
    ]


def _kind(name: str) -> str:
    if name in MONEY_OF_ROWS:
        return MONEY
    return NUMBER if name in AMOUNTS or name in {"requests", "unpriced_events", "revision"} else TEXT
