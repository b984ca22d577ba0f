"""The close of a month: what it would freeze and what stands against it, and the close itself, which happens whole or not at all.

Order of things: the folder under a temporary name, durable; renamed; one transaction that makes it count; then `reports/`. A kill before
the transaction leaves the month open, one after it closed; what it left undone is swept or finished by whatever runs next.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import sqlalchemy as sa

from usage_pipeline import money
from usage_pipeline.costs.finality import MonthFinality
from usage_pipeline.defs.books import CATALOG, RATE_CARDS, RATES, adoption_of
from usage_pipeline.defs.closed import CLOSE, UNCHANGED, Closed, closed_months, folder_of
from usage_pipeline.defs.finality import document_of, finality_of
from usage_pipeline.defs.finding import Finding
from usage_pipeline.defs.inputs import Gone, inputs_of, locate
from usage_pipeline.defs.progress import tell
from usage_pipeline.defs.publish import STATEMENTS, frozen_facts, publish, publish_all
from usage_pipeline.defs.replay import Ingredients, key_of_hashes, replayed
from usage_pipeline.defs.reports import REPORT, facts_of
from usage_pipeline.defs.standing import differs, not_again, standing
from usage_pipeline.defs.workplace import TEMPLATES, Workplace
from usage_pipeline.errors import UsageConfigError, UsageError
from usage_pipeline.periods import Period, month_name
from usage_pipeline.reports import frozen
from usage_pipeline.reports.facts import Facts, snapshots_from
from usage_pipeline.reports.manifest import PRICES, USAGE_YAML, Manifest, bytes_of, sha256_of
from usage_pipeline.reports.pool import Rendered, render_all
from usage_pipeline.reports.snapshot import Approval
from usage_pipeline.storage.closed_folder import MANIFEST
from usage_pipeline.storage.database import Database, Transaction
from usage_pipeline.storage.lake import Lake
from usage_pipeline.tables.allocations import allocations
from usage_pipeline.tables.audit_log import AuditEntry, audit_log
from usage_pipeline.tables.charges import charges
from usage_pipeline.tables.costs import DailyCost, daily_costs
from usage_pipeline.tables.inputs import Input
from usage_pipeline.tables.price_books import PriceBookAdoption
from usage_pipeline.tables.reconciliations import reconciliation_causes, reconciliations
from usage_pipeline.tables.revisions import CLOSED, Revision, revisions
from usage_pipeline.tables.schema import Table
from usage_pipeline.tables.statements import Statement, statements
from usage_pipeline.tables.summary import totals

STAGE = "closing"
NAME_MOST, NOTE_MOST = 100, 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a close would do. `previous` is the newest revision, and `is_changed` whether the numbers are others than its."""

    month: Period
    revision: int
    previous: Closed | None
    is_changed: bool
    facts: Facts
    finality: MonthFinality
    findings: Sequence[Finding]
    inputs: Sequence[Input]
    gone: Sequence[Gone]
    configuration: str
    fingerprint: str
    books: Sequence[PriceBookAdoption]

    @property
    def blocking(self) -> list[Finding]:
        return [one for one in self.findings if one.blocks]


def plan_of(workplace: Workplace, month: Period) -> Plan:
    """All that a close of the month rests on, and what stands against it. Computes the month once more from its input files."""
    database, settings = workplace.database(), workplace.settings()
    previous = closed_months(database).get(month.start)
    revision = previous.revision.revision + 1 if previous else 1
    daily = database.select(daily_costs, where={"day": month})
    before = frozen_facts(workplace.home, previous).daily if previous else ()
    finality = finality_of(workplace, month, daily)
    books = workplace.books().adoptions()
    inputs = inputs_of(workplace, settings, month)
    configuration = settings.file.read_text("utf-8")
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
                at=workplace.now(),
            )
            again = not_again(differs(daily, replayed(given, Path(folder))), month)
            findings = sorted([*findings, *([again] if again else [])], key=lambda one: not one.blocks)
    return Plan(
        month=month,
        revision=revision,
        previous=previous,
        is_changed=previous is None or set(daily) != set(before),
        facts=facts_of(workplace, database, month, revision=revision),
        finality=finality,
        findings=findings,
        inputs=inputs,
        gone=gone,
        configuration=configuration,
        fingerprint=settings.fingerprint,
        books=books,
    )


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
        publish_all(home, database)
        folder.sweep(_counting(database, plan.month))
        done("swept")
        folder.write(plan.revision, prepared.files, done)
        _count(database, plan, prepared.row, prepared.stated)
        done("entered in the database")
        closed = closed_months(database)[plan.month.start]
        publish(home, closed, done)
    return closed


def keep_as_closed(workplace: Workplace, plan: Plan, by: str, note: str | None) -> Closed:
    """The month computed again says what was closed: its draft ends, and the newest revision goes on to count."""
    check_name(by, note)
    if plan.previous is None:
        raise UsageError(f"{month_name(plan.month)} was never closed")
    what = {"revision": plan.previous.revision.revision}
    entry = _entry(plan, UNCHANGED, by, note, workplace.now(), before=what, after=what)
    workplace.database().insert(audit_log, [entry])
    closed = closed_months(workplace.database())[plan.month.start]
    publish(workplace.home, closed)
    return closed


def files_of(workplace: Workplace, plan: Plan, approval: Approval) -> tuple[dict[str, bytes], list[Rendered]]:
    """Everything that the revision's folder holds but its manifest, and the statements: rendered from what was written down."""
    facts = replace(plan.facts, approval=approval, finalities=dict.fromkeys(plan.facts.finalities, CLOSED))
    tables = frozen.files_of(facts)
    rendered = render_all(
        snapshots_from(frozen.facts_from(tables)), TEMPLATES, progress=lambda number, total: tell("statements", number, total)
    )
    pages = {f"{STATEMENTS}/{one.snapshot.scope}/{name}": content for one in rendered for name, content in one.files.items()}
    in_force = sorted({adoption_of(day, plan.books).content_hash for day in plan.month.days()})
    places = [f"{one}/{name}" for one in in_force for name in (CATALOG, RATE_CARDS, RATES)]
    catalogs = {f"{PRICES}/{place}": (workplace.home.prices / place).read_bytes() for place in places}
    lake, database = workplace.lake(workplace.engine()), workplace.database()
    book = {f"{frozen.TABLES}/{table.name}.parquet": _lake_table(lake, table, plan.month) for table in (charges, allocations)}
    for table in (reconciliations, reconciliation_causes):
        rows: list[Any] = database.select(table, where={"day": plan.month})
        book[f"{frozen.TABLES}/{table.name}.parquet"] = frozen.parquet_of(table, rows)
    return {USAGE_YAML: plan.configuration.encode(), **tables, **book, **catalogs, **pages}, rendered


def manifest_of(workplace: Workplace, plan: Plan, files: Mapping[str, bytes], by: str, note: str | None, now: datetime) -> Manifest:
    sums = totals(plan.facts.daily)
    return Manifest(
        month=month_name(plan.month),
        revision=plan.revision,
        closed_at=now,
        approved_by=by,
        note=note,
        currency=plan.facts.organisation.currency,
        totals={"cost": sums.cost, "billed_cost": sums.cost_billed, "estimated_cost": sums.cost_estimated},
        inputs=plan.inputs,
        settings=plan.fingerprint,
        books=plan.books,
        findings=[finding_document(one) for one in plan.findings],
        finality=document_of(plan.finality),
        versions=versions(),
        hash_key=key_of_hashes(workplace),
        files={name: (len(content), sha256_of(content)) for name, content in files.items()},
    )


def versions() -> dict[str, str]:
    """Of what computes and renders."""
    return {name: version(name) for name in ("usage-pipeline", "weasyprint", "genai-prices", "duckdb")}


def finding_document(one: Finding) -> dict[str, Any]:
    amount = None if one.amount is None else money.text(one.amount)
    return {"code": one.code, "blocks": one.blocks, "count": one.count, "amount": amount, "words": one.words}


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
        )
        for one in rendered
    ]


def _lake_table(lake: Lake, table: Table[Any], month: Period) -> bytes:
    """The month's rows of a table of the lake, by key."""
    rows = lake.engine.to_pyarrow(lake.read(table, month).order_by(list(table.key)))
    return frozen.parquet_bytes(rows)


def _counting(database: Database, month: Period) -> dict[int, str]:
    return {one.revision: one.manifest_hash for one in database.select(revisions, where={"month": month.start})}


def _teller() -> Callable[[str], None]:
    """Counts the steps of the close for whoever listens."""
    steps: list[str] = []

    def done(step: str) -> None:
        steps.append(step)
        tell(STAGE, len(steps), 0)

    return done
