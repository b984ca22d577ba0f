"""One bill, or one count of usage, from two sources."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

import pytest

from usage_pipeline.costs.read_twice import BILL, DaySum, Teller, TwiceRead, comparable, spelling, twice_read

FIRST, SECOND = date(2026, 10, 1), date(2026, 10, 2)
API, CSV = Teller("api"), Teller("csv")
SAME = [TwiceRead(view=BILL, channel="openai", tellers=(API, CSV), days=(FIRST,))]
APART = {(BILL, "openai", API): {"billing_account": {"one"}}, (BILL, "openai", CSV): {"billing_account": {"other"}}}


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
    shared = accounts | {(BILL, "openai", CSV): {"billing_account": frozenset({"one"}), "workspace_id": frozenset({"w"})}}
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


def export(name: str, size: str, share: str = "8611000 2026-10-01", source: str = "cur") -> list[DaySum]:
    return told(source, {"unmapped": size}, export=name, share=share)


def test_two_exports_of_one_source_that_agree() -> None:
    [found] = twice_read([*export("october", "12.5"), *export("october-corrected", "12.5")], {})
    assert found.tellers == (Teller("cur", "october", "8611000 2026-10-01"), Teller("cur", "october-corrected", "8611000 2026-10-01"))
    assert (found.sources, found.days) == (("cur",), (FIRST,))
    assert twice_read([*export("october", "12.5"), *export("october-corrected", "12.4")], {}) == []
    assert twice_read([*export("october", "12.5"), *export("october", "12.5", "22 2026-10-01")], {}) == [], "of one export"


def test_exports_of_two_sources() -> None:
    whole, other = told("cur", {"unmapped": "20"}), told("focus", {"unmapped": "12.5"})
    [found] = twice_read([*whole, *export("a", "12.5"), *export("b", "7.5"), *other], {})
    assert found.tellers == (Teller("cur", "a", "8611000 2026-10-01"), Teller("focus")), "a source without exports as a whole"
    again = [*export("a", "12.5", source="focus"), *export("b", "7.5", source="focus"), *told("focus", {"unmapped": "20"})]
    [found] = twice_read([*whole, *export("a", "12.5"), *export("b", "7.5"), *again], {})
    assert found.tellers == (Teller("cur"), Teller("focus")), "wholes that agree are told, and not each of their exports"


def test_accounts_are_compared_in_one_spelling() -> None:
    assert spelling("/providers/Microsoft.Billing/billingAccounts/8611000") == spelling("8611000") == "8611000"
    assert spelling("0123-4567-8901") == spelling("12345678901")
    assert spelling("/subscriptions/ABCD-01/") == spelling("abcd-01")
    first, second, third = (Teller("azure", name, "x") for name in ("a", "b", "c"))
    accounts = {
        first: {"billing_account": frozenset({"/billingAccounts/8611000"}), "sub_account_id": frozenset({"/subscriptions/AA-1"})},
        second: {"billing_account": frozenset({"8611000"}), "sub_account_id": frozenset({"aa-1"})},
        third: {"billing_account": frozenset({"8611000"}), "sub_account_id": frozenset({"aa-2"})},
    }
    assert list(comparable(accounts)) == [(first, second)]
