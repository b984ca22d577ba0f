"""What a mail recommends, from the numbers alone."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from alert_samples import budget, cost, status

from usage_pipeline.alerts.advice import advise, price_the_unpriced
from usage_pipeline.alerts.facts import Facts, facts_of
from usage_pipeline.alerts.rules import due
from usage_pipeline.periods import start_of
from usage_pipeline.tables.budgets import Budget
from usage_pipeline.tables.costs import LOG_ESTIMATED, UNATTRIBUTED, DailyCost
from usage_pipeline.tables.unpriced import Explain, Unpriced, as_it_is

AS_OF = date(2026, 10, 23)
COSTS = [cost(date(2026, 10, 1), "300"), cost(date(2026, 10, 2), "100", model="other")]


def facts(spent: str, forecast: str | None = None, *, crossing: date | None = None, of: Budget | None = None, as_of: date = AS_OF,
          whole: date | None = None, costs: list[DailyCost] = COSTS, explain: Explain = as_it_is) -> Facts:  # fmt: skip
    of = of or budget("500")
    how = replace(status(of, spent, as_of), forecast=None if forecast is None else Decimal(forecast), crossing_date=crossing)
    alert = due([how], [of], [], start_of(as_of), as_of)[-1]
    return facts_of(alert, of, how, costs, whole or as_of, explain)


def advice(facts: Facts) -> list[str]:
    return advise(facts, currency="USD", ask="finance@example.org")


def test_a_forecast_over_the_limit_says_what_would_stay_inside() -> None:
    assert advice(facts("460.12", "620.16", crossing=date(2026, 10, 25))) == [
        "To stay inside the limit, use at most $4.98 on each of the 8 days left; the pace so far is $20.01 a day.",
        "Start with the model gpt-5: it makes 75 % of the spending.",
        "If the work is worth more, ask finance@example.org for a higher limit before 25 October.",
    ]


def test_what_is_advised_does_stay_inside() -> None:
    one = facts("460.12", "620.16", whole=date(2026, 10, 22))
    assert one.daily_allowance is not None
    assert one.days_left == 9
    assert one.status.spent + one.daily_allowance * one.days_left <= one.status.limit


def test_over_the_limit_says_whom_to_ask() -> None:
    assert advice(facts("500", "700", crossing=AS_OF)) == [
        "Ask finance@example.org for a higher limit, or cut the use now: this mail stops no calls, so spending goes on until someone acts.",
        "Start with the model gpt-5: it makes 75 % of the spending.",
    ]


def test_a_period_that_is_over_looks_back() -> None:
    daily = budget("40", period="daily")
    assert advice(facts("41", "41", of=daily, costs=[])) == [
        "The day is over. If this is the new normal, agree a fitting limit with finance@example.org; if not, find out what was different."
    ]
    inside = "The day is over and stayed inside the limit, with $1.00 left: that it passed 90 % is for information only"
    assert advice(facts("39", "39", of=daily, costs=[])) == [f"{inside}, and the next day starts afresh."]
    without_forecast = facts("39", of=daily, costs=[])
    assert without_forecast.status.forecast is None
    assert advice(without_forecast) == advice(facts("39", "39", of=daily, costs=[]))


def test_what_is_left_is_the_difference_of_what_is_shown() -> None:
    """50.00 less 45.02, half-even both: not the exact 4.985, which alone would show as 4.98 beside a spent 45.02 either way."""
    month = budget("50.005")
    ended = facts("45.015", of=month, as_of=date(2026, 10, 31), costs=[])
    assert advice(ended)[0].startswith("The month is over and stayed inside the limit, with $4.98 left: that it passed 90 %")


def test_the_share_of_the_first_driver_is_that_of_its_table() -> None:
    costs = [cost(AS_OF, amount, model=name) for name, amount in (("a", "99.98"), ("b", "0.02"))]
    assert advice(facts("500", of=budget("500"), costs=costs))[-1] == "Start with the model a: it makes 99.9 % of the spending."


def test_inside_the_limit_nothing_is_urgent() -> None:
    assert advice(facts("375", "480")) == [
        "Nothing urgent: at this pace the month ends at $480.00, inside the limit. Look again if something big is planned."
    ]


def test_without_a_whole_day_there_is_no_pace() -> None:
    first = date(2026, 10, 1)
    assert advice(facts("400", as_of=first, whole=date(2026, 9, 30), costs=[cost(first, "400")])) == [
        "Left for the rest of the month: $100.00. There is no forecast before a whole day is over, so look again soon.",
    ]


def test_the_last_day_and_a_crossing_today() -> None:
    last = date(2026, 10, 31)
    sentences = advice(facts("490", "505", crossing=last, as_of=last, whole=date(2026, 10, 30), costs=[]))
    assert sentences == [
        "To stay inside the limit, use at most $10.00 on the day that is left; the pace so far is $16.29 a day.",
        "If the work is worth more, ask finance@example.org for a higher limit today.",
    ]


def test_nobody_is_sent_to_the_unattributed() -> None:
    whole = budget("500", project=None)
    costs = [cost(AS_OF, "400", project=UNATTRIBUTED), cost(AS_OF, "60")]
    assert advice(facts("500", of=whole, costs=costs))[-1] == "Start with the project support-portal: it makes 13 % of the spending."


def test_missing_prices_are_asked_for_once() -> None:
    unknown = [cost(AS_OF, None, model="new-model-9", meter="requests", unpriced_events=2)]
    assert price_the_unpriced([facts("500"), facts("500", costs=unknown)]).startswith("The true cost is higher")
    assert price_the_unpriced([facts("500")]) == ""
    assert facts("80000", of=budget("100000", unit="tokens"), costs=unknown).unpriced == ()


def test_what_a_bill_covers_is_not_unpriced() -> None:
    parts = {"model": "new", "meter": "requests", "unpriced_events": 2}
    assert facts("500", costs=[cost(AS_OF, "5", **parts)]).unpriced == ()
    (one,) = facts("500", costs=[cost(AS_OF, "5", basis=LOG_ESTIMATED, **parts)]).unpriced
    assert (one.model, one.events, one.tokens, one.low, one.high) == ("new", 2, 0, None, None)


def test_the_largest_of_the_unpriced_is_mended_first() -> None:
    def explain(row: Unpriced) -> Unpriced:
        return replace(row, hint=f"add {row.model}\r\nBcc: x")

    unknown = [
        cost(AS_OF, None, model=model, meter="requests", unpriced_events=events) for model, events in (("few", 2), ("many", 9), ("some", 5))
    ]
    alone = facts("500", costs=unknown[:1], explain=explain)
    assert price_the_unpriced([facts("500"), alone]) == (
        "The true cost is higher: some usage has no price. Whoever runs usage-pipeline can mend it. For few: add few Bcc: x"
    )
    several = price_the_unpriced([facts("500", costs=unknown, explain=explain)])
    assert several.endswith("For many and 2 more, which the statement lists: add many Bcc: x")
