"""The rules of the house that no linter knows: who imports whom, exact money, no catch-all, small files, no foreign hosts."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "usage_pipeline"
LINES_MAX = 400
REGISTRIES = re.compile(
    r"(pypi\.org|pythonhosted\.org|index-url\s*[=:]\s*\S*//|extra-index-url\s*[=:]|npmjs\.org|anaconda\.org|jfrog|artifactory|nexus\.)",
    re.IGNORECASE,
)
SECRETS = re.compile(r"(sk-[A-Za-z0-9]{20,}|AKIA[0-9A-Z]{16}|ghp_[A-Za-z0-9]{30,}|-----BEGIN [A-Z ]*PRIVATE KEY)")


def committed() -> list[Path]:
    """The files of the project, as git knows them; those of a plain folder where there is no git."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    names = listed.stdout.split("\0") if listed.returncode == 0 else [str(path.relative_to(ROOT)) for path in PACKAGE.rglob("*.py")]
    return [path for name in names if name and (path := ROOT / name).is_file()]


FILES = committed()
PYTHON = [path for path in FILES if path.suffix == ".py"]
OURS = [path for path in PYTHON if path.is_relative_to(PACKAGE)]


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def text_files() -> Iterator[tuple[Path, str]]:
    for path in FILES:
        content = path.read_bytes()
        if b"\0" not in content[:4096]:
            yield path, content.decode("utf-8", "replace")


def test_who_imports_whom() -> None:
    told = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-logo"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stdout
    assert "0 broken" in told.stdout


def test_a_file_is_one_idea() -> None:
    """But for tests, which are lists of cases."""
    long = {name(path): lines for path in PYTHON if not path.name.startswith("test_") and (lines := len(lines_of(path))) > LINES_MAX}
    assert long == {}


def lines_of(path: Path) -> list[str]:
    return path.read_text("utf-8").splitlines()


def calls(tree: ast.AST, called: str) -> list[int]:
    return [
        node.lineno for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == called
    ]


def test_money_never_passes_through_a_float() -> None:
    """Nothing does: no `float(...)`, no cast to one. Lengths of drawings are decimals, too."""
    found = {name(path): lines for path in OURS if (lines := calls(ast.parse(path.read_text("utf-8")), "float"))}
    assert found == {}
    casts = {name(path) for path in OURS if re.search(r"cast\(\"float|float64|\.astype\(float", path.read_text("utf-8"))}
    assert casts == set()


def test_nothing_catches_everything() -> None:
    found: list[str] = []
    for path in PYTHON:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ExceptHandler):
                caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
                names = {one.id for one in caught if isinstance(one, ast.Name)}
                if node.type is None or names & {"Exception", "BaseException"}:
                    found.append(f"{name(path)}:{node.lineno}")
    assert found == []


def test_no_postponed_annotations() -> None:
    """Dagster reads the types of its contexts and resources when a module is loaded."""
    assert [name(path) for path in PYTHON if "from __future__ import annotations" in path.read_text("utf-8").splitlines()] == []


def test_no_stubs_and_no_mocks() -> None:
    marks = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError)\b")
    assert [name(path) for path in OURS if marks.search(path.read_text("utf-8"))] == []
    mocks = re.compile(r"^\s*(from unittest|import unittest|import mock|from mock)|pytest\.mark\.skip|pytest\.skip\(", re.MULTILINE)
    itself = Path(__file__)
    assert [name(path) for path in PYTHON if path != itself and mocks.search(path.read_text("utf-8"))] == []


def test_no_registry_host_and_no_secret_is_committed() -> None:
    itself = Path(__file__)
    found = [
        f"{name(path)}: {match[0][:20]}"
        for path, content in text_files()
        if path != itself
        for pattern in (REGISTRIES, SECRETS)
        if (match := pattern.search(content))
    ]
    assert found == []


def test_only_settings_read_the_environment() -> None:
    """And the run, which tells Dagster how to write its events."""
    reads = re.compile(r"os\.(environ|getenv)")
    found = {path.relative_to(PACKAGE).as_posix() for path in OURS if reads.search(path.read_text("utf-8"))}
    assert found <= {"defs/run.py", "settings/environment.py"}


def test_one_clock() -> None:
    """Rooms get their time as an argument; the command line and the workplace look at the clock."""
    clock = re.compile(r"datetime\.now\(|date\.today\(|time\.time\(|utcnow\(")
    found = {path.relative_to(PACKAGE).as_posix() for path in OURS if clock.search(path.read_text("utf-8"))}
    assert found == {"cli.py", "commands/alerts_options.py", "commands/prices_options.py", "defs/workplace.py"}


def test_names_of_test_files_are_unique() -> None:
    names = [path.name for path in PYTHON if path.name.startswith("test_")]
    assert sorted(names) == sorted(set(names))
