"""The bridge between two revisions: each cause is told by what changed, and the parts sum to the difference to the last digit."""

import csv
import io
import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usage_pipeline import money
from usage_pipeline.errors import AccountingError
from usage_pipeline.periods import month_of
from usage_pipeline.reports.bridge import Book, added_up, bridge_of
from usage_pipeline.reports.bridge_files import BRIDGE_CSV, BRIDGE_JSON, BRIDGE_PDF, CORRECTIONS, Bridge, files_of
from usage_pipeline.reports.focus_checks import violations
from usage_pipeline.reports.focus_columns import V1_2, columns_of
from usage_pipeline.reports.focus_corrections import corrections_of
from usage_pipeline.reports.focus_lines import billed_lines, estimated_lines
from usage_pipeline.reports.focus_rows import row_of
from usage_pipeline.reports.formats.focus import rows_from
from usage_pipeline.tables.bridge import (
    CAUSES,
    CREDIT,
    CURRENCY,
    INVOICE_TRUE_UP,
    LATE_USAGE,
    PRICE_CORRECTION,
    RE_ATTRIBUTION,
    BridgePart,
)
from usage_pipeline.tables.charges import Charge
from usage_pipeline.tables.configuration import Organisation, Project
from usage_pipeline.tables.costs import DailyCost

DAY = date(2026, 10, 5)
TEMPLATES = Path(__file__).parents[2] / "reports_templates"


def usage(project: str, cost: str, quantity: str = "1000", **more: Any) -> DailyCost:
    """A row of estimated cost."""
    values: dict[str, Any] = {one.name: None for one in fields(DailyCost)}
    values |= {
        "day": DAY, "project": project, "channel": "openai", "provider": "openai", "model": "gpt-5", "status": "success", "meter": "input",
        "quantity": Decimal(quantity), "requests": 0, "cost": Decimal(cost), "estimated_cost": Decimal(cost), "basis": "log_estimated",
        "unpriced_quantity": Decimal(0), "unpriced_events": 0, "uncredited_events": 0,
    }  # fmt: skip
    return DailyCost(**values | more)


def line(project: str, cost: str, quantity: str | None = "1000", **more: Any) -> Charge:
    """A line of a bill that names its project."""
    values: dict[str, Any] = {one.name: None for one in fields(Charge)}
    values |= {
        "charge_id": f"{project} {more.get('category', 'Usage')}", "source": "bill", "channel": "openai", "provider": "openai",
        "project": project, "names_project": True, "provider_project_id": project, "category": "Usage", "meter": "input", "model": "gpt-5",
        "period_start": datetime(2026, 10, 5, tzinfo=UTC), "quantity": None if quantity is None else Decimal(quantity),
        "billed_cost": Decimal(cost), "currency": "USD", "amount_text": cost, "finality": "final", "source_file": "f", "source_line": 1,
    }  # fmt: skip
    return Charge(**values | more)


def euros(cost: str, original: str, rate: str | None = None, quantity: str | None = None, **more: Any) -> Charge:
    """A line of a bill in euros."""
    worth = None if rate is None else Decimal(rate)
    return line("a", cost, quantity, original_currency="EUR", original_cost=Decimal(original), exchange_rate=worth, **more)


def unpriced(project: str, quantity: str = "1000", **more: Any) -> DailyCost:
    """A row of usage without a rate."""
    whole, reason = Decimal(quantity), "unresolved_model"
    row = usage(project, "0", quantity, basis="unpriced", unpriced_quantity=whole, unpriced_reason=reason, **more)
    return replace(row, cost=None, estimated_cost=None)


def book(*rows: DailyCost | Charge) -> Book:
    """Of bill lines, the daily costs too."""
    lines = [row for row in rows if isinstance(row, Charge)]
    billed = [
        usage(str(one.project), str(one.billed_cost), billed_cost=one.billed_cost, basis="billed", operation=one.charge_id) for one in lines
    ]
    return Book(daily=[*(row for row in rows if isinstance(row, DailyCost)), *billed], charges=lines, allocations=[])


def causes(before: Book, after: Book) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], list[Decimal]] = defaultdict(list)
    for one in added_up(bridge_of(before, after)):
        found[one.cause, one.project].append(one.amount)
    return {key: money.text(money.total(amounts)) for key, amounts in found.items()}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(book(usage("a", "4")), book(usage("a", "6", "1500")), {(LATE_USAGE, "a"): "2"}, id="usage-came-late"),
        pytest.param(book(usage("a", "4")), book(usage("a", "4"), usage("b", "1", "250")), {(LATE_USAGE, "b"): "1"}, id="of-another"),
        pytest.param(book(line("a", "4")), book(line("a", "4"), line("b", "3")), {(LATE_USAGE, "b"): "3"}, id="a-bill-line-came-late"),
        pytest.param(book(usage("a", "4")), book(usage("a", "3")), {(PRICE_CORRECTION, "a"): "-1"}, id="another-price"),
        pytest.param(book(line("a", "4")), book(line("a", "3")), {(PRICE_CORRECTION, "a"): "-1"}, id="another-price-on-the-bill"),
        pytest.param(
            book(usage("a", "4")),
            book(usage("a", "9", "1500")),
            {(LATE_USAGE, "a"): "2", (PRICE_CORRECTION, "a"): "3"},
            id="more-dearer",
        ),
        pytest.param(
            book(usage("a", "4")), book(usage("b", "4")), {(RE_ATTRIBUTION, "a"): "-4", (RE_ATTRIBUTION, "b"): "4"}, id="another-project"
        ),
        pytest.param(
            book(usage("a", "4")),
            book(usage("a", "1", "250"), usage("b", "6", "1500")),
            {(RE_ATTRIBUTION, "a"): "-3", (RE_ATTRIBUTION, "b"): "3", (LATE_USAGE, "b"): "3"},
            id="another-project-and-more",
        ),
        pytest.param(
            book(line("a", "4", original_currency="EUR", original_cost=Decimal("3.5"))),
            book(line("a", "4.2", original_currency="EUR", original_cost=Decimal("3.5"))),
            {(CURRENCY, "a"): "0.2"},
            id="another-rate",
        ),
        pytest.param(
            book(line("a", "4")), book(line("a", "4"), line("a", "-1", None, category="Credit")), {(CREDIT, "a"): "-1"}, id="a-credit"
        ),
        pytest.param(book(usage("a", "4")), book(line("a", "4.5")), {(INVOICE_TRUE_UP, "a"): "0.5"}, id="the-bill-instead-of-an-estimate"),
        pytest.param(
            book(line("a", "4")), book(line("a", "4"), line("a", "0.8", None, category="Tax")), {(INVOICE_TRUE_UP, "a"): "0.8"}, id="a-tax"
        ),
        pytest.param(book(line("a", "4")), book(line("a", "4")), {}, id="nothing"),
        *(
            pytest.param(
                book(euros("4", "2", "2", category=category)),
                book(euros("5", "2", "2.5", category=category)),
                {(CURRENCY, "a"): "1"},
                id=f"another-rate-of-a-{category}",
            )
            for category in ("Usage", "Credit", "Tax", "Purchase", "Adjustment")
        ),
        *(
            pytest.param(
                book(euros("4", "2", rate, category=category)),
                book(euros("7.5", "3", rate and "2.5", category=category)),
                {(cause, "a"): "2", (CURRENCY, "a"): "1.5"},
                id=f"another-rate-and-amount-of-a-{category}-at-{rate}",
            )
            for category, cause in (("Usage", INVOICE_TRUE_UP), ("Credit", CREDIT), ("Tax", INVOICE_TRUE_UP))
            for rate in ("2", None)
        ),
        pytest.param(
            book(euros("4", "2", "2", "1000")),
            book(euros("12.5", "5", "2.5", "2000")),
            {(LATE_USAGE, "a"): "4", (PRICE_CORRECTION, "a"): "2", (CURRENCY, "a"): "2.5"},
            id="another-rate-price-and-quantity",
        ),
        pytest.param(
            book(euros("0.333333333333333", "0.3", "1.111111111111111", category="Tax")),
            book(euros("0.777777777777778", "0.7", "1.111111111111111", category="Tax")),
            {(INVOICE_TRUE_UP, "a"): "0.444444444444445"},
            id="the-same-rate-rounded",
        ),
        pytest.param(
            book(euros("4", "2", "2", category="Tax")),
            book(euros("4", "1.6", "2.5", category="Tax")),
            {},
            id="another-rate-and-amount-that-come-to-nothing",
        ),
        pytest.param(book(unpriced("a")), book(usage("a", "4")), {(PRICE_CORRECTION, "a"): "4"}, id="priced-at-last"),
        pytest.param(book(usage("a", "4")), book(unpriced("a")), {(PRICE_CORRECTION, "a"): "-4"}, id="priced-no-more"),
        pytest.param(
            book(unpriced("a")),
            book(usage("a", "6", "1500")),
            {(LATE_USAGE, "a"): "2", (PRICE_CORRECTION, "a"): "4"},
            id="priced-at-last-and-more",
        ),
        pytest.param(
            book(usage("a", "4"), unpriced("a", "500")),
            book(usage("a", "8", "2000"), unpriced("a", "500")),
            {(LATE_USAGE, "a"): "4"},
            id="more-beside-what-is-unpriced",
        ),
        pytest.param(
            book(usage("a", "4"), unpriced("b")),
            book(usage("a", "4"), usage("b", "5")),
            {(PRICE_CORRECTION, "b"): "5"},
            id="priced-at-last-beside-another-project",
        ),
        pytest.param(book(usage("a", "4", model="mine")), book(usage("a", "4")), {}, id="another-name"),
        pytest.param(
            book(usage("a", "4", model="mine")), book(usage("a", "3")), {(PRICE_CORRECTION, "a"): "-1"}, id="another-name-and-price"
        ),
        pytest.param(
            book(unpriced("a", model="mine", provider=None)), book(usage("a", "4")), {(PRICE_CORRECTION, "a"): "4"}, id="priced-by-its-name"
        ),
        pytest.param(
            book(usage("a", "4"), usage("a", "1", "500", model="mine")),
            book(usage("a", "6", "1500")),
            {(PRICE_CORRECTION, "a"): "1"},
            id="another-name-that-was-used-too",
        ),
        pytest.param(
            book(usage("a", "4", model="mine"), usage("a", "4", meter="output", model="mine")),
            book(usage("a", "4"), usage("a", "6", "1500", meter="output")),
            {(LATE_USAGE, "a"): "2"},
            id="another-model-of-other-meters",
        ),
        pytest.param(
            book(usage("a", "4", model="mine")),
            book(usage("a", "4"), usage("a", "3", model="gpt-6")),
            {(LATE_USAGE, "a"): "3"},
            id="one-name-or-the-other",
        ),
        pytest.param(book(line("a", "4", None)), book(line("a", "4.5", None)), {(INVOICE_TRUE_UP, "a"): "0.5"}, id="a-line-restated"),
    ],
)
def test_each_cause(before: Book, after: Book, expected: dict[tuple[str, str], str]) -> None:
    assert causes(before, after) == expected


def test_the_words_for_a_restated_line_cover_it() -> None:
    assert "restated" in CAUSES[INVOICE_TRUE_UP][1]


amounts = st.decimals(min_value=0, max_value=1000, places=9)
quantities = st.integers(0, 10_000)
projects = st.sampled_from(["a", "b", "c"])
rows = st.lists(
    st.one_of(
        st.builds(
            lambda project, cost, quantity, model: usage(project, str(cost), str(quantity), model=model),
            projects, amounts, st.sampled_from([0, 1, 2, 500]), st.sampled_from(["gpt-5", "mine"]),
        ),
        st.builds(
            lambda project, cost, quantity, category: line(project, str(cost), str(quantity), category=category),
            projects, amounts, quantities, st.sampled_from(["Usage", "Credit", "Tax"]),
        ),
        st.builds(
            lambda project, cost, original: line(project, str(cost), None, original_currency="EUR", original_cost=original),
            projects, amounts, amounts,
        ),
        st.builds(lambda project, quantity: unpriced(project, str(quantity)), projects, quantities),
    ),
    max_size=6,
)  # fmt: skip


@given(rows, rows)
def test_parts_sum_to_the_difference_by_project(first: list[Any], second: list[Any]) -> None:
    before, after = book(*first), book(*second)
    parts = added_up(bridge_of(before, after))
    for project in ("a", "b", "c"):
        expected = of_project(after, project) - of_project(before, project)
        assert money.total([one.amount for one in parts if one.project == project]) == expected
    assert money.total([one.amount for one in parts if one.cause == RE_ATTRIBUTION]) == 0


@given(rows, rows)
def test_corrections_tie_in_each_cost(first: list[Any], second: list[Any]) -> None:
    """FOCUS's lines of the first book, and the corrections, are those of the second: billed and estimated, project by project."""
    before, after = (book(*(with_list(row, place) for place, row in enumerate(given))) for given in (first, second))
    parts = added_up(bridge_of(before, after))
    content = corrections_of(parts, month_of(DAY), 2, date(2026, 11, 20), "USD")
    old, new = focus(before), focus(after)
    expected = {key: money.total([new.get(key), -old.get(key, money.ZERO)]) for key in {*old, *new}}
    found: dict[tuple[str, str, str], list[Decimal]] = defaultdict(list)
    for row in rows_from(content):
        for name in COSTS:
            found[row["x_CostBasis"], row["x_ProjectId"], name].append(Decimal(row[name]))
    assert {key: total for key, amounts in found.items() if (total := money.total(amounts))} == {
        key: amount for key, amount in expected.items() if amount
    }


COSTS = ("BilledCost", "EffectiveCost", "ContractedCost", "ListCost")


def with_list(row: DailyCost | Charge, place: int) -> DailyCost | Charge:
    """At a list price that is another, or none; bill lines with another effective cost now and then."""
    amount = row.billed_cost if isinstance(row, Charge) else row.cost
    if amount is None or place % 3 == 0:
        return row
    listed = amount + Decimal(place) * 7
    if isinstance(row, Charge):
        return replace(row, list_cost=listed, effective_cost=amount + 1 if place % 2 else None)
    return replace(row, list_cost=listed)


def focus(one: Book) -> dict[tuple[str, str, str], Decimal]:
    """The sums of FOCUS's rows by basis, project and cost."""
    found: dict[tuple[str, str, str], list[Decimal]] = defaultdict(list)
    charged = [vars(charge) for charge in one.charges]
    dealt = [vars(part) for part in one.allocations]
    for line in (*billed_lines(charged, dealt, month_of(DAY), {}), *estimated_lines(one.daily)):
        row = row_of(line, month_of(DAY), "USD")
        for name in COSTS:
            found[str(row["x_CostBasis"]), str(row["x_ProjectId"]), name].append(Decimal(str(row[name])))
    return {key: money.total(amounts) for key, amounts in found.items()}


def of_project(one: Book, project: str) -> Decimal:
    return money.total([row.cost for row in one.daily if row.project == project])


def test_a_book_that_does_not_tie_is_refused() -> None:
    torn = book(line("a", "4"))
    torn = replace(torn, daily=[replace(torn.daily[0], cost=Decimal(5))])
    with pytest.raises(AccountingError, match="the bridge misses the difference of a: 4 by cause, and 5 in the daily costs"):
        bridge_of(book(), torn)


@pytest.fixture(scope="module")
def made() -> tuple[Bridge, dict[str, bytes]]:
    before, after = book(line("a", "4"), usage("b", "2")), book(line("a", "3.5"), usage("b", "2.000000000000001", "1200"))
    parts = added_up(bridge_of(before, after))
    bridge = Bridge(
        month=month_of(DAY), revision=2, before=Decimal(6), after=Decimal("5.500000000000001"), organisation=Organisation(name="Example"),
        projects=[Project(id="a", name="Portal")], parts=parts, closed_at=datetime(2026, 11, 20, tzinfo=UTC), approved_by="Ana Example",
        note="credit note 4711",
    )  # fmt: skip
    return bridge, files_of(bridge, TEMPLATES)


def read(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_files_say_the_same(made: tuple[Bridge, dict[str, bytes]]) -> None:
    bridge, files = made
    told = json.loads(files[BRIDGE_JSON])
    total: Callable[[list[str]], Decimal] = lambda texts: money.total([Decimal(one) for one in texts])  # noqa: E731
    difference = bridge.after - bridge.before
    assert Decimal(told["difference"]) == difference == total([one["amount"] for one in read(files[BRIDGE_CSV])])
    assert total(list(told["by_cause"].values())) == total(list(told["by_project"].values())) == difference
    assert files[BRIDGE_PDF].startswith(b"%PDF-1.7")
    assert files_of(bridge, TEMPLATES) == files


def test_corrections_are_focus_rows(made: tuple[Bridge, dict[str, bytes]]) -> None:
    bridge, files = made
    lines = read(files[CORRECTIONS])
    assert tuple(lines[0]) == columns_of(V1_2)
    assert violations(columns_of(V1_2), lines, V1_2) == []
    assert {one["ChargeClass"] for one in lines} == {"Correction"}
    assert {(one["BillingPeriodStart"], one["ChargePeriodStart"]) for one in lines} == {("2026-11-01T00:00:00Z", "2026-10-05T00:00:00Z")}
    billed: list[BridgePart] = [one for one in bridge.parts if one.is_billed]
    assert money.total([Decimal(one["BilledCost"]) for one in lines]) == money.total([one.amount for one in billed])
    assert money.total([Decimal(one["EffectiveCost"]) for one in lines]) == bridge.after - bridge.before
    assert len({one["x_SourceLineId"] for one in lines}) == len(lines)
    assert {one["x_CorrectionOf"] for one in lines} == {"2026-10/r1"}
    for one in lines:
        assert json.loads(one["Tags"]) == {"project": one["x_ProjectId"]}


def test_corrections_that_break_a_rule_are_not_written(made: tuple[Bridge, dict[str, bytes]]) -> None:
    bridge, _ = made
    foreign = replace(bridge, parts=[replace(bridge.parts[0], category="Refund")])
    with pytest.raises(AccountingError, match=r"2026-10, revision 2.*allowed.*Refund"):
        files_of(foreign, TEMPLATES)
