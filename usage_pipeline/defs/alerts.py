"""Judge the budgets that hold a day, and tell people: outside the jobs that people backfill."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import dagster as dg

from usage_pipeline.alerts.channels.channel import Channel, DeliveryError, DocumentChannel, NoticeChannel, PermanentDeliveryError
from usage_pipeline.alerts.channels.webhook import WebhookChannel
from usage_pipeline.alerts.check import DEFAULT_SENDER, Check, check, days_needed, judging_moment
from usage_pipeline.alerts.quiet import is_quiet
from usage_pipeline.budgets import spending
from usage_pipeline.budgets.status import standing
from usage_pipeline.defs.alert_conditions import conditions_of
from usage_pipeline.defs.alert_late import days_of, late_budgets, late_standing
from usage_pipeline.defs.budget_changes import note_changes
from usage_pipeline.defs.budget_forecasts import history_of, with_forecasts
from usage_pipeline.defs.budget_state import write_state
from usage_pipeline.defs.closed import closed_months
from usage_pipeline.defs.finality_told import finality_told
from usage_pipeline.defs.ingest import OWNERS
from usage_pipeline.defs.mail_more import more_of
from usage_pipeline.defs.preview import markdown, schema_of
from usage_pipeline.defs.sending import Sent, send_due, tell
from usage_pipeline.defs.workplace import TEMPLATES, Workplace
from usage_pipeline.periods import ONE_DAY, Period, inclusive, last_full_day, month_of
from usage_pipeline.prices.money_range import explainer
from usage_pipeline.storage.alert_ledger import known_alerts, recent_deliveries
from usage_pipeline.storage.day_sums import day_sums
from usage_pipeline.tables.alerts import DEAD, UNSENT, Alert, Delivery, alerts, deliveries
from usage_pipeline.tables.costs import DailyCost, daily_costs
from usage_pipeline.tables.unpriced import Explain, as_it_is, unpriced_of
from usage_pipeline.tables.wallets import wallets


class AlertsConfig(dg.Config):
    """`as_of`: the day (UTC) whose budgets are judged, empty for today. `dry_run`: say what would be sent, send nothing."""

    as_of: str = ""
    dry_run: bool = False


@dg.asset(
    key=alerts.name,
    deps=[daily_costs.name, wallets.name],
    group_name="alerts",
    kinds={"python", "sql"},
    owners=OWNERS,
    code_version="2",
    metadata={"dagster/column_schema": schema_of(alerts)},
)
def alerts_asset(context: dg.AssetExecutionContext, config: AlertsConfig, workplace: Workplace) -> dg.MaterializeResult[None]:
    """Budgets crossed as of a day, each told once per threshold and period; at most one mail a project in 24 hours unless it gets worse."""
    as_of = date.fromisoformat(config.as_of) if config.as_of else workplace.now().date()
    found = judge(workplace, as_of, context.run.run_id)
    told = not config.dry_run and may_tell(workplace, as_of)
    if told:
        write_state(workplace, found.statuses, as_of)
        deliver(workplace, found)
    context.log.info("%s alerts, %s mails as of %s%s", len(found.alerts), len(found.messages), as_of, "" if told else " (nothing was sent)")
    metadata = _summary(found.alerts, [draft for draft, _ in found.messages], as_of, dry_run=not told)
    return dg.MaterializeResult(metadata=metadata | _ledger_metadata(workplace, found))


deliveries_spec = dg.AssetSpec(
    key=deliveries.name,
    deps=[alerts.name],
    group_name="alerts",
    description="Every message, sent or waiting: to whom, about what, when. Written while alerts are told.",
    kinds={"email"},
    owners=OWNERS,
    metadata={"dagster/column_schema": schema_of(deliveries)},
)


def judge(workplace: Workplace, as_of: date, run_id: str = "") -> Check:
    """The alerts due on `as_of` and the mails that tell of them; `run_id` is what they link to. Changes nothing."""
    settings, database = workplace.settings(), workplace.database()
    now = judging_moment(as_of, workplace.now())
    budgets = [budget for budget in settings.budgets if budget.in_force(as_of)]
    late = late_budgets(workplace, as_of)
    asked = history_of(Period(min(one.start for one in (spending.days_needed(budgets, as_of), *days_of(late))), as_of + ONE_DAY))
    sums = day_sums(database, asked, spending.dimensions_of(settings.budgets))
    spent, whole = spending.index(sums, settings.budgets), last_full_day(now)
    ended = late_standing(late, settings.budgets, spent)
    first = min([days_needed(as_of).start, *(days_needed(one.status.as_of).start for one in ended)])
    costs = database.select(daily_costs, where={"day": inclusive(first, as_of)})
    found = standing(settings.budgets, spent, as_of, complete_through=whole)
    found = with_forecasts(found, settings.budgets, spent, settings.holidays, complete_through=whole)
    conditions = conditions_of(workplace, as_of, costs)
    starts = {*(one.period_start for one in found), *(one.period_start for one in conditions), *(one.status.period_start for one in ended)}
    with database.reading() as reading:
        known, sent = known_alerts(reading, starts), recent_deliveries(reading, now)
    return check(
        statuses=found,
        budgets=budgets,
        costs=costs,
        projects=settings.projects,
        organisation=settings.organisation,
        known=known,
        deliveries=sent,
        now=now,
        as_of=as_of,
        templates=TEMPLATES / "mail",
        sender=workplace.environment().mail_from or DEFAULT_SENDER,
        explain=_explain(workplace, costs),
        finality=lambda day: finality_told(workplace, month_of(day)),
        conditions=conditions,
        policy=settings.alerts,
        routes=settings.routing,
        is_quiet=is_quiet(settings.alerts, workplace.now()),
        more=more_of(workplace, as_of, spent, run_id),
        ended=ended,
    )


def may_tell(workplace: Workplace, as_of: date) -> bool:
    """Whether people are told of alerts judged on `as_of`: of a day of a closed month, what was due then is shown, and never sent."""
    return month_of(as_of).start not in closed_months(workplace.database())


def _explain(workplace: Workplace, costs: Sequence[DailyCost]) -> Explain:
    """Ranges and hints out of the book adopted last, where anything has no price; no book is adopted for it."""
    books = workplace.books()
    return explainer(books.current()) if unpriced_of(costs) and books.known() else as_it_is


def deliver(workplace: Workplace, found: Check) -> Sent:
    """Write down what was found with its messages, then send all that is due; see `sending.tell`.

    Every message is tried; the errors of those that failed are raised together at the end: they wait in `deliveries`, and are sent again
    by the next check.
    """
    note_changes(workplace)
    sent = tell(
        workplace.database(),
        found,
        lambda: judge(workplace, found.as_of),
        HomeWays(workplace),
        workplace.now,
        is_quiet=is_quiet(workplace.settings().alerts, workplace.now()),
    )
    if sent.failed:
        raise DeliveryError("; ".join(sent.failed))
    return sent


def send(workplace: Workplace) -> Sent:
    """Send what waits and is due, on the ways that environment and usage.yaml give."""
    policy = workplace.settings().alerts
    return send_due(workplace.database(), HomeWays(workplace), workplace.now, is_quiet=is_quiet(policy, workplace.now()))


@dataclass(frozen=True, slots=True)
class HomeWays:
    """The home's ways to people."""

    workplace: Workplace

    def mail(self) -> Channel:
        return self.workplace.channel()

    def notices(self, name: str) -> NoticeChannel:
        spec = next((one for one in self.workplace.settings().channels if one.name == name), None)
        if spec is None:
            raise PermanentDeliveryError(f"usage.yaml has no channel {name!r} any more: name it again under channels, or leave it")
        return self.workplace.notice_channel(spec)

    def documents(self, name: str) -> DocumentChannel:
        found = self.notices(name)
        if not isinstance(found, WebhookChannel):
            raise PermanentDeliveryError(f"channel {name!r} is no webhook any more: only those take the hard stop feed")
        return found


def _ledger_metadata(workplace: Workplace, found: Check) -> dict[str, Any]:
    """How the ledger stands after it: what waits, what nobody took, what nobody was told of."""
    unsent = workplace.database().select(deliveries, where={"state": [*UNSENT, DEAD]})
    dead = [one for one in unsent if one.state == DEAD]
    return {
        "resolved": len(found.resolved),
        "notices": len(found.notices),
        "waiting": len(unsent) - len(dead),
        "dead letters": markdown([{"to": one.recipients, "subject": one.subject, "why": one.receipt} for one in dead]),
        "untold": list(found.untold),
    }


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
