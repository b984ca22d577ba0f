"""The close of a month: what it would freeze and what stands against it, and the close itself, which happens whole or not at all.

Order of things: the folder under a temporary name, durable; renamed; one transaction that makes it count; then `reports/`. A kill before
the transaction leaves the month open, one after it closed; what it left undone is swept or finished by whatever runs next.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import sqlalchemy as sa

from usage_pipeline import money
from usage_pipeline.costs.finality import MonthFinality
from usage_pipeline.defs.close_files import Plan, closed_book, current_book, files_of, manifest_of
from usage_pipeline.defs.closed import CLOSE, SET_ASIDE, UNCHANGED, Closed, closed_months, folder_of
from usage_pipeline.defs.finality import finality_of
from usage_pipeline.defs.finding import Finding
from usage_pipeline.defs.inputs import inputs_of, locate
from usage_pipeline.defs.progress import tell
from usage_pipeline.defs.publish import STATEMENTS, publish, publish_all
from usage_pipeline.defs.replay import Ingredients, replayed
from usage_pipeline.defs.reports import REPORT, facts_of, with_lines
from usage_pipeline.defs.standing import NOT_UP_TO_DATE, differs, not_again, standing
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.errors import UsageConfigError, UsageError
from usage_pipeline.periods import Period, month_name
from usage_pipeline.reports.bridge import added_up, bridge_of
from usage_pipeline.reports.manifest import bytes_of, sha256_of
from usage_pipeline.reports.pool import Rendered
from usage_pipeline.reports.snapshot import Approval
from usage_pipeline.storage.closed_folder import MANIFEST
from usage_pipeline.storage.database import Database, Transaction
from usage_pipeline.tables.audit_log import AuditEntry, audit_log
from usage_pipeline.tables.costs import DailyCost, daily_costs
from usage_pipeline.tables.revisions import CLOSED, PROVISIONAL, RECONCILED, Revision, revisions
from usage_pipeline.tables.statements import Statement, statements
from usage_pipeline.tables.summary import totals

STAGE = "closing"
NAME_MOST, NOTE_MOST = 100, 500


def plan_of(workplace: Workplace, month: Period) -> Plan:
    """All that a close of the month rests on, and what stands against it. Computes the month once more from its input files."""
    database, settings = workplace.database(), workplace.settings()
    previous = closed_months(database).get(month.start)
    revision = previous.revision.revision + 1 if previous else 1
    daily = database.select(daily_costs, where={"day": month})
    before = closed_book(workplace.home, previous) if previous else None
    finality = finality_of(workplace, month, daily)
    books = workplace.books().adoptions()
    inputs = inputs_of(workplace, settings, month)
    configuration = settings.file.read_text("utf-8")
    rates = settings.exchange_rates if settings.exchange_rates and settings.exchange_rates.is_file() else None
    with TemporaryDirectory(dir=workplace.home.scratch, prefix="close-", ignore_cleanup_errors=True) as folder:
        places, gone = locate(workplace, inputs, Path(folder))
        findings = standing(workplace, month, finality, gone)
        if daily and not gone:
            given = Ingredients(
                month=month,
                inputs=inputs,
                places=places,
                configuration=configuration,
                books=books,
                catalogs=workplace.home.prices,
                rates=rates,
                at=workplace.now(),
                hashed_ids=workplace.home.hashed_ids,
            )
            stale = any(one.code == NOT_UP_TO_DATE for one in findings)
            again = None if stale else not_again(differs(daily, replayed(given, Path(folder))), month)
            findings = sorted([*findings, *([again] if again else [])], key=lambda one: not one.blocks)
    return Plan(
        month=month,
        revision=revision,
        previous=previous,
        is_changed=before is None or set(daily) != set(before.daily),
        parts=added_up(bridge_of(before, current_book(workplace, month, daily))) if before else (),
        rates=rates.read_bytes() if rates else None,
        facts=facts_of(workplace, database, month, revision=revision, with_advice=False, known=finality),
        finality=_held_back(finality, findings),
        findings=findings,
        inputs=inputs,
        gone=gone,
        configuration=configuration,
        fingerprint=settings.fingerprint,
        books=books,
    )


def _held_back(finality: MonthFinality, findings: Sequence[Finding]) -> MonthFinality:
    """What stands against the close alone, such as a change of usage.yaml since, holds a reconciled month back."""
    blocking = tuple(one.words for one in findings if one.blocks)
    return replace(finality, finality=PROVISIONAL, reasons=blocking) if blocking and finality.finality == RECONCILED else finality


def check_name(by: str, note: str | None) -> None:
    """Raises UsageConfigError for an approver that is no name, or is an address."""
    if "@" in by:
        raise UsageConfigError(f"--approve {by!r}: give a name, not an e-mail address: it is printed on every statement and kept for good")
    if not by.strip() or len(by) > NAME_MOST or not by.isprintable():
        raise UsageConfigError(f"--approve {by!r}: give the approver's name, at most {NAME_MOST} characters")
    if note is not None and (len(note) > NOTE_MOST or "@" in note):
        raise UsageConfigError(f"--note: at most {NOTE_MOST} characters and no e-mail address: it is kept for good")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A revision that is ready to be written: its row, its statements' rows, and every file of its folder."""

    plan: Plan
    row: Revision
    stated: Sequence[Statement]
    files: Mapping[str, bytes]


def close_month(workplace: Workplace, plan: Plan, by: str, note: str | None) -> Closed:
    """Make the plan's revision; the month as it is closed then. Raises UsageError where something stands against it, or changed since."""
    return enter(workplace, prepare(workplace, plan, by, note))


def prepare(workplace: Workplace, plan: Plan, by: str, note: str | None) -> Prepared:
    """Render the statements and write down the manifest; nothing of it is on disk yet."""
    check_name(by, note)
    if plan.blocking:
        raise UsageError(f"{month_name(plan.month)} cannot be closed: " + " ".join(one.words for one in plan.blocking))
    plan = replace(plan, facts=with_lines(workplace, plan.facts))
    now = workplace.now()
    files, rendered = files_of(workplace, plan, Approval(by=by, at=now, note=note))
    manifest = bytes_of(manifest_of(workplace, plan, files, by, note, now))
    row = Revision(
        month=plan.month.start,
        revision=plan.revision,
        closed_at=now,
        approved_by=by,
        note=note,
        cost=totals(plan.facts.daily).cost,
        currency=plan.facts.organisation.currency,
        manifest_hash=sha256_of(manifest),
    )
    return Prepared(plan=plan, row=row, stated=_stated(plan, rendered, files, now), files={**files, MANIFEST: manifest})


def enter(workplace: Workplace, prepared: Prepared) -> Closed:
    """The close itself: the folder, the one transaction, then reports/. The month is closed with the transaction, and not before."""
    home, database, plan = workplace.home, workplace.database(), prepared.plan
    folder, done = folder_of(home, plan.month), _teller()
    with folder.alone():
        publish_all(workplace)
        _note_aside(database, plan, folder.sweep(_counting(database, plan.month)), prepared.row)
        done("swept")
        folder.write(plan.revision, prepared.files, done)
        _count(database, plan, prepared.row, prepared.stated)
        done("entered in the database")
        closed = closed_months(database)[plan.month.start]
        publish(workplace, closed, done)
    return closed


def _note_aside(database: Database, plan: Plan, aside: Sequence[Path], row: Revision) -> None:
    """A whole revision that the database did not name: a kill left it, or it was signed under another database. It is kept."""
    for path in aside:
        database.insert(
            audit_log, [_entry(plan, SET_ASIDE, row.approved_by, None, row.closed_at, before=None, after={"folder": path.name})]
        )


def keep_as_closed(workplace: Workplace, plan: Plan, by: str, note: str | None) -> Closed:
    """The month computed again says what was closed: its draft ends, and the newest revision goes on to count."""
    check_name(by, note)
    if plan.previous is None:
        raise UsageError(f"{month_name(plan.month)} was never closed")
    what = {"revision": plan.previous.revision.revision}
    entry = _entry(plan, UNCHANGED, by, note, workplace.now(), before=what, after=what)
    workplace.database().insert(audit_log, [entry])
    closed = closed_months(workplace.database())[plan.month.start]
    publish(workplace, closed)
    return closed


def _count(database: Database, plan: Plan, row: Revision, stated: Sequence[Statement]) -> None:
    """The one transaction: revision, audit log and statements. Raises UsageError where the month or its numbers changed meanwhile."""
    before = plan.previous and {"revision": plan.previous.revision.revision, "manifest": plan.previous.revision.manifest_hash}
    after = {"revision": row.revision, "manifest": row.manifest_hash, "cost": money.text(row.cost), "currency": row.currency}
    with database.transaction() as transaction:
        _alone(transaction)
        known = [one.revision for one in transaction.select(revisions, where={"month": row.month})]
        if max(known, default=0) != row.revision - 1:
            raise UsageError(f"{month_name(plan.month)} was closed by somebody else meanwhile: look at it, then close again")
        rows: set[DailyCost] = set(transaction.select(daily_costs, where={"day": plan.month}))
        if rows != set(plan.facts.daily):
            raise UsageError(f"the numbers of {month_name(plan.month)} changed while it was being closed: nothing was closed; try again")
        transaction.insert(revisions, [row])
        transaction.insert(audit_log, [_entry(plan, CLOSE, row.approved_by, row.note, row.closed_at, before=before, after=after)])
        period = {"report": REPORT, "period": month_name(plan.month), "revision": plan.revision}
        transaction.replace(statements, stated, where=period)


def _alone(transaction: Transaction) -> None:
    """On PostgreSQL writers run side by side: let no other close or run change the month until the transaction ends."""
    if transaction.connection.dialect.name == "postgresql":
        transaction.connection.execute(sa.text(f"LOCK TABLE {revisions.name} IN SHARE ROW EXCLUSIVE MODE"))


def _entry(plan: Plan, action: str, by: str, note: str | None, at: datetime, *, before: Any, after: Any) -> AuditEntry:
    name = month_name(plan.month)
    content = json.dumps([action, name, by, note, at.isoformat(), before, after])
    return AuditEntry(
        entry_id=hashlib.sha256(content.encode()).hexdigest(),
        at=at,
        actor=by,
        action=action,
        subject=name,
        before=None if before is None else json.dumps(before, sort_keys=True),
        after=json.dumps(after, sort_keys=True),
        why=note,
    )


def _stated(plan: Plan, rendered: Sequence[Rendered], files: Mapping[str, bytes], now: datetime) -> list[Statement]:
    """A row a statement, as the database has it."""
    return [
        Statement(
            period=one.snapshot.period,
            scope=one.snapshot.scope,
            report=REPORT,
            revision=plan.revision,
            finality=CLOSED,
            cost=one.snapshot.totals.cost,
            price_book=one.snapshot.price_book,
            content_hash=one.pdf_key,
            files=json.dumps({name: sha256_of(files[f"{STATEMENTS}/{one.snapshot.scope}/{name}"]) for name in sorted(one.files)}),
            written_at=now,
            grade=None if one.snapshot.grade is None else one.snapshot.grade.letter,
        )
        for one in rendered
    ]


def _counting(database: Database, month: Period) -> dict[int, str]:
    return {one.revision: one.manifest_hash for one in database.select(revisions, where={"month": month.start})}


def _teller() -> Callable[[str], None]:
    """Counts the steps of the close for whoever listens."""
    steps: list[str] = []

    def done(step: str) -> None:
        steps.append(step)
        tell(STAGE, len(steps), 0)

    return done
