"""What a run over a closed month would touch, before it runs: statements, budgets and mails, by how much. Changes nothing.

The month is computed in a folder of its own from the files read so far, with usage.yaml and the price books as they are now.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from usage_pipeline import money
from usage_pipeline.budgets.spending import dimensions_of
from usage_pipeline.defs.budgets import month_statuses, sums_around
from usage_pipeline.defs.changed_since import changes_of
from usage_pipeline.defs.close_files import closed_book, current_book
from usage_pipeline.defs.closed import Closed
from usage_pipeline.defs.inputs import Gone, inputs_of, locate
from usage_pipeline.defs.replay import Ingredients, replayed, replayed_home
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.periods import Period, month_name, month_of
from usage_pipeline.reports.bridge import added_up, bridge_of
from usage_pipeline.reports.facts import scopes_of
from usage_pipeline.reports.snapshot import ORGANISATION, PROJECTS
from usage_pipeline.settings import Settings
from usage_pipeline.storage.database import Database
from usage_pipeline.tables.bridge import BridgePart
from usage_pipeline.tables.budgets import Budget, BudgetStatus
from usage_pipeline.tables.costs import DailyCost
from usage_pipeline.tables.day_sums import day_sums_of
from usage_pipeline.tables.statements import statements


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchedStatement:
    """A statement whose numbers would be others."""

    period: str
    scope: str
    before: Decimal
    after: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchedBudget:
    """A budget's period of which more or less would be spent. `crossed`: thresholds that it would reach anew, in percent."""

    budget_id: str
    period_start: date
    unit: str
    limit: Decimal
    before: Decimal
    after: Decimal
    crossed: tuple[Decimal, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionPlan:
    """`compared`: months whose statements compare with this one once it is closed again. `gone`: inputs that cannot be read again.

    `changed`: what of usage.yaml, price books and exchange rates is another than when it was closed, in words.
    Mails: never any, of whatever would be due; `alerts` counts the thresholds that would have been told then.
    """

    closed: Closed
    parts: Sequence[BridgePart]
    statements: Sequence[TouchedStatement]
    budgets: Sequence[TouchedBudget]
    compared: Sequence[str]
    gone: Sequence[Gone]
    changed: Sequence[str] = ()

    @property
    def difference(self) -> Decimal:
        return money.total([one.amount for one in self.parts])

    @property
    def alerts(self) -> int:
        return sum(len(one.crossed) for one in self.budgets)


def revision_plan(workplace: Workplace, closed: Closed) -> RevisionPlan:
    """What computing the closed month again would change of its newest revision."""
    settings, database, month = workplace.settings(), workplace.database(), closed.month
    inputs = inputs_of(workplace, settings, month)
    before = closed_book(workplace.home, closed)
    with TemporaryDirectory(dir=workplace.home.scratch, prefix="plan-", ignore_cleanup_errors=True) as folder:
        places, gone = locate(workplace, inputs, Path(folder))
        rates = settings.exchange_rates if settings.exchange_rates and settings.exchange_rates.is_file() else None
        given = Ingredients(
            month=month,
            inputs=inputs,
            places=places,
            configuration=settings.file.read_text("utf-8"),
            books=workplace.books().adoptions(),
            catalogs=workplace.home.prices,
            rates=rates,
            at=workplace.now(),
            hashed_ids=workplace.home.hashed_ids,
        )
        daily = replayed(given, Path(folder))
        parts = added_up(bridge_of(before, current_book(replayed_home(given, Path(folder)), month, daily)))
    return RevisionPlan(
        closed=closed,
        parts=parts,
        statements=_statements(settings, month, before.daily, daily),
        budgets=_budgets(settings.budgets, database, month, before.daily, daily),
        compared=_compared(database, month) if parts else (),
        gone=gone,
        changed=changes_of(workplace, closed),
    )


def _statements(settings: Settings, month: Period, before: Sequence[DailyCost], after: Sequence[DailyCost]) -> list[TouchedStatement]:
    found: list[TouchedStatement] = []
    for scope in dict.fromkeys([*scopes_of(settings.projects, before), *scopes_of(settings.projects, after)]):
        ours = [_of_scope(rows, scope) for rows in (before, after)]
        if set(ours[0]) != set(ours[1]):
            costs = [money.total([row.cost for row in rows]) for rows in ours]
            found.append(TouchedStatement(period=month_name(month), scope=scope, before=costs[0], after=costs[1]))
    return found


def _of_scope(rows: Sequence[DailyCost], scope: str) -> list[DailyCost]:
    return [row for row in rows if scope in {ORGANISATION, PROJECTS + row.project}]


def _budgets(
    budgets: Sequence[Budget], database: Database, month: Period, before: Sequence[DailyCost], after: Sequence[DailyCost]
) -> list[TouchedBudget]:
    """Of budgets whose periods were judged in the month."""
    others = [row for row in sums_around(database, budgets, month) if row.day not in month]
    sides: list[dict[tuple[str, date], BudgetStatus]] = []
    for rows in (before, after):
        found = month_statuses(budgets, [*others, *day_sums_of(rows, dimensions_of(budgets))], month)
        sides.append({(one.budget_id, one.period_start): one for one in found})
    touched: list[TouchedBudget] = []
    for key in sorted({*sides[0], *sides[1]}):
        spent = [side[key].spent if key in side else money.ZERO for side in sides]
        if spent[0] != spent[1]:
            status = next(side[key] for side in reversed(sides) if key in side)
            budget = next(one for one in budgets if one.budget_id == key[0] and one.in_force(status.as_of))
            reached = [{one.percent for one in budget.reached(amount, status.limit)} for amount in spent]
            touched.append(
                TouchedBudget(
                    budget_id=key[0],
                    period_start=key[1],
                    unit=budget.unit,
                    limit=status.limit,
                    before=spent[0],
                    after=spent[1],
                    crossed=tuple(sorted(reached[1] - reached[0])),
                )
            )
    return touched


def _compared(database: Database, month: Period) -> list[str]:
    """The next month, where it has statements: they compare with the month before."""
    after = month_name(month_of(month.end))
    return [after] if database.select(statements, where={"period": after}) else []
