"""One bill, or one count of usage, from two sources."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

import pytest

from usage_pipeline.costs.read_twice import BILL, DaySum, TwiceRead, twice_read

FIRST, SECOND = date(2026, 10, 1), date(2026, 10, 2)
SAME = [TwiceRead(view=BILL, channel="openai", sources=("api", "csv"), days=(FIRST,))]
APART = {(BILL, "openai", "api"): {"billing_account": {"one"}}, (BILL, "openai", "csv"): {"billing_account": {"other"}}}


def told(source: str, sizes: Mapping[str, str], day: date = FIRST, **more: object) -> list[DaySum]:
    common = {"view": BILL, "channel": "openai", "source": source, "day": day} | more
    return [DaySum(meter=meter, size=Decimal(size), **common) for meter, size in sizes.items()]  # type: ignore[arg-type]


FULL = {"input": "8.24", "output": "9.744"}


@pytest.mark.parametrize(
    ("other", "found"),
    [
        (FULL, True),
        ({"unmapped": "17.984"}, True),
        (FULL | {"web_searches": "0.5"}, True),
        ({"output": "9.744", "input": "8"}, True),
        ({"input": "8.24", "output": "10"}, False),
        ({"input": "1", "output": "2"}, False),
        ({"input": "0", "output": "0"}, False),
    ],
    ids=["equal", "ungrouped", "one meter more", "half is equal", "less than half is equal", "other sums", "nothing"],
)
def test_sources_that_agree_on_a_day_tell_the_same(other: dict[str, str], found: bool) -> None:  # noqa: FBT001
    assert twice_read([*told("api", FULL), *told("csv", other)], {}) == (SAME if found else [])


def test_a_source_that_rounds_to_cents_agrees_within_half_a_cent_a_line() -> None:
    exact = told("api", {"input": "11.275", "output": "11.9075"})
    assert twice_read([*exact, *told("csv", {"input": "11.28", "output": "11.91"}, is_rounded=True)], {}) == SAME
    assert twice_read([*exact, *told("csv", {"input": "11.29", "output": "11.92"}, is_rounded=True)], {}) == []
    assert twice_read([*exact, *told("csv", {"input": "11.29", "output": "11.92"}, is_rounded=True, lines=3)], {}) == SAME
    assert twice_read([*told("api", {"input": "0.001"}), *told("csv", {"input": "0"}, is_rounded=True)], {}) == []


def test_sources_of_accounts_apart_may_agree() -> None:
    accounts = {key: {name: frozenset(values) for name, values in one.items()} for key, one in APART.items()}
    assert twice_read([*told("api", FULL), *told("csv", FULL)], accounts) == []
    shared = accounts | {(BILL, "openai", "csv"): {"billing_account": frozenset({"one"}), "workspace_id": frozenset({"w"})}}
    assert twice_read([*told("api", FULL), *told("csv", FULL)], shared) == SAME


def test_views_channels_and_days_are_told_apart() -> None:
    assert twice_read([*told("api", FULL), *told("csv", FULL, view="usage")], {}) == []
    assert twice_read([*told("api", FULL), *told("csv", FULL, channel="anthropic")], {}) == []
    assert twice_read([*told("api", FULL), *told("csv", FULL, SECOND)], {}) == []


def test_days_that_only_one_source_has_are_not_read_twice() -> None:
    late = {"input": "1", "output": "3"}
    both = [*told("api", FULL), *told("api", late, SECOND), *told("csv", FULL)]
    assert twice_read(both, {}) == SAME
    [found] = twice_read([*both, *told("csv", {"input": "0.5"}, SECOND)], {})
    assert found.days == (FIRST, SECOND)


def test_three_sources_are_one_group() -> None:
    [found] = twice_read([*told("api", FULL), *told("csv", FULL), *told("focus", {"unmapped": "17.984"})], {})
    assert found.sources == ("api", "csv", "focus")
