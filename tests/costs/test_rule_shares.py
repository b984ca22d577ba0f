"""Shared cost by declared rule: even, weighted, by usage; said with the rule's name."""

from decimal import Decimal

import pytest
from cost_rows import usage_row

from usage_pipeline.costs.rule_shares import shares_of_rule, used_by_project
from usage_pipeline.costs.shares import Shares
from usage_pipeline.tables.shared_costs import SharedCostRule

USED = {"openai": {"a": Decimal(3), "b": Decimal(1)}, "anthropic": {"b": Decimal(4), "x": Decimal(9)}}


def rule(method, **columns):
    return SharedCostRule(name="seats", lines=(("sku", ("Seats",)),), method=method, projects=("a", "b", "c"), **columns)


def told(shares: Shares):
    assert shares.rule == "seats"
    assert shares.units == shares.weights
    return shares.method, dict(zip(shares.projects, shares.weights, strict=True))


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (rule("even"), ("even", {"a": 1, "b": 1, "c": 1})),
        (rule("weighted", weights=(("a", Decimal("2.5")), ("c", Decimal(1)))), ("weighted", {"a": Decimal("2.5"), "c": 1})),
        (rule("by_usage"), ("by_usage", {"a": 3, "b": 1})),
        (rule("by_usage", channels=("openai", "anthropic")), ("by_usage", {"a": 3, "b": 5})),
        (rule("by_usage", channels=("aws.bedrock",)), ("unattributed", {"unattributed": 1})),
        (rule("unattributed"), ("unattributed", {"unattributed": 1})),
    ],
    ids=["even", "weighted", "own channel", "channels", "no usage", "nobody"],
)
def test_a_rule_deals_out_as_declared(one, expected):
    assert told(shares_of_rule(one, "openai", USED)) == expected


def test_the_providers_usage_weighs_where_there_is_any_and_what_has_no_rate_does_not():
    usage = [
        usage_row(project="a", quantity=1, cost="1"),
        usage_row(project="b", quantity=1, cost="7", view="provider"),
        usage_row(project="a", quantity=1, cost="2", channel="anthropic"),
        usage_row(project="a", quantity=1, cost=None, channel="anthropic"),
        usage_row(project=None, quantity=1, cost="5", channel="anthropic"),
        usage_row(project="c", quantity=1, cost="5", channel="anthropic", status="failure"),
    ]
    assert used_by_project(usage) == {"openai": {"b": 7}, "anthropic": {"a": 2}}
