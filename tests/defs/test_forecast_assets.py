"""From logs to forecasts, anomalies and the status of budgets, through Dagster: ten weeks of office days, and one day that ran away."""

import json
from datetime import date
from decimal import Decimal

import pytest
from sample_world import World
from tracker_world import CONFIG, request, tracker_world, write

from usage_pipeline.periods import ONE_DAY, inclusive, month_of
from usage_pipeline.tables.anomalies import anomalies
from usage_pipeline.tables.budgets import budget_status
from usage_pipeline.tables.forecasts import WEEKLY, forecast_errors, forecasts

HOLIDAY = date(2026, 9, 7)
FIRST, LAST = date(2026, 8, 10), date(2026, 10, 18)
RUNAWAY = date(2026, 10, 6)
WEEK = (20, 21, 22, 21, 19, 6, 4)
SECTIONS = f"holidays: [{HOLIDAY}]\nanomalies: {{floor: 30}}\n"


@pytest.fixture(scope="module")
def spent(tmp_path_factory: pytest.TempPathFactory) -> World:
    """portal by the week and 200 on one day; ranker began in October. Seen from the 18th of October, a Sunday."""
    world = tracker_world(tmp_path_factory.mktemp("weeks"), CONFIG.replace("limit: 10}", "limit: 700}") + SECTIONS)
    usual = {day: 4 if day == HOLIDAY else WEEK[day.weekday()] for day in inclusive(FIRST, LAST).days()}
    lines = [request(f"p{day}", day, dollars=str(dollars)) for day, dollars in (usual | {RUNAWAY: 200}).items()]
    lines += [request(f"r{day}", day, project="ranker", dollars="3") for day in inclusive(date(2026, 10, 14), LAST).days()]
    write(world, "a.jsonl", lines)
    assert world.job("daily", inclusive(FIRST, LAST)).success
    months = inclusive(date(2026, 9, 1), LAST)
    assert world.job("monthly", months).success
    return world


def test_the_day_that_ran_away_is_the_only_anomaly(spent: World) -> None:
    """Of the day's cost, and, made by one request, of a request's."""
    found = {one.kind: one for one in spent.database.select(anomalies)}
    assert {(one.day, one.project) for one in found.values()} == {(RUNAWAY, "portal")}
    assert [(kind, one.expected, one.actual, one.excess) for kind, one in sorted(found.items())] == [
        ("cost", 21, 200, 179),
        ("unit_cost", 20, 200, 180),
    ]


def test_the_command_lists_it(spent: World) -> None:
    answer = json.loads(spent.command("anomalies", "--from", "2026-10-01", "--to", "2026-10-31", "--json").stdout)
    assert (answer["floor"], [(one["day"], one["excess"]) for one in answer["anomalies"]]) == (
        "30",
        [("2026-10-06", "180"), ("2026-10-06", "179")],
    )
    told = spent.command("anomalies", "--from", "2026-10-01", "--to", "2026-10-31").stdout
    assert "portal spent 200.00 on gpt-4o-mini on Tuesday 2026-10-06: 9.5 times the usual 21.00 of a Tuesday" in told
    none = spent.command("anomalies", "--from", "2026-09-01", "--to", "2026-09-30").stdout
    assert "nothing: no day cost 30 USD or more above the usual of such a day" in none


def test_months_are_forecast_and_past_ones_judged(spent: World) -> None:
    rows = {(one.project, one.as_of): one for one in spent.database.select(forecasts)}
    september = rows["portal", date(2026, 9, 10)]
    assert september.actual == sum(4 if day == HOLIDAY else WEEK[day.weekday()] for day in month_of(HOLIDAY).days())
    assert september.method == WEEKLY
    assert september.error is not None
    assert september.error < 2
    running = rows[None, LAST]
    assert (running.actual, running.error, running.missing_days) == (None, None, 0)
    assert running.spent < running.low < running.forecast < running.high
    errors = {(one.project, one.day_of_month): one for one in spent.database.select(forecast_errors)}
    assert errors["portal", 10].months == 1
    assert ("ranker", 10) not in errors


def test_a_budget_s_status_carries_the_forecast(spent: World) -> None:
    status = {one.project: one for one in spent.database.select(budget_status, where={"period_start": date(2026, 10, 1)})}
    portal, ranker = status["portal"], status["ranker"]
    days = inclusive(LAST + ONE_DAY, date(2026, 10, 31)).days()
    ahead = sum(WEEK[day.weekday()] for day in days)
    assert portal.forecast_method == WEEKLY
    assert portal.forecast is not None
    assert portal.forecast_low is not None
    assert portal.forecast_high is not None
    assert abs(portal.forecast - (portal.spent + ahead)) < Decimal(10), "the day that ran away does not come back"
    assert portal.spent < portal.forecast_low < portal.forecast < portal.forecast_high
    assert (ranker.forecast_method, ranker.forecast_low, ranker.spent) == ("straight_line", None, 15)


def test_a_check_of_budgets_says_the_same(spent: World) -> None:
    answer = json.loads(spent.command("budgets", "check", "--dry-run", "--as-of", str(LAST), "--json").stdout)
    kept = {one.project: one for one in spent.database.select(budget_status, where={"period_start": date(2026, 10, 1)})}
    told = {one["project"]: one for one in answer["budgets"]}
    assert Decimal(told["portal"]["forecast"]) == kept["portal"].forecast
    assert told["portal"]["forecast_method"] == WEEKLY


def test_what_is_over_stays_as_it_is(spent: World) -> None:
    september = spent.database.select(budget_status, where={"period_start": date(2026, 9, 1)})
    assert {one.forecast_method for one in september} <= {"straight_line", None}
