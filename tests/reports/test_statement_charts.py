"""Charts: coordinates that say what the numbers say."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from usage_pipeline.reports.charts import DailyChart, daily_chart, gauge, nice_step, spark

DAYS = [date(2026, 10, 1) + timedelta(days=number) for number in range(31)]


def chart(stacks: list[list[Decimal]], **values: object) -> DailyChart:
    known: dict[str, object] = {"peak_text": None, "pace": None, "missing": [], "height": 200}
    return daily_chart(DAYS, stacks, ["#111", "#222"], **(known | values))  # type: ignore[arg-type]


def test_bars_are_as_high_as_the_cost():
    drawn = chart([[Decimal(number), Decimal(number)] for number in range(31)])
    heights = [Decimal(bar.height) for bar in drawn.bars if bar.colour == "#111"]
    assert heights == sorted(heights)
    assert abs(heights[-1] / heights[14] - 2) < Decimal("0.01")
    assert drawn.ticks[-1].text == "60"


def test_credits_hang_below_the_line():
    drawn = chart([[Decimal(-5), Decimal(10)]] + [[Decimal(1), Decimal(1)]] * 30)
    down = next(bar for bar in drawn.bars if bar.colour == "#111")
    assert Decimal(down.y) == Decimal(drawn.zero)
    assert drawn.ticks[0].text == "−5"


def test_an_empty_month_still_has_axes():
    drawn = chart([[Decimal(0), Decimal(0)]] * 31)
    assert drawn.bars == ()
    assert [tick.text for tick in drawn.ticks] == ["0", "1"]
    assert len(drawn.weekends) == 9


def test_the_budget_line_fits_into_the_chart():
    drawn = chart([[Decimal(1), Decimal(1)]] * 31, pace=Decimal(90))
    assert Decimal(18) <= Decimal(drawn.pace) < Decimal(drawn.zero)


def test_days_without_data_are_marked():
    assert len(chart([[Decimal(1), Decimal(1)]] * 31, missing=DAYS[5:8]).gaps) == 3


def test_millions_on_the_axis():
    assert chart([[Decimal(3_000_000), Decimal(979_000)]] * 31).ticks[-1].text == "4 m"


@pytest.mark.parametrize(("span", "step"), [("73", "20"), ("1508", "500"), ("0.0042", "0.001"), ("5", "1"), ("0", "1"), ("12.4", "2.5")])
def test_steps_are_round(span: str, step: str):
    assert nice_step(Decimal(span)) == Decimal(step)


def test_a_gauge_over_its_limit_shows_where_the_limit_was():
    over = gauge(Decimal(125), Decimal(100), None)
    assert (over.used, over.limit, over.over, over.forecast) == ("400.00", "320.00", True, "")
    under = gauge(Decimal(50), Decimal(100), Decimal(75))
    assert (under.used, under.limit, under.over, under.forecast) == ("200.00", "400.00", False, "300.00")


def test_a_sparkline_of_nothing_is_flat():
    assert {box.height for box in spark([Decimal(0)] * 5)} == {"0.40"}
