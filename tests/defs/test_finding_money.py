"""Every finding says the money at risk, or why nobody can know it; a mail says how final its figures are."""

from datetime import date
from decimal import Decimal

from usage_pipeline.costs.finality import MonthFinality
from usage_pipeline.defs.finality_told import told_of
from usage_pipeline.defs.finding import Finding
from usage_pipeline.defs.finding_money import finding_document, money_words
from usage_pipeline.periods import month_of


def finding(code: str, amount: Decimal | None) -> Finding:
    return Finding(code=code, blocks=True, count=2, amount=amount, words="w")


def test_an_amount_is_told_exactly() -> None:
    assert money_words(finding("unreconciled", Decimal("0.1200")), "USD") == "0.12 USD at risk"
    document = finding_document(finding("unreconciled", Decimal("0.1200")))
    assert document == {"code": "unreconciled", "blocks": True, "count": 2, "amount": "0.12", "amount_unknown": None, "words": "w"}


def test_what_nobody_knows_says_why() -> None:
    assert money_words(finding("rejected_bill_lines", None), "USD") == (
        "money at risk not known: an amount that cannot be read cannot be added up"
    )
    assert finding_document(finding("rejected_bill_lines", None))["amount"] is None
    assert finding_document(finding("another", None))["amount_unknown"] == "nothing that was read tells"


def test_a_mail_says_how_final_its_figures_are() -> None:
    reasons = ("openai: the bill ends on 2026-10-03, and 4 on 1 day (2026-10-04) is estimated", "a. Do b.", "c")
    found = MonthFinality(month=month_of(date(2026, 10, 1)), finality="open", reasons=reasons, channels=())
    assert told_of(found).words == (
        "The figures of October 2026 are open and can still change: openai: the bill ends on 2026-10-03, and 4 on 1 day (2026-10-04) is"
        " estimated; a; and 1 more."
    )
    assert told_of(found).state == "open"
