"""Judging and telling: a dry run changes nothing, a mail that fails waits for the next check, and nothing is told twice."""

from dataclasses import replace
from datetime import date
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from mail_sink import free_port, mail_sink, mail_variables
from sample_world import World, copy_of
from tracker_world import request, tracker_world, write

from usage_pipeline.alerts.channels.channel import DeliveryError, PermanentDeliveryError
from usage_pipeline.alerts.channels.outbox import OutboxChannel
from usage_pipeline.defs.alerts import deliver, judge
from usage_pipeline.errors import UsageConfigError
from usage_pipeline.periods import inclusive
from usage_pipeline.tables.alerts import alerts, deliveries
from usage_pipeline.tables.ingested_files import ingested_files

FIRST, SECOND = date(2026, 10, 1), date(2026, 10, 2)
PORTAL, RANKER = "ana@example.org", "ben@example.org"


@pytest.fixture(scope="module")
def spent_world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """On the first of October portal spent 95 % of its 10 dollars a month, ranker 120 %."""
    world = tracker_world(tmp_path_factory.mktemp("spent"))
    write(world, "a.jsonl", [request("1", FIRST, dollars="9.5"), request("2", FIRST, project="ranker", dollars="12")])
    assert world.job("daily", inclusive(FIRST, SECOND)).success
    return world


@pytest.fixture
def spent(spent_world: World, tmp_path: Path) -> World:
    return copy_of(spent_world, tmp_path)


def told(world: World) -> list[tuple[str, str | None]]:
    return sorted((one.recipients, one.level) for one in world.database.select(deliveries, where={"state": "sent"}))


def waiting(world: World) -> list[tuple[str, str, int]]:
    return sorted((one.recipients, one.state, one.attempts) for one in world.database.select(deliveries) if one.state != "sent")


def make_due(world: World) -> None:
    """As if the waits were over."""
    rows = [replace(one, next_attempt_at=None) for one in world.database.select(deliveries)]
    world.database.upsert(deliveries, rows)


def states(world: World) -> dict[tuple[str | None, str], str]:
    return {(one.project, f"{one.threshold:f}"): one.state for one in world.database.select(alerts)}


def outbox(world: World) -> list[str]:
    return sorted(path.name for path in world.home.outbox.iterdir())


def alerting(world: World, **config: Any) -> dg.ExecuteInProcessResult:
    return world.job("alerting", run_config={"ops": {"alerts": {"config": config}}})


def metadata(result: dg.ExecuteInProcessResult) -> dict[str, Any]:
    (event,) = result.get_asset_materialization_events()
    return {name: value.value for name, value in event.materialization.metadata.items()}


def test_a_dry_run_says_what_it_would_tell_and_changes_nothing(spent: World) -> None:
    said = metadata(alerting(spent, as_of="2026-10-01", dry_run=True))
    assert (said["as of"], said["dry run"], said["mails"], said["dagster/row_count"]) == ("2026-10-01", True, 2, 5)
    assert (told(spent), states(spent), outbox(spent)) == ([], {}, [])


def test_each_project_is_told_once(spent: World) -> None:
    assert metadata(alerting(spent, as_of="2026-10-01"))["mails"] == 2
    assert told(spent) == [(PORTAL, "warning"), (RANKER, "critical")]
    assert states(spent) == {
        ("portal", "75"): "covered",
        ("portal", "90"): "sent",
        ("ranker", "75"): "covered",
        ("ranker", "90"): "covered",
        ("ranker", "100"): "sent",
    }
    first = outbox(spent)
    assert len(first) == 2
    said = metadata(alerting(spent, as_of="2026-10-01"))
    assert (said["mails"], said["dagster/row_count"]) == (0, 0)
    assert outbox(spent) == first


def test_a_mail_says_percent_limit_and_project(spent: World) -> None:
    alerting(spent, as_of="2026-10-01")
    name = next(one for one in outbox(spent) if "portal" in one)
    message = message_from_bytes((spent.home.outbox / name).read_bytes(), policy=default)
    assert message["To"] == PORTAL
    assert "portal" in str(message["Subject"])
    assert "95 %" in str(message["Subject"]).replace("\u202f", " ").replace("\u00a0", " ")
    assert {part.get_content_type() for part in message.walk()} >= {"text/plain", "text/html"}


@pytest.mark.parametrize("as_of", ["2026-09-30", "2026-11-01", ""])
def test_other_periods_stay_silent(spent: World, as_of: str) -> None:
    """The month before, the month after, and today, which no test knows but which is no day of this October."""
    assert metadata(alerting(spent, as_of=as_of))["mails"] == 0
    assert (told(spent), states(spent)) == ([], {})


def test_a_mail_server_that_is_away_leaves_the_mails_to_the_next_check(spent: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in mail_variables(free_port()).items():
        monkeypatch.setenv(name, value)
    result = alerting(spent, as_of="2026-10-01")
    assert not result.success
    assert waiting(spent) == [(PORTAL, "retrying", 1), (RANKER, "retrying", 1)]
    written = {one.delivery_id: one.message for one in spent.database.select(deliveries)}
    deliver(spent.workplace, judge(spent.workplace, FIRST))  # nothing is due yet
    make_due(spent)
    with pytest.raises(DeliveryError, match="cannot be reached") as raised:
        deliver(spent.workplace, judge(spent.workplace, FIRST))
    assert PORTAL in str(raised.value)
    assert RANKER in str(raised.value)
    assert (told(spent), outbox(spent)) == ([], [])
    assert {one.delivery_id: one.message for one in spent.database.select(deliveries)} == written, "the very same message, and no other"
    for name in mail_variables(0):
        monkeypatch.delenv(name)
    make_due(spent)
    assert alerting(spent, as_of="2026-10-01").success
    assert told(spent) == [(PORTAL, "warning"), (RANKER, "critical")]
    assert sorted((spent.home.outbox / name).read_text("ascii").replace("\n", "\r\n") for name in outbox(spent)) == sorted(
        str(message) for message in written.values()
    )


def test_one_refused_address_holds_up_nobody_else(spent: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with mail_sink() as sink:
        for name, value in sink.environment.items():
            monkeypatch.setenv(name, value)
        sink.refused = {PORTAL}
        with pytest.raises(DeliveryError, match=PORTAL):
            deliver(spent.workplace, judge(spent.workplace, FIRST))
        assert [recipients for recipients, _ in sink.told] == [RANKER]
        assert told(spent) == [(RANKER, "critical")]
        assert waiting(spent) == [(PORTAL, "retrying", 1)]

        sink.refused = set()
        make_due(spent)
        deliver(spent.workplace, judge(spent.workplace, FIRST))
        assert [recipients for recipients, _ in sink.told] == [RANKER, PORTAL]
        deliver(spent.workplace, judge(spent.workplace, FIRST))
        assert len(sink.received) == 2
    receipts = {one.recipients: (one.channel, one.receipt, one.message) for one in spent.database.select(deliveries)}
    assert receipts == dict.fromkeys((PORTAL, RANKER), ("smtp", f"accepted by localhost:{sink.port}", None))


def test_an_outbox_that_cannot_be_written(spent: World) -> None:
    found = judge(spent.workplace, FIRST)
    spent.home.outbox.rmdir()
    spent.home.outbox.write_text("in the way")
    channel = OutboxChannel(spent.home.outbox)
    with pytest.raises(PermanentDeliveryError, match="cannot be written"):
        channel.send(found.messages[0][1])
    with pytest.raises(UsageConfigError, match=r"the home .* cannot be written .*outbox: File exists"):
        judge(spent.workplace, FIRST)
    spent.home.outbox.unlink()
    assert told(spent) == []


def test_a_mail_that_went_out_before_a_crash_is_not_another_one(spent: World) -> None:
    """The file lies in the outbox, the ledger does not know: the same message under the same name."""
    deliver(spent.workplace, judge(spent.workplace, FIRST))
    before = {path.name: path.read_bytes() for path in spent.home.outbox.iterdir()}
    spent.database.replace(alerts, [], where={})
    spent.database.replace(deliveries, [], where={})
    deliver(spent.workplace, judge(spent.workplace, FIRST))
    assert {path.name: path.read_bytes() for path in spent.home.outbox.iterdir()} == before
    assert told(spent) == [(PORTAL, "warning"), (RANKER, "critical")]


def test_the_budget_check_brings_its_days_up_to_date_first(spent: World) -> None:
    """The six-hourly job in one run: a new file is read, priced, summed and judged."""
    write(spent, "late.jsonl", [request("3", SECOND, dollars="1")])
    try:
        result = spent.job("budget_check", inclusive(FIRST, SECOND), run_config={"ops": {"alerts": {"config": {"as_of": "2026-10-02"}}}})
    finally:
        (spent.config.parent / "logs" / "late.jsonl").unlink()
    assert result.success
    assert told(spent) == [(PORTAL, "critical"), (RANKER, "critical")]
    assert len(spent.database.select(ingested_files)) == 2
