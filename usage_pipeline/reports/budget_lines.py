"""Budgets as they are printed: gauges for the first page, one line a budget in the table, a phrase in the ledger."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from usage_pipeline.money import CENT
from usage_pipeline.periods import ONE_DAY
from usage_pipeline.reports import words
from usage_pipeline.reports.charts import Gauge, Mark, at, gauge
from usage_pipeline.reports.snapshot import Snapshot
from usage_pipeline.reports.tables import project_cents, width
from usage_pipeline.tables.budgets import COUNTED_UNITS, CREDITS, FIXED, REQUESTS, TOKENS, YEARLY, BudgetStatus

MONTHLY = "monthly"
KINDS = {TOKENS: "token ", CREDITS: "credit ", REQUESTS: "request "}
GAUGES_MOST = 3
LINES_MOST = 60
ROOM_FOR_TICKS = 240
TICK_LETTER, TICK_GAP = Decimal("5.6"), Decimal(6)
"""Of the gauge's 400: the widest that a digit of a tick is at 8.6, and the least between two ticks' texts."""
FULL = Decimal(100)


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetGauge:
    """One gauge with its words."""

    title: str
    percent: str
    left: str
    gauge: Gauge
    ticks: tuple[tuple[Mark, str], ...]
    outlook: str
    alt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetLine:
    """One budget in the table; of a daily or weekly one its highest period."""

    name: str
    what: str
    limit: str
    spent: str
    width: str
    percent: str
    forecast: str
    state: str
    over: bool
    is_monthly: bool


def gauges_of(snapshot: Snapshot) -> tuple[BudgetGauge, ...]:
    """The scope's own monthly budgets; for an organisation without one, the projects' fullest."""
    own = [one for one in snapshot.budgets if one.period == MONTHLY and (snapshot.project is not None or one.owner is None)]
    if not own:
        own = sorted((one for one in snapshot.budgets if _is_whole_month(one)), key=lambda one: -one.percent)
    return tuple(_gauge(one, snapshot) for one in own[:GAUGES_MOST])


def pace_of(snapshot: Snapshot) -> Decimal | None:
    """What the scope's own monthly budget comes to per day; null without one."""
    own = snapshot.project.id if snapshot.project else None
    limits = [one.limit for one in snapshot.budgets if one.owner == own and one.project == own and _is_whole_month(one)]
    return min(limits) / snapshot.month.days_count if limits else None


def budget_lines(snapshot: Snapshot) -> tuple[BudgetLine, ...]:
    """Every budget once, the fullest first: a daily or weekly one by its highest period."""
    groups: dict[str, list[BudgetStatus]] = {}
    for one in snapshot.budgets:
        groups.setdefault(one.budget_id, []).append(one)
    highest = sorted((max(group, key=lambda one: one.percent) for group in groups.values()), key=lambda one: (-one.percent, one.budget_id))
    return tuple(_line(one, groups[one.budget_id], snapshot) for one in highest)


def project_budgets(snapshot: Snapshot) -> dict[str, tuple[str, bool]]:
    """For each project with a monthly budget in money: the budget in words, and whether it is exceeded."""
    return {
        one.project: (f"{words.percent(one.percent)} of {limit_text(one, snapshot.currency)} budget", one.spent > one.limit)
        for one in reversed(snapshot.budgets)
        if one.project is not None and _is_whole_month(one)
    }


def project_percents(snapshot: Snapshot) -> dict[str, BudgetStatus]:
    """Each project's monthly budget in money."""
    return {one.project: one for one in reversed(snapshot.budgets) if one.project is not None and _is_whole_month(one)}


def limit_text(status: BudgetStatus, currency: str) -> str:
    """'$38,000', '$452.50', '2 m tokens'."""
    return _units(status, status.limit, currency, whole=True)


def _is_whole_month(status: BudgetStatus) -> bool:
    return status.period == MONTHLY and not status.only and status.unit not in COUNTED_UNITS


def _units(status: BudgetStatus, value: Decimal, currency: str, *, whole: bool = False) -> str:
    if status.unit in COUNTED_UNITS:
        return f"{words.compact(value)} {status.unit}"
    return words.amount(value, currency, 0 if whole and value == value.to_integral_value() else 2)


def _spent(status: BudgetStatus, snapshot: Snapshot) -> Decimal:
    """What was spent; where it is a cost that the statement shows elsewhere, in the very same cents."""
    if status.unit in COUNTED_UNITS:
        return status.spent
    if status.project is None or status.only:
        return status.spent.quantize(CENT)
    exact = {group.key: group.cost for group in snapshot.by_project}
    shown = project_cents(snapshot.by_project)
    return shown[status.project] if exact.get(status.project) == status.spent else status.spent.quantize(CENT)


def _owner(status: BudgetStatus, snapshot: Snapshot) -> str:
    if status.holder is not None:
        return f"{status.scope.capitalize()} {words.clean(status.holder)}"
    if status.project is None:
        return words.clean(snapshot.organisation.name)
    return next((words.project_name(one) for one in snapshot.projects if one.id == status.project), words.clean(status.project))


def _what(status: BudgetStatus, currency: str) -> str:
    period = status.period
    if period == FIXED:
        period = f"{words.short_day(status.period_start)} to {words.short_day(status.period_end - ONE_DAY)}"
    return period + (f", {_only(status)} only" if status.only else "") + _raised(status, currency)


def _only(status: BudgetStatus) -> str:
    """'improvement', 'chat, gpt-5, openai': what the budget is narrowed to."""
    operation = [] if status.operation is None else [words.name_of("operation", status.operation).lower()]
    return ", ".join([*operation, *(words.clean(one) for one in (status.model, status.channel) if one is not None)])


def _raised(status: BudgetStatus, currency: str) -> str:
    """'; raised by $100 until 20 Oct'; '; $40 left over from before' is in the limit: why it is another than the declared one."""
    told = ""
    if status.raised_by is not None and status.raise_ends is not None:
        told += f"; raised by {_units(status, status.raised_by, currency, whole=True)} until {words.short_day(status.raise_ends)}"
    if status.rolled_over:
        told += f"; with {_units(status, status.rolled_over, currency, whole=True)} left over from before"
    return told


def _gauge(status: BudgetStatus, snapshot: Snapshot) -> BudgetGauge:
    running = status.as_of < snapshot.month.last
    drawn = gauge(status.spent, status.limit, status.forecast if running else None)
    limit = limit_text(status, snapshot.currency)
    title = "of budget used"
    if status.unit in COUNTED_UNITS or status.only:
        title = f"of the {KINDS.get(status.unit, '')}budget" + (f" for {_only(status)}" if status.only else "")
    if snapshot.project is None and status.project is not None:
        title = f"of {_owner(status, snapshot)}’s budget used"
    remaining = status.limit - _spent(status, snapshot)
    left = _units(status, abs(remaining), snapshot.currency) + (" left" if status.remaining >= 0 else " over")
    return BudgetGauge(
        title=title,
        percent=words.percent(status.percent),
        left=left,
        gauge=drawn,
        ticks=_ticks(drawn, status, snapshot.currency),
        outlook=_outlook(status, snapshot) if running else "",
        alt=f"{words.percent(status.percent)} {title}: {_units(status, status.spent, snapshot.currency)} of {limit}",
    )


def _ticks(drawn: Gauge, status: BudgetStatus, currency: str) -> tuple[tuple[Mark, str], ...]:
    """Quarters of the limit where they have room, else its two ends, else the limit alone: no text runs into another or off the page."""
    limit = Decimal(drawn.limit)
    quarters = range(5) if limit >= ROOM_FOR_TICKS else (0, 4)
    texts = {quarter: _tick_text(status, status.limit * quarter / 4, currency) for quarter in quarters}
    half = len(texts[4]) * TICK_LETTER / 2
    if limit < len(texts[0]) * TICK_LETTER + TICK_GAP + half:
        return ((Mark(x=at(max(limit, half)), y="", text=texts[4]), "middle"),)
    anchors = {0: "start", 4: "end"} if limit > ROOM_FOR_TICKS else {0: "start", 4: "middle"}
    return tuple((Mark(x=at(limit * quarter / 4), y="", text=texts[quarter]), anchors.get(quarter, "middle")) for quarter in quarters)


def _tick_text(status: BudgetStatus, value: Decimal, currency: str) -> str:
    if status.unit in COUNTED_UNITS:
        return words.compact(value)
    return words.amount(value, currency, 0 if status.limit >= FULL else 2)


def _outlook(status: BudgetStatus, snapshot: Snapshot) -> str:
    """What is expected while the period still runs: with its 80 % interval, or by a straight line."""
    if status.forecast is None:
        return ""
    end = words.short_day(snapshot.month.last)
    expected = _units(status, status.forecast, snapshot.currency)
    if status.forecast_low is None or status.forecast_high is None:
        text = f"At this pace {expected} by {end}"
    else:
        low, high = (_units(status, one, snapshot.currency) for one in (status.forecast_low, status.forecast_high))
        text = f"Expected {expected} by {end} ({low} to {high} in 4 of 5 cases)"
    if status.crossing_date is None:
        return text
    verb = "reached" if status.crossing_date <= status.as_of else "reaches"
    return f"{text}; {verb} the limit on {words.short_day(status.crossing_date)}"


def _line(status: BudgetStatus, group: Sequence[BudgetStatus], snapshot: Snapshot) -> BudgetLine:
    over = sum(one.spent > one.limit for one in group)
    what = _what(status, snapshot.currency)
    if status.period not in (MONTHLY, YEARLY, FIXED):
        what += f"; highest {words.short_day(status.period_start)}" + (
            f", over in {over} of {len(group)}" if over and len(group) > 1 else ""
        )
    return BudgetLine(
        name=_owner(status, snapshot),
        what=what[:1].upper() + what[1:],
        limit=limit_text(status, snapshot.currency),
        spent=_units(status, _spent(status, snapshot), snapshot.currency),
        width=width(status.percent),
        percent=words.percent(status.percent),
        forecast=words.NONE
        if status.forecast is None or status.as_of + ONE_DAY >= status.period_end
        else _units(status, status.forecast, snapshot.currency),
        state=_state(status),
        over=status.spent > status.limit,
        is_monthly=status.period in (MONTHLY, YEARLY, FIXED),
    )


def _state(status: BudgetStatus) -> str:
    if status.spent > status.limit:
        return "over" if status.crossing_date is None else f"over since {words.short_day(status.crossing_date)}"
    if status.threshold is not None:
        return f"{status.level}, above {words.percent(status.threshold, 0)}"
    return "within budget"
