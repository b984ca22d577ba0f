"""The bar fills its width exactly and shows where the limit is."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from alert_samples import budget, status
from hypothesis import given
from hypothesis import strategies as st

from usage_pipeline.alerts.bar import Segment, segments_of


def bar(spent: str, forecast: str | None, limit: str = "100") -> list[Segment]:
    of = status(budget(limit), spent, date(2026, 10, 23))
    return segments_of(replace(of, forecast=None if forecast is None else Decimal(forecast)))


def test_inside_the_limit() -> None:
    assert bar("60", None) == [Segment("spent", 60, ends_at_limit=False), Segment("free", 40, ends_at_limit=False)]
    assert bar("60", "90") == [
        Segment("spent", 60, ends_at_limit=False),
        Segment("forecast", 30, ends_at_limit=False),
        Segment("free", 10, ends_at_limit=False),
    ]


def test_forecast_over_the_limit() -> None:
    assert bar("100", "200", "160") == [
        Segment("spent", 50, ends_at_limit=False),
        Segment("forecast", 30, ends_at_limit=True),
        Segment("forecast-over", 20, ends_at_limit=False),
    ]


def test_over_the_limit() -> None:
    assert bar("160", "200") == [
        Segment("spent", 50, ends_at_limit=True),
        Segment("over", 30, ends_at_limit=False),
        Segment("forecast-over", 20, ends_at_limit=False),
    ]


AMOUNTS = st.decimals(min_value=-(10**6), max_value=10**6, places=15)


@given(AMOUNTS, st.none() | AMOUNTS, st.decimals(min_value=0, max_value=10**6, places=15))
def test_widths_sum_to_the_whole(spent: Decimal, forecast: Decimal | None, limit: Decimal) -> None:
    segments = bar(str(spent), None if forecast is None else str(forecast), str(limit))
    assert sum(segment.width for segment in segments) == 100
    assert all(segment.width > 0 for segment in segments)
    assert sum(segment.ends_at_limit for segment in segments) <= 1
