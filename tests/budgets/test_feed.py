"""The hard stop feed: states, grace by hours and percent, whose budgets bound a project, keys that serve several."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from usage_pipeline.budgets.feed import KeyUse, feed_of, judged
from usage_pipeline.budgets.status import status_of
from usage_pipeline.tables.budgets import Budget, Threshold
from usage_pipeline.tables.configuration import Project
from usage_pipeline.tables.costs import BILLED, DailyCost
from usage_pipeline.tables.request_limits import Grace

USUAL = tuple(Threshold(percent=Decimal(p), level=level) for p, level in ((75, "info"), (90, "warning"), (100, "critical")))
BUDGET = Budget(
    budget_id="projects/portal:monthly:USD", scope="project", project="portal", period="monthly", limit=Decimal(100), unit="USD",
    operation=None, thresholds=USUAL,
)  # fmt: skip
TODAY = date(2026, 10, 20)
NOW = datetime(2026, 10, 20, 15, 30, tzinfo=UTC)


def row(amount: str, day: int = 20) -> DailyCost:
    return DailyCost(
        day=date(2026, 10, day), project="portal", team=None, user=None, channel="openai", provider="openai", model="m", api_type="text",
        operation="chat", status="success", meter="input", quantity=Decimal(1), requests=0, list_cost=None, estimated_cost=None,
        billed_cost=None, cost=Decimal(amount), basis=BILLED, unpriced_quantity=Decimal(0), unpriced_events=0, unpriced_reason=None,
    )  # fmt: skip


def state(amount: str, grace: Grace | None = None, *, day: int = 20, now: datetime = NOW, budget: Budget = BUDGET) -> str:
    return judged(status_of(budget, [row(amount, day)], TODAY), budget, grace, now).state


@pytest.mark.parametrize(
    ("amount", "expected"),
    [("0", "ok"), ("89.999999999999999", "ok"), ("90", "warning"), ("99.999999999999999", "warning"), ("100", "stop"), ("-5", "ok")],
)
def test_states_begin_exactly(amount: str, expected: str) -> None:
    assert state(amount) == expected


def test_without_a_threshold_below_the_limit_nothing_warns() -> None:
    assert state("99", budget=replace(BUDGET, thresholds=USUAL[2:])) == "ok"


@pytest.mark.parametrize(
    ("grace", "amount", "day", "now", "expected"),
    [
        (Grace(hours=24), "100", 19, datetime(2026, 10, 20, 23, 59, 59, tzinfo=UTC), "grace"),
        (Grace(hours=24), "100", 19, datetime(2026, 10, 21, tzinfo=UTC), "stop"),
        (Grace(hours=24), "100", 18, NOW, "stop"),
        (Grace(percent=Decimal(10)), "109.999999999999999", 1, NOW, "grace"),
        (Grace(percent=Decimal(10)), "110", 20, NOW, "stop"),
        (Grace(hours=24, percent=Decimal(10)), "105", 20, NOW, "grace"),
        (Grace(hours=24, percent=Decimal(10)), "111", 20, NOW, "stop"),
        (Grace(hours=24, percent=Decimal(10)), "105", 1, NOW, "stop"),
    ],
)
def test_grace_ends_with_whichever_comes_first(grace: Grace, amount: str, day: int, now: datetime, expected: str) -> None:
    assert state(amount, grace, day=day, now=now) == expected


def feed(budgets: list[Budget], keys: list[KeyUse]) -> dict[str, Any]:
    found = [judged(status_of(one, [row("100")], TODAY), one, None, NOW) for one in budgets]
    return feed_of(
        found,
        projects=[Project(id="portal", name="Portal", team="support", client="Acme"), Project(id="search", name="Search")],
        keys=keys,
        grace=None,
        currency="USD",
        as_of=TODAY,
        data_through=date(2026, 10, 18),
        now=NOW,
    )


def test_the_worst_of_the_budgets_that_bound_a_project_decides() -> None:
    whole = replace(BUDGET, budget_id="organisation:monthly:USD", scope="organisation", project=None, limit=Decimal(110))
    narrow = replace(whole, budget_id="n", operation="chat", limit=Decimal(1))
    user = replace(whole, budget_id="u", scope="user", holder="u_17", limit=Decimal(1))
    told = feed([BUDGET, whole, narrow, user], [])
    assert [(one["project"], one["state"], one["budget_id"], one["remaining"]) for one in told["projects"]] == [
        ("portal", "stop", "projects/portal:monthly:USD", "0"),
        ("search", "warning", "organisation:monthly:USD", "10"),
    ]
    assert [one["state"] for one in told["budgets"]] == ["stop", "warning", "stop", "ok"]
    assert (told["computed_at"], told["data_lag_days"], told["projects"][0]["resets_at"]) == (
        "2026-10-20T15:30:00Z", 2, "2026-11-01T00:00:00Z",
    )  # fmt: skip


@pytest.mark.parametrize("scope", ["team", "client"])
def test_teams_and_clients_bound_their_projects(scope: str) -> None:
    holder = {"team": "support", "client": "Acme"}[scope]
    budget = replace(BUDGET, budget_id="x", scope=scope, project=None, holder=holder, projects=("portal",), limit=Decimal(100))
    seen = replace(status_of(BUDGET, [row("100")], TODAY), scope=scope, project=None, holder=holder)
    told = feed_of(
        [judged(seen, budget, None, NOW)],
        projects=[Project(id="portal", name="Portal", team="support", client="Acme"), Project(id="search", name="Search")],
        keys=[], grace=None, currency="USD", as_of=TODAY, data_through=None, now=NOW,
    )  # fmt: skip
    assert [one["state"] for one in told["projects"]] == ["stop", "ok"]
    assert (told["data_through"], told["data_lag_days"]) == (None, None)


def test_a_key_is_not_stopped_for_another_projects_sake() -> None:
    uses = [
        KeyUse(api_key="k1", project="portal", newest=NOW),
        KeyUse(api_key="k2", project="portal", newest=NOW),
        KeyUse(api_key="k2", project="search", newest=datetime(2026, 10, 20, 15, 29, tzinfo=UTC)),
        KeyUse(api_key="k3", project=None, newest=NOW),
        KeyUse(api_key=None, project="portal", newest=NOW),
    ]
    told = feed([BUDGET], uses)
    assert [(one["api_key"], one["projects"], one["state"]) for one in told["keys"]] == [
        ("k1", ["portal"], "stop"),
        ("k2", ["portal", "search"], "ok"),
        ("k3", ["unattributed"], "ok"),
    ]
    assert [one["data_lag_seconds"] for one in told["projects"]] == [0, 60, 0]
