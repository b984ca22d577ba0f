"""`usage-pipeline coverage`: every key, workspace, project id and tag seen, with its money and its owner, and the rule that is missing."""

import csv
import io
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from usage_pipeline import money
from usage_pipeline.commands.output import Output, dollars
from usage_pipeline.commands.unclaimed import show_unclaimed, unclaimed_document
from usage_pipeline.commands.unpriced import SMALLEST
from usage_pipeline.defs.claimants import unclaimed_of
from usage_pipeline.defs.coverage import coverage_of
from usage_pipeline.defs.reports import write_if_changed
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.errors import UsageConfigError
from usage_pipeline.periods import Period
from usage_pipeline.reports.formats.guards import guarded
from usage_pipeline.reports.snapshot import ORGANISATION
from usage_pipeline.settings import Environment
from usage_pipeline.storage.database import Database
from usage_pipeline.storage.home import Home
from usage_pipeline.tables.costs import UNATTRIBUTED, daily_costs
from usage_pipeline.tables.coverage import NOTHING, Covered

NO_OWNER = "no owner yet"
SHOWN_MOST = 40
RULES_MOST = 5
COLUMNS = (
    "source", "field", "value", "values", "name", "owner", "lines", "requests", "estimated_cost", "billed_cost", "unowned_lines",
    "unowned_estimated_cost", "unowned_billed_cost", "first_day", "last_day", "currency",
)  # fmt: skip


def run_coverage(environment: Environment, days: Period, output: Output, *, unowned_only: bool) -> int:
    """Print what there is; write the CSV beside the period's reports."""
    home = Home(environment.home)
    if not home.lake.is_dir():
        raise UsageConfigError(f"{home.root} holds no usage yet: `usage-pipeline run` reads it, or name another with --home")
    workplace = Workplace(home_folder=str(home.root), config_file=str(environment.config_file))
    currency = workplace.settings().organisation.currency
    rows = coverage_of(workplace, days)
    path = home.reports / f"{days.start}_{days.last}" / ORGANISATION / "coverage.csv"
    write_if_changed(path, _csv(rows, currency))
    shown = [row for row in rows if not row.is_owned] if unowned_only else rows
    database = workplace.database()
    found = unclaimed_of(workplace, days, database.select(daily_costs, where={"day": days}))
    before = _before(database, days)
    if output.as_json:
        where = path.relative_to(home.root).as_posix()
        document = {"from": str(days.start), "to": str(days.last), "currency": currency, "csv": where}
        output.document(document | {"unattributed": unclaimed_document(found, days, before), "rows": _documents(shown)})
    else:
        _show(shown, days, currency, output)
        show_unclaimed(found, days, before, currency, output)
        output.say(f"\nall {len(rows):,} rows: {path}")
    return 0


def _before(database: Database, days: Period) -> tuple[Period, Decimal] | None:
    """As many days before, and what was without a project then; None where nothing was computed of them."""
    span = Period(days.start - timedelta(days=days.days_count), days.start)
    rows = database.select(daily_costs, where={"day": span})
    return (span, money.total([row.cost for row in rows if row.project == UNATTRIBUTED])) if rows else None


def owner_of(row: Covered) -> str:
    """Its projects, and whether some of it has none."""
    return ", ".join([*row.projects, *([NO_OWNER] if row.unowned_lines else [])])


def rule_of(row: Covered) -> str | None:
    """The attribution rule to add, its project left to be chosen; None where no rule can tell such lines apart."""
    if row.is_owned or row.field == NOTHING or row.value is None:
        return None
    value = row.value.replace("\\", "\\\\").replace('"', '\\"')
    return f'- {{source: {row.source}, field: {row.field}, equals: "{value}", project: …}}'


def _show(rows: Sequence[Covered], days: Period, currency: str, output: Output) -> None:
    output.heading(f"Who owns what, {days.start} to {days.last}, {currency}")
    output.table(
        ("source", "field", "value", "name", "lines", "estimated", "billed", "owner"),
        [
            (
                *(row.source, "nothing that tells" if row.field == NOTHING else row.field, _value(row), row.name, row.lines),
                *(_rounded(row.estimated), _rounded(row.billed), owner_of(row)),
            )
            for row in rows[:SHOWN_MOST]
        ],
        numbers=("lines", "estimated", "billed"),
    )
    if len(rows) > SHOWN_MOST:
        output.say(f"{len(rows) - SHOWN_MOST:,} more in the CSV")
    rules = [rule for rule in map(rule_of, rows) if rule]
    if rules:
        output.heading("Rules that are missing under `attribution` in usage.yaml, the dearest first")
        for rule in rules[:RULES_MOST]:
            output.say(rule)
        if len(rules) > RULES_MOST:
            output.say(f"and {len(rules) - RULES_MOST:,} more; one rule on a tag often covers many")


def _value(row: Covered) -> str:
    return row.value if row.value is not None else f"{row.values_count:,} values"


def _rounded(amount: Decimal | None) -> str | None:
    return None if amount is None else "<0.01" if 0 < amount < SMALLEST else dollars(amount)


def _shown(amount: Decimal | None) -> str | None:
    return None if amount is None else money.text(amount)


def _documents(rows: Sequence[Covered]) -> list[dict[str, Any]]:
    return [
        {
            "source": row.source,
            "field": row.field,
            "value": row.value,
            "values": row.values_count,
            "name": row.name,
            "projects": list(row.projects),
            "owned": row.is_owned,
            "lines": row.lines,
            "requests": row.requests,
            "estimated_cost": _shown(row.estimated),
            "billed_cost": _shown(row.billed),
            "unowned_lines": row.unowned_lines,
            "unowned_estimated_cost": _shown(row.unowned_estimated),
            "unowned_billed_cost": _shown(row.unowned_billed),
            "first_day": row.first_day.isoformat(),
            "last_day": row.last_day.isoformat(),
            "rule": rule_of(row),
        }
        for row in rows
    ]


def _csv(rows: Sequence[Covered], currency: str) -> bytes:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in rows:
        texts = [guarded(text or "") for text in (row.source, row.field, row.value)]
        amounts = (row.estimated, row.billed, row.unowned_lines, row.unowned_estimated, row.unowned_billed)
        shown = ["" if one is None else str(one) if isinstance(one, int) else money.text(one) for one in amounts]
        who = [row.values_count, guarded(row.name or ""), guarded(owner_of(row)), row.lines, row.requests]
        writer.writerow([*texts, *who, *shown, row.first_day, row.last_day, currency])
    return b"\xef\xbb\xbf" + buffer.getvalue().encode()
