"""Digests of a real home: written by the command and by Dagster's job, out of frozen tables once a month is closed."""

import csv
import json
import shutil
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from closing_world import APPROVED, made
from sample_world import World, copy_of

from usage_pipeline.periods import inclusive
from usage_pipeline.tables.costs import daily_costs

WEEK = ("digest", "--week", "2026-W38", "--json")


@pytest.fixture(scope="module")
def september(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("digests")
    world = made(tmp_path_factory.mktemp("closing"))
    for name in ("bill", "log"):
        shutil.copytree(world.config.parent / name, folder / name)
    shutil.copy(world.config, folder / "usage.yaml")
    copied = copy_of(World(world.home, world.config), folder)
    return World(copied.home, folder / "usage.yaml")


def document(world: World, *arguments: str) -> dict[str, object]:
    answer = world.command(*arguments)
    assert answer.exit_code == 0, answer.stderr
    found: dict[str, object] = json.loads(answer.stdout)
    return found


def test_the_week_sums_to_its_days(september: World) -> None:
    said = document(september, *WEEK)
    days = inclusive(date(2026, 9, 14), date(2026, 9, 20))
    rows = september.database.select(daily_costs, where={"day": days})
    assert (said["from"], said["to"]) == ("2026-09-14", "2026-09-20")
    assert Decimal(str(said["cost"])) == sum(row.cost for row in rows if row.cost is not None) == Decimal("8.75")
    assert said["cost_before"] == "8.75"
    folder = september.home.reports / "2026-W38" / "organisation"
    assert sorted(path.name for path in folder.iterdir()) == ["digest.csv", "digest.json", "digest.pdf"]
    lines = list(csv.DictReader((folder / "digest.csv").read_text("utf-8-sig").splitlines()))
    assert sum(Decimal(line["cost"]) for line in lines if line["cost"]) == Decimal("8.75")


def test_a_day_is_held_against_the_same_weekday(september: World) -> None:
    said = document(september, "digest", "--day", "2026-09-15", "--json")
    assert (said["compared_from"], said["cost"], said["cost_before"]) == ("2026-09-08", "1.25", "1.25")
    kept = json.loads((september.home.reports / "2026-09-15" / "organisation" / "digest.json").read_text())
    assert kept["day_before"] == "1.25"
    assert kept["month"]["spent"] == "18.75"
    assert [one["scope"] for one in kept["budgets_at_risk"]] == []


def test_people_are_told_in_words(september: World) -> None:
    answer = september.command("digest", "--month", "2026-09")
    assert answer.exit_code == 0
    assert "cost 37.50; 2026-08-01 to 2026-08-31 unknown" in answer.stdout
    assert "onepager.pdf" in answer.stdout


def test_running_it_again_changes_no_byte(september: World) -> None:
    document(september, *WEEK)
    before = september.files(september.home.reports / "2026-W38")
    document(september, *WEEK)
    assert september.files(september.home.reports / "2026-W38") == before


def test_days_to_come_have_no_digest(september: World) -> None:
    answer = september.command("digest", "--day", "2099-01-01")
    assert (answer.exit_code, answer.stdout) == (2, "")
    assert "2099-01-01: no day of it is over" in answer.stderr


def test_the_job_writes_what_its_config_names(september: World) -> None:
    told = {"digest": {"periods": ["2026-09-16", "2026-09"]}, "usage_report": {"periods": ["2026-09"], "projects": ["chat"]}}
    ops = {name: {"config": values} for name, values in (told | {"comparison": {"months": ["2026-09"]}}).items()}
    assert september.job("digests", run_config={"ops": ops}).success
    assert (september.home.reports / "2026-09-16" / "organisation" / "digest.pdf").is_file()
    assert {path.name for path in (september.home.reports / "2026-09" / "organisation").glob("*.pdf")} >= {
        "onepager.pdf",
        "usage.pdf",
        "comparison.pdf",
    }
    assert (september.home.reports / "2026-09" / "projects" / "chat" / "usage.pdf").is_file()


def test_a_closed_month_is_told_as_it_was_closed(september: World, tmp_path: Path) -> None:
    """What the database says otherwise afterwards is not looked at."""
    answer = september.command("close", "2026-09", *APPROVED)
    assert answer.exit_code == 0, answer.stderr
    database = september.database
    rows = database.select(daily_costs, where={"day": date(2026, 9, 16)})
    database.replace(daily_costs, [], where={"day": date(2026, 9, 16)})
    try:
        said = document(september, *WEEK)
        assert (said["cost"], said["finality"], said["findings"]) == ("8.75", "closed", 0)
        compared = document(september, "report", "comparison", "--month", "2026-09", "--json")
        assert (compared["cost"], compared["finality"]) == ("37.5", "closed")
        used = document(september, "report", "usage", "--month", "2026-09", "--json")
        assert (used["cost"], used["statement_cost"], used["finality"]) == ("30", "37.5", "closed")
    finally:
        database.insert(daily_costs, rows)
