"""Finality of a month and its channels: each state with its reasons, and a project's statement is held open by its own bills alone."""

from dataclasses import fields
from datetime import date
from decimal import Decimal
from typing import Any

from usage_pipeline.costs.finality import days_text, month_finality, scope_finality
from usage_pipeline.periods import month_of
from usage_pipeline.tables.costs import DailyCost

MONTH = month_of(date(2026, 9, 1))


def row(day: int, cost: str, channel: str = "openai", *, billed: bool = True, project: str = "a") -> DailyCost:
    values: dict[str, Any] = {one.name: None for one in fields(DailyCost)}
    values |= {"day": date(2026, 9, day), "project": project, "channel": channel, "cost": Decimal(cost), "meter": "input"}
    return DailyCost(**values | {"billed_cost": Decimal(cost) if billed else None, "quantity": Decimal(0), "requests": 0})


def told(rows: list[DailyCost], **more: Any) -> Any:
    known: dict[str, Any] = {"missing": (), "unread": (), "billing": {"openai"}, "blocking": (), "closed": None}
    return month_finality(MONTH, rows, **known | more)


def test_open_while_the_bill_ends_early() -> None:
    found = told([row(29, "2"), row(30, "0.5", billed=False)])
    assert (found.finality, found.channels[0].finality) == ("open", "open")
    assert found.reasons == ("openai: the bill ends on 2026-09-29, and 0.5 on 1 day (2026-09-30) is estimated",)
    assert found.channels[0].unbilled == (date(2026, 9, 30),)


def test_open_while_a_bill_is_read_and_has_nothing_yet() -> None:
    found = told([row(1, "2", billed=False)])
    assert found.reasons == ("openai: there is no bill of it yet, and 2 on 1 day (2026-09-01) is estimated",)


def test_a_bill_that_goes_on_after_a_day_without_a_line_is_not_waited_for() -> None:
    rows = [row(29, "2"), row(30, "0.5", billed=False)]
    found = told(rows, billed_through={"openai": date(2026, 10, 5)})
    assert (found.finality, found.channels[0].unbilled) == ("reconciled", ())
    assert found.channels[0].reasons == ("0.5 is estimated: its bill has no line for it",)
    assert told(rows, billed_through={"openai": date(2026, 9, 29)}).finality == "open"


def test_what_no_bill_is_read_of_holds_nothing_open() -> None:
    found = told([row(1, "2", "self-hosted", billed=False)])
    assert (found.finality, found.channels[0].reasons) == ("reconciled", ("2 is estimated: no bill of it is read",))


def test_open_for_missing_days_and_unread_bills() -> None:
    days = [date(2026, 9, day) for day in (3, 4, 5, 6)]
    found = told([row(1, "2")], missing=days, unread=["3 lines of bills could not be read"])
    assert found.reasons == (
        "no source speaks of 4 days (2026-09-03, 2026-09-04, 2026-09-05 and 1 more)",
        "3 lines of bills could not be read",
    )
    assert told([]).reasons == ("there is no cost yet",)
    assert days_text(days[:1]) == "1 day (2026-09-03)"


def test_provisional_while_something_blocks_then_reconciled_then_closed() -> None:
    rows = [row(30, "2")]
    assert (told(rows, blocking=["a thing"]).finality, told(rows, blocking=["a thing"]).reasons) == ("provisional", ("a thing",))
    assert [one.finality for one in told(rows).channels] == ["reconciled"]
    found = told([row(29, "2"), row(30, "0.5", billed=False)], missing=[date(2026, 9, 2)], closed="2026-09 is closed")
    assert (found.finality, found.reasons, [one.finality for one in found.channels]) == ("closed", ("2026-09 is closed",), ["closed"])


def test_a_project_waits_for_its_own_bills_alone() -> None:
    rows = [row(29, "2"), row(30, "0.5", billed=False, project="b")]
    found = told(rows)
    assert [scope_finality(found, rows, project) for project in (None, "a", "b")] == ["open", "provisional", "open"]
    gap = told(rows, missing=[date(2026, 9, 2)])
    assert scope_finality(gap, rows, "a") == "open"
