"""Closed revisions on disk: what is half written goes, and what is whole is never deleted."""

from datetime import date
from pathlib import Path

import pytest

from usage_pipeline.errors import UsageError
from usage_pipeline.periods import month_of
from usage_pipeline.storage.closed_folder import ASIDE, MANIFEST, WRITING, ClosedFolder


def folder_with_a_revision(tmp_path: Path) -> ClosedFolder:
    folder = ClosedFolder(tmp_path, month_of(date(2026, 9, 1)))
    folder.write(1, {MANIFEST: b"signed", "tables/costs.parquet": b"numbers"}, lambda _: None)
    return folder


def test_a_revision_that_the_database_does_not_name_is_set_aside_whole(tmp_path: Path) -> None:
    folder = folder_with_a_revision(tmp_path)
    (folder.folder / f"{WRITING}half").mkdir()
    (folder.folder / "notes").mkdir()
    [aside] = folder.sweep({})
    assert aside.name.startswith(f"{ASIDE}r1-")
    assert (aside / MANIFEST).read_bytes() == b"signed"
    assert sorted(path.name for path in folder.folder.iterdir()) == sorted(["notes", aside.name])
    folder.write(1, {MANIFEST: b"anew"}, lambda _: None)
    assert folder.sweep({1: "hash"}) == []
    assert (folder.of(1) / MANIFEST).read_bytes() == b"anew"
    assert (aside / MANIFEST).read_bytes() == b"signed"


def test_a_revision_is_never_written_over(tmp_path: Path) -> None:
    folder = folder_with_a_revision(tmp_path)
    with pytest.raises(UsageError, match="is there already"):
        folder.write(1, {MANIFEST: b"other"}, lambda _: None)
    assert [path.name for path in folder.folder.iterdir()] == ["r1"]
