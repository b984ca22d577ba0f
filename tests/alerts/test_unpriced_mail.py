"""A budget's mail and the organisation's say what has no price: how much, what it may cost, how to mend it. Never as 0."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from email import message_from_bytes, policy
from email.message import EmailMessage

from alert_samples import ORGANISATION, PROJECTS, TEMPLATES, budget, cost, month

from usage_pipeline.alerts.check import check
from usage_pipeline.budgets.status import statuses
from usage_pipeline.tables.budgets import Budget
from usage_pipeline.tables.costs import DailyCost
from usage_pipeline.tables.unpriced import Unpriced

AS_OF = date(2026, 10, 23)
HINT = 'add to usage.yaml, under aliases: - {name: "new-model-9", provider: openai, model: <one of gpt-5, gpt-5.1>}'


def explain(row: Unpriced) -> Unpriced:
    """An eighth of a cent to four dollars eighty a model."""
    return replace(row, low=Decimal("0.0012"), high=Decimal("4.80"), range_if="if it was a model of OpenAI", hint=HINT)


def mail(of: Budget, costs: list[DailyCost]) -> tuple[str, str]:
    """The one mail's text and HTML, with single spaces."""
    outcome = check(
        statuses=statuses([of], costs, AS_OF), budgets=[of], costs=costs, projects=PROJECTS, organisation=ORGANISATION, known=[],
        deliveries=[], now=datetime(2026, 10, 24, tzinfo=UTC), as_of=AS_OF, templates=TEMPLATES, explain=explain,
    )  # fmt: skip
    ((_, message),) = outcome.messages
    received = message_from_bytes(message.as_bytes(), policy=policy.default)
    assert isinstance(received, EmailMessage)
    parts = [received.get_body((kind,)) for kind in ("plain", "html")]
    text, html = (" ".join(str(part.get_content()).split()) for part in parts if part is not None)
    return text, html


SAID = (
    "Not in these amounts: 12 requests with 48,210 tokens of new-model-9, because no price is known: it may cost between $0.0012 and $4.80"
    " if it was a model of OpenAI."
)


def test_a_projects_mail_says_what_its_budget_does_not_hold() -> None:
    text, html = mail(budget("500"), month())
    assert SAID in text
    assert f"Whoever runs usage-pipeline can mend it. For new-model-9: {HINT}" in text
    assert SAID in html
    assert "model: &lt;one of gpt-5, gpt-5.1&gt;}" in html


def test_the_organisations_mail_adds_up_all_projects() -> None:
    other = [replace(row, project="search-ranker") for row in month() if row.cost is None]
    text, _ = mail(budget("500", project=None), [*month(), *other])
    assert "Not in these amounts: 24 requests with 96,420 tokens of new-model-9, because no price is known: it may cost between" in text


def test_several_models_have_one_range_together() -> None:
    rows = [cost(date(2026, 10, 22), None, model=f"new-{number}", unpriced_quantity=Decimal(10)) for number in range(5)]
    text, _ = mail(budget("500"), [*month(), *rows])
    assert "48,260 tokens of new-model-9, new-0, new-1 and 3 more models, because no price is known: it may cost between $0.0072" in text
    assert "and $28.80 if it was a model of OpenAI." in text
    assert "For new-model-9 and 5 more, which the statement lists: add to usage.yaml" in text


def test_nothing_is_said_where_all_is_priced() -> None:
    text, html = mail(budget("500"), [row for row in month() if row.cost is not None])
    for said in (text, html):
        assert "price is known" not in said
        assert "mend" not in said
