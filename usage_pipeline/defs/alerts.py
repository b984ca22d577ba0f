"""Judge the budgets that hold a day, and tell people: outside the jobs that people backfill."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any

import dagster as dg

from usage_pipeline.alerts.channels.channel import DeliveryError
from usage_pipeline.alerts.check import DEFAULT_SENDER, Check, check, days_needed, judging_moment
from usage_pipeline.budgets import spending
from usage_pipeline.budgets.status import standing
from usage_pipeline.defs.budget_changes import note_changes
from usage_pipeline.defs.budget_forecasts import history_of, with_forecasts
from usage_pipeline.defs.budget_state import write_state
from usage_pipeline.defs.closed import closed_months
from usage_pipeline.defs.finality_told import finality_told
from usage_pipeline.defs.ingest import OWNERS
from usage_pipeline.defs.preview import markdown, schema_of
from usage_pipeline.defs.workplace import TEMPLATES, Workplace
from usage_pipeline.periods import last_full_day, month_of
from usage_pipeline.prices.money_range import explainer
from usage_pipeline.storage.day_sums import day_sums
from usage_pipeline.tables.alerts import Alert, Delivery, alerts, deliveries
from usage_pipeline.tables.costs import DailyCost, daily_costs
from usage_pipeline.tables.unpriced import Explain, as_it_is, unpriced_of


class AlertsConfig(dg.Config):
    """`as_of`: the day (UTC) whose budgets are judged, empty for today. `dry_run`: say what would be sent, send nothing."""

    as_of: str = ""
    dry_run: bool = False


@dg.asset(
    key=alerts.name,
    deps=[daily_costs.name],
    group_name="alerts",
    kinds={"python", "sql"},
    owners=OWNERS,
    code_version="1",
    metadata={"dagster/column_schema": schema_of(alerts)},
)
def alerts_asset(context: dg.AssetExecutionContext, config: AlertsConfig, workplace: Workplace) -> dg.MaterializeResult[None]:
    """Budgets crossed as of a day, each told once per threshold and period; at most one mail a project in 24 hours unless it gets worse."""
    as_of = date.fromisoformat(config.as_of) if config.as_of else workplace.now().date()
    found = judge(workplace, as_of)
    told = not config.dry_run and may_tell(workplace, as_of)
    if told:
        write_state(workplace, found.statuses, as_of)
        deliver(workplace, found)
    context.log.info("%s alerts, %s mails as of %s%s", len(found.alerts), len(found.messages), as_of, "" if told else " (nothing was sent)")
    return dg.MaterializeResult(metadata=_summary(found.alerts, [draft for draft, _ in found.messages], as_of, dry_run=not told))


deliveries_spec = dg.AssetSpec(
    key=deliveries.name,
    deps=[alerts.name],
    group_name="alerts",
    description="Every message that went out: to whom, about what, when. Written while alerts are told.",
    kinds={"email"},
    owners=OWNERS,
    metadata={"dagster/column_schema": schema_of(deliveries)},
)


def judge(workplace: Workplace, as_of: date) -> Check:
    """The alerts due on `as_of` and the mails that tell of them. Changes nothing."""
    settings, database = workplace.settings(), workplace.database()
    now = judging_moment(as_of, workplace.now())
    costs = database.select(daily_costs, where={"day": days_needed(as_of)})
    budgets = [budget for budget in settings.budgets if budget.in_force(as_of)]
    sums = day_sums(database, history_of(spending.days_needed(budgets, as_of)), spending.dimensions_of(settings.budgets))
    spent, whole = spending.index(sums, settings.budgets), last_full_day(now)
    found = standing(settings.budgets, spent, as_of, complete_through=whole)
    found = with_forecasts(found, settings.budgets, spent, settings.holidays, complete_through=whole)
    return check(
        statuses=found,
        budgets=budgets,
        costs=costs,
        projects=settings.projects,
        organisation=settings.organisation,
        known=database.select(alerts),
        deliveries=database.select(deliveries),
        now=now,
        as_of=as_of,
        templates=TEMPLATES / "mail",
        sender=workplace.environment().mail_from or DEFAULT_SENDER,
        explain=_explain(workplace, costs),
        finality=partial(finality_told, workplace, month_of(as_of)),
    )


def may_tell(workplace: Workplace, as_of: date) -> bool:
    """Whether people are told of alerts judged on `as_of`: of a day of a closed month, what was due then is shown, and never sent."""
    return month_of(as_of).start not in closed_months(workplace.database())


def _explain(workplace: Workplace, costs: Sequence[DailyCost]) -> Explain:
    """Ranges and hints out of the book adopted last, where anything has no price; no book is adopted for it."""
    books = workplace.books()
    return explainer(books.current()) if unpriced_of(costs) and books.known() else as_it_is


def deliver(workplace: Workplace, found: Check) -> None:
    """Send each mail and record it with its alerts at once: a crash in between sends the same message again, never another.

    Every message is tried; the errors of those that failed are raised together at the end, and their alerts are left to the next check.
    """
    note_changes(workplace)
    database, channel = workplace.database(), workplace.channel()
    sent: set[str] = set()
    failed: list[str] = []
    for draft, message in found.messages:
        try:
            receipt = channel.send(message)
        except DeliveryError as error:
            failed.append(f"{draft.recipients}: {error}")
            continue
        sent.add(draft.delivery_id)
        told = set(draft.about.split(","))
        with database.transaction() as transaction:
            transaction.upsert(alerts, [alert for alert in found.alerts if alert.alert_id in told])
            transaction.upsert(deliveries, [replace(draft, channel=receipt.channel, receipt=receipt.text)])
    database.upsert(alerts, found.alerts_after(sent))
    if failed:
        raise DeliveryError("; ".join(failed))


def _summary(found: Sequence[Alert], sent: Sequence[Delivery], as_of: date, *, dry_run: bool) -> dict[str, Any]:
    columns = ("project", "level", "percent", "spent", "limit", "unit", "threshold", "state")
    return {
        "as of": as_of.isoformat(),
        "dry run": dry_run,
        "dagster/row_count": len(found),
        "mails": len(sent),
        "alerts": markdown([{name: getattr(alert, name) for name in columns} for alert in found], columns),
        "sent": markdown([{"to": one.recipients, "subject": one.subject} for one in sent]),
    }
