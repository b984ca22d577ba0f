"""What things were called, by day: renamed projects and vanished keys keep the name of the time of use."""

import json
import shutil
from datetime import date
from pathlib import Path

import pytest
from sample_world import World, usage_pipeline

from usage_pipeline.errors import UsageConfigError
from usage_pipeline.storage.home import Home
from usage_pipeline.storage.names import names_of
from usage_pipeline.tables.names import KnownName, Seen, known_names

LISTS = Path(__file__).parent / "names_lists"
CONFIG = """\
organisation: {name: Example Org, currency: USD}
projects: [{id: old, name: Old}, {id: new, name: New}, {id: key, name: Key}]
attribution:
  - {field: provider_project_name, equals: Portal, project: old}
  - {field: provider_project_name, equals: "Portal 2", project: new}
  - {field: api_key_name, equals: batch-jobs, project: key}
sources:
  - {name: usage, kind: openai_usage, path: "usage/*.json"}
"""


def test_days_of_names() -> None:
    days = [date(2026, 10, day) for day in (1, 5, 9, 12)]
    seen = [Seen("openai", "projects", "p", day, name) for day, name in zip(days, ("A", "A", "B", "A"), strict=True)]
    gone = Seen("openai", "api_keys", "k", days[0], "batch-jobs")
    assert known_names([*reversed(seen), gone, gone]) == [
        KnownName("openai", "api_keys", "k", "batch-jobs", None, None),
        KnownName("openai", "projects", "p", "A", None, days[2]),
        KnownName("openai", "projects", "p", "B", days[2], days[3]),
        KnownName("openai", "projects", "p", "A", days[3], None),
    ]


def test_the_providers_own_lists(tmp_path: Path) -> None:
    for source, folder in (("usage", "openai"), ("claude", "anthropic")):
        shutil.copytree(LISTS / folder, tmp_path / source / "names")
    known = {(one.channel, one.what, one.id): one.name for one in names_of(tmp_path, {"usage": "openai", "claude": "anthropic"})}
    assert known["openai", "projects", "proj_ne8LUqksU6LFBdwDZybN6sGk"] == "internal-chat"
    assert known["openai", "api_keys", "key_jphaiY9poRXDUpaq"] == "support-portal-prod"
    assert known["anthropic", "workspaces", "wrkspc_01HxnfaDcMVVWwbQtUpfCtxd"] == "support-portal"
    assert known["anthropic", "api_keys", "apikey_01HKM98DYnN5Pj9JFSGEfiGE"] == "search-ranker-prod"
    assert len(known) == 9


def land(home: Path, what: str, day: str, *things: tuple[str, str]) -> None:
    folder = home / "landing" / "usage" / "names" / what
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{day}.json").write_text(json.dumps({"data": [{"id": one, "name": name} for one, name in things]}))


def bucket(day: int, *results: dict[str, object]) -> dict[str, object]:
    start = 1790812800 + (day - 1) * 86400
    known = {"object": "organization.usage.completions.result", "model": "gpt-4o", "input_tokens": 1000, "output_tokens": 10}
    return {"start_time": start, "end_time": start + 86400, "results": [known | {"num_model_requests": 1} | one for one in results]}


def test_usage_is_attributed_by_the_name_of_its_day(tmp_path: Path) -> None:
    (tmp_path / "usage.yaml").write_text(CONFIG)
    (tmp_path / "usage").mkdir()
    results = [{"project_id": "p1"}, {"project_id": "p2", "api_key_id": "k1"}]
    (tmp_path / "usage" / "page.json").write_text(json.dumps({"data": [bucket(day, *results) for day in (1, 3)]}))
    home = Home(tmp_path / "home")
    land(home.root, "projects", "2026-10-01", ("p1", "Portal"))
    land(home.root, "projects", "2026-10-03", ("p1", "Portal 2"))
    land(home.root, "api_keys", "2026-10-01", ("k1", "batch-jobs"))
    land(home.root, "api_keys", "2026-10-03")
    world = World(home, tmp_path / "usage.yaml")
    run = usage_pipeline(
        "run", "--from", "2026-10-01", "--to", "2026-10-03", "--json", "--home", str(home.root), "--config", str(world.config)
    )
    assert run.exit_code == 0, run.stderr
    requests = {one["project"]: one["requests"] for one in json.loads(run.stdout)["projects"]}
    assert requests == {"old": 1, "new": 1, "key": 2}


@pytest.mark.parametrize(("name", "content"), [("today.json", '{"data": []}'), ("2026-10-01.json", "{"), ("2026-10-01.json", "[]")])
def test_a_file_that_is_no_list_is_named(tmp_path: Path, name: str, content: str) -> None:
    folder = tmp_path / "usage" / "names" / "projects"
    folder.mkdir(parents=True)
    (folder / name).write_text(content)
    with pytest.raises(UsageConfigError, match=name):
        names_of(tmp_path, {"usage": "openai"})
