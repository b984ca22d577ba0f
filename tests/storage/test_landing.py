"""Which files lie in the landing zone, and their bytes."""

import glob
import hashlib
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from usage_pipeline.errors import UsageConfigError
from usage_pipeline.storage.landing import Fetched, Landing, Unread, open_bytes

LANDING = Landing()


def put(path: Path, content: bytes, modified: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, ns=(modified, modified))
    return path


def test_files_of_a_pattern_are_listed_oldest_first(tmp_path: Path) -> None:
    second = put(tmp_path / "a.json", b"2", 1_790_000_000_123_456_789)
    first = put(tmp_path / "deep" / "er" / "b.json", b"one", 1_780_000_000_000_000_000)
    third = put(tmp_path / "deep" / "c.json", b"3", 1_790_000_000_123_456_789)
    put(tmp_path / "deep" / "c.txt", b"3", 1)
    (tmp_path / "folder.json").mkdir()
    files = LANDING.list_files(f"{tmp_path}/**/*.json")
    assert [file.uri for file in files] == [str(first), str(second), str(third)]
    assert files[0].size_bytes == 3
    assert [file.modified_at for file in files[:2]] == [
        datetime(2026, 5, 28, 20, 26, 40, tzinfo=UTC),
        datetime(2026, 9, 21, 14, 13, 20, 123456, tzinfo=UTC),
    ]


def test_pattern_without_files_is_no_error(tmp_path: Path) -> None:
    assert LANDING.list_files(f"{tmp_path}/nothing/*.json") == []


def test_pattern_is_no_shell(tmp_path: Path) -> None:
    odd = put(tmp_path / "$(touch x);é 'q'.json", b"x", 1)
    assert [file.uri for file in LANDING.list_files(f"{tmp_path}/*.json")] == [str(odd)]


def test_fingerprint_is_the_sha_256_of_the_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("usage_pipeline.storage.landing.BLOCK_BYTES", 7)
    content = b"a longer content than one block"
    put(tmp_path / "a", content, 1)
    files = LANDING.list_files(f"{tmp_path}/*")
    assert list(LANDING.fetch(files, tmp_path)) == [Fetched(files[0], hashlib.sha256(content).hexdigest(), str(tmp_path / "a"))]
    with open_bytes(files[0].uri) as stream:
        assert stream.read() == content


def test_file_that_cannot_be_read_has_its_words(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        put(tmp_path / name, name.encode(), 1)
    files = LANDING.list_files(f"{tmp_path}/*")
    (tmp_path / "b").unlink()
    first, gone, last = LANDING.fetch(files, tmp_path)
    assert isinstance(first, Fetched)
    assert gone == Unread(files[1], "No such file or directory")
    assert isinstance(last, Fetched)


def test_whether_any_file_matches(tmp_path: Path) -> None:
    put(tmp_path / "deep" / "a.json", b"", 1)
    assert LANDING.has_files(f"{tmp_path}/**/*.json")
    assert not LANDING.has_files(f"{tmp_path}/*.json")


@pytest.mark.parametrize("path", ["ftp://host/x", "s3://bucket/x"])
def test_store_that_is_not_there_is_named(path: str) -> None:
    with pytest.raises(UsageConfigError, match=f"{path}: paths are local folders or s3://"):
        LANDING.list_files(path)


def test_a_link_to_itself_is_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    put(tmp_path / "a.jsonl", b"a", 1)
    (tmp_path / "loop.jsonl").symlink_to("loop.jsonl")
    (tmp_path / "gone.jsonl").symlink_to("nothing")
    (tmp_path / "other").symlink_to("other")
    for pattern in ("*.jsonl", "**/*.jsonl"):
        told = list(LANDING.fetch(LANDING.list_files(f"{tmp_path}/{pattern}"), tmp_path))
        assert [one.file.uri.rsplit("/", 1)[1] for one in told] == ["a.jsonl", "loop.jsonl"]
        assert [one.words for one in told if isinstance(one, Unread)] == ["Too many levels of symbolic links"]


def test_links_to_folders_above_are_not_walked_again(tmp_path: Path) -> None:
    put(tmp_path / "logs" / "deep" / "a.jsonl", b"a", 1)
    put(tmp_path / "elsewhere" / "b.jsonl", b"b", 2)
    put(tmp_path / "beside.jsonl", b"c", 3)
    for name in ("up", "again"):
        (tmp_path / "logs" / "deep" / name).symlink_to("..")
        (tmp_path / "logs" / name).symlink_to("..")
    (tmp_path / "logs" / "linked").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "back").symlink_to(tmp_path / "logs")
    for pattern in ("logs/**/*.jsonl", "logs/**", "logs/**/**/*.jsonl", "lo*/**/[ab].jsonl"):
        found = [os.path.relpath(one.uri, tmp_path) for one in LANDING.list_files(f"{tmp_path}/{pattern}")]
        assert found == ["logs/deep/a.jsonl", "logs/linked/b.jsonl"]


@pytest.mark.parametrize("pattern", ["*/?.json", "**/x.json", "closed/*.json"])
def test_a_folder_that_cannot_be_listed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pattern: str) -> None:
    """The system's own refusal, whoever runs this: root may list every folder."""
    closed = tmp_path / "closed"
    put(tmp_path / "open" / "x.json", b"a", 1)
    put(closed / "x.json", b"a", 1)
    listing = os.scandir

    def scandir(path: str) -> object:
        if path == str(closed):
            raise PermissionError(13, "Permission denied", path)
        return listing(path)

    monkeypatch.setattr(os, "scandir", scandir)
    uris = [one.uri for one in LANDING.list_files(f"{tmp_path}/{pattern}")]
    assert str(closed) in uris
    assert (str(tmp_path / "open" / "x.json") in uris) is (pattern[0] == "*")


@pytest.mark.parametrize("pattern", ["a.json/*.json", "a.json/b", "no\0name", "no\0folder/*"])
def test_what_can_be_no_path_matches_nothing(tmp_path: Path, pattern: str) -> None:
    put(tmp_path / "a.json", b"a", 1)
    assert LANDING.list_files(f"{tmp_path}/{pattern}") == []


@pytest.mark.parametrize(
    "pattern", ["x" * 300, f"{'x' * 300}/*.json", f"{'x' * 300}/**/*.json", f"{'x/' * 3000}a"], ids=["name", "folder", "below", "deep"]
)
def test_a_name_too_long_is_told(tmp_path: Path, pattern: str) -> None:
    (told,) = LANDING.fetch(LANDING.list_files(f"{tmp_path}/{pattern}"), tmp_path)
    assert isinstance(told, Unread)
    assert told.words == "File name too long"


@pytest.mark.parametrize(
    "pattern", ["*.json", "**/*.json", "**", "*/*", "[a-c]*/**/?.json", ".h*/*", "**/.hidden/*", "**/b/*", "c/../*.json"]
)
def test_matches_are_those_of_glob(tmp_path: Path, pattern: str) -> None:
    for name in ("a.json", "b/a.json", "b/c/d.json", ".hidden/e.json", "b/.hidden/f.json", "b/.g.json", "c/b/h.txt", "c/b/b/i.json"):
        put(tmp_path / name, b"a", 1)
    wanted = {path for path in glob.glob(f"{tmp_path}/{pattern}", recursive=True) if os.path.isfile(path)}  # noqa: PTH113, PTH207
    assert {one.uri for one in LANDING.list_files(f"{tmp_path}/{pattern}")} == wanted
    assert wanted
