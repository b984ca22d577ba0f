"""First days of breaches, by hand."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from demo_world import World

from usage_pipeline.demo.breaches import breaches
from usage_pipeline.demo.truth import Breach, CostTruth

FIRST = date(2026, 10, 1)


def _cost(day: date, amount: str) -> CostTruth:
    return CostTruth(day=day, project="marketing-studio", channel="openai", basis="billed", amount=Decimal(amount))


def _days(found: tuple[Breach, ...]) -> list[tuple[date, int, date]]:
    return [(breach.period_start, breach.threshold, breach.day) for breach in found if breach.project is not None]


def test_a_threshold_is_reached_when_it_is_equalled() -> None:
    days = [FIRST + timedelta(days=number) for number in range(4)]
    costs = [_cost(days[0], "19.49"), _cost(days[1], "0.01"), _cost(days[3], "6.50")]
    assert _days(breaches(days, costs, {})) == [(FIRST, 75, days[1]), (FIRST, 90, days[3]), (FIRST, 100, days[3])]


def test_each_month_starts_anew() -> None:
    days = [date(2026, 9, 30), FIRST]
    costs = [_cost(days[0], "20"), _cost(days[1], "20")]
    assert _days(breaches(days, costs, {})) == [(date(2026, 9, 1), 75, days[0]), (FIRST, 75, FIRST)]


def test_the_organisation_s_budget_sums_all_projects() -> None:
    costs = [_cost(FIRST, "10"), replace(_cost(FIRST, "480"), project="unattributed")]
    found = [breach for breach in breaches([FIRST], costs, {}) if breach.project is None]
    assert [(breach.limit, breach.threshold) for breach in found] == [(Decimal(500), 75), (Decimal(500), 90)]


def test_tokens_of_one_operation() -> None:
    tokens = {("support-portal", "improvement", FIRST): 1_800_000, ("support-portal", "chat", FIRST): 9_000_000}
    found = breaches([FIRST], [], tokens)
    assert [(breach.unit, breach.operation, breach.threshold) for breach in found] == [
        ("tokens", "improvement", 75),
        ("tokens", "improvement", 90),
    ]


def test_the_runaway_agent_breaks_its_daily_budget(world: World) -> None:
    daily = {breach.day for breach in world.truth.breaches if breach.project == "agent-sandbox" and breach.period == "daily"}
    assert daily == {date(2026, 10, 20), date(2026, 10, 21), date(2026, 10, 22)}


def test_reached_are_those_of_the_periods_that_hold_the_last_day(world: World) -> None:
    reached = {(breach.project, breach.period, breach.threshold) for breach in world.truth.reached()}
    assert ("agent-sandbox", "monthly", 100) in reached
    assert ("agent-sandbox", "daily", 200) not in reached
