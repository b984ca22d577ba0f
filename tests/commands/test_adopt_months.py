"""The months of `prices adopt`: every amount is there, on whichever side it has a price."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from io import StringIO

from usage_pipeline.commands.adopt_months import effect_of, month_document, show_months
from usage_pipeline.commands.output import Output
from usage_pipeline.periods import month_of
from usage_pipeline.tables.repriced import Repriced

BOTH = Repriced(
    project="portal",
    provider="openai",
    model="gpt-4.1",
    model_id="gpt-4.1",
    requests=1,
    events=1,
    tokens=1,
    cost=Decimal("10.004"),
    would_cost=Decimal("8.006"),
    difference=Decimal("-1.998"),
    percent=None,
    unpriced_events=0,
    unpriced_reason=None,
    standard_events=0,
    standard_mode=None,
    base_tier_events=0,
)
NEW = replace(BOTH, cost=None, would_cost=Decimal("0.5"), events=3)
GONE = replace(BOTH, cost=Decimal("2.004"), would_cost=None, events=1200)
NEITHER = replace(BOTH, cost=None, would_cost=None, events=7)
OCTOBER = month_of(date(2026, 10, 1))


def shown(*rows: Repriced) -> list[str]:
    output = Output(as_json=False)
    output.console.file, output.console.width = StringIO(), 160
    show_months([effect_of(OCTOBER, rows)], output)
    return [" ".join(line.split()) for line in output.console.file.getvalue().splitlines()]


def test_all_that_was_booked_is_booked() -> None:
    assert month_document(effect_of(OCTOBER, [BOTH, NEW, GONE, NEITHER])) == {
        "month": "2026-10",
        "booked": "12.008",
        "cost": "10.004",
        "would_cost": "8.006",
        "difference": "-1.998",
        "newly_priced": 3,
        "newly_priced_cost": "0.5",
        "no_longer_priced": 1200,
        "no_longer_priced_cost": "2.004",
    }


def test_rounded_amounts_add_up_and_what_is_left_out_is_said() -> None:
    assert shown(BOTH, NEW, GONE, NEITHER)[2:] == [
        "2026-10 12.01 10.00 8.01 -1.99 0.50 2.01",
        "newly priced: what 3 records without a cost would cost under the new book; the difference leaves it out",
        "no longer priced: what 1,200 records cost as booked, without a price in the new book; the difference leaves it out",
    ]


def test_where_nothing_is_left_out_nothing_is_said() -> None:
    assert shown(BOTH)[2:] == ["2026-10 10.00 10.00 8.01 -1.99 – –"]
