"""The FOCUS files of whole homes, the samples' and a short demo's: every scope sums to its statement and breaks no rule, ours or the
linter's; they are recorded with the statement, and a second run leaves them as they are.
"""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from focus_data_toolkit.model.validator import COND_MULTIPLE_PRICING_CATEGORIES, COND_UNIT_PRICING, lint_focus_1_4_structure
from sample_world import World, finished, usage_pipeline

from usage_pipeline import money
from usage_pipeline.periods import month_of
from usage_pipeline.reports.focus_book import FILES
from usage_pipeline.reports.focus_checks import violations
from usage_pipeline.reports.focus_columns import V1_2, V1_4, VERSIONS
from usage_pipeline.reports.formats.focus import focus_name, rows_from
from usage_pipeline.storage.home import Home
from usage_pipeline.tables.charges import charges
from usage_pipeline.tables.statements import Statement, statements

DEMO_DAYS = 1


@pytest.fixture(scope="module", params=["samples", "demo"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> World:
    if request.param == "samples":
        return finished(tmp_path_factory.getbasetemp())[0]
    home = tmp_path_factory.mktemp("demo") / "home"
    result = usage_pipeline("demo", "--home", str(home), "--days", str(DEMO_DAYS), "--json")
    assert result.exit_code in {0, 3}, result.stderr
    return World(Home(home), home / "usage.yaml")


@pytest.fixture(scope="module")
def scopes(world: World) -> list[Statement]:
    return [one for one in world.database.select(statements) if one.report == "statement"]


def folder(world: World, one: Statement) -> Path:
    return world.home.reports / one.period / one.scope


def rows(world: World, one: Statement, version: str, *, is_estimated: bool = False) -> list[dict[str, str]]:
    return rows_from((folder(world, one) / focus_name(version, is_estimated=is_estimated)).read_bytes())


def total(found: list[dict[str, str]], name: str) -> Decimal:
    return money.total([Decimal(row[name]) for row in found])


def invoices(world: World, month: date) -> dict[str, Decimal]:
    """What each invoice comes to in the month's bill."""
    lake = world.workplace.lake(world.workplace.engine())
    found: dict[str, list[Decimal]] = {}
    for line in lake.engine.to_pyarrow(lake.read(charges, month_of(month)).select("invoice", "billed_cost")).to_pylist():
        found.setdefault(line["invoice"] or "", []).append(line["billed_cost"])
    return {invoice: money.total(amounts) for invoice, amounts in found.items()}


@pytest.mark.parametrize("version", VERSIONS)
def test_every_scope_sums_to_its_statement(world: World, scopes: list[Statement], version: str) -> None:
    """BilledCost is its billed cost; that and the estimated EffectiveCost are its cost. No bill here tells an amortised cost."""
    assert {one.scope for one in scopes} > {"organisation"}
    for one in scopes:
        totals: dict[str, Any] = json.loads((folder(world, one) / "statement.json").read_bytes())["totals"]
        billed, estimated = rows(world, one, version), rows(world, one, version, is_estimated=True)
        assert money.text(total(billed, "BilledCost")) == totals["billed_cost"], one.scope
        assert money.text(money.total([total(billed, "BilledCost"), total(estimated, "EffectiveCost")])) == totals["cost"], one.scope
        assert total(billed, "EffectiveCost") == total(billed, "BilledCost")
        assert total(estimated, "BilledCost") == 0


def test_every_scope_breaks_no_rule(world: World, scopes: list[Statement]) -> None:
    for one in scopes:
        bill = invoices(world, date.fromisoformat(f"{one.period}-01")) if one.scope == "organisation" else {}
        for version in VERSIONS:
            for is_estimated in (False, True):
                found = rows(world, one, version, is_estimated=is_estimated)
                header = tuple(found[0]) if found else ()
                wrong = violations(header, found, version, invoices={} if is_estimated else bill) if found else []
                assert wrong == [], (one.scope, version)


def test_the_linter_for_1_4_finds_nothing(world: World, scopes: list[Statement]) -> None:
    conditions = [COND_UNIT_PRICING, COND_MULTIPLE_PRICING_CATEGORIES]
    for one in scopes:
        for is_estimated in (False, True):
            found = rows(world, one, V1_4, is_estimated=is_estimated)
            if found:
                report = lint_focus_1_4_structure("Cost and Usage", found, supported_conditions=conditions)
                assert report.messages() == [], one.scope


def test_the_projects_rows_are_the_organisations(world: World, scopes: list[Statement]) -> None:
    for period in {one.period for one in scopes}:
        of_month = {one.scope: rows(world, one, V1_2) for one in scopes if one.period == period}
        whole = of_month.pop("organisation")
        parts = [row for found in of_month.values() for row in found]
        assert sorted(map(str, parts)) == sorted(map(str, whole))


def test_they_are_recorded_with_the_statement(world: World, scopes: list[Statement]) -> None:
    for one in scopes:
        assert set(json.loads(one.files)) >= {*FILES, "statement.pdf", "statement.csv", "statement.json"}
