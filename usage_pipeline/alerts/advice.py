"""Facts in, what to do out: a few plain sentences made of the numbers alone. No saving is promised that was not counted."""

from collections.abc import Sequence
from decimal import ROUND_DOWN

from usage_pipeline.alerts import words
from usage_pipeline.alerts.facts import Facts
from usage_pipeline.alerts.savings import sentence_of
from usage_pipeline.tables.budgets import COUNTED_UNITS, FIXED

WHERE = {"model": "the model", "operation": "the operation", "user": "the user", "project": "the project"}


def advise(facts: Facts, *, currency: str, ask: str) -> list[str]:
    """What the people of the budget should do, most urgent first. `ask` names who decides on limits."""
    if facts.is_over:
        sentences = [_over(facts, ask), _start_with(facts)]
    elif facts.has_ended:
        sentences = [_ended_inside(facts, currency)]
    elif facts.status.forecast is None:
        sentences = [_no_pace(facts, currency), _start_with(facts)]
    elif facts.status.forecast >= facts.status.limit:
        sentences = [_stay_inside(facts, currency), _start_with(facts), _ask_early(facts, ask)]
    else:
        sentences = [_inside(facts, currency)]
    return [sentence for sentence in [*sentences, *(sentence_of(one, currency) for one in facts.savings)] if sentence]


def price_the_unpriced(facts: Sequence[Facts]) -> str:
    """What to do about usage without a price, once for a whole mail: the hint for the largest; empty where all is priced."""
    unpriced = [row for one in facts for row in one.unpriced]
    if not unpriced:
        return ""
    true_cost = "The true cost is higher: some usage has no price."
    hinted = next((one for one in unpriced if one.hint), None)
    if hinted is None:
        return f"{true_cost} Whoever runs usage-pipeline can add it under “prices” in usage.yaml."
    others = len({(one.provider, one.model) for one in unpriced}) - 1
    more = f" and {others} more, which the statement lists" if others > 0 else ""
    who = f"Whoever runs usage-pipeline can mend it. For {words.plain(hinted.model or 'the largest')}{more}"
    return f"{true_cost} {who}: {words.plain_sentence(hinted.hint or '')}"


def _over(facts: Facts, ask: str) -> str:
    if facts.has_ended:
        return (
            f"The {facts.noun} is over. If this is the new normal, agree a fitting limit with {ask}; if not, find out what was different."
        )
    return f"Ask {ask} for a higher limit, or cut the use now: this mail stops no calls, so spending goes on until someone acts."


def _stay_inside(facts: Facts, currency: str) -> str:
    allowance, pace = facts.daily_allowance, facts.daily_pace
    if allowance is None or pace is None:
        return ""
    most = words.amount(allowance, facts.budget.unit, currency, rounding=ROUND_DOWN)
    so_far = words.amount(pace, facts.budget.unit, currency)
    days = "the day that is left" if facts.days_left == 1 else f"each of the {facts.days_left} days left"
    to_come = facts.daily_forecast
    if pace <= allowance and to_come is not None:  # what comes is dearer than what was: of a year half of which nothing is known
        expected = words.amount(to_come, facts.budget.unit, currency)
        return f"To stay inside the limit, use at most {most} on {days}; the forecast expects {expected} a day."
    return f"To stay inside the limit, use at most {most} on {days}; the pace so far is {so_far} a day."


def _no_pace(facts: Facts, currency: str) -> str:
    left = _left(facts, currency)
    return f"Left for the rest of the {facts.noun}: {left}. There is no forecast before a whole day is over, so look again soon."


def _ended_inside(facts: Facts, currency: str) -> str:
    if facts.budget.period == FIXED:
        return f"The {facts.noun} is over and stayed inside the limit, with {_left(facts, currency)} left: this is for information only."
    threshold = facts.alert.threshold
    what = "was forecast to pass it" if threshold is None else f"passed {threshold.normalize():f} %"
    return (
        f"The {facts.noun} is over and stayed inside the limit, with {_left(facts, currency)} left: "
        f"that it {what} is for information only, and the next {facts.noun} starts afresh."
    )


def _inside(facts: Facts, currency: str) -> str:
    forecast = words.amount(facts.status.forecast or facts.status.spent, facts.budget.unit, currency)
    how = "at this pace" if facts.status.forecast_low is None else "going by its weeks so far"
    return f"Nothing urgent: {how} the {facts.noun} ends at {forecast}, inside the limit. Look again if something big is planned."


def _start_with(facts: Facts) -> str:
    if facts.main_driver is None:
        return ""
    dimension, driver = facts.main_driver
    name = words.plain(driver.name or "")
    what = facts.budget.unit if facts.budget.unit in COUNTED_UNITS else "spending"
    return f"Start with {WHERE[dimension]} {name}: it makes {words.share(driver.percent, driver.shown_percent)} of the {what}."


def _ask_early(facts: Facts, ask: str) -> str:
    crossing = facts.status.crossing_date
    if crossing is None:
        return ""
    when = "today" if crossing <= facts.status.as_of else f"before {words.day(crossing)}"
    return f"If the work is worth more, ask {ask} for a higher limit {when}."


def _left(facts: Facts, currency: str) -> str:
    return words.amount(words.rest(facts.status.limit, facts.status.spent, facts.status.unit), facts.status.unit, currency)
