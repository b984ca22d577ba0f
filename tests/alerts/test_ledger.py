"""One mail a project, at most one in 24 hours unless the level rises; held alerts go with the next mail allowed."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from alert_samples import budget, status

from usage_pipeline.alerts.ledger import PlannedMail, plan
from usage_pipeline.alerts.rules import COVERED, HELD, SENT, due
from usage_pipeline.tables.alerts import Alert, Delivery

AS_OF = date(2026, 10, 23)
NOW = datetime(2026, 10, 23, 6, tzinfo=UTC)
MONTHLY, DAILY, WEEKLY = budget("500"), budget("40", period="daily"), budget("150", period="weekly")


def alerts(*spent: tuple[str, str]) -> list[Alert]:
    """Fresh alerts of budgets that spent so much: (period, amount)."""
    budgets = {"monthly": MONTHLY, "daily": DAILY, "weekly": WEEKLY}
    return due([status(budgets[period], amount, AS_OF) for period, amount in spent], list(budgets.values()), [], NOW, AS_OF)


def mailed(level: str, hours_ago: float, *, project: str | None = "support-portal", kind: str = "alert") -> Delivery:
    return Delivery(
        delivery_id=f"{level}{hours_ago}", kind=kind, project=project, level=level, recipients="ana@example.org", subject="s",
        channel="outbox", about="", as_of=AS_OF, sent_at=NOW - timedelta(hours=hours_ago), receipt="r",
    )  # fmt: skip


def states(planned: list[Alert]) -> list[str]:
    return [alert.state for alert in planned]


def test_of_several_thresholds_only_the_highest_is_told() -> None:
    given = alerts(("monthly", "510"))
    mails, planned = plan(given, [], NOW)
    assert mails == [PlannedMail("support-portal", "critical", (given[2],), (given[0], given[1]))]
    assert states(planned) == [COVERED, COVERED, SENT]
    assert [replace(alert, state=HELD) for alert in planned] == given


def test_one_mail_for_all_budgets_of_a_project_most_severe_first() -> None:
    given = alerts(("daily", "31"), ("monthly", "460"), ("weekly", "170"))
    mails, _ = plan(given, [], NOW)
    assert [(mail.level, [alert.budget_id.split("/")[1] for alert in mail.told]) for mail in mails] == [
        ("critical", ["weekly", "monthly", "daily"])
    ]
    assert set(mails[0].alert_ids) == {alert.alert_id for alert in given}


def test_projects_do_not_wait_for_each_other() -> None:
    given = alerts(("monthly", "460"))
    other = [replace(alert, project="search-ranker", alert_id=f"other {alert.alert_id}") for alert in given]
    mails, _ = plan([*given, *other], [mailed("critical", 1, project="search-ranker"), mailed("critical", 1, project=None)], NOW)
    assert [mail.project for mail in mails] == ["support-portal"]


@pytest.mark.parametrize(
    ("before", "goes"),
    [
        ([], True),
        ([("warning", 23.99)], False),
        ([("warning", 24)], True),
        ([("info", 0.01)], True),
        ([("critical", 1)], False),
        ([("info", 20), ("warning", 2)], False),
        ([("critical", 24.01), ("info", 23)], True),
        ([("warning", -5)], False),
        ([("warning", -24)], True),
    ],
)
def test_a_warning_within_24_hours(before: list[tuple[str, float]], goes: bool) -> None:  # noqa: FBT001
    given = alerts(("monthly", "460"))
    mails, planned = plan(given, [mailed(level, hours) for level, hours in before], NOW)
    assert bool(mails) is goes
    assert states(planned) == ([COVERED, SENT] if goes else [HELD, HELD])


def test_a_statement_is_no_alert_mail() -> None:
    mails, _ = plan(alerts(("monthly", "460")), [mailed("critical", 1, kind="statement")], NOW)
    assert len(mails) == 1


def test_held_then_sent_together_with_what_is_new() -> None:
    _, held = plan(alerts(("monthly", "380")), [mailed("info", 2)], NOW)
    assert states(held) == [HELD]
    mails, planned = plan([*alerts(("weekly", "120")), *held], [mailed("info", 26)], NOW)
    assert [alert.budget_id.split("/")[1] for alert in mails[0].told] == ["weekly", "monthly"]
    assert states(planned) == [SENT, SENT]


def test_a_held_threshold_is_covered_by_a_higher_one() -> None:
    _, held = plan(alerts(("monthly", "380")), [mailed("info", 2)], NOW)
    higher = [alert for alert in alerts(("monthly", "510")) if alert.level == "critical"]
    mails, planned = plan([*higher, *held], [mailed("info", 2)], NOW)
    assert [alert.level for alert in mails[0].told] == ["critical"]
    assert states(planned) == [SENT, COVERED]


def test_what_was_told_already_is_left_alone() -> None:
    told = [replace(alert, state=COVERED) for alert in alerts(("monthly", "460"))]
    assert plan(told, [], NOW) == ([], told)
