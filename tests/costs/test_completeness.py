"""Days of a month: final, provisional, estimated, missing."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from cost_rows import charge_row, usage_row

from usage_pipeline.costs.completeness import completeness, final_days_of, missing_days
from usage_pipeline.costs.daily import daily_costs_of
from usage_pipeline.periods import Period, month_of

DAYS = [date(2026, 10, number) for number in range(1, 5)]
MONTH = Period(DAYS[0], DAYS[-1] + timedelta(days=1))


def charges_of(day, *finalities):
    start = datetime.combine(day, datetime.min.time(), tzinfo=UTC)
    return [charge_row(1, 100, period_start=start, finality=finality) for finality in finalities]


BILLS = {DAYS[0]: charges_of(DAYS[0], "final", "final"), DAYS[1]: charges_of(DAYS[1], "final", "provisional")}
USAGE = [usage_row(quantity=100, cost="1")]
ROWS = [row for day in DAYS[:3] for row in daily_costs_of(day, USAGE, BILLS.get(day, []))]


def test_each_day_is_in_one_state():
    final = final_days_of(charge for bill in BILLS.values() for charge in bill)
    [openai] = completeness(MONTH, ROWS, final)
    assert (openai.channel, openai.final, openai.provisional, openai.estimated, openai.missing) == (
        "openai", (DAYS[0],), (DAYS[1],), (DAYS[2],), (DAYS[3],),
    )  # fmt: skip
    assert not openai.is_final


def test_a_month_billed_for_good_is_final():
    first = Period(DAYS[0], DAYS[1])
    assert [one.is_final for one in completeness(first, ROWS, {("openai", DAYS[0])})] == [True]
    assert [one.is_final for one in completeness(first, ROWS)] == [False]


def test_channels_are_told_apart():
    rows = ROWS + daily_costs_of(DAYS[3], [usage_row(quantity=1, cost=Decimal("0.5"), channel="anthropic")], [])
    assert [(one.channel, one.estimated) for one in completeness(MONTH, rows)] == [("anthropic", (DAYS[3],)), ("openai", (DAYS[2],))]
    assert missing_days(MONTH, rows) == []


def test_missing_days_are_those_without_any_row():
    assert missing_days(MONTH, ROWS) == [DAYS[3]]
    assert len(missing_days(month_of(DAYS[0]), ROWS)) == 28
