"""What the page says: cents that add up, words that fit the month's state."""

import re
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from invented_month import OCTOBER, daily_rows, monthly_rows, row, snapshot, status

from usage_pipeline.money import CENT, round_parts, total
from usage_pipeline.reports.budget_lines import budget_lines, gauges_of, pace_of
from usage_pipeline.reports.formats.csv import csv_of
from usage_pipeline.reports.formats.json import json_of
from usage_pipeline.reports.front import change_text
from usage_pipeline.reports.ledger import MODELS_MOST, ledger_of
from usage_pipeline.reports.page import gaps_of, page_of
from usage_pipeline.reports.snapshot import Snapshot, completeness_of
from usage_pipeline.reports.tables import Breakdown
from usage_pipeline.reports.unattributed import unattributed_text
from usage_pipeline.tables.costs import DailyCost

AMOUNTS = st.decimals(min_value=Decimal(-(10**6)), max_value=Decimal(10**6), places=15, allow_nan=False, allow_infinity=False)


def dollars(text: str) -> Decimal:
    return Decimal(0) if text == "unpriced" else Decimal(re.sub("[$,]", "", text).replace("−", "-"))


@given(st.lists(st.none() | AMOUNTS, max_size=30))
def test_rounded_parts_sum_to_the_rounded_whole(parts: list[Decimal | None]):
    rounded = round_parts(parts)
    assert total(rounded) == total(parts).quantize(CENT)
    for part, cents in zip(parts, rounded, strict=True):
        assert (part is None) == (cents is None)
        assert part is None or cents is None or abs(part - cents) < CENT


@given(st.lists(st.lists(AMOUNTS, min_size=1, max_size=6), min_size=1, max_size=6))
def test_parts_of_parts_add_up_too(groups: list[list[Decimal]]):
    wholes = round_parts([total(group) for group in groups])
    for group, whole in zip(groups, wholes, strict=True):
        inner = round_parts(group, whole=whole)
        assert total(inner) == whole
        assert all(cents is not None and abs(part - cents) <= CENT for part, cents in zip(group, inner, strict=True))


def test_every_printed_table_adds_up(organisation: Snapshot, project: Snapshot):
    for one in (organisation, project):
        page = page_of(one)
        tables: list[Breakdown] = list(page["breakdowns"].values())
        for table in tables:
            assert sum(dollars(line.cost) for line in table.lines) == dollars(table.total.cost) == dollars(page["total"])
        ledger = page["ledger"]
        assert sum(dollars(block.cost) for block in ledger.blocks) == dollars(ledger.cost) == dollars(page["total"])
        for block in ledger.blocks:
            assert sum(dollars(line.cost) for line in block.lines) == dollars(block.cost)
        billed, estimated = (dollars(cell["value"]) for cell in page["states"][:2])
        assert billed + estimated == dollars(page["total"])


def test_a_project_costs_the_same_cents_wherever_it_is_shown(organisation: Snapshot):
    page = page_of(organisation)
    by_project = {line.label: line.cost for line in page["breakdowns"]["project"].lines}
    assert {block.name: block.cost for block in page["ledger"].blocks} == by_project
    monthly = [line for line in page["budgets"] if line.what == "Monthly" and line.name != "Meridian Labs"]
    assert monthly
    assert all(line.spent == by_project[line.name] for line in monthly)


def test_two_hundred_projects_are_folded_not_lost():
    one = snapshot(daily=daily_rows(count=200, models=4, days=1), statuses=[])
    page = page_of(one)
    table = page["breakdowns"]["project"]
    assert len(table.lines) == 25
    assert table.lines[-1].label == "177 other projects"
    ledger = page["ledger"]
    assert sum(len(block.lines) for block in ledger.blocks) <= 400
    assert ledger.rest is not None
    assert sum(dollars(block.cost) for block in ledger.blocks) + dollars(ledger.rest.cost) == dollars(page["total"])
    closing = page["closing"]
    assert [line.name for line in closing.control] == ["Total"]
    assert len([line for pair in closing.control_pairs for line in pair if line is not None]) == 201


def test_many_models_of_one_project_are_folded():
    rows = [row(model=f"model-{number:03d}", cost=Decimal(number) / 3) for number in range(60)]
    (block,) = ledger_of(snapshot(daily=rows, statuses=[]), {}, {}).blocks
    assert len(block.lines) == MODELS_MOST + 1
    assert block.lines[-1].model == "40 other models"
    assert sum(dollars(line.cost) for line in block.lines) == dollars(block.cost)


def test_states_of_a_model():
    rows = [
        row(model="a", cost=Decimal(2), billed_cost=Decimal(2), basis="billed"),
        row(model="b", cost=Decimal(1)),
        row(model="c", cost=Decimal(1)),
        row(model="c", cost=Decimal(1), billed_cost=Decimal(1), basis="billed"),
        row(model="d", basis="unpriced", unpriced_quantity=Decimal(3)),
        row(model="e", cost=Decimal(1)),
        row(model="e", basis="unpriced", unpriced_quantity=Decimal(3)),
        row(model="f", cost=Decimal(0)),
    ]
    (block,) = ledger_of(snapshot(daily=rows, statuses=[]), {}, {}).blocks
    assert {line.model: line.state for line in block.lines} == {
        "a": "billed", "b": "estimated", "c": "part billed", "d": "unpriced", "e": "part unpriced", "f": "no charge",
    }  # fmt: skip


def test_what_is_unpriced_beside_requests_that_cost_nothing_is_not_shown_as_nothing():
    rows = [
        row(model="new", cost=Decimal(0), status="failure"),
        row(model="new", basis="unpriced", unpriced_quantity=Decimal(3), unpriced_events=1),
        row(model="known", cost=Decimal(1)),
    ]
    page = snapshot(daily=rows, statuses=[])
    (block,) = ledger_of(page, {}, {}).blocks
    assert {line.model: (line.state, line.cost) for line in block.lines} == {
        "known": ("estimated", "$1.00"),
        "new": ("unpriced", "unpriced"),
    }
    assert {line.label: line.cost for line in page_of(page)["breakdowns"]["model"].lines} == {"known": "$1.00", "new": "unpriced"}


def test_a_running_month_is_not_compared_in_percent(october: list[DailyCost]):
    running = snapshot(daily=daily_rows(days=12), previous=monthly_rows(october), finality="open", statuses=[])
    assert change_text(running).startswith("12 of 31 days; all of September ($")
    assert "%" not in change_text(running)
    assert gaps_of(running) == ()
    assert "Data covers 12 of 31 days." in page_of(running)["lede"]
    assert all(line.moved == "" for line in page_of(running)["breakdowns"]["project"].lines)


def test_change_against_the_month_before():
    rows = [row(day=day, cost=Decimal(1)) for day in OCTOBER.days()]
    assert change_text(snapshot(daily=rows, previous=Decimal(62))) == "−50.0% from September ($62.00)"
    assert change_text(snapshot(daily=rows, previous=Decimal(0))) == "Nothing in September"
    assert change_text(snapshot(daily=rows, previous=None)) == "No data for the month before"


def test_days_without_data_are_marked(october: list[DailyCost]):
    holes = [one for one in october if one.day.day not in {7, 8, 20}]
    assert [day.day for day in gaps_of(snapshot(daily=holes, finality="open"))] == [7, 8, 20]
    page = page_of(snapshot(daily=holes))
    assert page["closing"].completeness == "28 of 31 days have data"
    assert page["closing"].missing == "7–8 and 20 October"


def test_gauges_are_the_scopes_own_or_the_fullest():
    rows = [row(project="one", cost=Decimal(50))]
    own, other = status(None, "100", Decimal(50)), status("one", "40", Decimal(50))
    assert [gauge.title for gauge in gauges_of(snapshot(daily=rows, statuses=[own, other]))] == ["of budget used"]
    (fullest,) = gauges_of(snapshot(daily=rows, statuses=[other]))
    assert (fullest.percent, fullest.left, fullest.gauge.over) == ("125.0%", "$10.00 over", True)
    assert pace_of(snapshot(daily=rows, statuses=[own])) == Decimal(100) / 31
    assert pace_of(snapshot(daily=rows, statuses=[other])) is None


def test_a_budget_still_running_says_where_it_leads():
    running = status("one", "100", Decimal(50), as_of=date(2026, 10, 12), forecast=Decimal("129.17"), crossing_date=date(2026, 10, 24))
    (gauge,) = gauges_of(snapshot("one", daily=[row(project="one", cost=Decimal(50))], statuses=[running]))
    assert gauge.outlook == "At this pace $129.17 by 31 Oct; reaches the limit on 24 Oct"


@pytest.mark.parametrize(
    ("spent", "texts"),
    [
        (Decimal(20), ["$0.00", "$12.50", "$25.00", "$37.50", "$50.00"]),
        (Decimal(200), ["$0.00", "$50.00"]),
        (Decimal(300), ["$0.00", "$50.00"]),
        (Decimal(500), ["$50.00"]),
        (Decimal(2500), ["$50.00"]),
    ],
)
def test_the_labels_of_a_gauge_never_overprint(spent: Decimal, texts: list[str]) -> None:
    """Far over its limit the gauge's limit moves to its very left, where the label of 0 stands."""
    own = status(None, "50", spent)
    (gauge,) = gauges_of(snapshot(daily=[row(cost=spent)], statuses=[own]))
    assert [mark.text for mark, _ in gauge.ticks] == texts
    half = 6 * Decimal("5.6") / 2
    assert all(Decimal(mark.x) >= half for mark, anchor in gauge.ticks if anchor == "middle")


def test_a_daily_budget_is_one_line_with_its_highest_day():
    days = [
        status("one", "10", Decimal(spent), budget_id="daily", period="daily", period_start=date(2026, 10, day),
               period_end=date(2026, 10, day + 1), as_of=date(2026, 10, day))
        for day, spent in ((1, 4), (2, 15), (3, 12), (4, 0))
    ]  # fmt: skip
    (line,) = budget_lines(snapshot("one", daily=[row(project="one", cost=Decimal(31))], statuses=days))
    assert (line.what, line.spent, line.percent, line.over) == ("Daily; highest 2 Oct, over in 2 of 4", "$15.00", "150.0%", True)


def test_a_total_below_a_cent_is_not_shown_as_nothing():
    assert page_of(snapshot(daily=[row(cost=Decimal("0.0042"))], statuses=[]))["total"] == "<$0.01"


def test_completeness_of_names_missing_days():
    whole = completeness_of(OCTOBER, [])
    assert (whole.present, len(whole.missing)) == (0, 31)


def test_the_first_sentences_name_what_broke():
    rows = [row(project="one", cost=Decimal(50)), row(project="two", cost=Decimal(5))]
    monthly = status("one", "40", Decimal(50))
    daily = status("two", "4", Decimal(5), budget_id="daily", period="daily", period_start=date(2026, 10, 1), period_end=date(2026, 10, 2))
    lede = page_of(snapshot(daily=rows, statuses=[monthly, daily]))["lede"]
    assert "one cost the most, 90.9% of the total. Over budget: one." in lede
    assert "1 daily or weekly budget was exceeded at times." in page_of(snapshot(daily=rows, statuses=[daily]))["lede"]
    held = status("one", "60", Decimal(50))
    assert "The budget holds so far." in page_of(snapshot(daily=rows, statuses=[held]))["lede"]


def test_unattributed_usage_is_explained_with_and_without_cost():
    usage = row(project="unattributed", meter="requests", requests=3, quantity=Decimal(3), cost=Decimal(0))
    charge = row(project="unattributed", meter="unmapped", cost=Decimal("1.5"), billed_cost=Decimal("1.5"), basis="billed")
    other = row(
        project="unattributed", channel="anthropic", meter="unmapped", cost=Decimal("0.5"), billed_cost=Decimal("0.5"), basis="billed"
    )
    assert unattributed_text(snapshot(daily=[row(cost=Decimal(1))])) == ""
    assert unattributed_text(snapshot(daily=[usage])).startswith("3 requests and 0 tokens name no project")
    told = unattributed_text(snapshot(daily=[usage, charge, other]))
    assert told.startswith("$2.00 (3 requests and 0 tokens) was charged")
    assert "$1.50 by OpenAI and $0.50 by Anthropic" in told


def test_requests_that_nobody_counted_are_not_zero():
    page = page_of(snapshot(daily=[row(quantity=Decimal(100), cost=Decimal(1))], statuses=[]))
    assert page["kpis"][1] == ("Requests", "–", "not stated by the provider")


def test_a_long_user_id_is_cut_in_the_middle_on_paper_only():
    one = snapshot(daily=[row(user="user-C3ScSkqi9p4D2AkZG6QVq9VC", cost=Decimal(2)), row(user=None, cost=Decimal(1))], statuses=[])
    assert [line.label for line in page_of(one)["breakdowns"]["user"].lines] == ["user-C3ScSkq…G6QVq9VC", "No user known"]
    assert b"user-C3ScSkqi9p4D2AkZG6QVq9VC" in json_of(one)
    assert b"user-C3ScSkqi9p4D2AkZG6QVq9VC" in csv_of(one)
