"""What a close would freeze: the plan of it, and every file of a revision's folder. Nothing here writes to the disk.

In: the month as it is now. Out: the statements' facts and files, the frozen tables, the bridge from the revision before, the manifest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from usage_pipeline.costs.finality import MonthFinality
from usage_pipeline.defs.books import CATALOG, RATE_CARDS, RATES, adoption_of
from usage_pipeline.defs.closed import Closed, folder_of
from usage_pipeline.defs.closed_facts import frozen_facts
from usage_pipeline.defs.finality import document_of
from usage_pipeline.defs.finding import Finding
from usage_pipeline.defs.finding_money import finding_document
from usage_pipeline.defs.inputs import Gone
from usage_pipeline.defs.journal_month import FILE as JOURNAL_FILE
from usage_pipeline.defs.journal_month import journal_at_close
from usage_pipeline.defs.progress import tell
from usage_pipeline.defs.publish import STATEMENTS
from usage_pipeline.defs.replay import key_of_hashes
from usage_pipeline.defs.versions import versions
from usage_pipeline.defs.workplace import TEMPLATES, Workplace
from usage_pipeline.periods import Period, month_name
from usage_pipeline.reports import frozen
from usage_pipeline.reports.bridge import Book
from usage_pipeline.reports.bridge_files import Bridge
from usage_pipeline.reports.bridge_files import files_of as bridge_files
from usage_pipeline.reports.facts import Facts, snapshots_from
from usage_pipeline.reports.journal import journal_csv
from usage_pipeline.reports.manifest import PRICES, USAGE_YAML, Manifest, sha256_of
from usage_pipeline.reports.manifest import RATES as MANIFEST_RATES
from usage_pipeline.reports.pool import Rendered, render_all
from usage_pipeline.reports.snapshot import ORGANISATION, Approval
from usage_pipeline.storage.home import Home
from usage_pipeline.tables.allocations import Allocation, allocations
from usage_pipeline.tables.bridge import BridgePart
from usage_pipeline.tables.charges import Charge, charges
from usage_pipeline.tables.costs import DailyCost, daily_costs
from usage_pipeline.tables.inputs import Input
from usage_pipeline.tables.journal import JournalLine, journal
from usage_pipeline.tables.price_books import PriceBookAdoption
from usage_pipeline.tables.reconciliations import reconciliation_causes, reconciliations
from usage_pipeline.tables.revisions import CLOSED
from usage_pipeline.tables.summary import totals


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a close would do. `previous` is the newest revision, and `is_changed` whether the numbers are others than its.

    `parts` are the bridge between them. `rates` is what the file of exchange rates says.
    """

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
    parts: Sequence[BridgePart]
    rates: bytes | None

    @property
    def blocking(self) -> list[Finding]:
        return [one for one in self.findings if one.blocks]


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
    database, book = workplace.database(), dict[str, bytes]()
    for table in (reconciliations, reconciliation_causes):
        rows: list[Any] = database.select(table, where={"day": plan.month})
        book[f"{frozen.TABLES}/{table.name}.parquet"] = frozen.parquet_of(table, rows)
    if plan.rates is not None:
        book[MANIFEST_RATES] = plan.rates
    ledger = journal_files(journal_at_close(workplace, plan.month))
    bridge = {f"{STATEMENTS}/{ORGANISATION}/{name}": content for name, content in _bridge_files(plan, approval).items()}
    return {USAGE_YAML: plan.configuration.encode(), **tables, **book, **catalogs, **pages, **ledger, **bridge}, rendered


def journal_files(lines: Sequence[JournalLine]) -> dict[str, bytes]:
    """The journal as a table, in the order of its entries, and as the ledger's file; nothing without lines."""
    return {frozen.JOURNAL: frozen.parquet_bytes(journal.arrow(lines)), JOURNAL_FILE: journal_csv(lines)} if lines else {}


def _bridge_files(plan: Plan, approval: Approval) -> dict[str, bytes]:
    """From the revision before, if there is one."""
    if plan.previous is None:
        return {}
    return bridge_files(bridge_to(plan.facts, plan.previous.revision.cost, plan.parts, approval), TEMPLATES)


def bridge_to(facts: Facts, before: Decimal, parts: Sequence[BridgePart], approval: Approval) -> Bridge:
    """The bridge to a revision that is made of `facts`, from one whose total was `before`."""
    return Bridge(
        month=facts.month,
        revision=facts.revision,
        before=before,
        after=totals(facts.daily).cost,
        organisation=facts.organisation,
        projects=facts.projects,
        parts=parts,
        closed_at=approval.at,
        approved_by=approval.by,
        note=approval.note,
        looks=facts.looks,
    )


def current_book(workplace: Workplace, month: Period, daily: Sequence[DailyCost]) -> Book:
    """The numbers as they are now."""
    lake = workplace.lake(workplace.engine())
    lines, dealt = (lake.engine.to_pyarrow(lake.read(table, month)).to_pylist() for table in (charges, allocations))
    return Book(daily=daily, charges=[Charge(**one) for one in lines], allocations=[Allocation(**one) for one in dealt])


def closed_book(home: Home, closed: Closed) -> Book:
    """The numbers as they were closed."""
    frozen_facts(home, closed)
    return book_in(folder_of(home, closed.month).of(closed.revision.revision))


def book_in(folder: Path) -> Book:
    """The numbers of a revision's folder."""
    tables = folder / frozen.TABLES
    return Book(
        daily=frozen.rows_of(daily_costs, (folder / frozen.DAILY).read_bytes()),
        charges=frozen.rows_of(charges, (tables / f"{charges.name}.parquet").read_bytes()),
        allocations=frozen.rows_of(allocations, (tables / f"{allocations.name}.parquet").read_bytes()),
    )


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
