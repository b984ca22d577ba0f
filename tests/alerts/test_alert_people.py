"""Quiet hours, people asked in turn, snoozed and acknowledged alerts, digests, another limit, notices: what `check` decides."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from alert_samples import ORGANISATION, PROJECTS, TEMPLATES, budget, status

from usage_pipeline.alerts.acts import acknowledged, named, snoozed
from usage_pipeline.alerts.check import Check, check
from usage_pipeline.alerts.conditions import ANOMALY, STALE_SOURCE, Condition
from usage_pipeline.alerts.quiet import is_quiet
from usage_pipeline.errors import UsageConfigError
from usage_pipeline.tables.alert_policy import AlertPolicy
from usage_pipeline.tables.alerts import Alert, Delivery
from usage_pipeline.tables.budgets import Budget, BudgetStatus
from usage_pipeline.tables.channels import Route
from usage_pipeline.tables.notices import RULES

DAY = date(2026, 10, 20)
NOW = datetime(2026, 10, 20, 12, tzinfo=UTC)
MONTHLY = budget("500")
PORTAL = replace(PROJECTS[0], team="support")
ESCALATING = AlertPolicy(escalate_after_hours=48, teams=(("support", ("team@example.org", "ana@example.org")),))


class Ledger:
    """What is kept between checks."""

    def __init__(self, policy: AlertPolicy = ESCALATING) -> None:
        self.policy = policy
        self.alerts: dict[str, Alert] = {}
        self.deliveries: list[Delivery] = []

    def check(self, *statuses: BudgetStatus, hours: int = 0, quiet: bool = False, conditions: Sequence[Condition] = (),
              budgets: Sequence[Budget] = (MONTHLY,), routes: Sequence[Route] = ()) -> Check:  # fmt: skip
        now = NOW + timedelta(hours=hours)
        outcome = check(
            statuses=statuses, budgets=budgets, costs=[], projects=(PORTAL, *PROJECTS[1:]), organisation=ORGANISATION,
            known=list(self.alerts.values()), deliveries=self.deliveries, now=now, as_of=now.date(), templates=TEMPLATES,
            policy=self.policy, is_quiet=quiet, conditions=conditions, routes=routes,
        )  # fmt: skip
        self.deliveries += [replace(draft, state="sent") for draft, _ in (*outcome.messages, *outcome.notices)]
        self.alerts |= {one.alert_id: one for one in (*outcome.alerts, *outcome.resolved)}
        return outcome


def at(spent: str, hours: int = 0, of: Budget = MONTHLY) -> BudgetStatus:
    return status(of, spent, (NOW + timedelta(hours=hours)).date())


def people(outcome: Check) -> list[str]:
    return [draft.recipients for draft, _ in outcome.messages]


def condition(rule: str, scope: str, project: str | None = None, level: str = "warning", ends: date | None = None) -> Condition:
    return Condition(rule=rule, scope=scope, project=project, period_start=DAY, period_end=ends, level=level, words=f"{scope} is odd.")


def test_nobody_answers_so_the_team_then_finance_hear_of_it() -> None:
    ledger = Ledger()
    assert people(ledger.check(at("460"))) == ["ana@example.org,lea@example.org"]
    assert people(ledger.check(at("460", 47), hours=47)) == []
    second = ledger.check(at("460", 48), hours=48)
    assert people(second) == ["team@example.org"]
    assert "Nobody has acknowledged this, so the team of Support portal is told as well." in second.messages[0][1].as_string()
    assert people(ledger.check(at("460", 96), hours=96)) == ["finance@example.org"]
    assert people(ledger.check(at("460", 200), hours=200)) == []
    assert len({one.delivery_id for one in ledger.deliveries}) == 3


def test_acknowledged_goes_to_nobody_else() -> None:
    ledger = Ledger()
    ledger.check(at("460"))
    changed = acknowledged(list(ledger.alerts.values()), "Ana", NOW)
    assert {(one.state, one.changed_by) for one in changed} == {("acknowledged", "Ana")}
    ledger.alerts |= {one.alert_id: one for one in changed}
    assert people(ledger.check(at("460", 100), hours=100)) == []
    assert people(ledger.check(at("500", 101), hours=101)) == ["ana@example.org,lea@example.org"], "a higher threshold is news"


def test_info_is_not_worth_asking_others_for() -> None:
    ledger = Ledger()
    ledger.check(at("380"))
    assert people(ledger.check(at("380", 100), hours=100)) == []


@pytest.mark.parametrize(("spent", "mails"), [("460", ["ana@example.org,lea@example.org"]), ("300", [])])
def test_snoozed_is_told_again_on_its_day_if_still_so(spent: str, mails: list[str]) -> None:
    ledger = Ledger(AlertPolicy())
    ledger.check(at("460"))
    highest = [one for one in ledger.alerts.values() if one.state == "sent"]
    ledger.alerts |= {one.alert_id: one for one in snoozed(highest, DAY + timedelta(days=3), "Ana", NOW)}
    assert people(ledger.check(at(spent, 48), hours=48)) == []
    assert people(ledger.check(at(spent, 72), hours=72)) == mails
    assert people(ledger.check(at(spent, 98), hours=98)) == []


def test_in_quiet_hours_only_the_critical_goes() -> None:
    ledger = Ledger(AlertPolicy())
    assert people(ledger.check(at("460"), quiet=True)) == []
    assert people(ledger.check(at("460"), quiet=False)) == ["ana@example.org,lea@example.org"]
    assert people(ledger.check(at("501", 1), hours=1, quiet=True)) == ["ana@example.org,lea@example.org"]


@pytest.mark.parametrize(
    ("hours", "moment", "quiet"),
    [
        (("20:00", "07:00"), "2026-10-20T17:59", False),
        (("20:00", "07:00"), "2026-10-20T18:00", True),
        (("20:00", "07:00"), "2026-10-20T05:00", False),
        (("20:00", "07:00"), "2026-12-20T05:30", True),
        (("12:00", "13:00"), "2026-10-20T10:30", True),
        (("12:00", "13:00"), "2026-10-20T11:00", False),
    ],
)
def test_quiet_hours_go_with_the_clocks_of_the_zone(hours: tuple[str, str], moment: str, quiet: bool) -> None:  # noqa: FBT001
    policy = AlertPolicy(quiet=(time.fromisoformat(hours[0]), time.fromisoformat(hours[1])), time_zone="Europe/Berlin")
    assert is_quiet(policy, datetime.fromisoformat(moment).replace(tzinfo=UTC)) is quiet


def test_many_mails_to_the_same_people_become_one() -> None:
    orphans = [budget("100", project=f"orphan-{number}") for number in range(4)]
    ledger = Ledger(AlertPolicy(digest_over=3))
    outcome = ledger.check(*(at("95", of=one) for one in orphans), budgets=orphans)
    assert people(outcome) == ["finance@example.org"]
    ((draft, message),) = outcome.messages
    assert draft.projects == "orphan-0\norphan-1\norphan-2\norphan-3"
    assert message["Subject"] == "Example Org: 4 projects need a look: orphan-0, orphan-1, orphan-2 and 1 more"
    again = ledger.check(*(at("95", 5, of=one) for one in orphans), at("380", 5), hours=5, budgets=[*orphans, MONTHLY])
    assert people(again) == ["ana@example.org,lea@example.org"]
    higher = ledger.check(at("101", 6, of=orphans[0]), at("380", 6), hours=6, budgets=[*orphans, MONTHLY])
    assert people(higher) == ["finance@example.org"]


def test_another_limit_arms_the_thresholds_anew() -> None:
    ledger = Ledger(AlertPolicy())
    ledger.check(at("460"))
    more = replace(MONTHLY, limit=Decimal(600))
    assert people(ledger.check(at("470", 30, of=more), hours=30, budgets=[more])) == ["ana@example.org,lea@example.org"]
    assert people(ledger.check(at("480", 60, of=more), hours=60, budgets=[more])) == []
    assert people(ledger.check(at("480", 90), hours=90)) == [], "back at the old limit nothing is news"
    rolled = replace(at("480", 120), limit=Decimal(505), declared_limit=Decimal(500), rolled_over=Decimal(5))
    assert people(ledger.check(rolled, hours=120)) == [], "what rolled over is no change of the limit"


def test_a_forecast_is_told_once_and_does_not_flap() -> None:
    ledger = Ledger(AlertPolicy(rules=("budget_threshold", "forecast")))

    def forecast(amount: str, hours: int, low: int = 430) -> list[str]:
        standing = replace(at("200", hours), forecast=Decimal(amount), forecast_low=Decimal(low), forecast_high=Decimal(700))
        return people(ledger.check(standing, hours=hours))

    assert forecast("530", 0, low=420) == [], "its interval begins far below the limit"
    told = [bool(forecast(amount, number * 30)) for number, amount in enumerate(("510", "530", "499", "530", "400", "560"), 1)]
    assert told == [False, True, False, False, False, False]
    assert [one.state for one in ledger.alerts.values()] == ["resolved"]


def test_conditions_are_told_once_and_resolved_when_they_are_over() -> None:
    ledger = Ledger(AlertPolicy(rules=RULES))
    stale = condition(STALE_SOURCE, "sources/app")
    odd = condition(ANOMALY, "projects/search-ranker", "search-ranker", ends=DAY + timedelta(days=8))
    first = ledger.check(conditions=[stale, odd])
    assert sorted(people(first)) == ["ben@example.org", "finance@example.org"]
    texts = {draft.recipients: message.as_string() for draft, message in first.messages}
    assert "sources/app is odd." in texts["finance@example.org"]
    assert "search-ranker: unusual cost" in texts["ben@example.org"]
    assert people(ledger.check(conditions=[stale, odd], hours=48)) == []
    assert {one.scope: one.state for one in ledger.check(hours=72).resolved} == {"sources/app": "resolved"}
    assert {one.scope: one.state for one in ledger.check(hours=24 * 8).resolved} == {"projects/search-ranker": "resolved"}
    assert people(ledger.check(conditions=[stale], hours=24 * 9)) == [], "once for the day on which it stopped"


def test_channels_hear_what_is_routed_to_them() -> None:
    routes = (Route(channels=("pager",), levels=("critical",)), Route(channels=("ops",), rules=("stale_source",)))
    ledger = Ledger(AlertPolicy(rules=RULES))
    quiet = ledger.check(at("460"), conditions=[condition(STALE_SOURCE, "sources/app")], routes=routes)
    assert [(draft.recipients, notice.rule, notice.scope) for draft, notice in quiet.notices] == [("ops", "stale_source", "sources/app")]
    loud = ledger.check(at("500", 2), hours=2, routes=routes)
    ((draft, notice),) = loud.notices
    assert (draft.recipients, draft.kind, notice.level, notice.key) == ("pager", "notice", "critical", draft.delivery_id)
    assert notice.facts["spent"] == "500"
    assert notice.text == "support-portal: $500.00 of $500 since 1 October (critical)"
    assert notice.subject == str(loud.messages[0][1]["Subject"])


def test_alerts_are_named_by_their_first_characters() -> None:
    ledger = Ledger()
    ledger.check(at("460"))
    one, other = ledger.alerts.values()
    assert named([one, other], [one.alert_id[:8]], None) == [one]
    assert named([one, other], [], "support-portal") == [one, other]
    for wrong in ("", one.alert_id[:5], "zzzzzzzz"):
        with pytest.raises(UsageConfigError, match="alerts list` shows the ids"):
            named([one, other], [wrong], None)
