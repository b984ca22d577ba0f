"""Which thresholds are told: exactly at the boundary, once per period ever, armed again in the next, silent on other days."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from alert_samples import USUAL, budget, status

from usage_pipeline.alerts.rules import COVERED, HELD, SENT, alert_id, due, still_true
from usage_pipeline.tables.alerts import Alert

AS_OF = date(2026, 10, 23)
NOW = datetime(2026, 10, 24, tzinfo=UTC)
BUDGET = budget("500")


def found(spent: str, known: list[Alert] | None = None, as_of: date = AS_OF) -> list[Alert]:
    return due([status(BUDGET, spent, as_of)], [BUDGET], known or [], NOW, as_of)


@pytest.mark.parametrize(
    ("spent", "thresholds"),
    [
        ("374.999999999999999", []),
        ("375", [75]),
        ("449.999999999999999", [75]),
        ("450", [75, 90]),
        ("499.999999999999999", [75, 90]),
        ("500", [75, 90, 100]),
        ("5000", [75, 90, 100]),
        ("0", []),
        ("-500", []),
    ],
)
def test_every_threshold_reached_to_the_last_digit(spent: str, thresholds: list[int]) -> None:
    assert [alert.threshold for alert in found(spent)] == [Decimal(percent) for percent in thresholds]


def test_an_alert_by_hand() -> None:
    assert found("400") == [
        Alert(
            alert_id=alert_id("support-portal/monthly/USD", date(2026, 10, 1), Decimal(75)),
            rule="budget_threshold",
            budget_id="support-portal/monthly/USD",
            project="support-portal",
            period_start=date(2026, 10, 1),
            threshold=Decimal(75),
            level="info",
            percent=Decimal(80),
            spent=Decimal(400),
            limit=Decimal(500),
            unit="USD",
            as_of=AS_OF,
            found_at=NOW,
            state=HELD,
            scope="projects/support-portal",
            period_end=date(2026, 11, 1),
            armed_limit=Decimal(500),
        )
    ]


@pytest.mark.parametrize("state", [SENT, HELD, COVERED])
def test_once_per_threshold_and_period_whatever_became_of_it(state: str) -> None:
    known = [replace(alert, state=state) for alert in found("460")]
    assert found("460", known) == []
    assert [alert.threshold for alert in found("510", known)] == [Decimal(100)]
    assert found("300", known) == []


def test_the_next_period_is_armed_again() -> None:
    known = [replace(alert, state=SENT) for alert in found("510")]
    november = found("380", known, date(2026, 11, 9))
    assert [(alert.period_start, alert.threshold) for alert in november] == [(date(2026, 11, 1), Decimal(75))]


def test_a_stored_threshold_is_the_same_threshold() -> None:
    assert alert_id("b", AS_OF, Decimal(75)) == alert_id("b", AS_OF, Decimal("75.000000000000000"))
    assert alert_id("b", AS_OF, Decimal(75)) != alert_id("b", AS_OF, Decimal("75.5"))


def test_periods_that_do_not_hold_the_day_are_silent() -> None:
    september = status(BUDGET, "5000", date(2026, 9, 30))
    assert due([september], [BUDGET], [], NOW, AS_OF) == []
    held = due([september], [BUDGET], [], NOW, date(2026, 9, 30))
    assert len(held) == len(USUAL)
    assert still_true([september], held, AS_OF) == []


def test_a_new_threshold_below_one_that_was_told_is_covered() -> None:
    known = [replace(alert, state=SENT) for alert in found("460")]
    finer = replace(BUDGET, thresholds=(replace(USUAL[0], percent=Decimal(50)), *USUAL))
    assert [(alert.threshold, alert.state) for alert in due([status(finer, "460", AS_OF)], [finer], known, NOW, AS_OF)] == [
        (Decimal(50), COVERED)
    ]


def test_held_alerts_count_while_they_are_true() -> None:
    held = found("460")
    assert still_true([status(BUDGET, "450", AS_OF)], held, AS_OF) == held
    assert [alert.threshold for alert in still_true([status(BUDGET, "449.999999999999999", AS_OF)], held, AS_OF)] == [Decimal(75)]
    assert still_true([status(BUDGET, "460", AS_OF)], [replace(alert, state=SENT) for alert in held], AS_OF) == []
    assert still_true([], held, AS_OF) == []
