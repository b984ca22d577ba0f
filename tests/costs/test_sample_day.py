"""internal-chat on 2026-10-02, by hand: six requests that the gateway, the provider's usage and the bill all know.

Beside them a failed request and a gateway cache hit (cost 0), and 12 web searches that only the bill knows (0.12).
"""

from datetime import date
from decimal import Decimal

import pytest
from cost_rows import charge_row, costs_of, usage_row

from usage_pipeline.tables.costs import BILLED, LOG_ESTIMATED, DailyCost
from usage_pipeline.tables.summary import by, totals
from usage_pipeline.tables.usage_costs import UsageCost

DAY = date(2026, 10, 2)
PROJECT = "internal-chat"
HAIKU = {"project": PROJECT, "channel": "anthropic", "provider": "anthropic", "model": "claude-haiku-4-5"}
MINI = {"project": PROJECT, "model": "gpt-4o-mini"}
TERRA = {"project": PROJECT, "model": "gpt-5.6-terra"}
# meter: (unit price per million, quantity of each of the model's requests)
REQUESTS = [
    (HAIKU, "user_bb82030d", {"input": (1, 200), "cache_read": ("0.1", 4000), "cache_write": ("1.25", 2000), "output": (5, 450)}),
    (HAIKU, "user_6ca202c8", {"input": (1, 300), "cache_read": ("0.1", 5000), "output": (5, 380)}),
    (HAIKU, "user_011e39ef", {"input": (1, 1410), "cache_read": ("0.1", 4000), "cache_write_1h": (2, 800), "output": (5, 520)}),
    (MINI, "user_e9c981a4", {"input": ("0.15", 900), "output": ("0.6", 210)}),
    (MINI, "user_5850a03e", {"input": ("0.15", 512), "cache_read": ("0.075", 1536), "output": ("0.6", 350)}),
    (TERRA, "user_71ea5f5b", {"input": (4, 2000), "cache_read": ("0.4", 2000), "cache_write": (5, 1000), "output": (24, 900)}),
]
MILLION = 1_000_000


def logs() -> list[UsageCost]:
    rows = [
        usage_row(**model, user=user, operation="chat", meter=meter, quantity=quantity, cost=Decimal(price) * quantity / MILLION)
        for model, user, meters in REQUESTS
        for meter, (price, quantity) in meters.items()
    ]
    rows += [usage_row(**model, user=user, operation="chat", requests=1) for model, user, _ in REQUESTS]
    rows.append(usage_row(**MINI, user="user_00000001", operation="chat", status="failure", requests=1))
    rows.append(usage_row(**MINI, user="user_e9c981a4", operation="chat", status="cache_hit", requests=1))
    rows.append(usage_row(**MINI, user="user_e9c981a4", operation="chat", status="cache_hit", meter="input", quantity=900))
    return rows


def provider() -> list[UsageCost]:
    """The provider's buckets: the same quantities per model and meter. OpenAI counts requests, Anthropic does not."""
    sums: dict[tuple[str, str], list] = {}
    for model, _, meters in REQUESTS:
        for meter, (price, quantity) in meters.items():
            bucket = sums.setdefault((model["model"], meter), [model, 0, price])
            bucket[1] += quantity
    rows = [
        usage_row(view="provider", **model, meter=meter, quantity=quantity, cost=Decimal(price) * quantity / MILLION)
        for (_, meter), (model, quantity, price) in sums.items()
    ]
    counts = [(MINI, 2), (TERRA, 1), (HAIKU, None)]
    return [*rows, *(usage_row(view="provider", **model, requests=count) for model, count in counts)]


def bill():
    openai = {"project": PROJECT}
    return [
        charge_row("0.0001152", 1536, **openai, model="gpt-4o-mini-2024-07-18", meter="cache_read"),
        charge_row("0.0002118", 1412, **openai, model="gpt-4o-mini-2024-07-18"),
        charge_row("0.000336", 560, **openai, model="gpt-4o-mini-2024-07-18", meter="output"),
        charge_row("0.0008", 2000, **openai, model="gpt-5.6-terra", meter="cache_read", service_tier="priority"),
        charge_row("0.008", 2000, **openai, model="gpt-5.6-terra", service_tier="priority"),
        charge_row("0.0216", 900, **openai, model="gpt-5.6-terra", meter="output", service_tier="priority"),
        charge_row("0.005", 1000, **openai, model="gpt-5.6-terra", meter="cache_write", service_tier="priority"),
        charge_row("0.12", 12, **openai, model=None, meter="web_searches"),
        charge_row("0.00191", **HAIKU),
        charge_row("0.00675", **HAIKU, meter="output"),
        charge_row("0.0013", **HAIKU, meter="cache_read"),
        charge_row("0.0025", **HAIKU, meter="cache_write"),
        charge_row("0.0016", **HAIKU, meter="cache_write_1h"),
    ]


MODEL_IDS = {("openai", "gpt-4o-mini-2024-07-18"): "gpt-4o-mini"}
LOGGED = Decimal("0.050123")
WEB_SEARCHES = Decimal("0.12")


def day(usage, charges) -> list[DailyCost]:
    return costs_of(DAY, usage, charges, model_ids=MODEL_IDS)


@pytest.mark.parametrize("usage", [logs(), provider(), logs() + provider()], ids=["logs", "provider", "both"])
def test_usage_alone_costs_the_six_requests_in_every_view(usage):
    rows = day(usage, [])
    assert totals(rows).cost == LOGGED
    assert totals(rows).billed_cost == 0
    assert {one.key: one.cost for one in by(rows, "model")} == {
        "gpt-5.6-terra": Decimal("0.0354"),
        "claude-haiku-4-5": Decimal("0.01406"),
        "gpt-4o-mini": Decimal("0.000663"),
    }


@pytest.mark.parametrize("usage", [[], logs(), provider(), logs() + provider()], ids=["bill", "logs", "provider", "both"])
def test_the_bill_gives_the_amount_whatever_else_is_known(usage):
    rows = day(usage, bill())
    assert totals(rows).cost == totals(rows).billed_cost == LOGGED + WEB_SEARCHES
    assert totals(rows).estimated_cost == (LOGGED if usage else 0)


def test_three_views_that_tie_leave_every_user_the_own_cost():
    logged, rows = day(logs(), []), day(logs() + provider(), bill())
    per_user = {one.key: one.cost for one in by(logged, "user")}
    assert per_user["user_bb82030d"] == Decimal("0.00535")
    assert {one.key: one.cost for one in by(rows, "user")} == per_user | {None: WEB_SEARCHES}


def test_web_searches_that_only_the_bill_knows_are_a_row_without_model_and_user():
    [row] = [one for one in day(logs() + provider(), bill()) if one.meter == "web_searches"]
    assert (row.project, row.model, row.user, row.quantity, row.cost, row.basis) == (PROJECT, None, None, 12, WEB_SEARCHES, BILLED)


@pytest.mark.parametrize("charges", [[], bill()], ids=["estimated", "billed"])
@pytest.mark.parametrize("usage", [logs(), logs() + provider()], ids=["logs", "both"])
def test_requests_are_counted_once_and_failures_and_cache_hits_cost_nothing(usage, charges):
    rows = day(usage, charges)
    assert (totals(rows).requests, totals(rows).failed_requests, totals(rows).cache_hits) == (8, 1, 1)
    assert {one.key: one.requests for one in by(rows, "model") if one.requests} == {
        "claude-haiku-4-5": 3,
        "gpt-4o-mini": 4,
        "gpt-5.6-terra": 1,
    }
    free = [one for one in rows if one.status != "success"]
    assert {(one.status, one.cost, one.billed_cost, one.basis) for one in free} == {
        ("failure", 0, None, LOG_ESTIMATED),
        ("cache_hit", 0, None, LOG_ESTIMATED),
    }


def test_tokens_are_those_of_one_view():
    assert totals(day(logs() + provider(), bill())).tokens == totals(day(logs(), [])).tokens == 28_468


def test_order_does_not_matter_and_a_second_run_is_equal():
    usage, charges = logs() + provider(), bill()
    assert day(usage, charges) == day(usage[::-1], charges[::-1]) == day(usage, charges)
