"""What alert mails tell beyond the costs of two months: sums of longer spans, savings, and where more is."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from usage_pipeline.alerts.more import More
from usage_pipeline.budgets.spending import Spending
from usage_pipeline.defs.prices import volumes_known
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.periods import Period, month_of
from usage_pipeline.prices.advice import advice_of
from usage_pipeline.storage.database import Database
from usage_pipeline.storage.period_sums import first_day, period_sums
from usage_pipeline.tables.advice import Advice
from usage_pipeline.tables.budgets import CLIENT, PROJECT, Budget
from usage_pipeline.tables.costs import DailyCost
from usage_pipeline.tables.notices import Link
from usage_pipeline.tables.priced_usage import priced_usage


def more_of(workplace: Workplace, as_of: date, spent: Spending, run_id: str = "") -> More:
    """`spent` is what every budget spent by day, in its period so far. `run_id`: the Dagster run that judges, if one does."""
    return More(
        sums=lambda budget, periods: sums_of(workplace.database(), budget, periods),
        amounts=lambda budget, days: amounts_of(spent, budget, days),
        savings=lambda: _savings(workplace, month_of(as_of)),
        links=lambda project, day: links_of(workplace, project, day, run_id),
    )


def sums_of(database: Database, budget: Budget, periods: Sequence[Period]) -> list[DailyCost]:
    """What `budget` counts in the period before and in the others; of one before that began before all that is known, nothing: it would
    look smaller than it was.
    """
    before, *others = periods
    known = first_day(database)
    where = [(PROJECT, budget.projects) if name == CLIENT else (name, (value,)) for name, value in budget.where]
    asked = [before, *others] if known is not None and known <= before.start else others
    return [row for one in asked for row in period_sums(database, one, where, personal=budget.scope == PROJECT)]


def amounts_of(spent: Spending, budget: Budget, days: Period) -> Mapping[date, Decimal]:
    return {one.day: one.amount for one in spent.days(budget, days)}


def links_of(workplace: Workplace, project: str | None, day: date, run_id: str) -> list[Link]:
    """The statement of the day's month, if it is written, and the run in Dagster, where USAGE_DAGSTER_URL says at which address it is."""
    found: list[Link] = []
    scope = "organisation" if project is None else f"projects/{project}"
    statement = workplace.home.reports / f"{month_of(day).start:%Y-%m}" / scope / "statement.pdf"
    if statement.exists():
        found.append(Link(text="Statement so far", url=str(statement)))
    address = workplace.environment().dagster_url
    if address:
        found.append(Link(text="Dagster", url=f"{address.rstrip('/')}/{f'runs/{run_id}' if run_id else 'assets/alerts'}"))
    return found


def _savings(workplace: Workplace, month: Period) -> list[Advice]:
    """The month's advice so far; none where no prices are known yet."""
    books = workplace.books()
    if not books.known():
        return []
    lake = workplace.lake(workplace.engine())
    book = books.book_on(month.last)
    return advice_of(lake.read(priced_usage, month), book, lake.engine, volumes=volumes_known(lake, book, month))
