"""usage.yaml names every project, budget and source of the world, and nothing that is not there."""

import re
from pathlib import Path
from typing import Any

import yaml
from demo_world import World

from usage_pipeline.demo.configuration import BUDGETS
from usage_pipeline.demo.organisation import PROJECTS, WORKLOADS, account_of
from usage_pipeline.demo.world import write_world
from usage_pipeline.settings import load


def _document(world: World) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((world.folder / "usage.yaml").read_text())
    return document


def test_projects_and_budgets(world: World) -> None:
    projects = _document(world)["projects"]
    assert [project["id"] for project in projects] == [project.id for project in PROJECTS]
    assert len(projects) == 12
    own = _document(world)["organisation"]["budgets"]
    assert len(own) + sum(len(project.get("budgets", ())) for project in projects) == len(BUDGETS)
    kinds = {(budget["period"], budget["unit"]) for project in projects for budget in project.get("budgets", ())}
    assert kinds == {("daily", "USD"), ("weekly", "USD"), ("monthly", "USD"), ("monthly", "tokens")}


def test_every_source_has_its_files(world: World) -> None:
    listed = {(file.source, file.file) for file in world.truth.files}
    found = {
        (source["name"], str(path.relative_to(world.folder)))
        for source in _document(world)["sources"]
        for path in world.folder.glob(source["path"])
        if path.is_file()
    }
    assert found == listed


def test_the_pipeline_reads_it(world: World) -> None:
    settings = load(world.folder / "usage.yaml")
    assert len(settings.budgets) == len(BUDGETS)
    assert [budget.scope for budget in settings.budgets if budget.project is None] == ["organisation"]
    assert {Path(source.path).is_relative_to(world.folder) for source in settings.sources} == {True}


def test_it_may_lie_above_its_files(tmp_path: Path) -> None:
    write_world(tmp_path / "landing", config=tmp_path / "usage.yaml", days=1)
    sources = yaml.safe_load((tmp_path / "usage.yaml").read_text())["sources"]
    assert all(source["path"].startswith("landing/") for source in sources)
    assert all(any(tmp_path.glob(source["path"])) for source in sources)


def test_it_may_lie_elsewhere(tmp_path: Path) -> None:
    write_world(tmp_path / "inputs", config=tmp_path / "home" / "usage.yaml", days=1)
    sources = yaml.safe_load((tmp_path / "home" / "usage.yaml").read_text())["sources"]
    assert all(source["path"].startswith(f"{tmp_path}/inputs/") for source in sources)


def test_rules_name_only_own_projects_and_leave_the_hackathon_out(world: World) -> None:
    rules = _document(world)["attribution"]
    own = {project.id for project in PROJECTS} | {"{value}"}
    assert {rule["project"] for rule in rules} <= own
    (hackathon,) = [workload for workload in WORKLOADS if workload.name == "hackathon"]
    assert account_of(hackathon).id not in {rule.get("equals") for rule in rules}
    assert {"source": "claude-bill", "field": "workspace_id", "equals": None, "project": "search-ranker"} in rules


def test_nothing_in_the_world_looks_like_a_secret_or_a_person(world: World) -> None:
    text = (world.folder / "usage.yaml").read_text()
    assert not re.search(r"sk-[A-Za-z0-9]", text)
    assert set(re.findall(r"@[\w.]+", text)) == {"@example.org"}
