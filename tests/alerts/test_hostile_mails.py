"""Names from logs in every kind of mail: no markup, no header, no formula and no path comes of them; subjects stay one readable line."""

from dataclasses import replace
from datetime import UTC, date, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, default

import pytest
from alert_samples import ORGANISATION, TEMPLATES, budget, cost, status
from test_mail import Page, body

from usage_pipeline.alerts.channels.outbox import file_name
from usage_pipeline.alerts.check import check
from usage_pipeline.alerts.conditions import Condition
from usage_pipeline.tables.alert_policy import AlertPolicy
from usage_pipeline.tables.budgets import Budget
from usage_pipeline.tables.configuration import Project
from usage_pipeline.tables.notices import RULES

DAY = date(2026, 10, 23)
NOW = datetime(2026, 10, 23, 12, tzinfo=UTC)
NAMES = {
    "script": "<script>alert(1)</script>",
    "formula": "=cmd|' /C calc'!A0",
    "path": "../../etc/x",
    "long": "n" * 300,
    "emoji": "🤖🔥" * 5,
    "right to left": "\u202egnp.exe\u2066עברית",
    "header": "a\r\nBcc: evil@example.com\r\n\r\nhello",
}
SUBJECT_MOST = 140


def mails(name: str) -> list[EmailMessage]:
    """One project of that name for each rule, and a digest of them all, as a receiver reads them."""
    projects = [Project(id=f"{name} {rule}", name=name, owners=("ana@example.org",)) for rule in RULES]
    conditions = [
        Condition(
            rule=rule, scope=f"sources/{name}", project=one.id, period_start=DAY, period_end=None, level="critical",
            words=f"{name} spent $3.00 on {name} on Fri 23 Oct: {name}",
        )
        for rule, one in zip(RULES, projects, strict=True) if rule not in {"budget_threshold", "forecast"}
    ]  # fmt: skip
    budgets: list[Budget] = [
        replace(budget("500", project=projects[0].id, operation=name), model=name),
        replace(budget("500", project=projects[1].id), budget_id=name),
        replace(budget("300"), budget_id=f"user {name}", scope="user", project=None, holder=name),
    ]
    costs = [cost(date(2026, 10, number), "20", project=projects[1].id, model=name, user=name, operation=name) for number in range(1, 23)]
    standing = [
        status(budgets[0], "501", DAY),
        replace(status(budgets[1], "440", DAY), percent=status(budgets[1], "440", DAY).percent),
        replace(status(budgets[2], "299", DAY), holder=name),
    ]
    found = [
        check(
            statuses=standing, budgets=budgets, costs=costs, projects=projects, organisation=ORGANISATION, known=[], deliveries=[], now=NOW,
            as_of=DAY, templates=TEMPLATES, policy=AlertPolicy(rules=RULES, digest_over=over), conditions=conditions,
        )
        for over in (None, 3)
    ]  # fmt: skip
    messages = [message for one in found for _, message in one.messages]
    assert len(messages) == len(RULES) + 1 + 2
    return [message_from_bytes(one.as_bytes(policy=SMTP), policy=default) for one in messages]  # type: ignore[misc]


@pytest.mark.parametrize("kind", NAMES)
def test_names_stay_names(kind: str) -> None:
    for message in mails(NAMES[kind]):
        subject, name = str(message["Subject"]), file_name(message)
        assert len(subject.splitlines()) == 1
        assert len(subject) <= SUBJECT_MOST
        assert not set("\u202e\u2066\r\n") & set(subject)
        assert message["Bcc"] is None
        assert message["To"] in {"ana@example.org", "finance@example.org"}
        page, text = Page(body(message, "html")), body(message, "plain")
        assert not {"script", "a", "form", "iframe"} & set(page.tags)
        assert not {"\u202e", "\u2066"} & {*text, *page.text}
        assert not any(line.startswith("Bcc:") or line == "." for line in text.splitlines())
        assert all(len(value or "") < 800 for key, value in page.attributes if key == "alt")
        assert "/" not in name
        assert name.startswith("2026-10-23_")
        assert len(name.encode()) < 200
