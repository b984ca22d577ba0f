"""Closed months in Dagster: the sensor asks for none of their days, runs cut them out, a close of which nothing is half is a job."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import closing_world
import dagster as dg
import pytest
from closing_world import MONTH
from sample_world import World, copy_of, execute
from tracker_world import request, tracker_world, write

from usage_pipeline.defs.alerts import may_tell
from usage_pipeline.defs.closed import OVER_CLOSED, UNCHANGED, closed_months, months_named, spans_without, still_open
from usage_pipeline.defs.sensors import new_files
from usage_pipeline.errors import UsageConfigError, UsageError
from usage_pipeline.periods import Period, inclusive, month_of
from usage_pipeline.storage.closed_folder import ClosedFolder
from usage_pipeline.tables.audit_log import AuditEntry, audit_log
from usage_pipeline.tables.revisions import Revision, revisions

SEPTEMBER = month_of(date(2026, 9, 1))


def revision(month: Period, number: int, day: int = 5) -> Revision:
    return Revision(
        month=month.start, revision=number, closed_at=datetime(2026, 11, day, tzinfo=UTC), approved_by="Ana Example", note=None,
        cost=Decimal(1), currency="USD", manifest_hash="0" * 64,
    )  # fmt: skip


def act(action: str, day: int) -> AuditEntry:
    moment = datetime(2026, 11, day, tzinfo=UTC)
    return AuditEntry(entry_id=f"{action} {day}", at=moment, actor="ana", action=action, subject=MONTH, before=None, after=None, why=None)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return tracker_world(tmp_path)


def test_the_sensor_leaves_days_of_closed_months_alone(world: World) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_sensor_context(instance=instance, resources={"workplace": world.workplace})
        write(world, "a.jsonl", [request("1", date(2026, 9, 30)), request("2", date(2026, 10, 1))])
        first: Any = new_files(context)
        (asked,) = first.run_requests
        job = world.definitions.resolve_job_def(asked.job_name)
        assert job.execute_in_process(instance=instance, tags={"dagster/partition": asked.partition_key}).success
        world.database.insert(revisions, [revision(SEPTEMBER, 1)])
        again: Any = new_files(dg.build_sensor_context(instance=instance, cursor=first.cursor, resources={"workplace": world.workplace}))
    assert [one.run_key.split()[:3] for one in again.run_requests] == [["days", "2026-10-01", "2026-10-01"]]


def test_a_month_is_a_draft_from_a_revising_run_until_the_next_close(world: World) -> None:
    database = world.database
    database.insert(revisions, [revision(SEPTEMBER, 1)])
    assert not closed_months(database)[SEPTEMBER.start].is_draft
    database.insert(audit_log, [act(OVER_CLOSED, 7)])
    assert closed_months(database)[SEPTEMBER.start].is_draft
    database.insert(audit_log, [act(UNCHANGED, 8)])
    assert not closed_months(database)[SEPTEMBER.start].is_draft
    database.insert(audit_log, [act(OVER_CLOSED, 9)])
    database.insert(revisions, [revision(SEPTEMBER, 2, 10)])
    found = closed_months(database)[SEPTEMBER.start]
    assert (found.revision.revision, found.is_draft) == (2, False)
    assert found.words == "2026-09 is closed: revision 2, approved by Ana Example on 2026-11-10"
    assert [may_tell(world.workplace, day) for day in (date(2026, 9, 30), date(2026, 10, 1))] == [False, True]


def test_a_range_is_cut_around_closed_months() -> None:
    days = inclusive(date(2026, 8, 30), date(2026, 10, 2))
    whole = [inclusive(days.start, date(2026, 8, 31)), inclusive(date(2026, 10, 1), days.last)]
    assert spans_without(days, {SEPTEMBER.start}) == whole
    assert spans_without(days, set()) == [days]
    assert spans_without(SEPTEMBER, {SEPTEMBER.start}) == []
    assert months_named("2026-09, 2026-10") == {date(2026, 9, 1), date(2026, 10, 1)}
    with pytest.raises(UsageConfigError, match="'September' is no list of months"):
        months_named("September")


def test_a_month_that_closes_while_a_run_computes_it_stays_as_it_was_closed(world: World) -> None:
    world.database.insert(revisions, [revision(SEPTEMBER, 1)])
    with world.database.transaction() as transaction:
        still_open(transaction, [SEPTEMBER], {SEPTEMBER.start})
        with pytest.raises(UsageError, match=r"2026-09 is closed: revision 1.* while this run computed it: nothing of it was changed"):
            still_open(transaction, [inclusive(date(2026, 9, 30), date(2026, 10, 1))], set())


def test_two_do_not_close_a_month_at_once(tmp_path: Path) -> None:
    folder = ClosedFolder(tmp_path, SEPTEMBER)
    with folder.alone(), pytest.raises(UsageError, match="2026-09 is being closed by another process"), folder.alone():
        pass
    folder.write(1, {"a": b"1"}, lambda _: None)
    with pytest.raises(UsageError, match="is there already and counts nowhere"):
        folder.write(1, {"a": b"2"}, lambda _: None)
    assert (folder.of(1) / "a").read_bytes() == b"1"
    assert folder.sweep({1: "hash"}) == []
    (aside,) = folder.sweep({})
    assert aside.name.startswith("set-aside-r1-")
    assert (aside / "a").read_bytes() == b"1"
    assert not folder.of(1).exists()


def test_the_job_previews_and_closes_with_config(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> None:
    world = copy_of(closing_world.made(tmp_path_factory.getbasetemp()), tmp_path)
    tags = {"dagster/partition": "2026-09-01"}
    preview = execute(world.definitions, "close", tags=tags)
    assert preview.success
    assert world.database.select(revisions) == []
    assert _told(preview)["state"].value == "would close; give config `approve` to close it"
    done = execute(world.definitions, "close", tags=tags, run_config={"ops": {"revisions": {"config": {"approve": "Ana Example"}}}})
    assert done.success
    assert [one.approved_by for one in world.database.select(revisions)] == ["Ana Example"]
    assert _told(done)["finality"].value == "reconciled"
    assert "openai" in str(_told(done)["finality by channel"].value)


def _told(result: dg.ExecuteInProcessResult) -> dict[str, Any]:
    (event,) = result.get_asset_materialization_events()
    return dict(event.materialization.metadata)
