"""Periods that are over: their last hours are told once, what waited goes on, and what lies further back is silent."""

from dataclasses import replace
from datetime import date, timedelta

from alert_samples import ORGANISATION, PROJECTS, TEMPLATES, budget, status
from test_check import Ledger, noon, states, subjects

from usage_pipeline.alerts.check import check
from usage_pipeline.alerts.late import FOUND_DAYS, TOLD_DAYS, Ended, ended_on
from usage_pipeline.tables.budgets import Budget

LAST, NEXT = date(2026, 10, 31), date(2026, 11, 1)
MONTHLY, DAILY = budget("500"), budget("20", period="daily")


def ended(of: Budget, spent: str, last: date = LAST) -> Ended:
    return Ended(of, status(of, spent, last))


def test_the_last_evening_is_told_on_the_next_day_once() -> None:
    ledger = Ledger()
    first = ledger.run(status(MONTHLY, "3", NEXT), now=noon(NEXT), budgets=[MONTHLY], ended=[ended(MONTHLY, "501")])
    assert subjects(first) == ["Critical: support-portal at 100 % of $500 for October, the month is over"]
    assert [(one.period_start, one.as_of, one.found_at) for one in first.alerts] == [(date(2026, 10, 1), LAST, noon(NEXT))] * 3
    for hours in (1, 30, 60):
        now = noon(NEXT) + timedelta(hours=hours)
        again = ledger.run(status(MONTHLY, "3", now.date()), now=now, budgets=[MONTHLY], ended=[ended(MONTHLY, "502")])
        assert (again.alerts, again.messages) == ((), ())
    assert {one.state for one in ledger.alerts.values()} == {"resolved"}


def test_what_was_told_while_it_ran_is_not_told_again() -> None:
    ledger = Ledger()
    ledger.run(status(MONTHLY, "460", LAST), now=noon(LAST), budgets=[MONTHLY])
    nothing = ledger.run(status(MONTHLY, "3", NEXT), now=noon(NEXT), budgets=[MONTHLY], ended=[ended(MONTHLY, "470")])
    assert nothing.messages == ()
    risen = ledger.run(status(MONTHLY, "3", NEXT), now=noon(NEXT), budgets=[MONTHLY], ended=[ended(MONTHLY, "500")])
    assert subjects(risen) == ["Critical: support-portal at 100 % of $500 for October, the month is over"]


def test_what_waits_for_its_24_hours_outlives_its_period() -> None:
    ledger = Ledger()
    both = [MONTHLY, DAILY]
    ledger.run(status(MONTHLY, "460", LAST), status(DAILY, "2", LAST), now=noon(LAST), budgets=both)
    held = ledger.run(status(MONTHLY, "460", LAST), status(DAILY, "18", LAST), now=noon(LAST) + timedelta(hours=6), budgets=both)
    assert (held.messages, [one.state for one in held.alerts]) == ((), ["open", "open"])
    for hours, told in ((13, []), (25, ["support-portal at 90 % of $20 for 31 October, the day is over"])):
        now = noon(LAST) + timedelta(hours=hours)
        going = ledger.run(
            status(MONTHLY, "3", NEXT), status(DAILY, "3", NEXT), now=now, budgets=both, ended=[ended(MONTHLY, "460"), ended(DAILY, "18")]
        )  # fmt: skip
        assert subjects(going) == told
    assert [one for one in states(ledger) if one[0] == "daily"] == [("daily", 75, "covered"), ("daily", 90, "sent")]


def test_both_periods_of_one_budget_in_one_mail() -> None:
    found = Ledger().run(status(DAILY, "16", NEXT), now=noon(NEXT), budgets=[DAILY], ended=[ended(DAILY, "19")])
    assert subjects(found) == ["support-portal at 95 % of $20 for 31 October, the day is over (+1 more)"]
    text = found.messages[0][1].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "has used 95 % of its budget for 31 October" in text
    assert "has used 80 % of its budget for 1 November" in text


def test_the_running_period_stands_beside_the_one_that_is_over() -> None:
    found = Ledger().run(status(MONTHLY, "3", NEXT), now=noon(NEXT), budgets=[MONTHLY], ended=[ended(MONTHLY, "501")])
    text = found.messages[0][1].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "November                         $3.00 of $500, 1 %" in text


def test_further_back_is_silent_but_for_what_waits() -> None:
    """A threshold is found for three days after the end; one that was found waits for its turn up to seven."""
    for days in range(1, TOLD_DAYS + 1):
        day = LAST + timedelta(days=days)
        found = Ledger().run(status(MONTHLY, "3", day), now=noon(day), budgets=[MONTHLY], ended=[ended(MONTHLY, "501")])
        assert bool(found.messages) == (days <= FOUND_DAYS)
    ledger, late = Ledger(), LAST + timedelta(days=TOLD_DAYS)
    open_ones = check(
        statuses=[status(MONTHLY, "501", LAST)], budgets=[MONTHLY], costs=[], projects=PROJECTS, organisation=ORGANISATION,
        known=[], deliveries=[], now=noon(LAST), as_of=LAST, templates=TEMPLATES, is_quiet=True,
    ).alerts  # fmt: skip
    ledger.alerts = {one.alert_id: replace(one, state="open") for one in open_ones}
    told = ledger.run(status(MONTHLY, "3", late), now=noon(late), budgets=[MONTHLY], ended=[ended(MONTHLY, "501")])
    assert len(told.messages) == 1
    ledger.alerts = {one.alert_id: replace(one, state="open") for one in open_ones}
    gone = ledger.run(status(MONTHLY, "3", late), now=noon(late), budgets=[MONTHLY])
    assert (gone.messages, {one.state for one in gone.resolved}) == ((), {"resolved"})


def test_which_periods_ended() -> None:
    weekly, span = budget("90", period="weekly"), replace(budget("90"), period="fixed", first_day=date(2026, 9, 1), last_day=LAST)
    october = replace(MONTHLY, valid_to=NEXT)
    november = replace(MONTHLY, valid_from=NEXT, limit=MONTHLY.limit * 2)
    found = ended_on([october, november, weekly, span], date(2026, 11, 2))
    assert found == {LAST: [october, span], date(2026, 11, 1): [weekly]}
    assert [day for day, _ in ended_on([DAILY], NEXT).items()] == [LAST - timedelta(days=number) for number in range(TOLD_DAYS)]
    assert ended_on([MONTHLY], LAST) == {}
