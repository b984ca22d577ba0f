"""`usage-pipeline demo`: a fictional organisation, the whole job over it, and how far the result is from the truth."""

from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from time import monotonic

from usage_pipeline import money
from usage_pipeline.commands.output import Output, dollars, ui_command
from usage_pipeline.commands.run import document_of, show
from usage_pipeline.defs.finality_told import told_of
from usage_pipeline.defs.home import prepare
from usage_pipeline.defs.progress import reporting_to
from usage_pipeline.defs.run import RunOutcome, run_days
from usage_pipeline.defs.usage_report import write_comparison, write_usage
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.demo.compare import Comparison, Results, compare, unexplained
from usage_pipeline.demo.truth import Truth
from usage_pipeline.demo.world import write_world
from usage_pipeline.errors import UsageConfigError
from usage_pipeline.periods import inclusive
from usage_pipeline.settings import Environment, load
from usage_pipeline.storage.database import Database
from usage_pipeline.storage.home import Home
from usage_pipeline.tables.ingested_files import ingested_files
from usage_pipeline.tables.spans import month_span
from usage_pipeline.tables.summary import totals

TRUTH = "truth.json"
LINE_COUNTS = (": lines", ": accepted", ": duplicates", ": rejected")


def run_demo(environment: Environment, days: int, output: Output) -> int:
    """Write the world, run over all of its days, compare, and say where everything lies. 1 if a number differs without a reason."""
    started = monotonic()
    home = Home(environment.home)
    config = home.root / "usage.yaml"
    _refuse_another_home(home, config)
    prepare(home)
    with output.progress() as listener:
        truth = write_world(
            home.landing, config=config, days=days, progress=lambda done, total: listener("writing bills and logs", done, total)
        )
        outcome = run_days(home, config, inclusive(truth.first_day, truth.last_day), truth.last_day, listener)
        with reporting_to(listener):
            reports = _reports(home, config, outcome)
    rows = compare(truth, _results(outcome, Database(environment.database_url_or(home.database_url))))
    wrong = unexplained(rows)
    settings = load(config)
    if output.as_json:
        document = document_of(outcome, settings, home)
        output.document(
            {
                **document,
                "reports": [path.relative_to(home.root).as_posix() for path in reports],
                "truth": [dict(zip(("what", "truth", "found", "difference", "note"), one.cells(), strict=True)) for one in rows],
            }
        )
    else:
        show(outcome, settings, home, output)
        _show(rows, truth, home, reports, output)
        output.say(f"web UI      {ui_command(home, config)}")
        output.say(f"Done in {monotonic() - started:.0f} s")
    return 1 if wrong else 0


def _reports(home: Home, config: Path, outcome: RunOutcome) -> list[Path]:
    """The last month's usage report and comparison across projects: their PDFs."""
    workplace, last = Workplace(home_folder=str(home.root), config_file=str(config)), outcome.finalities[-1]
    span, finality = month_span(last.month.start), told_of(last)
    written = [*write_usage(workplace, span, finality=finality)[1], *write_comparison(workplace, span, finality=finality)[1]]
    return [path for path in written if path.suffix == ".pdf"]


def _refuse_another_home(home: Home, config: Path) -> None:
    """Never mix the demo with real data."""
    if (config.exists() or home.database.exists()) and not (home.landing / TRUTH).exists():
        raise UsageConfigError(f"{home.root} is not the demo's: give the demo a home of its own, usage-pipeline demo --home DIR")


def _results(outcome: RunOutcome, database: Database) -> Results:
    """What the run found, as `compare` wants it."""
    sums = totals(outcome.costs)
    billed: dict[str, Decimal] = defaultdict(Decimal)
    by_project: dict[str, Decimal] = defaultdict(Decimal)
    by_basis: dict[str, Decimal] = defaultdict(Decimal)
    for row in outcome.costs:
        if row.billed_cost is not None:
            billed[row.channel] = money.total([billed[row.channel], row.billed_cost])
        if row.cost is not None:
            by_project[row.project] = money.total([by_project[row.project], row.cost])
            by_basis[row.basis] = money.total([by_basis[row.basis], row.cost])
    lines: dict[str, dict[str, int]] = {}
    for file in database.select(ingested_files):
        counts = lines.setdefault(file.source, dict.fromkeys(("lines", "accepted", "duplicates", "rejected"), 0))
        for name in counts:
            counts[name] += getattr(file, name)
    return Results(
        billed=billed,
        cost_by_project=by_project,
        cost_by_basis=by_basis,
        requests=sums.requests,
        failed_requests=sums.failed_requests,
        cache_hits=sums.cache_hits,
        unpriced_events=sums.unpriced_events,
        lines=lines,
    )


def _show(rows: list[Comparison], truth: Truth, home: Home, reports: list[Path], output: Output) -> None:
    output.heading(f"How far from the truth, which the demo knows ({truth.first_day} to {truth.last_day})")
    equal_lines = [one for one in rows if one.what.endswith(LINE_COUNTS) and one.difference == 0]
    shown = [one for one in rows if one not in equal_lines]
    output.table(("what", "truth", "found", "difference", "note"), [one.cells() for one in shown], numbers=("truth", "found", "difference"))
    output.say(f"Lines, accepted, duplicates, rejected: {len(equal_lines)} counts of all sources compared, all equal to the truth.")
    output.say(f"inputs      {home.landing}")
    output.say(f"statements  {home.reports}")
    for path in reports:
        output.say(f"{path.stem:<11} {path}")
    output.say(f"mails       {home.outbox}")
    output.say(f"true cost   {dollars(truth.cost)} USD over {(truth.last_day - truth.first_day).days + 1} days")
