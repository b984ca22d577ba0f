"""`usage-pipeline run`: the whole graph for a range of days, and what came of it."""

from datetime import date
from pathlib import Path
from typing import Any

from usage_pipeline import money
from usage_pipeline.commands.output import Output, counted, dollars, rounding
from usage_pipeline.commands.revision_plan import plans_of, show_plan, touches_closed
from usage_pipeline.commands.unpriced import range_document, show_unpriced, text_of, unpriced_document
from usage_pipeline.defs.finality import document_of as document_of_finality
from usage_pipeline.defs.finding_money import finding_document, money_words
from usage_pipeline.defs.home import prepare
from usage_pipeline.defs.run import RunOutcome, known_files, read_files, run_days
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.errors import StoreError
from usage_pipeline.periods import Period, month_name
from usage_pipeline.prices.book import build_book
from usage_pipeline.prices.money_range import explainer
from usage_pipeline.reports.snapshot import ORGANISATION
from usage_pipeline.settings import Environment, Settings, load
from usage_pipeline.storage.home import Home
from usage_pipeline.storage.landing import Landing
from usage_pipeline.tables.configuration import SourceSpec
from usage_pipeline.tables.costs import UNATTRIBUTED
from usage_pipeline.tables.grades import MEANINGS
from usage_pipeline.tables.ingested_files import IngestedFile
from usage_pipeline.tables.summary import by, totals
from usage_pipeline.tables.unpriced import Unpriced, unpriced_of

EXIT_FINDINGS = 3


def run_range(environment: Environment, days: Period, as_of: date, output: Output, *, revise: bool = False) -> int:
    """Run, print, and answer the exit code: 3 where a finding blocks the close. `revise` computes closed months of `days`, too."""
    settings = load(environment.config_file)
    build_book(settings.agreements, settings.aliases, file=str(settings.file), is_current=False)  # contradictions: before there is a home
    home = prepare(Home(environment.home))
    workplace = Workplace(home_folder=str(home.root), config_file=str(environment.config_file))
    workplace.ids_by_key()  # another key than the home began with: before anything is read
    workplace.books().current()  # names that the home's price book does not know: before anything is read
    landing = workplace.landing()
    for spec in settings.sources:
        if spec.api is None and _is_empty(landing, spec):
            output.warn(f"source {spec.name}: no file matches {spec.path}")
    known = known_files(home, environment.config_file)
    if revise and touches_closed(workplace, days):
        with output.progress() as listener:
            read_files(home, environment.config_file, days, listener)  # first: a plan without them would tell of other numbers
        for plan in plans_of(workplace, days, output):
            show_plan(plan, output)
    with output.progress() as listener:
        outcome = run_days(home, environment.config_file, days, as_of, listener, revise=revise, known=known)
    if output.as_json:
        output.document(document_of(outcome, settings, home))
    else:
        show(outcome, settings, home, output)
    return EXIT_FINDINGS if any(one.blocks for one in outcome.findings) else 0


def _is_empty(landing: Landing, spec: SourceSpec) -> bool:
    """Whether a source has no file. A store that does not say is told of by the run's findings."""
    try:
        return not landing.has_files(spec.path)
    except StoreError:
        return False


def _unpriced(outcome: RunOutcome, settings: Settings, home: Home) -> tuple[Unpriced, ...]:
    """What has no price, by model, with ranges and hints out of the book adopted last."""
    if not unpriced_of(outcome.costs):
        return ()
    book = Workplace(home_folder=str(home.root), config_file=str(settings.file)).books().current()
    return unpriced_of(outcome.costs, explainer(book), by_project=False)


def document_of(outcome: RunOutcome, settings: Settings, home: Home) -> dict[str, Any]:
    """The contract's document: money as decimal strings."""
    sums, unpriced = totals(outcome.costs), _unpriced(outcome, settings, home)
    return {
        "from": outcome.days.start.isoformat(),
        "to": outcome.days.last.isoformat(),
        "files": [_file(one, settings) for one in outcome.files],
        "files_unchanged": outcome.unchanged_count,
        "rejects": [{name: one[name] for name in ("source", "reason", "lines")} for one in outcome.rejects],
        "totals": {
            "requests": sums.requests,
            "failed_requests": sums.failed_requests,
            "cache_hits": sums.cache_hits,
            "tokens": counted(sums.tokens),
            "list_cost": money.text(sums.list_cost),
            "estimated_cost": money.text(sums.estimated_cost),
            "billed_cost": money.text(sums.billed_cost),
            "cost": money.text(sums.cost),
            "unattributed_cost": money.text(sums.cost_unattributed),
            "unpriced_events": sums.unpriced_events,
            "unpriced_tokens": money.text(sums.unpriced_tokens),
            **range_document(unpriced),
            "credits": text_of(sums.credits),
            "currency": settings.organisation.currency,
        },
        "projects": [
            {
                "project": group.key,
                "requests": group.requests,
                "estimated_cost": text_of(group.estimated_cost),
                "billed_cost": text_of(group.billed_cost),
                "cost": text_of(group.cost),
            }
            for group in by(outcome.costs, "project")
        ],
        "unpriced": unpriced_document(unpriced),
        "finality": [document_of_finality(one) for one in outcome.finalities],
        "grades": [{"period": one.period, "scope": one.scope, "grade": one.grade} for one in outcome.statements],
        "reports": reports_of(outcome, home),
        "alerts": len(outcome.alerts),
        "findings": [finding_document(one) for one in outcome.findings],
        "mails": [one.receipt for one in outcome.deliveries],
    }


def reports_of(outcome: RunOutcome, home: Home) -> list[str]:
    """The files of the months' statements, relative to the home."""
    folders = [home.reports / one.period / one.scope for one in outcome.statements]
    files = [path for folder in folders for path in sorted(folder.glob("statement.*"))]
    return [path.relative_to(home.root).as_posix() for path in files]


def show(outcome: RunOutcome, settings: Settings, home: Home, output: Output) -> None:
    """The same for people."""
    currency = settings.organisation.currency
    show_files(outcome, output)
    sums = totals(outcome.costs)
    groups = by(outcome.costs, "project")
    columns = ("billed_cost", "estimated_cost", "cost")
    rests = [rounding((getattr(group, name) for group in groups), getattr(sums, name)) for name in columns]
    output.heading(f"Cost {outcome.days.start} to {outcome.days.last}, {currency}")
    output.table(
        ("project", "requests", "billed", "estimated", "cost", "%"),
        [
            (
                group.key,
                group.requests,
                _if_any(group.billed_cost),
                _if_any(group.estimated_cost),
                dollars(group.cost),
                _percent(group.percent),
            )
            for group in groups
        ]
        + ([("rounding", None, *rests, None)] if any(rests) else [])
        + [("total", sums.requests, dollars(sums.billed_cost), dollars(sums.estimated_cost), dollars(sums.cost), "100.0")],
        numbers=("requests", "billed", "estimated", "cost", "%"),
    )
    output.say("billed: by the provider · estimated: usage at our rates · cost: billed where billed, else estimated")
    show_unpriced(_unpriced(outcome, settings, home), currency, output)
    for finding in outcome.findings:
        output.warn(f"{finding.words} [{money_words(finding, currency)}]")
    if sums.cost_unattributed:
        output.warn(
            f"{dollars(sums.cost_unattributed)} {currency} belong to no project ({UNATTRIBUTED}): add attribution rules to usage.yaml."
        )
    output.heading("Finality")
    for found in outcome.finalities:
        output.say(f"{month_name(found.month)}: {found.finality}; {'; '.join(found.reasons)}")
    for one in [one for one in outcome.statements if one.scope == ORGANISATION and one.grade]:
        output.say(f"{one.period}: grade {one.grade}, {MEANINGS[one.grade or '']}; the statement says why")
    output.heading("Written")
    output.say(f"{len(outcome.statements)} statements (PDF, CSV, XLSX, JSON, FOCUS) in {home.reports}")
    for one in [one for one in outcome.statements if one.scope == ORGANISATION][-1:]:
        output.say(f"  {home.reports / one.period / one.scope / 'statement.pdf'}")
    output.say(f"{len(outcome.alerts)} alerts, {len(outcome.deliveries)} mails" + (f" in {home.outbox}" if outcome.deliveries else ""))
    for sent in outcome.deliveries:
        output.say(f"  to {sent.recipients}: {sent.subject}")


def show_files(outcome: RunOutcome, output: Output) -> None:
    """What was read, by source."""
    output.heading(f"Read: {len(outcome.files):,} new files, {outcome.unchanged_count:,} known ones left alone")
    sources = sorted({one.source for one in outcome.files})
    groups = [[one for one in outcome.files if one.source == source] for source in sources]
    if groups:
        output.table(
            ("source", "files", "lines", "accepted", "duplicates", "rejected"),
            [
                (
                    group[0].source,
                    len(group),
                    *(sum(getattr(one, name) for one in group) for name in ("lines", "accepted", "duplicates", "rejected")),
                )
                for group in groups
            ],
            numbers=("files", "lines", "accepted", "duplicates", "rejected"),
        )
    if outcome.rejects:
        output.heading("Not accepted: kept with file, line and reason in the lake's rejected_lines")
        output.table(
            ("source", "lines", "reason", ""),
            [(one["source"], one["lines"], one["reason"], one["meaning"]) for one in outcome.rejects],
            numbers=("lines",),
        )


def _file(one: IngestedFile, settings: Settings) -> dict[str, Any]:
    path = Path(one.uri)
    shown = path.relative_to(settings.file.parent).as_posix() if path.is_relative_to(settings.file.parent) else one.uri
    return {
        "source": one.source,
        "file": shown,
        "lines": one.lines,
        "accepted": one.accepted,
        "duplicates": one.duplicates,
        "rejected": one.rejected,
        "state": one.state,
    }


def _if_any(value: Any) -> str | None:
    """No bill, or no usage of ours beside the bill, is a dash; only a cost without a price is unknown."""
    return None if value is None else dollars(value)


def _percent(value: Any) -> str:
    return "–" if value is None else f"{value:.1f}"
