"""Tables for people sum as they are shown: what rounding leaves over is a line of its own."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from usage_pipeline.commands.output import dollars, rounding

AMOUNTS = st.decimals(min_value=-(10**6), max_value=10**6, places=6)


def test_parts_that_sum_as_shown_need_no_line() -> None:
    assert rounding([Decimal("1.10"), Decimal("2.20"), None], Decimal("3.30")) is None
    assert rounding([], None) is None


def test_what_rounding_leaves_over_is_told() -> None:
    assert rounding([Decimal("360.004"), Decimal("110.044"), Decimal("15.154"), Decimal("4.104")], Decimal("489.306")) == "0.02"


@given(st.lists(AMOUNTS))
def test_with_it_any_column_sums(parts: list[Decimal]) -> None:
    shown = [*map(dollars, parts), rounding(parts, sum(parts, Decimal(0))) or "0"]
    assert sum(Decimal(one.replace(",", "")) for one in shown) == Decimal(dollars(sum(parts, Decimal(0))).replace(",", ""))
