"""The usage report and the comparison of a real home: written by the command, equal to the daily costs. See test_digests for the job."""

import csv
import json
from datetime import date
from decimal import Decimal

import pytest
from closing_world import made
from sample_world import World, copy_of

from usage_pipeline.periods import inclusive
from usage_pipeline.tables.costs import daily_costs

MONTH = ("--month", "2026-09", "--json")


@pytest.fixture(scope="module")
def september(tmp_path_factory: pytest.TempPathFactory) -> World:
    return copy_of(made(tmp_path_factory.mktemp("closing")), tmp_path_factory.mktemp("usage"))


def document(world: World, *arguments: str) -> dict[str, object]:
    answer = world.command(*arguments)
    assert answer.exit_code == 0, answer.stderr
    found: dict[str, object] = json.loads(answer.stdout)
    return found


@pytest.fixture(scope="module")
def usage(september: World) -> dict[str, object]:
    return document(september, "report", "usage", *MONTH)


@pytest.fixture(scope="module")
def comparison(september: World) -> dict[str, object]:
    return document(september, "report", "comparison", *MONTH)


def test_usage_is_what_was_logged(september: World, usage: dict[str, object]) -> None:
    """30 requests of one project at 1.00, beside a bill of 1.25 a day."""
    assert (usage["cost"], usage["statement_cost"], usage["requests"], usage["scope"]) == ("30", "37.5", 30, "organisation")
    folder = september.home.reports / "2026-09" / "organisation"
    files = [f"reports/2026-09/organisation/usage.{kind}" for kind in ("json", "csv", "xlsx", "pdf")]
    assert usage["files"] == files
    lines = list(csv.DictReader((folder / "usage.csv").read_text("utf-8-sig").splitlines()))
    for table in ("project", "operation", "user", "meter", "conversation", "day", "hour"):
        assert sum(Decimal(line["cost"]) for line in lines if line["table"] == table) == 30, table


def test_the_comparison_is_of_the_daily_costs(september: World, comparison: dict[str, object]) -> None:
    rows = september.database.select(daily_costs, where={"day": inclusive(date(2026, 9, 1), date(2026, 9, 30))})
    assert Decimal(str(comparison["cost"])) == sum(row.cost for row in rows if row.cost is not None) == Decimal("37.5")
    kept = json.loads((september.home.reports / "2026-09" / "organisation" / "comparison.json").read_text())
    assert [(one["project"], one["cost"], one["budget_percent"]) for one in kept["projects"]] == [
        ("portal", "30", "60"),
        ("chat", "7.5", None),
    ]
    assert (kept["projects"][0]["failure_percent"], kept["projects"][1]["failure_percent"]) == ("0", None), "only logs tell of failures"


def test_a_range_of_a_project(september: World) -> None:
    said = document(september, "report", "usage", "--from", "2026-09-05", "--to", "2026-09-11", "--project", "portal", "--json")
    assert (said["cost"], said["requests"], said["scope"]) == ("7", 7, "projects/portal")
    assert (september.home.reports / "2026-09-05_2026-09-11" / "projects" / "portal" / "usage.pdf").is_file()
    nothing = document(september, "report", "usage", *MONTH[:2], "--project", "chat", "--json")
    assert (nothing["cost"], nothing["statement_cost"], nothing["requests"]) == (None, "7.5", 0)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("usage", "--month", "2099-01"), "2099-01: no day of it is over"),
        (("usage", "--month", "2026-09", "--project", "../../x"), "--project '../../x' is no project of"),
        (("comparison", "--month", "2099-01"), "2099-01: no day of it is over"),
        (("usage", "--from", "2026-09-09", "--to", "2026-09-01"), "--to 2026-09-01 lies before --from 2026-09-09"),
    ],
)
def test_what_cannot_be_told(september: World, arguments: tuple[str, ...], words: str) -> None:
    answer = september.command("report", *arguments)
    assert (answer.exit_code, answer.stdout) == (2, "")
    assert words in answer.stderr


def test_people_are_told_in_words(september: World) -> None:
    answer = september.command("report", "comparison", "--month", "2026-09")
    assert answer.exit_code == 0
    assert "comparison.pdf" in answer.stdout
    assert "organisation" in answer.stdout
