"""`usage-pipeline send`: what it says and does, previews, wrong words."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import closing_world
import pytest
from delivery_world import FINANCE, STATEMENT, delivering, without_variables
from mail_sink import MailSink, mail_sink
from sample_world import World

from usage_pipeline.defs.deliver import queue
from usage_pipeline.defs.deliver_plan import Asked, plan_of
from usage_pipeline.storage.delivery_ledger import ledger
from usage_pipeline.tables.spans import span_named

CLOSED = STATEMENT.replace("when: 1st business day", "when: day 5 after close").replace("finance,", "closed,")
ENTRIES = (
    STATEMENT,
    CLOSED,
    "{name: bucket, report: statement, scope: {project: portal}, when: on close, to: owners, s3: 's3://reports/ai'}",
    "{name: weekly, report: digest_week, when: monday, to: [finance@example.org]}",
)
MONTH = ("--month", "2026-09")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> World:
    return closing_world.made(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="module")
def sink() -> Iterator[MailSink]:
    with mail_sink() as opened:
        yield opened


@pytest.fixture
def world(made: World, sink: MailSink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    without_variables(monkeypatch)
    sink.received.clear()
    return delivering(made, tmp_path, *ENTRIES)


def answer(world: World, sink: MailSink, *arguments: str, code: int = 0) -> Any:
    result = world.command("send", *arguments, "--json", environment=sink.environment)
    assert result.exit_code == code, result.stderr
    return json.loads(result.stdout)


def test_a_dry_run_changes_nothing(world: World, sink: MailSink) -> None:
    told = answer(world, sink, "--dry-run")
    assert {one["name"]: (one["when"], one["at"] is None) for one in told["next"]} == {
        "finance": ("1st business day", False),
        "closed": ("day 5 after close", True),
        "bucket": ("on close", True),
        "weekly": ("monday", False),
    }
    asked = answer(world, sink, "--dry-run", "--name", "finance", *MONTH)
    (ready,) = asked["ready"]
    assert (ready["scope"], ready["version"], ready["to"]) == ("organisation", "draft", [FINANCE])
    assert ready["due_at"] == "2026-10-01T07:00:00+00:00"
    assert answer(world, sink, "--list") == {"deliveries": [], "count": 0}
    assert sink.received == []


def test_sent_once_and_listed(world: World, sink: MailSink) -> None:
    first = answer(world, sink, "--name", "finance", *MONTH)
    second = answer(world, sink, "--name", "finance", *MONTH)
    again = answer(world, sink, "--name", "finance", *MONTH, "--again")
    assert [len(one["sent"]) for one in (first, second, again)] == [1, 0, 1]
    assert first["sent"][0]["message_id"] == sink.received[0][1]["Message-ID"]
    listed = answer(world, sink, "--list")["deliveries"]
    assert [(one["state"], one["attempts"], one["channel"]) for one in listed] == [("sent", 1, "smtp")] * 2
    assert [one["attached"] for one in listed[0]["files"]] == [True, True, True]
    shown = world.command("send", "--list", "--rows", "1", environment=sink.environment)
    assert "1 older ones: --rows shows more" in shown.stdout
    assert "2 deliveries, 0 to be sent, 0 refused for good" in shown.stdout
    words = world.command("send", "--name", "finance", *MONTH, environment=sink.environment)
    assert words.stdout == "it was delivered already: --again sends it once more\n"


def test_a_preview_is_nobody_elses(world: World, sink: MailSink) -> None:
    told = answer(world, sink, "--preview-to", "me@example.org", "--name", "finance", "--name", "bucket")
    assert [one["subject"] for one in told["previews"]] == [
        "Preview: Statement September 2026, Example Org: 37.50 USD, grade A, not closed",
        "Preview: Statement September 2026, Portal: 30.00 USD, grade A, not closed",
    ]
    assert [people for people, _ in sink.received] == [["me@example.org"]] * 2
    for _, message in sink.received:
        assert message["To"] == "me@example.org"
        assert next(one.get_content_type() for one in message.iter_attachments()) == "application/pdf"
    assert ledger(world.database) == []
    nothing = answer(world, sink, "--preview-to", "me@example.org", "--name", "weekly", code=1)
    assert "it is not written yet" in nothing["not_ready"][0]["why"]


def test_a_name_sends_no_other(world: World, sink: MailSink) -> None:
    asked = Asked(span=span_named("2026-09"), again=False)
    queue(world.workplace, plan_of(world.workplace, world.workplace.now(), ["finance"], asked))
    assert answer(world, sink, "--name", "bucket")["sent"] == []
    assert ([one.state for one in ledger(world.database)], sink.received) == (["pending"], [])
    assert [one["name"] for one in answer(world, sink, "--name", "finance")["sent"]] == ["finance"]


def test_alerts_and_reports_keep_apart(world: World, sink: MailSink) -> None:
    sink.refused.add(FINANCE)
    try:
        answer(world, sink, "--name", "finance", *MONTH, code=1)
        told = json.loads(world.command("alerts", "send", "--json", environment=sink.environment).stdout)
        assert (told["sent"], told["failed"]) == ([], [])
    finally:
        sink.refused.clear()
    again = world.command("send", "--name", "finance", *MONTH, environment=sink.environment)
    assert "finance: statement of September 2026 for the organisation is on its way: localhost:" in again.stdout
    assert sink.received == [], "not before its time"
    assert [one.state for one in ledger(world.database)] == ["retrying"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--name", "nobody"), "usage.yaml has no delivery 'nobody'; it has finance, closed, bucket, weekly"),
        (("--again",), "send: --again needs --name and --month, so that nothing else is sent twice"),
        (("--dry-run", "--list"), "send: name one of --dry-run, --preview-to, --dead and --list"),
        (("--list", *MONTH), "send: --month goes with --dry-run, --preview-to, --again, or alone"),
        (("--name", "weekly", *MONTH), "2026-09 is a month, and no delivery is of one: weekly is of a week"),
        (("--month", "2099-01"), "2099-01 lies in the future"),
        (("--month", "soon"), "'soon' is no day, ISO week or month"),
        (("--preview-to", "me"), "--preview-to: 'me' is no mail address, such as ana@example.org"),
    ],
)
def test_wrong_words(world: World, sink: MailSink, arguments: tuple[str, ...], words: str) -> None:
    result = world.command("send", *arguments, environment=sink.environment)
    assert (result.exit_code, result.stdout) == (2, "")
    assert words in result.stderr


def test_without_deliveries(made: World, tmp_path: Path, sink: MailSink) -> None:
    result = delivering(made, tmp_path).command("send")
    assert (result.exit_code, result.stdout) == (0, "nothing is due\nusage.yaml has no deliveries: the README says how they are written\n")


def test_only_what_is_closed(world: World, sink: MailSink) -> None:
    """How a closed month goes out, and its next revision: tests/commands/test_revisions.py."""
    (stuck,) = answer(world, sink, "--name", "closed", *MONTH, code=1)["due_but_not_delivered"]
    assert stuck["why"] == (
        "2026-09 is not closed, and only closed months are delivered: `usage-pipeline close 2026-09` says what it needs"
    )
    assert sink.received == []
