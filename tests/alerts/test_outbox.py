"""The outbox: one whole file a message, never written twice, never outside its folder."""

from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from usage_pipeline.alerts.channels.channel import PermanentDeliveryError
from usage_pipeline.alerts.channels.outbox import OutboxChannel
from usage_pipeline.tables.alerts import Receipt


def message(scope: str = "projects/support-portal", text: str = "hello", key: str = "0123456789abcdef") -> EmailMessage:
    made = EmailMessage()
    made["Subject"] = "s"
    made["X-Usage-As-Of"] = "2026-10-23"
    made["X-Usage-Scope"] = scope
    made["X-Usage-Level"] = "warning"
    made["X-Usage-Key"] = key
    made.set_content(text)
    return made


def test_a_message_becomes_a_file(tmp_path: Path) -> None:
    receipt = OutboxChannel(tmp_path / "home" / "outbox").send(message())
    assert receipt == Receipt(channel="outbox", text="2026-10-23_support-portal_warning_01234567.eml")
    content = (tmp_path / "home" / "outbox" / receipt.text).read_bytes()
    assert message_from_bytes(content, policy=policy.default)["Subject"] == "s"
    assert content.count(b"\n") == content.count(b"\r\n")


def test_it_is_written_once(tmp_path: Path) -> None:
    channel = OutboxChannel(tmp_path)
    first, second = channel.send(message()), channel.send(message(text="later, after a crash"))
    assert first == second
    assert [path.name for path in tmp_path.iterdir()] == [first.text]
    assert b"hello" in (tmp_path / first.text).read_bytes()


@pytest.mark.parametrize(
    ("scope", "part"),
    [("organisation", "organisation"), ("projects/../../etc/passwd", "..-..-etc-passwd"), ("projects/a/b c\\d:é", "a-b-c-d-"),
     ("projects/" + "x" * 300, "x" * 80)],
)  # fmt: skip
def test_file_names_stay_in_the_folder(tmp_path: Path, scope: str, part: str) -> None:
    receipt = OutboxChannel(tmp_path).send(message(scope))
    assert receipt.text == f"2026-10-23_{part}_warning_01234567.eml"
    assert [path.name for path in tmp_path.iterdir()] == [receipt.text]


def test_a_folder_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(PermanentDeliveryError, match=r"file/outbox cannot be written \(Not a directory\).*set an SMTP server"):
        OutboxChannel(tmp_path / "file" / "outbox").send(message())
