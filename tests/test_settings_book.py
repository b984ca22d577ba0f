"""The sections for the book: shared costs by rule, exchange rates, the ledger's accounts."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from usage_pipeline.errors import UsageConfigError
from usage_pipeline.settings import load
from usage_pipeline.tables.shared_costs import JournalAccounts, SharedCostRule

START = """\
organisation: {name: Example Org}
projects: [{id: portal}, {id: ranker}]
sources: [{name: bill, kind: openai_costs, path: a}]
"""
RULES = """\
allocation:
  - name: seats
    lines: {channel: openai, category: Purchase, sku: [Seats, "Seats, yearly"]}
    method: even
    valid_from: 2026-01-01
  - name: throughput
    lines: {tag.kind: ptu, project: portal}
    method: weighted
    weights: {ranker: 3, portal: 0.5}
  - {name: storage, lines: {source: bill, meter: unmapped}, method: by_usage, over: month, channels: [openai], projects: [ranker]}
  - {name: credits, lines: {category: Credit}, method: unattributed}
"""
BOOK = """\
currencies: {rates: rates/eurofxref-hist.csv}
journal: {expense_account: 6420, accrual_account: 2150}
"""


def told(tmp_path: Path, text: str) -> list[str]:
    file = tmp_path / "usage.yaml"
    file.write_text(START + text, "utf-8")
    with pytest.raises(UsageConfigError) as raised:
        load(file)
    return str(raised.value).replace(f"{tmp_path}/", "").split("\n")


def test_rules_become_values(tmp_path: Path) -> None:
    file = tmp_path / "usage.yaml"
    file.write_text(START + RULES + BOOK)
    settings = load(file)
    lines = (("channel", ("openai",)), ("category", ("Purchase",)), ("sku", ("Seats", "Seats, yearly")))
    both = ("portal", "ranker")
    assert settings.shared_costs == (
        SharedCostRule(name="seats", lines=lines, method="even", projects=both, valid_from=date(2026, 1, 1), line=5),
        SharedCostRule(
            name="throughput",
            lines=(("tag.kind", ("ptu",)), ("project", ("portal",))),
            method="weighted",
            projects=both,
            weights=(("portal", Decimal("0.5")), ("ranker", Decimal(3))),
            line=9,
        ),
        SharedCostRule(
            name="storage",
            lines=(("source", ("bill",)), ("meter", ("unmapped",))),
            method="by_usage",
            projects=("ranker",),
            channels=("openai",),
            over="month",
            line=13,
        ),
        SharedCostRule(name="credits", lines=(("category", ("Credit",)),), method="unattributed", projects=both, line=14),
    )
    assert settings.exchange_rates == tmp_path / "rates/eurofxref-hist.csv"
    assert settings.journal == JournalAccounts(expense_account="6420", accrual_account="2150")


def test_without_the_sections_there_is_nothing(tmp_path: Path) -> None:
    file = tmp_path / "usage.yaml"
    file.write_text(START)
    settings = load(file)
    assert (settings.shared_costs, settings.exchange_rates, settings.journal) == ((), None, None)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("name: a, method: even, lines: {sku: x}, weights: {portal: 1}", "allocation[0]: method weighted needs weights, such as"),
        ("name: a, method: weighted, lines: {sku: x}", "allocation[0]: method weighted needs weights, such as"),
        ("name: a, method: weighted, lines: {sku: x}, weights: {portal: 0}", "allocation[0].weights.portal: 0 is not above 0"),
        (
            "name: a, method: weighted, lines: {sku: x}, weights: {portl: 1}",
            "allocation[0].weights: no project 'portl' is declared; did you mean",
        ),
        (
            "name: a, method: even, lines: {sku: x}, projects: [rankr]",
            "allocation[0].projects: no project 'rankr' is declared; did you mean",
        ),
        ("name: a, method: even, lines: {source: bil}", "allocation[0].lines.source: no source 'bil' is declared; did you mean 'bill'?"),
        ("name: a, method: even, lines: {project: x}", "allocation[0].lines.project: no project 'x' is declared"),
        ("name: a, method: even, lines: {user: x}", "allocation[0].lines: 'user' is none of the fields source, channel, category,"),
        ("name: a, method: even, lines: {category: Seat}", "allocation[0].lines: category 'Seat' is none of Usage, Credit, Tax,"),
        ("name: a, method: even, lines: {}", "allocation[0].lines: say which lines of bills it is for, such as"),
        ("name: a, method: evenly, lines: {sku: x}", "allocation[0].method: 'evenly' is none of 'even', 'weighted', 'by_usage' or 'una"),
        ("name: a, method: even, lines: {sku: x}, over: month", "allocation[0]: channels and over say whose usage counts"),
        ("name: a, method: unattributed, lines: {sku: x}, projects: [portal]", "allocation[0]: method unattributed has no projects"),
        (
            "name: a, method: even, lines: {sku: x}, valid_from: 2026-02-01, valid_to: 2026-01-01",
            "allocation[0]: valid_to 2026-01-01 is not",
        ),
        ("name: a, method: even, line: {sku: x}", "allocation[0].line: unknown key; did you mean 'lines'?"),
    ],
    ids=range(15),
)
def test_a_wrong_rule_is_told_with_file_line_and_field(tmp_path: Path, rule: str, words: str) -> None:
    found = told(tmp_path, f"allocation:\n  - {{{rule}}}\n")
    assert any(one.startswith(f"usage.yaml:5: {words}") for one in found), found


def test_two_rules_of_one_name_are_told(tmp_path: Path) -> None:
    rule = "  - {name: a, method: even, lines: {sku: x}}\n"
    assert told(tmp_path, "allocation:\n" + rule * 2) == ["usage.yaml:6: allocation[1].name: 'a' is declared twice; the first is on line 5"]


def test_accounts_and_rates_are_needed_where_their_section_is(tmp_path: Path) -> None:
    assert told(tmp_path, "journal: {expense_account: 6420}\ncurrencies: {file: x}\n") == [
        "usage.yaml:4: journal.accrual_account: it is missing",
        "usage.yaml:5: currencies.rates: it is missing",
        "usage.yaml:5: currencies.file: unknown key; known here are rates",
    ]
