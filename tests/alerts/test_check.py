"""The whole of alerting over several days: what is told, to whom, once; nothing again after a restart, nothing from a backfill."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage

import pytest
from alert_samples import ORGANISATION, PROJECTS, TEMPLATES, budget, status

from usage_pipeline.alerts.check import Check, check, days_needed, judging_moment
from usage_pipeline.alerts.late import Ended
from usage_pipeline.periods import Period
from usage_pipeline.tables.alerts import Alert, Delivery
from usage_pipeline.tables.budgets import Budget, BudgetStatus
from usage_pipeline.tables.configuration import Organisation, Project

DAY = date(2026, 10, 23)
MONTHLY, WEEKLY = budget("500"), budget("150", period="weekly")


class Ledger:
    """What the shell keeps between checks, and how it uses one."""

    def __init__(self) -> None:
        self.alerts: dict[str, Alert] = {}
        self.deliveries: list[Delivery] = []

    def run(self, *statuses: BudgetStatus, now: datetime, budgets: Sequence[Budget] = (MONTHLY, WEEKLY), fail: bool = False,
            projects: Sequence[Project] = PROJECTS, organisation: Organisation = ORGANISATION,
            as_of: date | None = None, ended: Sequence[Ended] = ()) -> Check:  # fmt: skip
        outcome = check(
            statuses=statuses, budgets=budgets, costs=[], projects=projects, organisation=organisation, known=list(self.alerts.values()),
            deliveries=self.deliveries, now=now, as_of=as_of or statuses[0].as_of, templates=TEMPLATES, ended=ended,
        )  # fmt: skip
        if not fail:
            self.deliveries += [replace(draft, channel="outbox", receipt="file.eml", state="sent") for draft, _ in outcome.messages]
            self.alerts |= {alert.alert_id: alert for alert in (*outcome.alerts, *outcome.resolved)}
        return outcome


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def subjects(outcome: Check) -> list[str]:
    return [str(message["Subject"]) for _, message in outcome.messages]


def states(ledger: Ledger) -> list[tuple[str, int, str]]:
    return sorted((alert.budget_id.split("/")[1], int(alert.threshold), alert.state) for alert in ledger.alerts.values())


def test_told_once_and_a_restart_tells_nothing() -> None:
    ledger = Ledger()
    first = ledger.run(status(MONTHLY, "460", DAY), now=noon(DAY))
    assert subjects(first) == ["support-portal at 92 % of $500 for October"]
    assert states(ledger) == [("monthly", 75, "covered"), ("monthly", 90, "sent")]
    for hours in (0, 1, 25, 200):
        again = ledger.run(status(MONTHLY, "480", DAY), now=noon(DAY) + timedelta(hours=hours))
        assert (again.alerts, again.messages) == ((), ())


def test_the_same_ledger_gives_the_same_bytes() -> None:
    both = [Ledger().run(status(MONTHLY, "460", DAY), now=noon(DAY)) for _ in range(2)]
    assert both[0].messages[0][1].as_bytes() == both[1].messages[0][1].as_bytes()
    assert both[0].messages[0][0] == both[1].messages[0][0]


def test_held_for_24_hours_then_sent_if_still_true() -> None:
    ledger = Ledger()
    ledger.run(status(MONTHLY, "460", DAY), now=noon(DAY))
    held = ledger.run(status(MONTHLY, "460", DAY), status(WEEKLY, "140", DAY), now=noon(DAY) + timedelta(hours=6))
    assert (len(held.messages), [alert.state for alert in held.alerts]) == (0, ["open", "open"])
    still = ledger.run(status(MONTHLY, "460", DAY), status(WEEKLY, "140", DAY), now=noon(DAY) + timedelta(hours=12))
    assert (still.alerts, still.messages) == ((), ())
    corrected = ledger.run(status(MONTHLY, "460", DAY), status(WEEKLY, "120", DAY), now=noon(DAY) + timedelta(hours=24))
    assert subjects(corrected) == ["support-portal at 80 % of $150 for week 43"]
    assert states(ledger) == [("monthly", 75, "covered"), ("monthly", 90, "sent"), ("weekly", 75, "sent"), ("weekly", 90, "open")]


def test_a_rising_level_does_not_wait_and_brings_the_held_along() -> None:
    ledger = Ledger()
    ledger.run(status(MONTHLY, "460", DAY), now=noon(DAY))
    ledger.run(status(MONTHLY, "460", DAY), status(WEEKLY, "140", DAY), now=noon(DAY) + timedelta(hours=1))
    risen = ledger.run(status(MONTHLY, "500", DAY), status(WEEKLY, "140", DAY), now=noon(DAY) + timedelta(hours=2))
    assert subjects(risen) == ["Critical: support-portal at 100 % of $500 for October (+1 more)"]
    assert risen.messages[0][0].level == "critical"
    assert {state for _, _, state in states(ledger)} == {"sent", "covered"}


def test_consecutive_days_may_mail_and_the_next_month_is_armed() -> None:
    ledger = Ledger()
    mails = []
    for day, spent in ((DAY, "380"), (DAY + timedelta(days=1), "455"), (date(2026, 11, 20), "376")):
        moment = judging_moment(day, datetime(2026, 11, 21, 9, tzinfo=UTC))
        mails += subjects(ledger.run(status(MONTHLY, spent, day), now=moment))
    assert mails == [
        "support-portal at 76 % of $500 for October",
        "support-portal at 91 % of $500 for October",
        "support-portal at 75 % of $500 for November",
    ]


def test_a_backfill_is_silent() -> None:
    outcome = Ledger().run(status(MONTHLY, "9999", date(2026, 9, 30)), now=noon(DAY), as_of=DAY)
    assert (outcome.alerts, outcome.messages) == ((), ())


def test_several_budgets_make_one_mail_a_project() -> None:
    ranker, whole = budget("100", project="search-ranker"), budget("1000", project=None)
    outcome = Ledger().run(
        status(MONTHLY, "460", DAY), status(WEEKLY, "151", DAY), status(ranker, "80", DAY), status(whole, "1001", DAY),
        now=noon(DAY), budgets=[MONTHLY, WEEKLY, ranker, whole],
    )  # fmt: skip
    assert [(draft.project, draft.recipients, draft.level) for draft, _ in outcome.messages] == [
        ("support-portal", "ana@example.org,lea@example.org", "critical"),
        ("search-ranker", "ben@example.org", "info"),
        (None, "finance@example.org", "critical"),
    ]
    assert subjects(outcome)[2] == "Critical: Example Org at 100 % of $1,000 for October"


def test_a_project_without_owners_is_told_to_finance_and_says_so() -> None:
    orphan = budget("100", project="orphan")
    ((draft, message),) = Ledger().run(status(orphan, "80", DAY), now=noon(DAY), budgets=[orphan]).messages
    assert draft.recipients == "finance@example.org"
    assert "Orphan names no owner, so finance is told instead." in _text(message)


def test_nobody_to_tell_is_said_and_told_when_there_is_somebody() -> None:
    ledger, nobody = Ledger(), Organisation(name="Example Org")
    outcome = ledger.run(status(MONTHLY, "460", DAY), now=noon(DAY), projects=(), organisation=nobody)
    assert outcome.messages == ()
    assert outcome.untold == (
        "support-portal has alerts but nobody to tell: give it owners, or the organisation finance addresses in usage.yaml",
    )
    assert len(ledger.run(status(MONTHLY, "460", DAY), now=noon(DAY)).messages) == 1


def test_what_could_not_be_recorded_is_found_again() -> None:
    ledger = Ledger()
    failed = ledger.run(status(MONTHLY, "460", DAY), now=noon(DAY), fail=True)
    assert (ledger.alerts, ledger.deliveries) == ({}, [])
    again = ledger.run(status(MONTHLY, "460", DAY), now=noon(DAY) + timedelta(hours=6))
    assert again.messages[0][1]["Message-ID"] == failed.messages[0][1]["Message-ID"]


def test_sent_but_not_recorded_is_not_sent_again() -> None:
    ledger = Ledger()
    ledger.run(status(MONTHLY, "460", DAY), now=noon(DAY))
    ledger.alerts.clear()
    ledger.deliveries = [replace(delivery, sent_at=noon(DAY) - timedelta(days=2)) for delivery in ledger.deliveries]
    again = ledger.run(status(MONTHLY, "460", DAY), now=noon(DAY))
    assert (again.messages, [alert.state for alert in again.alerts]) == ((), ["covered", "sent"])


@pytest.mark.parametrize(("count", "blocks"), [(1, 1), (5, 5), (9, 5)])
def test_many_budgets_stay_one_readable_mail(count: int, blocks: int) -> None:
    many = [budget("100", operation=f"operation {number}") for number in range(count)]
    ((draft, message),) = Ledger().run(*(status(one, "100", DAY) for one in many), now=noon(DAY), budgets=many).messages
    html = message.get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert html.count("What to do") == blocks
    assert all(f"operation {number}" in html for number in range(count))
    assert len(draft.about.split(",")) == 3 * count
    assert len(html) < 102_000


def test_the_moment_of_judging() -> None:
    clock = datetime(2026, 11, 21, 9, tzinfo=UTC)
    assert judging_moment(date(2026, 11, 21), clock) == clock
    assert judging_moment(date(2026, 11, 20), clock) == datetime(2026, 11, 21, tzinfo=UTC)


def test_the_days_a_check_reads() -> None:
    assert days_needed(date(2026, 1, 2)) == Period(date(2025, 12, 1), date(2026, 1, 3))


def _text(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content())
