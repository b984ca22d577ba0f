"""Bill lines for several days as one line a day: parts sum to the line to the last digit, and every day gets the same part whoever asks."""

import itertools
import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import ibis
import ibis.expr.datatypes as dt
import pytest
from ibis.backends.duckdb import Backend

from usage_pipeline import money
from usage_pipeline.money import MONEY, QUANTITY
from usage_pipeline.periods import Period, day_of, inclusive
from usage_pipeline.sources.spread import spread
from usage_pipeline.tables.charges import Charge, charges

OCTOBER = Period(date(2026, 10, 1), date(2026, 11, 1))
YEAR = Period(date(2026, 1, 1), date(2027, 1, 1))


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def line(start: str, end: str | None, amount: str = "31", **fields: Any) -> Charge:
    empty: dict[str, Any] = {one.name: None for one in charges.columns if one.nullable}
    plain = Charge(
        **empty
        | {
            "charge_id": "c1",
            "source": "bill",
            "channel": "google.gemini",
            "names_project": True,
            "category": "Usage",
            "period_start": moment(start),
            "period_end": None if end is None else moment(end),
            "meter": "input",
            "billed_cost": Decimal(amount),
            "currency": "USD",
            "amount_text": amount,
            "finality": "final",
            "source_file": "f" * 64,
            "source_line": 7,
        }
    )
    return replace(plain, **fields)


def parts(engine: Backend, lines: list[Charge], days: Period = YEAR) -> list[Charge]:
    rows = spread(engine.create_table(ibis.util.gen_name("lines"), ibis.memtable(charges.arrow(lines)), temp=True), days)
    charges.check(rows)
    found = [Charge(**row) for row in engine.to_pyarrow(rows).to_pylist()]
    return sorted(found, key=lambda one: (one.charge_id, one.period_start))


def days_of(found: list[Charge]) -> list[date]:
    return [one.period_start.date() for one in found]


def test_a_month_is_a_line_a_day(engine: Backend) -> None:
    whole = line("2026-10-01", "2026-11-01", "31", quantity=Decimal(62), list_cost=Decimal("37.2"), effective_cost=Decimal("15.5"))
    found = parts(engine, [whole])
    assert found == [
        replace(
            whole,
            charge_id=f"c1@{day}",
            period_start=datetime.combine(day, datetime.min.time(), UTC),
            period_end=datetime.combine(day, datetime.min.time(), UTC) + timedelta(days=1),
            billed_cost=Decimal(1),
            quantity=Decimal(2),
            list_cost=Decimal("1.2"),
            effective_cost=Decimal("0.5"),
        )
        for day in OCTOBER.days()
    ]
    assert {one.amount_text for one in found} == {"31"}


@pytest.mark.parametrize("amount", ["0.01", "-0.01", "100", "-1234.567890123456789", "0.000000000000001", "0", "99999999999999999999999"])
def test_amounts_that_do_not_divide_sum_to_the_line(engine: Backend, amount: str) -> None:
    found = parts(engine, [line("2026-10-01", "2026-10-04", amount, list_cost=Decimal(amount), quantity=Decimal(10))])
    assert [one.billed_cost for one in found] == money.allocate(Decimal(amount), [1, 1, 1])
    assert money.total([one.billed_cost for one in found]) == money.total([one.list_cost for one in found]) == Decimal(amount)
    assert [one.quantity for one in found] == [Decimal("3.333334"), Decimal("3.333333"), Decimal("3.333333")]


def test_a_third_of_a_cent_of_a_credit(engine: Backend) -> None:
    found = parts(engine, [line("2026-10-01", "2026-10-04", "-0.01", category="Credit")])
    assert [str(one.billed_cost) for one in found] == ["-0.003333333333334", "-0.003333333333333", "-0.003333333333333"]
    assert {(one.quantity, one.list_cost, one.effective_cost, one.category) for one in found} == {(None, None, None, "Credit")}


@pytest.mark.parametrize(
    ("start", "end", "first", "last"),
    [
        ("2026-10-01", "2026-11-01", "2026-10-01", "2026-10-31"),
        ("2026-10-01", "2026-10-31T23:59:59", "2026-10-01", "2026-10-31"),
        ("2026-10-20", "2026-11-10", "2026-10-20", "2026-11-09"),
        ("2028-02-01", "2028-03-01", "2028-02-01", "2028-02-29"),
        ("2027-02-27", "2027-03-02", "2027-02-27", "2027-03-01"),
        ("2028-01-01", "2029-01-01", "2028-01-01", "2028-12-31"),
        ("2026-10-12T15:33:20", "2026-10-31T23:59:59", "2026-10-12", "2026-10-31"),
        ("2026-10-01T07:00:00", "2026-11-01T07:00:00", "2026-10-01", "2026-10-31"),
        ("2026-11-01T07:00:00", "2026-12-01T08:00:00", "2026-11-01", "2026-11-30"),
    ],
    ids=[
        "month",
        "to-the-second",
        "over-a-month-end",
        "leap-february",
        "plain-february",
        "leap-year",
        "from-noon",
        "pacific",
        "clock-change",
    ],
)
def test_days_of_a_line(engine: Backend, start: str, end: str, first: str, last: str) -> None:
    found = parts(engine, [line(start, end, "12.34")], Period(date(2026, 1, 1), date(2030, 1, 1)))
    assert days_of(found) == list(inclusive(date.fromisoformat(first), date.fromisoformat(last)).days())
    assert money.total([one.billed_cost for one in found]) == Decimal("12.34")
    assert (found[0].period_start, found[-1].period_end) == (moment(start), moment(end))
    assert all(one.period_end == after.period_start for one, after in itertools.pairwise(found))
    assert [one.charge_id for one in found] == [f"c1@{day}" for day in days_of(found)]


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-10-01", "2026-10-02"),
        ("2026-10-01T23:30:00", "2026-10-02T00:30:00"),
        ("2026-10-01T07:00:00", "2026-10-02T07:00:00"),
        ("2026-11-01T07:00:00", "2026-11-02T08:00:00"),
        ("2026-10-01", None),
        ("2026-10-02", "2026-10-01"),
        ("2026-10-01", "2029-10-01"),
        ("2026-01-01", "2027-01-03"),
    ],
    ids=["day", "hour-over-midnight", "pacific-day", "day-of-25-hours", "no-end", "ends-before-it-starts", "three-years", "367-days"],
)
def test_lines_that_stay_as_they_are(engine: Backend, start: str, end: str | None) -> None:
    whole = line(start, end, "1.23")
    assert parts(engine, [whole]) == [whole]
    assert parts(engine, [whole], Period(date(2026, 12, 1), date(2026, 12, 31))) == [], "what started before the days is not theirs"


def test_any_range_of_days_gives_the_same_parts(engine: Backend) -> None:
    lines = [
        line("2026-10-01", "2026-11-01", "0.01", charge_id="a"),
        line("2026-09-15", "2026-10-15", "-7", charge_id="b"),
        line("2026-10-05T10:00:00", "2026-10-05T11:00:00", "2", charge_id="c"),
    ]
    whole = parts(engine, lines, OCTOBER)
    some = list(OCTOBER.days())[::-4]
    one_by_one = [one for day in some for one in parts(engine, lines, day_of(day))]
    assert sorted(one_by_one, key=lambda one: (one.charge_id, one.period_start)) == [
        one for one in whole if one.period_start.date() in some
    ]
    assert len(whole) == 31 + 14 + 1
    september = parts(engine, lines, Period(date(2026, 9, 1), date(2026, 10, 1)))
    assert money.total([one.billed_cost for one in (*whole, *september) if one.charge_id.startswith("b")]) == Decimal(-7)


@pytest.mark.parametrize("kind", [MONEY, QUANTITY], ids=["money", "quantity"])
def test_parts_are_those_of_allocate(engine: Backend, kind: dt.Decimal) -> None:
    """The engine's school division of up to 38 digits against the Python of money.allocate."""
    chance = random.Random(kind.scale)  # noqa: S311 - any numbers, the same each time
    wholes = [
        Decimal(f"{chance.choice((-1, 1)) * chance.randrange(10**digits)}e-{kind.scale}") for digits in (1, 5, 13, 14, 26, 27, 38) * 4
    ]
    rows = [(whole, chance.choice((2, 7, 28, 31, 365, 366))) for whole in wholes] + [(Decimal(f"{10**38 - 1}e-{kind.scale}"), 366)]
    table = ibis.memtable(
        [(number, *row) for number, row in enumerate(rows)], schema=ibis.schema({"number": "int64", "whole": kind, "count": "int64"})
    )
    share, left = money.even_shares(table.whole, table["count"])
    placed = table.mutate(share=share, left=left, place=ibis.range(0, table["count"]).unnest()).view()
    split = placed.mutate(part=money.even_part(placed.share, placed.left, placed.place))
    found = {(row["number"], row["place"]): row["part"] for row in engine.to_pyarrow(split).to_pylist()}
    for number, (whole, count) in enumerate(rows):
        parts_of_whole = [found[number, place] for place in range(count)]
        assert parts_of_whole == money.allocate(whole, [1] * count, step=Decimal(1).scaleb(-kind.scale))
        assert money.total(parts_of_whole) == whole
