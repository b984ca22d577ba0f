"""Statements say how shared bill lines were dealt out and by which rates bills of other currencies were converted."""

from datetime import date
from decimal import Decimal

from usage_pipeline.reports.exchange import exchange_notes
from usage_pipeline.reports.shared import shared_notes
from usage_pipeline.tables.exchange_used import ExchangeUsed
from usage_pipeline.tables.shared_used import SharedUsed


def part(project: str, method: str, amount: str, rule: str | None = None) -> SharedUsed:
    return SharedUsed(project=project, method=method, rule=rule, lines=1, amount=Decimal(amount))


def used(day: int, rate: str, rate_day: int, *, is_told: bool = True) -> ExchangeUsed:
    return ExchangeUsed(
        channel="openai",
        currency="EUR",
        day=date(2026, 10, day),
        rate=Decimal(rate),
        rate_day=date(2026, 10, rate_day),
        original_cost=Decimal(10) if is_told else None,
        cost=Decimal(10) * Decimal(rate) if is_told else None,
    )


def test_the_methods_are_said_with_their_money_the_largest_first() -> None:
    parts = [
        part("a", "bill", "-1.004"),
        part("a", "even", "3.333", "seats"),
        part("b", "even", "6.667", "seats"),
        part("unattributed", "unattributed", "4"),
    ]
    (note,) = shared_notes(parts, "USD", is_project=False)
    assert note == (
        "$9.00 are bill lines that name no project and were dealt out: $10.00 evenly, by a rule of usage.yaml (seats); −$1.00 by the shares"
        " of what the channel billed for usage on that day: a tax, credit or adjustment follows the bill. Method and ratio of every part"
        " are in the lake’s allocations."
    )


def test_a_project_is_told_of_its_own_part_and_of_none_where_it_has_none() -> None:
    (note,) = shared_notes([part("a", "channel", "2")], "USD", is_project=True)
    assert note.startswith(
        "$2.00 of it are this project’s part of bill lines that name no project and were dealt out: $2.00 by the shares of"
    )
    assert shared_notes([part("unattributed", "unattributed", "4")], "USD", is_project=False) == ()


def test_rates_are_said_with_their_days_and_what_they_made_of_the_bill() -> None:
    (note,) = exchange_notes([used(2, "1.1712", 2), used(3, "1.1712", 2)], "USD")
    assert note == (
        "Bills in EUR are converted at the European Central Bank’s reference rate of the charge’s day, or of the last day before it that"
        " has one: 1 EUR = 1.1712 USD, the rate of 2 October 2026. €20.00 billed are $23.42. Each day’s rate is in statement.json."
    )


def test_several_rates_are_said_by_first_last_lowest_and_highest() -> None:
    (note,) = exchange_notes([used(1, "1.1725", 1, is_told=False), used(2, "1.1600", 2, is_told=False)], "USD")
    assert "1 EUR = 1.1725 USD on 1 October 2026 to 1.16 on 2 October 2026 (2 rates, from 1.16 to 1.1725). Each day’s" in note
