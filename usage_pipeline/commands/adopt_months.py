"""What another price book would make of past months: one row a month, for people and for machines."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.commands.output import Output, dollars
from usage_pipeline.periods import Period, month_name
from usage_pipeline.tables.repriced import Repriced

COLUMNS = ("month", "as booked", "comparable", "under the new book", "difference", "newly priced", "no longer priced")


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthEffect:
    """What a month's usage, counted once, costs as booked and would cost under the new book.

    `booked` is all of it. `cost` and `would_cost` are of what both price, so that they can be compared; beside them stand the events
    that only one of them prices, and their money there. `booked` = `cost` + `no_longer_priced_cost`.
    """

    month: str
    booked: Decimal
    cost: Decimal
    would_cost: Decimal
    newly_priced: int
    newly_priced_cost: Decimal
    no_longer_priced: int
    no_longer_priced_cost: Decimal

    @property
    def difference(self) -> Decimal:
        return self.would_cost - self.cost


def effect_of(month: Period, rows: Sequence[Repriced]) -> MonthEffect:
    """Of a month's usage as booked and priced again."""
    both = [row for row in rows if row.cost is not None and row.would_cost is not None]
    new = [row for row in rows if row.cost is None and row.would_cost is not None]
    gone = [row for row in rows if row.cost is not None and row.would_cost is None]
    return MonthEffect(
        month=month_name(month),
        booked=money.total([row.cost for row in rows]),
        cost=money.total([row.cost for row in both]),
        would_cost=money.total([row.would_cost for row in both]),
        newly_priced=sum(row.events for row in new),
        newly_priced_cost=money.total([row.would_cost for row in new]),
        no_longer_priced=sum(row.events for row in gone),
        no_longer_priced_cost=money.total([row.cost for row in gone]),
    )


def show_months(effects: Sequence[MonthEffect], output: Output) -> None:
    """The table, and what its difference leaves out."""
    if not effects:
        return
    output.table(
        COLUMNS,
        [_line(one) for one in effects],
        numbers=COLUMNS[1:],
        title="Usage of past months at list and agreed prices, if they were priced again",
    )
    new, gone = sum(one.newly_priced for one in effects), sum(one.no_longer_priced for one in effects)
    if new:
        output.say(f"newly priced: what {new:,} records without a cost would cost under the new book; the difference leaves it out")
    if gone:
        output.say(f"no longer priced: what {gone:,} records cost as booked, without a price in the new book; the difference leaves it out")


def _line(one: MonthEffect) -> tuple[str, ...]:
    """Rounded so that the row adds up: what is comparable and what is no longer priced to what was booked."""
    booked, cost, would = (amount.quantize(money.CENT) for amount in (one.booked, one.cost, one.would_cost))
    return (
        one.month,
        dollars(booked),
        dollars(cost),
        dollars(would),
        f"{would - cost:+,.2f}",
        dollars(one.newly_priced_cost) if one.newly_priced else "–",
        dollars(booked - cost) if one.no_longer_priced else "–",
    )


def month_document(one: MonthEffect) -> dict[str, str | int]:
    """Amounts as decimal strings; `newly_priced` and `no_longer_priced` count events."""
    return {
        "month": one.month,
        "booked": money.text(one.booked),
        "cost": money.text(one.cost),
        "would_cost": money.text(one.would_cost),
        "difference": money.text(one.difference),
        "newly_priced": one.newly_priced,
        "newly_priced_cost": money.text(one.newly_priced_cost),
        "no_longer_priced": one.no_longer_priced,
        "no_longer_priced_cost": money.text(one.no_longer_priced_cost),
    }
