"""Text to numbers and times, against Python's own exact arithmetic."""

from datetime import UTC, datetime
from decimal import Context, Decimal
from typing import Any

import ibis
import ibis.expr.types as ir
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ibis.backends.duckdb import Backend

from usage_pipeline.money import exact
from usage_pipeline.sources.cells import decimal, epoch_time, is_negative, iso_time, quantity, seconds, whole_number
from usage_pipeline.tables.personal import pseudonym

WIDE = Context(prec=300)

NUMBERS = st.builds(
    lambda sign, whole, fraction, exponent: f"{sign}{whole}{fraction}{exponent}",
    st.sampled_from(["", "-", "+"]),
    st.text("0123456789", min_size=1, max_size=26),
    st.one_of(st.just(""), st.text("0123456789", max_size=36).map(lambda digits: f".{digits}")),
    st.one_of(st.just(""), st.integers(-7000, 7000).map(lambda power: f"E{power}"), st.integers(-40, 20).map(lambda power: f"e{power:+d}")),
)
TIES = st.builds(
    lambda digits, last, zeros: f"0.{digits}{last}5{'0' * zeros}",
    st.text("0123456789", min_size=14, max_size=14),
    st.sampled_from("0123456789"),
    st.integers(0, 10),
)


def values(engine: Backend, texts: list[str | None], build: Any) -> list[Any]:
    table = ibis.memtable({"place": list(range(len(texts))), "cell": texts}, schema={"place": "int64", "cell": "string"})
    rows: ir.Table = table.select("place", value=build(table.cell)).order_by("place")
    return [row["value"] for row in engine.to_pyarrow(rows).to_pylist()]


def exact_or_none(text: str, shift: int) -> Decimal | None:
    value = Decimal(text).scaleb(shift, context=WIDE)
    return exact(value) if abs(value) < Decimal(10) ** 22 else None


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.one_of(NUMBERS, TIES), min_size=20, max_size=200), shift=st.sampled_from([0, -2, 3]))
def test_decimal_is_exact_and_half_even(engine: Backend, texts: list[str], shift: int):
    assert values(engine, list(texts), lambda cell: decimal(cell, shift=shift)) == [exact_or_none(text, shift) for text in texts]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("8.240000000000000000000000000000000", "8.24"),
        ("0E-6176", "0"),
        ("0.000004500000000000000000000000000000000", "0.0000045"),
        ("6.25e-06", "0.00000625"),
        ("1E+2", "100"),
        ("0.0000000000000005", "0"),
        ("0.0000000000000015", "0.000000000000002"),
        ("-0.0000000000000025", "-0.000000000000002"),
        ("0.00000000000000051", "0.000000000000001"),
        ("7.2e-20", "0"),
        (".5", "0.5"),
        ("5.", "5"),
        ("9999999999999999999999.999999999999999", "9999999999999999999999.999999999999999"),
    ],
)
def test_decimal_of_texts_that_bills_have(engine: Backend, text: str, value: str):
    assert values(engine, [text], decimal) == [Decimal(value)]


@pytest.mark.parametrize(
    "text", ["", "abc", "1,000.5", "1e", "--1", "1.2.3", "NaN", "Infinity", ".", " 1", "1 ", "0x10", "$1", "10" * 12, "1e30"]
)
def test_what_is_no_decimal_is_null(engine: Backend, text: str):
    assert values(engine, [text, None], decimal) == [None, None]


def test_cents_become_dollars_by_moving_the_point(engine: Backend):
    found = values(engine, ["1127.5", "0.191", "94.662", "-3", "1e2"], lambda cell: decimal(cell, shift=-2))
    assert found == [Decimal(text) for text in ("11.275", "0.00191", "0.94662", "-0.03", "1")]


def test_quantity_has_six_decimals(engine: Backend):
    assert values(engine, ["18250.4", "0.0000005", "4120000.0", "x"], quantity) == [
        Decimal("18250.4"),
        Decimal("0.000001"),
        Decimal(4120000),
        None,
    ]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("4120000", 4120000),
        ("31422.0", 31422),
        ("31422.", 31422),
        ("999999999999999999", 999999999999999999),
        ("-1", None),
        ("1.5", None),
        ("1e3", None),
        ("", None),
        (" 5", None),
        ("9" * 19, None),
        ("true", None),
    ],
)
def test_whole_number(engine: Backend, text: str, value: int | None):
    assert values(engine, [text], whole_number) == [value]


def test_negative_is_told_from_no_number(engine: Backend):
    assert values(engine, ["-5", "-0.1", "5", "-x", "x"], is_negative) == [True, True, False, False, False]


def test_seconds_are_not_negative(engine: Backend):
    assert values(engine, ["12.5", "0", "-1", "x"], seconds) == [Decimal("12.5"), Decimal(0), None, None]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(times=st.lists(st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1)), min_size=5, max_size=50))  # noqa: DTZ001
def test_epoch_time_keeps_microseconds(engine: Backend, times: list[datetime]):
    moments = [time.replace(tzinfo=UTC) for time in times]
    texts = [f"{int(moment.timestamp() // 1)}.{moment.microsecond:06d}" for moment in moments]
    assert values(engine, list(texts), epoch_time) == moments


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1790812800", datetime(2026, 10, 1, tzinfo=UTC)),
        ("1790931665.12", datetime(2026, 10, 2, 9, 1, 5, 120000, tzinfo=UTC)),
        ("0", datetime(1970, 1, 1, tzinfo=UTC)),
        ("2026-10-01", None),
        ("1.79e9", None),
        ("", None),
    ],
)
def test_epoch_time(engine: Backend, text: str, value: datetime | None):
    assert values(engine, [text], epoch_time) == [value]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2026-10-01T00:00:00Z", datetime(2026, 10, 1, tzinfo=UTC)),
        ("2026-10-01T00:00:00", datetime(2026, 10, 1, tzinfo=UTC)),
        ("2026-10-01", datetime(2026, 10, 1, tzinfo=UTC)),
        ("2026-10-01 14:00:00 UTC", datetime(2026, 10, 1, 14, tzinfo=UTC)),
        ("2026-10-01 14:00:00.25+00:00", datetime(2026, 10, 1, 14, 0, 0, 250000, tzinfo=UTC)),
        ("2026-10-01T01:30:00+08:00", datetime(2026, 9, 30, 17, 30, tzinfo=UTC)),
        ("2026-10-01T01:30:00-0500", datetime(2026, 10, 1, 6, 30, tzinfo=UTC)),
        ("2026-13-01", None),
        ("10/01/2026", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_iso_time(engine: Backend, text: str, value: datetime | None):
    assert values(engine, [text], iso_time) == [value]


def test_addresses_are_dropped(engine: Backend):
    assert values(engine, ["user_1", "ana@example.com", None], pseudonym) == ["user_1", None, None]
