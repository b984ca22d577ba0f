"""Why spending changed, by hand; and that the parts are the change to the last digit, whatever comes."""

import random
from decimal import Decimal

import pytest
from alert_samples import AUGUST, cost

from usage_pipeline import money
from usage_pipeline.tables.causes import CACHE, CHARGES, MIX, PRICE, VOLUME, causes_of, in_cents
from usage_pipeline.tables.costs import DailyCost

MILLION = 1_000_000


def used(meter: str, millions: str, amount: str | None, **changes: object) -> DailyCost:
    return cost(AUGUST, amount, meter=meter, quantity=Decimal(millions) * MILLION, **changes)


def parts(before: list[DailyCost], now: list[DailyCost]) -> dict[str, str]:
    return {name: money.text(amount) for name, amount in causes_of(before, now).parts if amount}


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        ([used("input", "2", "4")], [used("input", "3", "6")], {VOLUME: "2"}),
        ([used("input", "2", "4")], [used("input", "2", "5")], {PRICE: "1"}),
        ([used("input", "2", "4")], [used("input", "3", "9")], {VOLUME: "2", PRICE: "3"}),
        # 4 million tokens at 2 and at 6: 16 before. The same 4 million, 1 at 2 and 3 at 6: 20.
        ([used("input", "2", "4", model="a"), used("input", "2", "12", model="b")],
         [used("input", "1", "2", model="a"), used("input", "3", "18", model="b")], {MIX: "4"}),
        # Half of 4 million input tokens comes from the cache, at a tenth of the price.
        ([used("input", "4", "8")], [used("input", "2", "4"), used("cache_read", "2", "0.4")], {CACHE: "-3.6"}),
        ([used("input", "2", "4"), used("cache_read", "2", "0.4")], [used("input", "4", "8")], {CACHE: "3.6"}),
        # Output for input at four times the price is no matter of a cache.
        ([used("input", "3", "6"), used("output", "1", "8")], [used("input", "2", "4"), used("output", "2", "16")], {MIX: "6"}),
        ([], [used("input", "2", "4")], {VOLUME: "4"}),
        ([used("input", "2", "4")], [], {VOLUME: "-4"}),
        ([used("images", "1", "5")], [used("images", "1", "5"), used("input", "2", "4")], {VOLUME: "4"}),
        ([used("input", "2", "4")], [used("input", "2", "4"), used("unmapped", "1", "-3")], {CHARGES: "-3"}),
        ([used("input", "2", "4")], [used("input", "2", "4"), used("output", "9", None)], {}),
        ([used("input", "2", "4")], [used("input", "2", "4"), used("output", "9", "0", status="cache_hit")], {}),
    ],
)  # fmt: skip
def test_each_cause_by_hand(before: list[DailyCost], now: list[DailyCost], expected: dict[str, str]) -> None:
    assert parts(before, now) == expected


def test_the_parts_are_the_change_to_the_last_digit() -> None:
    draw = random.Random(5)  # noqa: S311 - figures, no secrets

    def rows() -> list[DailyCost]:
        return [
            used(
                draw.choice(["input", "cache_read", "cache_write", "output", "images", "requests", "unmapped"]),
                money.text(Decimal(draw.randrange(0, 10**7)).scaleb(-6)),
                money.text(Decimal(draw.randrange(-(10**15), 10**17)).scaleb(-15)),
                model=draw.choice(["a", "b", None]),
                channel=draw.choice(["openai", "azure"]),
            )
            for _ in range(draw.randrange(12))
        ]

    for _ in range(500):
        before, now = rows(), rows()
        found = causes_of(before, now)
        assert money.total([amount for _, amount in found.parts]) == found.change
        assert found.change == money.total([row.cost for row in now]) - money.total([row.cost for row in before])
        assert sum(amount for _, amount in in_cents(found)) == money.round_parts([found.change])[0]


def test_the_main_cause_goes_with_the_change() -> None:
    found = causes_of([used("input", "2", "4")], [used("input", "1", "3"), used("unmapped", "1", "-9")])
    assert found.change == -10
    assert found.main == (CHARGES, Decimal(-9))
