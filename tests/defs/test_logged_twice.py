"""Two logs of the same requests are told of; two applications with requests of their own are not."""

import shutil
from datetime import date
from pathlib import Path

import pytest
from sample_world import World

from usage_pipeline.periods import day_of
from usage_pipeline.storage.home import Home

SAMPLES = Path(__file__).parents[1] / "sources" / "samples"
CONFIG = """\
organisation: {name: Example Org, currency: USD}
projects: [{id: internal-chat, name: Chat}]
attribution: [{field: tag.project, project: "{value}"}, {field: source, project: internal-chat}]
sources:
  - {name: gateway, kind: litellm, path: "gateway/time*.json"}
"""


@pytest.mark.parametrize(("kind", "file", "is_same"), [("helicone", "requests.jsonl", True), ("tracker", "requests.jsonl", False)])
def test_a_second_log(tmp_path: Path, kind: str, file: str, is_same: bool) -> None:  # noqa: FBT001
    shutil.copytree(SAMPLES / "litellm" / "input", tmp_path / "gateway")
    shutil.copy(SAMPLES / kind / "input" / file, tmp_path / file)
    (tmp_path / "usage.yaml").write_text(CONFIG + f"  - {{name: other, kind: {kind}, path: {file}}}\n")
    found = World(Home(tmp_path / "home"), tmp_path / "usage.yaml").findings(day_of(date(2026, 10, 2)))
    assert ("logged_twice" in found) is is_same
    if is_same:
        assert "gateway and other tell the same of" in found["logged_twice"].words
        assert not found["logged_twice"].blocks
