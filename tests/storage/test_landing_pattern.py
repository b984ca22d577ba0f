"""Patterns over keys mean what they mean over local folders."""

import glob
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from usage_pipeline.storage.landing_pattern import literal_prefix, matcher

NAMES = st.text("ab.-[]!é", min_size=1, max_size=4).filter(lambda name: name not in {".", ".."})
KEYS = st.lists(st.lists(NAMES, min_size=1, max_size=4).map("/".join), min_size=1, max_size=12)
STEPS = st.one_of(NAMES, st.sampled_from(["*", "**", "?", "*a*", "a?", "[ab]*", "[!a]", ".*", "**a", "a**", "*.", "[a-b]-", "[]]"]))
PATTERNS = st.lists(STEPS, min_size=1, max_size=4).map("/".join)


def made(root: Path, keys: list[str]) -> set[str]:
    """Those of the keys that can lie in folders side by side, as empty files."""
    for key in keys:
        try:
            (root / key).parent.mkdir(parents=True, exist_ok=True)
            if not (root / key).is_dir():
                (root / key).touch()
        except (FileExistsError, NotADirectoryError):  # a name is a file here and a folder there: keys can, files cannot
            continue
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


@given(keys=KEYS, pattern=PATTERNS)
@settings(max_examples=400, deadline=None)
def test_keys_match_as_local_files_do(keys: list[str], pattern: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        files = made(Path(folder), keys)
        found = {path for path in glob.glob(pattern, root_dir=folder, recursive=True) if os.path.isfile(f"{folder}/{path}")}  # noqa: PTH113, PTH207
    assert {key for key in files if matcher(pattern)(key)} == found
    assert all(key.startswith(literal_prefix(pattern)) for key in found)


@pytest.mark.parametrize(
    ("pattern", "prefix"),
    [
        ("logs/2026-10-*/**/*.json.gz", "logs/2026-10-"),
        ("logs/[ab]/x", "logs/"),
        ("logs/x.json", "logs/x.json"),
        ("**/x", ""),
    ],
)
def test_the_longest_literal_prefix_is_listed(pattern: str, prefix: str) -> None:
    assert literal_prefix(pattern) == prefix


def test_many_folders_are_matched_in_bounded_time() -> None:
    assert not matcher("/".join(["**", "a"] * 20))("/".join(["a"] * 400) + "/b")
