"""The whole of alerting, without doing any of it: statuses and ledgers in, alerts to record and messages to send out.

The shell judges, sends and records in this order:

    now = judging_moment(as_of, clock)
    found = statuses(budgets, costs, as_of, complete_through=last_full_day(now))    # the budgets room; costs of days_needed(as_of)
    outcome = check(statuses=found, ..., now=now, as_of=as_of)
    send each message of outcome.messages, record its delivery with the receipt's channel and text
    record outcome.alerts_after(ids of the deliveries that went out)

A dry run leaves out the last two. Recorded alerts and deliveries, given again, make the next check silent.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from email.message import EmailMessage
from pathlib import Path

from usage_pipeline.alerts import words
from usage_pipeline.alerts.ledger import plan
from usage_pipeline.alerts.mail import message_key
from usage_pipeline.alerts.recipients import recipients_of
from usage_pipeline.alerts.rules import HELD, due, still_true
from usage_pipeline.alerts.writer import Writer, unsaid
from usage_pipeline.periods import ONE_DAY, Period, last_full_day, month_of, start_of
from usage_pipeline.tables.alerts import Alert, Delivery
from usage_pipeline.tables.budgets import Budget, BudgetStatus
from usage_pipeline.tables.configuration import Organisation, Project
from usage_pipeline.tables.costs import DailyCost
from usage_pipeline.tables.finality_told import FinalityTold
from usage_pipeline.tables.unpriced import Explain, as_it_is

DEFAULT_SENDER = "AI cost alerts <usage-pipeline@localhost>"


@dataclass(frozen=True, slots=True)
class Check:
    """What a check found. `alerts` are the rows that are new or changed, as they stand once every message is out.

    `messages` are pairs of a delivery (channel and receipt still empty) and the message itself. `untold` says in a sentence
    each what nobody could be told of, for want of an address.
    """

    statuses: tuple[BudgetStatus, ...]
    alerts: tuple[Alert, ...]
    messages: tuple[tuple[Delivery, EmailMessage], ...]
    untold: tuple[str, ...]

    def alerts_after(self, sent: Collection[str]) -> list[Alert]:
        """The alerts to record when only the deliveries with these ids went out: those of the others are left to the next check."""
        unsent = {alert_id for delivery, _ in self.messages if delivery.delivery_id not in sent for alert_id in delivery.about.split(",")}
        return [alert for alert in self.alerts if alert.alert_id not in unsent]


def judging_moment(as_of: date, clock: datetime) -> datetime:
    """The moment at which `as_of` is judged: now if it is today, else its end. So the judging of two days in a row is 24 h apart."""
    return clock if as_of == clock.astimezone(UTC).date() else start_of(as_of + ONE_DAY)


def days_needed(as_of: date) -> Period:
    """The days whose costs a check reads: the month before, to compare with, through `as_of`."""
    return Period(month_of(month_of(as_of).start - ONE_DAY).start, as_of + ONE_DAY)


def check(
    *,
    statuses: Sequence[BudgetStatus],
    budgets: Sequence[Budget],
    costs: Sequence[DailyCost],
    projects: Sequence[Project],
    organisation: Organisation,
    known: Sequence[Alert],
    deliveries: Sequence[Delivery],
    now: datetime,
    as_of: date,
    templates: Path,
    sender: str = DEFAULT_SENDER,
    explain: Explain = as_it_is,
    finality: Callable[[], FinalityTold | None] = unsaid,
) -> Check:
    """Judge `statuses` at `now`. `known` and `deliveries` are all that is recorded; `templates` is `reports_templates/mail`.

    `explain` gives unpriced usage its range of money and its hint (prices.money_range.explainer). `finality` is asked for once, and only
    where there is something to write.
    """
    found = due(statuses, budgets, known, now, as_of)
    mails, alerts = plan([*found, *still_true(statuses, known, as_of)], deliveries, now)
    already = {delivery.delivery_id for delivery in deliveries}
    by_id = {project.id: project for project in projects}
    writer = Writer(
        statuses=statuses,
        budgets=budgets,
        costs=costs,
        organisation=organisation,
        now=now,
        as_of=as_of,
        last_whole_day=min(as_of, last_full_day(now)),
        templates=templates,
        sender=sender,
        explain=explain,
        finality=finality,
    )
    messages: list[tuple[Delivery, EmailMessage]] = []
    untold: list[str] = []
    held: set[str] = set()
    for mail in mails:
        project = None if mail.project is None else by_id.get(mail.project, Project(id=mail.project, name=mail.project))
        recipients = recipients_of(project, organisation)
        key = message_key(mail.alert_ids, recipients.addresses)
        if not recipients.addresses:
            held |= set(mail.alert_ids)
            untold.append(_nobody(project, organisation))
        elif key not in already:
            messages.append(writer.write(mail, project, recipients, key))
    unheard = [replace(alert, state=HELD) if alert.alert_id in held else alert for alert in alerts]
    changed = tuple(alert for alert in unheard if alert not in known)
    return Check(tuple(statuses), changed, tuple(messages), tuple(untold))


def _nobody(project: Project | None, organisation: Organisation) -> str:
    who = words.plain(project.id if project else organisation.name)
    mend = "give it owners, or the organisation finance addresses" if project else "give organisation.finance an address"
    return f"{who} has alerts but nobody to tell: {mend} in usage.yaml"
