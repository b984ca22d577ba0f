"""Monthly statements: for the organisation and every project, each as PDF, CSV, XLSX, JSON and FOCUS from one snapshot."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa

from usage_pipeline.costs.finality import MonthFinality, scope_finality
from usage_pipeline.defs.bills import shared_in
from usage_pipeline.defs.claimants import unclaimed_of
from usage_pipeline.defs.closed import closed_months, open_months
from usage_pipeline.defs.closed_facts import frozen_facts
from usage_pipeline.defs.exchange import exchange_of
from usage_pipeline.defs.finality import finality_of, table_of
from usage_pipeline.defs.grades import grades_of
from usage_pipeline.defs.ingest import OWNERS
from usage_pipeline.defs.looks import looks_of
from usage_pipeline.defs.partitions import DAYS_OF_MONTH, MONTHLY, ONE_RUN, months_of
from usage_pipeline.defs.preview import amount, markdown, schema_of
from usage_pipeline.defs.prices import SEPARATOR, volumes_known
from usage_pipeline.defs.progress import tell
from usage_pipeline.defs.publish import publish
from usage_pipeline.defs.reports_more import compared_in, reconciled_in, wallets_in
from usage_pipeline.defs.request_limits import violations_in
from usage_pipeline.defs.workplace import TEMPLATES, Workplace
from usage_pipeline.periods import ONE_DAY, Period, month_name, month_of
from usage_pipeline.prices.advice import advice_of
from usage_pipeline.prices.book import PriceBook
from usage_pipeline.prices.money_range import explainer
from usage_pipeline.reports.facts import Facts, scopes_of, snapshots_from
from usage_pipeline.reports.formats.csv_more import MORE_CSV
from usage_pipeline.reports.pool import Rendered, render_each
from usage_pipeline.reports.render import PDF
from usage_pipeline.reports.snapshot import ORGANISATION, PROJECTS, Accounting, Snapshot
from usage_pipeline.settings import Settings
from usage_pipeline.storage.database import Database
from usage_pipeline.storage.home import Home
from usage_pipeline.storage.lake import Lake
from usage_pipeline.storage.long_lines import spoken_days
from usage_pipeline.tables.advice import Advice
from usage_pipeline.tables.allocations import allocations
from usage_pipeline.tables.budgets import budget_status
from usage_pipeline.tables.charges import charges
from usage_pipeline.tables.costs import MonthlyCost, daily_costs, monthly_costs
from usage_pipeline.tables.exchange_used import ExchangeUsed
from usage_pipeline.tables.ingested_files import IngestedFile, ingested_files
from usage_pipeline.tables.months import monthly_costs_of
from usage_pipeline.tables.priced_usage import priced_usage
from usage_pipeline.tables.reconciliations import reconciliations
from usage_pipeline.tables.request_limits import limit_violations
from usage_pipeline.tables.schema import Table
from usage_pipeline.tables.statements import Statement, statements
from usage_pipeline.tables.unpriced import unpriced_of
from usage_pipeline.tables.wallets import wallets

REPORT = "statement"
COPY = "copy"


@dg.asset(
    key=REPORT,
    deps=[
        monthly_costs.name,
        budget_status.name,
        *(dg.AssetDep(name, partition_mapping=DAYS_OF_MONTH) for name in (limit_violations.name, wallets.name, reconciliations.name)),
    ],
    partitions_def=MONTHLY,
    backfill_policy=ONE_RUN,
    group_name="reports",
    kinds={"python", "pdf", "csv"},
    owners=OWNERS,
    code_version="1",
    metadata={"dagster/column_schema": schema_of(statements)},
)
def statement_asset(context: dg.AssetExecutionContext, workplace: Workplace) -> dg.MaterializeResult[None]:
    """The month's statement of the organisation and of each project: PDF, CSV, XLSX, JSON, FOCUS of equal totals, where they changed."""
    database, home = workplace.database(), workplace.home
    for month in months_of(context):
        closed = closed_months(database).get(month.start)
        if closed is not None:
            publish(workplace, closed)
    finalities = {month: finality_of(workplace, month) for month in months_of(context)}
    months = open_months(context, workplace)
    snapshots = [snapshot for month in months for snapshot in snapshots_of(workplace, database, month, known=finalities[month])]
    drafts = {(one.period, one.revision) for one in snapshots}
    stated = database.select(statements, where={"report": REPORT, "period": sorted({one.period for one in snapshots})})
    known = {(one.period, one.scope): one for one in stated if (one.period, one.revision) in drafts}
    kept = {place: one.content_hash for place, one in known.items() if _still_there(home.reports, one)}
    rows: list[Statement] = []
    for rendered in render_each(snapshots, TEMPLATES, known=kept, progress=lambda done, total: tell("statements", done, total)):
        folder = home.reports / rendered.snapshot.period / rendered.snapshot.scope
        for name, content in rendered.files.items():
            write_if_changed(folder / name, content)
        for name in set(MORE_CSV).difference(rendered.files):
            (folder / name).unlink(missing_ok=True)
        rows.append(_recorded(rendered, folder, known.get((rendered.snapshot.period, rendered.snapshot.scope)), workplace))
    _remove_others(database, home.reports, rows)
    database.upsert(statements, rows)
    told = {f"finality of {month_name(month)}": markdown(table_of(one)) for month, one in finalities.items()}
    left_out = sum(one.focus.left_out for one in snapshots if one.project is None and one.focus is not None)
    counted = {"events in no FOCUS file, as they have no price": left_out}
    return dg.MaterializeResult(metadata=_summary(rows, home.reports) | told | counted)


def _remove_others(database: Database, reports: Path, rows: Sequence[Statement]) -> None:
    """Take away the drafts' statements of scopes that are no more, such as `unattributed` once every line has a project."""
    written = {(row.period, row.scope) for row in rows}
    drafts = {(row.period, row.revision) for row in rows}
    for one in database.select(statements, where={"report": REPORT, "period": sorted({row.period for row in rows})}):
        if (one.period, one.revision) in drafts and (one.period, one.scope) not in written:
            where = {"report": REPORT, "period": one.period, "scope": one.scope, "revision": one.revision}
            database.replace(statements, [], where=where)
            for name in json.loads(one.files):
                (reports / one.period / one.scope / name).unlink(missing_ok=True)


def snapshots_of(
    workplace: Workplace, database: Database, month: Period, *, with_advice: bool = True, known: MonthFinality | None = None
) -> list[Snapshot]:
    """The organisation's snapshot and each declared project's, from the database; unattributed cost stands in the organisation's.

    A closed month's are those of its newest revision, unless it is being revised. Advice takes as long as all the rest: who compares
    numbers alone does without, and without the bill's lines that the FOCUS files are made of. `known` is as in `facts_of`.
    """
    closed = closed_months(database).get(month.start)
    if closed is not None and not closed.is_draft:
        return snapshots_from(frozen_facts(workplace.home, closed))
    revision = closed.revision.revision + 1 if closed else 1
    return snapshots_from(facts_of(workplace, database, month, revision=revision, with_advice=with_advice, known=known))


def facts_of(
    workplace: Workplace, database: Database, month: Period, *, revision: int, with_advice: bool = True, known: MonthFinality | None = None
) -> Facts:
    """What the month's statements are made of as of now; nobody has approved them. `known` is the month's finality, where it is known."""
    settings = workplace.settings()
    daily = database.select(daily_costs, where={"day": month})
    inputs = files_of(database, month)
    lake = workplace.lake(workplace.engine())
    book = workplace.books().book_on(month.last)
    finality, exchange = known or finality_of(workplace, month, daily), exchange_of(lake, month)
    unpriced, lines = unpriced_of(daily, explainer(book)), sum(file.lines for file in inputs)
    scopes = scopes_of(settings.projects, daily)
    facts = Facts(
        month=month,
        revision=revision,
        finalities={
            scope: scope_finality(finality, daily, None if scope == ORGANISATION else scope.removeprefix(PROJECTS)) for scope in scopes
        },
        approval=None,
        daily=daily,
        previous=previous_of(workplace.home, database, month),
        statuses=database.select(budget_status, where={"as_of": month}),
        projects=settings.projects,
        organisation=settings.organisation,
        inputs=(*((_name(file.uri, settings.file.parent), file.fingerprint) for file in inputs), *_rates_file(settings, exchange)),
        price_book=price_books_of(workplace, lake, month),
        unpriced=unpriced,
        advice=(),
        accounting=Accounting(
            read=lines,
            accepted=sum(file.accepted for file in inputs),
            duplicates=sum(file.duplicates for file in inputs),
            rejected=sum(file.rejected for file in inputs),
        ),
        exchange=exchange,
        shared=shared_in(lake, month),
        unclaimed=unclaimed_of(workplace, month, daily),
        grades=grades_of(workplace, month, daily, unpriced, lines=lines),
        violations=violations_in(workplace, database, month, scopes),
        compared=compared_in(workplace.home, database, month, daily),
        wallets=wallets_in(database, month),
        reconciled=reconciled_in(database, month),
        looks=looks_of(settings),
    )
    return with_lines(workplace, facts) if with_advice else facts


def with_lines(workplace: Workplace, facts: Facts) -> Facts:
    """The same with advice and the bill's lines: they take as long as all the rest, and only who renders statements needs them."""
    month, lake = facts.month, workplace.lake(workplace.engine())
    return replace(
        facts,
        advice=_advice(lake, workplace.books().book_on(month.last), month),
        charges=_in_order(lake, charges, month),
        allocations=_in_order(lake, allocations, month),
    )


def _in_order(lake: Lake, table: Table[Any], month: Period) -> pa.Table:
    """The month's rows of a table of the lake, by key: the FOCUS files are made of them."""
    return lake.engine.to_pyarrow(lake.read(table, month).order_by(list(table.key)))


def _advice(lake: Lake, book: PriceBook, month: Period) -> list[Advice]:
    return advice_of(lake.read(priced_usage, month), book, lake.engine, volumes=volumes_known(lake, book, month))


def previous_of(home: Home, database: Database, month: Period) -> list[MonthlyCost]:
    """The rows of the month before: of a closed one as they were closed, also while it is being revised."""
    before = month_of(month.start - ONE_DAY)
    closed = closed_months(database).get(before.start)
    if closed is not None and closed.is_draft:
        return monthly_costs_of(before, frozen_facts(home, closed).daily)
    return database.select(monthly_costs, where={"month": before.start})


def price_books_of(workplace: Workplace, lake: Lake, month: Period) -> str:
    """The price book that the month's usage was priced by; where it was more than one, each with its days."""
    priced = lake.read(priced_usage, month)
    by_book = priced.group_by("price_book").agg(first=priced.started_at.date().min(), last=priced.started_at.date().max())
    found = sorted(lake.engine.to_pyarrow(by_book).to_pylist(), key=lambda row: (row["first"], row["price_book"]))
    if not found:
        return SEPARATOR.join(dict.fromkeys(book.version for _, book in workplace.books().in_force(month)))
    if len(found) == 1:
        return str(found[0]["price_book"])
    return SEPARATOR.join(f"{row['price_book']} ({row['first']} to {row['last']})" for row in found)


def files_of(database: Database, month: Period) -> list[IngestedFile]:
    """The file versions that speak of a day of the month, in the order of their names; what `exclude:` names is none. A copy under another
    name adds nothing, save where the other is left out.
    """
    prints = {(one.source, one.fingerprint) for one in spoken_days(month, database=database)}
    counting = [one for one in database.select(ingested_files) if (one.source, one.fingerprint) in prints and one.excluded_at is None]
    files = [one for one in counting if one.state != COPY]
    read = {(one.source, one.fingerprint) for one in files}
    files += {(one.source, one.fingerprint): one for one in counting if (one.source, one.fingerprint) not in read}.values()
    return sorted(files, key=lambda file: (file.source, file.uri, file.fingerprint))


def write_if_changed(path: Path, content: bytes) -> None:
    """Replace the file at once, and only if it says something else than before."""
    if path.is_file() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.writing")
    temporary.write_bytes(content)
    temporary.replace(path)


def _rates_file(settings: Settings, exchange: Sequence[ExchangeUsed]) -> list[tuple[str, str]]:
    """The file of exchange rates, where one was used."""
    path = settings.exchange_rates
    return [(_name(str(path), settings.file.parent), _hash(path))] if exchange and path is not None and path.is_file() else []


def _name(uri: str, folder: Path) -> str:
    """The file as a statement names it: relative to the configuration where it lies below it, so that no machine's paths are printed."""
    path = Path(uri)
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else uri


def _recorded(rendered: Rendered, folder: Path, known: Statement | None, workplace: Workplace) -> Statement:
    """The statement's row; the time in it is when its files last changed."""
    snapshot = rendered.snapshot
    written = sorted(path for pattern in (f"{REPORT}.*", f"{REPORT}-*.csv", "focus-*.csv") for path in folder.glob(pattern))
    files = json.dumps({path.name: _hash(path) for path in written})
    return Statement(
        period=snapshot.period,
        scope=snapshot.scope,
        report=REPORT,
        revision=snapshot.revision,
        finality=snapshot.finality,
        cost=snapshot.totals.cost,
        grade=None if snapshot.grade is None else snapshot.grade.letter,
        price_book=snapshot.price_book,
        content_hash=rendered.pdf_key,
        files=files,
        written_at=known.written_at if known and known.files == files else workplace.now(),
    )


def _still_there(reports: Path, known: Statement) -> bool:
    """Whether the PDF on disk is the one that was recorded."""
    path = reports / known.period / known.scope / PDF
    return path.is_file() and _hash(path) == json.loads(known.files).get(PDF)


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _summary(rows: Sequence[Statement], folder: Path) -> dict[str, Any]:
    shown = [{"period": one.period, "scope": one.scope, "finality": one.finality, "grade": one.grade, "cost": one.cost} for one in rows]
    whole = next((one for one in reversed(rows) if one.scope == ORGANISATION), None)
    metadata: dict[str, Any] = {"dagster/row_count": len(rows), "statements": markdown(shown)}
    if whole is not None:
        metadata["organisation"] = amount(whole.cost)
        metadata["organisation PDF"] = dg.MetadataValue.path(str(folder / whole.period / ORGANISATION / "statement.pdf"))
    return metadata
