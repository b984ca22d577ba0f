"""Monthly statements: for the organisation and every project, each as PDF, CSV and JSON from one snapshot."""

import hashlib
import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import dagster as dg

from usage_pipeline.defs.findings import rejected_bill_lines
from usage_pipeline.defs.ingest import OWNERS
from usage_pipeline.defs.partitions import MONTHLY, ONE_RUN, months_of
from usage_pipeline.defs.preview import amount, markdown, schema_of
from usage_pipeline.defs.prices import SEPARATOR, volumes_known
from usage_pipeline.defs.progress import tell
from usage_pipeline.defs.workplace import TEMPLATES, Workplace
from usage_pipeline.periods import ONE_DAY, Period, month_name, month_of
from usage_pipeline.prices.advice import advice_of
from usage_pipeline.prices.money_range import explainer
from usage_pipeline.reports.pool import Rendered, render_all
from usage_pipeline.reports.render import PDF
from usage_pipeline.reports.snapshot import ORGANISATION, Accounting, Snapshot, statement_of
from usage_pipeline.storage.database import Database
from usage_pipeline.storage.failed_sources import noted_failures
from usage_pipeline.storage.lake import Lake
from usage_pipeline.storage.long_lines import spoken_days
from usage_pipeline.tables.budgets import budget_status
from usage_pipeline.tables.costs import UNATTRIBUTED, DailyCost, daily_costs, monthly_costs
from usage_pipeline.tables.ingested_files import IngestedFile, ingested_files
from usage_pipeline.tables.priced_usage import priced_usage
from usage_pipeline.tables.statements import Statement, statements

REPORT = "statement"
COPY = "copy"


@dg.asset(
    key=REPORT,
    deps=[monthly_costs.name, budget_status.name],
    partitions_def=MONTHLY,
    backfill_policy=ONE_RUN,
    group_name="reports",
    kinds={"python", "pdf", "csv"},
    owners=OWNERS,
    code_version="1",
    metadata={"dagster/column_schema": schema_of(statements)},
)
def statement_asset(context: dg.AssetExecutionContext, workplace: Workplace) -> dg.MaterializeResult[None]:
    """The month's statement of the organisation and of each project: PDF, CSV and JSON with equal totals, written where they changed."""
    database, home = workplace.database(), workplace.home
    snapshots = [snapshot for month in months_of(context) for snapshot in snapshots_of(workplace, database, month)]
    known = {(one.period, one.scope): one for one in database.select(statements, where={"report": REPORT})}
    kept = {place: one.content_hash for place, one in known.items() if _still_there(home.reports, one)}
    rows: list[Statement] = []
    for rendered in render_all(snapshots, TEMPLATES, known=kept, progress=lambda done, total: tell("statements", done, total)):
        folder = home.reports / rendered.snapshot.period / rendered.snapshot.scope
        for name, content in rendered.files.items():
            write_if_changed(folder / name, content)
        rows.append(_recorded(rendered, folder, known.get((rendered.snapshot.period, rendered.snapshot.scope)), workplace))
    _remove_others(database, home.reports, [month_name(month) for month in months_of(context)], rows)
    database.upsert(statements, rows)
    return dg.MaterializeResult(metadata=_summary(rows, home.reports))


def _remove_others(database: Database, reports: Path, periods: Sequence[str], rows: Sequence[Statement]) -> None:
    """Take away the months' statements of scopes that are no more, such as `unattributed` once every line has a project."""
    written = {(row.period, row.scope) for row in rows}
    for one in database.select(statements, where={"report": REPORT, "period": periods}):
        if (one.period, one.scope) not in written:
            database.replace(statements, [], where={"report": REPORT, "period": one.period, "scope": one.scope})
            for name in json.loads(one.files):
                (reports / one.period / one.scope / name).unlink(missing_ok=True)


def snapshots_of(workplace: Workplace, database: Database, month: Period) -> list[Snapshot]:
    """The organisation's snapshot and each declared project's, from the database; unattributed cost stands in the organisation's."""
    settings = workplace.settings()
    daily = database.select(daily_costs, where={"day": month})
    before = month_of(month.start - ONE_DAY)
    inputs = files_of(database, month)
    lake = workplace.lake(workplace.engine())
    all_bills_read = not noted_failures(workplace.home.failed_sources) and not rejected_bill_lines(settings, database, lake, month)
    book = workplace.books().book_on(month.last)
    statement = partial(
        statement_of,
        month,
        daily=daily,
        previous=database.select(monthly_costs, where={"month": before.start}) or None,
        statuses=database.select(budget_status, where={"as_of": month}),
        projects=settings.projects,
        organisation=settings.organisation,
        inputs=[(_name(file, settings.file.parent), file.fingerprint) for file in inputs],
        price_book=price_books_of(workplace, lake, month),
        explain=explainer(book),
        advice=advice_of(lake.read(priced_usage, month), book, lake.engine, volumes=volumes_known(lake, book, month)),
        accounting=Accounting(
            read=sum(file.lines for file in inputs),
            accepted=sum(file.accepted for file in inputs),
            duplicates=sum(file.duplicates for file in inputs),
            rejected=sum(file.rejected for file in inputs),
        ),
    )
    scopes = [ORGANISATION, *(project.id for project in settings.projects)]
    if any(row.project == UNATTRIBUTED for row in daily):
        scopes.append(UNATTRIBUTED)
    complete = all_bills_read and {row.day for row in daily} == set(month.days())
    return [statement(scope, finality=_finality(daily, scope, complete=complete)) for scope in scopes]


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


def _finality(daily: Sequence[DailyCost], scope: str, *, complete: bool) -> str:
    """'open' while days or bills are missing, or a bill has lines that could not be read; else 'provisional'."""
    billed = all(row.billed_cost is not None for row in daily if scope in {ORGANISATION, row.project} and row.cost != 0)
    return "provisional" if complete and billed else "open"


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


def _name(file: IngestedFile, folder: Path) -> str:
    """The file as a statement names it: relative to the configuration where it lies below it, so that no machine's paths are printed."""
    path = Path(file.uri)
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else file.uri


def _recorded(rendered: Rendered, folder: Path, known: Statement | None, workplace: Workplace) -> Statement:
    """The statement's row; the time in it is when its files last changed."""
    snapshot = rendered.snapshot
    files = json.dumps({path.name: _hash(path) for path in sorted(folder.glob(f"{REPORT}.*"))})
    return Statement(
        period=snapshot.period,
        scope=snapshot.scope,
        report=REPORT,
        revision=snapshot.revision,
        finality=snapshot.finality,
        cost=snapshot.totals.cost,
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
    shown = [{"period": one.period, "scope": one.scope, "finality": one.finality, "cost": one.cost} for one in rows]
    whole = next((one for one in reversed(rows) if one.scope == ORGANISATION), None)
    metadata: dict[str, Any] = {"dagster/row_count": len(rows), "statements": markdown(shown)}
    if whole is not None:
        metadata["organisation"] = amount(whole.cost)
        metadata["organisation PDF"] = dg.MetadataValue.path(str(folder / whole.period / ORGANISATION / "statement.pdf"))
    return metadata
