"""`usage-pipeline explain`: a statement's number walked down to the lines of files that it is made of. Changes nothing."""

import re
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from usage_pipeline.commands.explain_document import document_of
from usage_pipeline.commands.explain_words import show
from usage_pipeline.commands.output import Output
from usage_pipeline.defs.closed import Closed
from usage_pipeline.defs.closed_facts import frozen_facts
from usage_pipeline.defs.explain import explained
from usage_pipeline.defs.explain_closed import as_closed
from usage_pipeline.defs.explain_left_out import files_of, left_out
from usage_pipeline.defs.places import places_of
from usage_pipeline.defs.progress import reporting_to
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.errors import UsageConfigError
from usage_pipeline.periods import Period, inclusive, month_name, month_of
from usage_pipeline.settings import Environment
from usage_pipeline.storage.home import Home
from usage_pipeline.tables.costs import DailyCost, daily_costs
from usage_pipeline.tables.revisions import revisions

MONTH = re.compile(r"(\d{4}-(?:0[1-9]|1[0-2]))(?:/r([1-9]\d*))?")
NONE_OF_IT = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """Which statement: its month, the closed revision whose frozen tables count (None: the tables as they are), the project it is of."""

    month: Period
    revision: int | None = None
    project: str | None = None

    @property
    def name(self) -> str:
        name = month_name(self.month)
        return name if self.revision is None else f"{name}/r{self.revision}"


def run_explain(environment: Environment, named: str, options: Mapping[str, str | date | None], rows: int, output: Output) -> int:
    """Print. `options` are columns of daily_costs with the value asked for; '' for rows that have none."""
    home = Home(environment.home)
    if not home.lake.is_dir():
        raise UsageConfigError(f"{home.root} holds no usage yet: `usage-pipeline run` reads it, or name another with --home")
    workplace = Workplace(home_folder=str(home.root), config_file=str(environment.config_file))
    statement = statement_of(home, named)
    asked = {name: None if value == NONE_OF_IT else value for name, value in options.items() if value is not None}
    if statement.project is not None and asked.setdefault("project", statement.project) != statement.project:
        raise UsageConfigError(f"--project {asked['project']}: {named} is the statement of {statement.project}")
    closed = revision_of(workplace, statement)
    stored = frozen_facts(home, closed).daily if closed else workplace.database().select(daily_costs, where={"day": statement.month})
    _check_values(stored, asked, statement)
    with output.progress() as listener, reporting_to(listener), as_closed(workplace, closed) if closed else nullcontext(workplace) as place:
        listener("walking down", 0, 0)
        found = explained(place, stored, asked, rows, statement.name)
        days = sorted({row.day for row in found.rows})
        out = left_out(place, inclusive(days[0], days[-1]), found.sources)
        lines = [row for part in (found.bill, found.usage, found.logs) for row in part.rows]
        files = files_of(place, {(row["source"], row["source_file"]) for row in lines})
        listener("finding the lines in their files", 0, 0)
        shown = {(row["source"], row["source_file"], row["source_line"]) for row in lines}
        places = places_of(place, shown | {end for one in out.records[:rows] for end in one.ends})
        currency = place.settings().organisation.currency
    document = document_of(statement.name, asked, found, out, files, places, rows, currency)
    if output.as_json:
        output.document(document)
    else:
        show(document, output)
    return 0


def statement_of(home: Home, named: str) -> Statement:
    """'2026-10', '2026-10/r1', or the path of a statement below reports/ or closed/."""
    found = MONTH.fullmatch(named)
    if found:
        return Statement(month=_month(found[1]), revision=int(found[2]) if found[2] else None)
    path = Path(named).absolute()
    for top in (home.reports.absolute(), home.closed.absolute()):
        if not path.is_relative_to(top):
            continue
        steps = path.relative_to(top).parts
        found = MONTH.fullmatch("/".join(steps[:2]) if top == home.closed.absolute() else steps[0] if steps else "")
        if found:
            project = steps[steps.index("projects") + 1] if "projects" in steps[:-2] else None
            return Statement(month=_month(found[1]), revision=int(found[2]) if found[2] else None, project=project)
    mend = "name a month such as 2026-10, a closed revision such as 2026-10/r1, or the path of a statement there"
    raise UsageConfigError(f"{named} is no month, and lies neither below {home.reports} nor below {home.closed}: {mend}")


def revision_of(workplace: Workplace, statement: Statement) -> Closed | None:
    """The closed revision that is asked for; None where the numbers as they are now are. Raises UsageConfigError where there is none."""
    if statement.revision is None:
        return None
    known = {one.revision: one for one in workplace.database().select(revisions, where={"month": statement.month.start})}
    if statement.revision not in known:
        listed = ", ".join(f"r{number}" for number in sorted(known)) or "none: it is not closed"
        raise UsageConfigError(f"{month_name(statement.month)} has no revision {statement.revision}; there is {listed}")
    return Closed(month=statement.month, revision=known[statement.revision], revised_at=None)


def _month(text: str) -> Period:
    return month_of(date.fromisoformat(f"{text}-01"))


def _check_values(rows: Sequence[DailyCost], asked: Mapping[str, object], statement: Statement) -> None:
    """Raises UsageConfigError where no row has a value that is asked for, with those that there are."""
    if not rows:
        raise UsageConfigError(f"{statement.name} has no costs: `usage-pipeline run` computes them")
    left = rows
    for name, value in asked.items():
        known = sorted({_text(getattr(row, name)) for row in left})
        left = [row for row in left if getattr(row, name) == value]
        if not left:
            raise UsageConfigError(
                f"{statement.name}: nothing has {name} {_text(value)} (with what else is asked for); there is {_few(known)}"
            )


def _text(value: object) -> str:
    return "none (give '')" if value is None else str(value)


def _few(known: Sequence[str], most: int = 12) -> str:
    return ", ".join(known[:most]) + (f" and {len(known) - most:,} more" if len(known) > most else "")
