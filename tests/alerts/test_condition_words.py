"""What is told of anomalies, requests over their limit and gaps: amounts as people say them, names made harmless."""

from datetime import UTC, date, datetime
from decimal import Decimal

from usage_pipeline.alerts import words
from usage_pipeline.alerts.condition_words import anomaly_words, gap_words, violation_words
from usage_pipeline.tables.anomalies import Anomaly
from usage_pipeline.tables.request_limits import LimitViolation

DAY = date(2026, 10, 20)


def anomaly(model: str | None = "gpt-5", kind: str = "cost", unit: str | None = None) -> Anomaly:
    return Anomaly(
        day=DAY, project="portal", model=model, kind=kind, unit=unit, expected=Decimal(4), low=Decimal(3), high=Decimal("5.1"),
        actual=Decimal("31.2"), excess=Decimal("27.2"), compared_days=28, words="",
    )  # fmt: skip


def violation(measure: str, amount: str, limit: str, operation: str | None = "chat") -> LimitViolation:
    return LimitViolation(
        event_id="e", source="app", measure=measure, day=DAY, started_at=datetime(2026, 10, 20, tzinfo=UTC), project="portal", user=None,
        operation=operation, channel="openai", model=None, amount=Decimal(amount), limit=Decimal(limit), source_file="f", source_line=1,
    )  # fmt: skip


def test_an_anomaly() -> None:
    told = "portal spent $31.20 on gpt-5 on Tue 20 Oct: 7.8 times what such a day usually costs, $4.00 (up to $5.10 is usual)."
    assert anomaly_words(anomaly(), "USD") == told
    assert anomaly_words(anomaly(None, "unit_cost", "request"), "CHF") == (
        "portal paid CHF 31.20 a request for charges without a model on Tue 20 Oct: 7.8 times the usual CHF 4.00, which made the day"
        " CHF 27.20 dearer."
    )
    assert "<b>  </b>" not in anomaly_words(anomaly("<b>\r\n</b>"), "USD")


def test_requests_over_a_limit() -> None:
    both = [violation("max_tokens", "12635", "4000"), violation("max_tokens", "5000", "4000")]
    assert violation_words(both, DAY, "USD").startswith(
        "On Tue 20 Oct 2 requests went over the limit on one request. The worst took 12,635 tokens where 4,000 is the limit (chat)."
    )
    assert "The worst took $0.75 where $0.50 is the limit. `usage-pipeline budgets violations --from 2026-10-20" in violation_words(
        [violation("max_cost", "0.75", "0.5", None)], DAY, "USD"
    )


def test_a_gap() -> None:
    assert gap_words(Decimal("12.3456"), 3, date(2026, 10, 1), "USD") == (
        "Since 1 October bills, the providers' counts and logs differ by $12.35 for no known reason, in 3 places: too much for the month to"
        " be closed."
    )


def test_exact_amounts_in_a_sentence_are_read_in_cents() -> None:
    said = "the bill ends on 2026-10-30, and 1.60110711 on 1 day (2026-10-31) is estimated; version 1.2.345 and gpt-5.123 stay, 2.50 too."
    assert words.in_cents(said, "USD") == said.replace("1.60110711", "$1.60")
