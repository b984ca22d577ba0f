"""Mails of budgets that are no project's month: years, fixed spans, users, clients; of forecasts, savings and things beside budgets."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from email.message import EmailMessage

import pytest
from alert_samples import ORGANISATION, PROJECTS, TEMPLATES, USUAL, budget
from alert_spans import SAVING, growing, more_of

from usage_pipeline import money
from usage_pipeline.alerts.check import check
from usage_pipeline.alerts.condition_words import gap_words
from usage_pipeline.alerts.conditions import ANOMALY, FORECAST, Condition
from usage_pipeline.alerts.drivers import days_compared
from usage_pipeline.alerts.more import NO_MORE, More
from usage_pipeline.alerts.savings import is_savable, savings_for, sentence_of
from usage_pipeline.budgets.status import statuses
from usage_pipeline.periods import Period
from usage_pipeline.tables.alert_policy import AlertPolicy
from usage_pipeline.tables.budgets import Budget

AS_OF = date(2026, 10, 23)
NOW = datetime(2026, 10, 24, tzinfo=UTC)
ROWS = growing(date(2026, 2, 1), AS_OF)
SPAN = replace(budget("1926", period="fixed"), first_day=date(2026, 9, 15), last_day=date(2026, 12, 31))
USER = replace(budget("100", project=None), scope="user", holder="u-17")
RULES = AlertPolicy(rules=("budget_threshold", FORECAST, ANOMALY))
ODD = Condition(
    rule=ANOMALY, scope="projects/support-portal", project="support-portal", period_start=AS_OF, period_end=date(2026, 10, 31),
    level="warning", words="support-portal spent 68.20 on gpt-5 on Wednesday 2026-10-14: 2.6 times the usual 26.10 of a Wednesday",
)  # fmt: skip


def mail(of: Sequence[Budget], more: More = NO_MORE, conditions: Sequence[Condition] = ()) -> EmailMessage:
    """Costs of two months alone are at hand, as in a check."""
    outcome = check(
        statuses=statuses(of, ROWS, AS_OF), budgets=of, costs=[row for row in ROWS if row.day >= date(2026, 9, 1)], projects=PROJECTS,
        organisation=ORGANISATION, known=[], deliveries=[], now=NOW, as_of=AS_OF, templates=TEMPLATES, sender="AI cost <a@example.org>",
        conditions=conditions, policy=RULES, more=more,
    )  # fmt: skip
    ((_, message),) = outcome.messages
    return message


def text(message: EmailMessage, kind: str = "plain") -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def spent(first: date, **where: str) -> Decimal:
    found = [row.cost for row in ROWS if row.day >= first and all(getattr(row, name) == value for name, value in where.items())]
    return money.total(found)


def test_a_year_tells_its_causes_out_of_sums() -> None:
    said = text(mail([budget("9963", period="yearly")], more_of(ROWS)))
    assert said.startswith("Support portal has used 92 % of its budget for 2026\n")
    whole, claude = spent(date(2026, 1, 1)), spent(date(2026, 1, 1), model="claude-sonnet-4-5")
    assert f"Spent              ${whole:,.2f} of $9,963 for 2026, day 296 of 365" in said
    assert f"  {'claude-sonnet-4-5':32} {f'${claude:,.2f}':>16}   67 %\n" in said
    assert "The days 1 Feb – 23 Oct: from $" in said
    assert "a day, the most on 14 October" in said


def test_a_year_without_sums_says_what_it_knows() -> None:
    said = text(mail([budget("9963", period="yearly")]))
    assert "Models" not in said
    assert "Support portal has used 92 % of its budget for 2026" in said


def test_a_fixed_span_is_compared_with_the_days_right_before() -> None:
    assert days_compared(SPAN, AS_OF, AS_OF) == (
        Period(date(2026, 9, 15), date(2026, 10, 24)),
        Period(date(2026, 8, 7), date(2026, 9, 15)),
    )
    message = mail([SPAN], more_of(ROWS))
    said = text(message)
    assert message["Subject"].strip() == "Critical: support-portal at 149 % of $1,926 for 15 Sep – 31 Dec, reached on 13 October"
    change = spent(date(2026, 9, 15)) - (spent(date(2026, 8, 7)) - spent(date(2026, 9, 15)))
    assert f"${change:,.2f} more than on 7 Aug – 14 Sep" in said
    assert [row for row in said.splitlines() if row.startswith("  Volume ")] != []


def test_a_day_outside_of_a_span_is_refused() -> None:
    with pytest.raises(ValueError, match="no period that holds 2026-09-01"):
        days_compared(SPAN, date(2026, 9, 1), date(2026, 9, 1))


def test_a_users_budget_names_nobody_else() -> None:
    message = mail([USER], more_of(ROWS))
    said = text(message)
    assert message["Subject"].strip().startswith("Critical: User u-17 at 251 % of $100 for October")
    assert "Largest changes by project and model\n  support-portal · gpt-5 " in said
    assert "Users" not in said
    assert "u-04" not in said + text(message, "html")


def test_a_forecast_says_what_is_to_come() -> None:
    message = mail([budget("2000", thresholds=USUAL[2:])])
    assert message["Subject"] == "support-portal at 92 % of $2,000 for October, crosses on the 26th"
    assert text(message).startswith("Support portal is on course to go over its October budget\nLevel: warning\n")


def test_something_unusual_says_what_to_do() -> None:
    message = mail([], conditions=[ODD])
    assert message["Subject"].strip() == "support-portal: unusual cost, spent 68.20 on gpt-5 on Wednesday 2026-10-14"
    assert "Unusual cost\nLevel: warning\n\nsupport-portal spent 68.20 on gpt-5" in text(message)
    assert "What to do\n  - Ask who runs the project whether this was meant." in text(message)
    assert "Ask who runs the project" in text(message, "html")


def test_links_and_savings_once() -> None:
    message = mail([budget("1989"), budget("300", operation="chat")], more_of(ROWS))
    said, page = text(message), text(message, "html")
    assert said.count("An estimate: $168.32 less this month (80 % of what gpt-5 costs), had gpt-5-mini answered instead") == 1
    assert "Statement so far: /srv/usage/reports/2026-10/projects/support-portal/statement.pdf\n" in said
    assert 'href="https://dagster.example.org/runs/5e1f"' in page
    assert 'href="/srv' not in page


@pytest.mark.parametrize(
    ("of", "savable"),
    [
        (budget(), True), (budget(project=None), True), (budget(operation="chat"), False), (budget(unit="tokens"), False), (USER, False),
        (replace(budget(), model="gpt-5"), True), (budget(period="weekly"), False),
    ],
    ids=["project", "organisation", "operation", "tokens", "user", "model", "week"],
)  # fmt: skip
def test_savings_are_told_only_of_what_advice_is_about(of: Budget, savable: bool) -> None:  # noqa: FBT001
    assert is_savable(of) is savable


def test_the_largest_saving_of_each_model_and_none_that_is_not_worth_a_line() -> None:
    (standing,) = statuses([budget()], ROWS, AS_OF)
    batch = replace(SAVING, kind="batch", proposal="batch", saving=Decimal(100))
    other = replace(batch, model="gemini-2.5-pro", saving=Decimal(60), cost=Decimal(120))
    small, theirs = replace(other, model="o3", saving=Decimal(30)), replace(SAVING, project="search-ranker")
    found = savings_for(budget(), standing, [small, batch, theirs, other, SAVING])
    bigger, smaller = (sentence_of(one, "USD") for one in found)
    assert bigger == (
        "An estimate: $168.32 less this month (80 % of what gpt-5 costs), had gpt-5-mini answered instead; its answers differ, so try it on"
        " part of the work first."
    )
    assert smaller == (
        "An estimate: $60.00 less this month (50 % of what gemini-2.5-pro costs), had it been called through the batch API, for work that"
        " nobody waits for."
    )


def test_subjects_of_wallets_and_gaps_say_how_much() -> None:
    low = replace(ODD, rule="wallet_low", scope="wallets/a", words="The wallet a is low since 20 October: $39.45 left. `x` asks for more.")
    gap = replace(ODD, rule="reconciliation_gap", scope="organisation", project=None, words=gap_words(Decimal("12.3"), 1, AS_OF, "USD"))
    assert mail([], conditions=[low])["Subject"].strip() == "support-portal: credits run low, $39.45 left"
    assert mail([], conditions=[gap])["Subject"].strip() == "Example Org: bill and logs differ, by $12.30"
