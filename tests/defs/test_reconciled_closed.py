"""What was reconciled when a month was closed stands, whatever came later; a month that is being revised shows what is so now."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from sample_world import World
from tracker_world import tracker_world

from usage_pipeline.costs.reconcile import Reconciled
from usage_pipeline.defs.closed import OVER_CLOSED, closed_months
from usage_pipeline.defs.reconciled_closed import as_they_were_closed, reconciled_of_closed
from usage_pipeline.errors import UsageError
from usage_pipeline.periods import inclusive, month_of
from usage_pipeline.reports.frozen import parquet_of
from usage_pipeline.reports.manifest import sha256_of
from usage_pipeline.storage.closed_folder import MANIFEST, ClosedFolder
from usage_pipeline.tables.audit_log import AuditEntry, audit_log
from usage_pipeline.tables.reconciliations import UNLOGGED, Reconciliation, ReconciliationCause, reconciliation_causes, reconciliations
from usage_pipeline.tables.revisions import Revision, revisions

SEPTEMBER = month_of(date(2026, 9, 1))
DAYS = inclusive(date(2026, 9, 30), date(2026, 10, 1))
CLOSED_AT = datetime(2026, 10, 5, tzinfo=UTC)


def rows(day: date, amount: str) -> Reconciled:
    cell = Reconciliation(
        day=day, channel="openai", project="portal", model="gpt-4o", meter="input", account=None, invoice=None, finality="final",
        billed_quantity=None, provider_quantity=None, logged_quantity=None, billed_cost=Decimal(amount), provider_cost=None,
        logged_cost=Decimal(0), difference=Decimal(amount),
    )  # fmt: skip
    cause = ReconciliationCause(
        day=day, channel="openai", project="portal", model="gpt-4o", meter="input", step="bill", cause=UNLOGGED, evidence="no log",
        amount=Decimal(amount), quantity=None, mend=None,
    )  # fmt: skip
    return Reconciled([cell], [cause])


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = tracker_world(tmp_path)
    frozen = [rows(date(2026, 9, 29), "7"), rows(date(2026, 9, 30), "1")]
    files = {
        MANIFEST: b"{}",
        "tables/reconciliations.parquet": parquet_of(reconciliations, [one.cells[0] for one in frozen]),
        "tables/reconciliation_causes.parquet": parquet_of(reconciliation_causes, [one.causes[0] for one in frozen]),
    }
    ClosedFolder(world.home.closed, SEPTEMBER).write(1, files, lambda _: None)
    row = Revision(
        month=SEPTEMBER.start, revision=1, closed_at=CLOSED_AT, approved_by="Ana Example", note=None, cost=Decimal(1), currency="USD",
        manifest_hash=sha256_of(b"{}"),
    )  # fmt: skip
    world.database.insert(revisions, [row])
    return world


def test_closed_days_are_as_they_were_closed_and_open_ones_as_they_are(world: World) -> None:
    was, now = rows(date(2026, 9, 30), "1"), [rows(date(2026, 9, 30), "5"), rows(date(2026, 10, 1), "2")]
    live = Reconciled([one.cells[0] for one in now], [one.causes[0] for one in now])
    found = as_they_were_closed(world.workplace, live, DAYS)
    assert found == Reconciled([*was.cells, *now[1].cells], [*was.causes, *now[1].causes])
    october = inclusive(date(2026, 10, 1), date(2026, 10, 1))
    assert as_they_were_closed(world.workplace, now[1], october) == now[1]
    entry = AuditEntry(
        entry_id="x",
        at=datetime(2026, 10, 6, tzinfo=UTC),
        actor="ana",
        action=OVER_CLOSED,
        subject="2026-09",
        before=None,
        after=None,
        why=None,
    )
    world.database.insert(audit_log, [entry])
    assert as_they_were_closed(world.workplace, live, DAYS) == live


def test_a_folder_that_is_not_what_was_closed_is_not_read(world: World) -> None:
    (world.home.closed / "2026-09" / "r1" / MANIFEST).write_bytes(b"{ }")
    with pytest.raises(UsageError, match=r"manifest.json is changed: restore"):
        reconciled_of_closed(world.home, closed_months(world.database)[SEPTEMBER.start])
