"""What is read once a process is read again when it says something else: usage.yaml, and the environment."""

from pathlib import Path

import pytest

from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.errors import UsageConfigError
from usage_pipeline.settings import load

CONFIG = """\
organisation: {name: Example Org}
projects: []
sources: [{name: app, kind: tracker, path: "logs/*.jsonl"}]
"""


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "usage.yaml"
    file.write_text(CONFIG)
    assert load(file) is load(file)
    before = load(file)
    file.write_text(CONFIG.replace("Example Org", "Another Org"))
    assert load(file).organisation.name == "Another Org"
    assert load(file).fingerprint != before.fingerprint
    file.write_text(CONFIG.replace("sources", "source"))
    for _ in range(2):
        with pytest.raises(UsageConfigError, match="source: unknown key"):
            load(file)
    file.unlink()
    with pytest.raises(UsageConfigError, match="there is no such file"):
        load(file)


def test_paths_start_from_where_the_process_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same words in two folders, and with two homes, are two places."""
    found = set()
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "usage.yaml").write_text(CONFIG.replace("logs/", "~/logs/"))
        monkeypatch.chdir(tmp_path / name)
        monkeypatch.setenv("HOME", str(tmp_path / name))
        settings = load(Path("usage.yaml"))
        found |= {settings.sources[0].path, str(settings.file)}
    assert found == {str(tmp_path / name / rest) for name in ("one", "two") for rest in ("logs/*.jsonl", "usage.yaml")}


def test_a_changed_variable_counts_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workplace = Workplace(home_folder=str(tmp_path), config_file=str(tmp_path / "usage.yaml"))
    monkeypatch.delenv("USAGE_DATABASE_URL", raising=False)
    assert workplace.environment() is workplace.environment()
    assert workplace.environment().database_url_or("none") == "none"
    monkeypatch.setenv("USAGE_DATABASE_URL", "postgresql://host/name")
    assert workplace.environment().database_url_or("none") == "postgresql://host/name"
    monkeypatch.delenv("USAGE_DATABASE_URL")
    monkeypatch.setenv("usage_memory_limit", "512MB")
    assert (workplace.environment().database_url_or("none"), workplace.environment().memory_limit) == ("none", "512MB")
