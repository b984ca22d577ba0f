"""`usage-pipeline budgets violations`: requests over the limit on one request, those most times over it first."""

from usage_pipeline import money
from usage_pipeline.commands.output import Output
from usage_pipeline.defs.home import prepare
from usage_pipeline.defs.places import Record, places_of
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.periods import Period
from usage_pipeline.settings import Environment
from usage_pipeline.storage.home import Home
from usage_pipeline.storage.places import Place
from usage_pipeline.tables.ingested_files import ingested_files
from usage_pipeline.tables.request_limits import MAX_COST, LimitViolation, limit_violations, worst_of

MOST = 20


def run_budgets_violations(environment: Environment, days: Period, output: Output) -> int:
    """List what runs over `days` found."""
    home = prepare(Home(environment.home))
    workplace = Workplace(home_folder=str(home.root), config_file=str(environment.config_file))
    database = workplace.database()
    rows = worst_of(database.select(limit_violations, where={"day": days}))
    files = {one.fingerprint: one.uri for one in database.select(ingested_files, where={"fingerprint": {one.source_file for one in rows}})}
    places = places_of(workplace, {_record(one) for one in (rows if output.as_json else rows[:MOST])})
    if output.as_json:
        output.document(
            {"from": days.start.isoformat(), "to": days.last.isoformat(), "violations": [_row(one, files, places) for one in rows]}
        )
        return 0
    output.heading(f"Requests over their limit, {days.start} to {days.last}: {len(rows):,}")
    if not rows and not workplace.settings().request_limits:
        output.say("usage.yaml has no request_limits, such as [{project: search, max_tokens: 8000, max_cost: 0.50}]")
    output.table(
        ("started", "project", "operation", "model", "limit on", "used", "limit", "event", "where"),
        [
            (
                f"{one.started_at:%Y-%m-%d %H:%M:%S}",
                one.project or "unattributed",
                one.operation,
                one.model,
                "cost" if one.measure == MAX_COST else "tokens",
                money.text(one.amount),
                money.text(one.limit),
                one.event_id,
                _where(one, files, places),
            )
            for one in rows[:MOST]
        ],
        numbers=("used", "limit"),
    )
    if len(rows) > MOST:
        output.say(f"{len(rows) - MOST:,} more: --json lists all of them")
    return 0


def _row(one: LimitViolation, files: dict[str, str], places: dict[Record, Place]) -> dict[str, object]:
    return {
        "event_id": one.event_id,
        "source": one.source,
        "started_at": one.started_at.isoformat(),
        "project": one.project,
        "user": one.user,
        "operation": one.operation,
        "channel": one.channel,
        "model": one.model,
        "measure": one.measure,
        "amount": money.text(one.amount),
        "limit": money.text(one.limit),
        "where": _where(one, files, places),
    }


def _where(one: LimitViolation, files: dict[str, str], places: dict[Record, Place]) -> str | None:
    """The file and the place in it, as an editor counts."""
    return places[_record(one)].words(files[one.source_file]) if one.source_file in files else None


def _record(one: LimitViolation) -> Record:
    return one.source, one.source_file, one.source_line
