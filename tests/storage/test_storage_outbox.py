import threading
from pathlib import Path

import pytest

from usage_pipeline.errors import ContractError
from usage_pipeline.storage.outbox import write_message


def test_a_message_is_written_whole_and_alone(tmp_path: Path) -> None:
    folder = tmp_path / "home" / "outbox"
    path = write_message(folder, "2026-10-02_portal_warning.eml", b"Subject: 80 %\r\n\r\n")
    assert path == folder / "2026-10-02_portal_warning.eml"
    assert path.read_bytes() == b"Subject: 80 %\r\n\r\n"
    assert list(folder.iterdir()) == [path]


def test_the_same_message_twice_changes_nothing(tmp_path: Path) -> None:
    before = write_message(tmp_path, "a.eml", b"one").stat()
    after = write_message(tmp_path, "a.eml", b"one").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_another_message_under_the_same_name_is_refused(tmp_path: Path) -> None:
    path = write_message(tmp_path, "a.eml", b"one")
    with pytest.raises(ContractError, match="never rewritten"):
        write_message(tmp_path, "a.eml", b"two")
    assert path.read_bytes() == b"one"
    assert list(tmp_path.iterdir()) == [path]


def test_of_many_writers_one_wins(tmp_path: Path) -> None:
    lost: list[bytes] = []

    def write(content: bytes) -> None:
        try:
            write_message(tmp_path, "a.eml", content)
        except ContractError:
            lost.append(content)

    contents = [bytes([65 + number]) * 100_000 for number in range(8)]
    threads = [threading.Thread(target=write, args=(content,)) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(lost) == 7
    assert (tmp_path / "a.eml").read_bytes() not in lost
    assert [path.name for path in tmp_path.iterdir()] == ["a.eml"]


@pytest.mark.parametrize("name", ["", ".", "..", "../a.eml", "a/b.eml", "a\\b.eml", "/etc/a.eml", ".a.eml", "a\n.eml", "a\0.eml"])
def test_names_that_are_paths_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ContractError, match="cannot name a message"):
        write_message(tmp_path / "outbox", name, b"one")
    assert not (tmp_path / "outbox").exists()
