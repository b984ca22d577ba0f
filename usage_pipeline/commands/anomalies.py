"""`usage-pipeline anomalies`: the days on which a project spent far more on a model than is usual."""

from collections.abc import Sequence
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.commands.output import Output, dollars
from usage_pipeline.costs.anomaly_words import shown
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.errors import UsageConfigError
from usage_pipeline.periods import Period
from usage_pipeline.settings import Environment
from usage_pipeline.storage.home import Home
from usage_pipeline.tables.anomalies import KINDS, Anomaly, anomalies


def run_anomalies(environment: Environment, days: Period, output: Output) -> int:
    """Print what the runs found, the dearest first."""
    home = Home(environment.home)
    if not home.lake.is_dir():
        raise UsageConfigError(f"{home.root} holds no usage yet: `usage-pipeline run` reads it, or name another with --home")
    workplace = Workplace(home_folder=str(home.root), config_file=str(environment.config_file))
    settings = workplace.settings()
    rows = sorted(workplace.database().select(anomalies, where={"day": days}), key=lambda row: (-row.excess, row.day))
    if output.as_json:
        output.document(
            {
                "from": str(days.start),
                "to": str(days.last),
                "currency": settings.organisation.currency,
                "floor": money.text(settings.anomalies.floor),
                "anomalies": [_document(row) for row in rows],
            }
        )
    else:
        _show(rows, days, settings.organisation.currency, settings.anomalies.floor, output)
    return 0


def _show(rows: Sequence[Anomaly], days: Period, currency: str, floor: Decimal, output: Output) -> None:
    output.heading(f"More than usual, {days.start} to {days.last}, {currency}")
    if not rows:
        output.say(f"nothing: no day cost {money.text(floor)} {currency} or more above the usual of such a day")
        return
    output.table(
        ("day", "project", "model", "kind", "usual", "actual", "excess"),
        [
            (row.day, row.project, row.model, row.kind.replace("_", " "), shown(row.expected), shown(row.actual), dollars(row.excess))
            for row in rows
        ],
        numbers=("usual", "actual", "excess"),
    )
    for row in rows:
        output.say(row.words)


def _document(row: Anomaly) -> dict[str, object]:
    return {
        "day": row.day.isoformat(),
        "project": row.project,
        "model": row.model,
        "kind": row.kind,
        "meaning": KINDS[row.kind],
        "unit": row.unit,
        "expected": money.text(row.expected),
        "low": money.text(row.low),
        "high": money.text(row.high),
        "actual": money.text(row.actual),
        "excess": money.text(row.excess),
        "compared_days": row.compared_days,
        "words": row.words,
    }
