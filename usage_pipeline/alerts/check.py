"""The whole of alerting, without doing any of it: statuses, conditions and ledgers in, alerts to record and messages to queue out.

The shell judges, records and sends in this order:

    now = judging_moment(as_of, clock)
    found = statuses(budgets, costs, as_of, complete_through=last_full_day(now))    # the budgets room; costs of days_needed(as_of)
    outcome = check(statuses=found, ..., ended=late, now=now, as_of=as_of)        # late: periods that are over (late.py)
    record outcome.alerts, outcome.resolved and the deliveries of outcome.parcels in one transaction, with their messages
    send what waits, and mark it (storage.alert_ledger)

A dry run leaves out the last two. Recorded alerts and deliveries, given again, make the next check silent.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from email.message import EmailMessage
from pathlib import Path

from usage_pipeline.alerts.again import told_again
from usage_pipeline.alerts.chats import chats_of, written
from usage_pipeline.alerts.conditions import FORECAST, Condition, forecast_conditions, holding, over, raised
from usage_pipeline.alerts.late import Ended, found_late, held_late
from usage_pipeline.alerts.ledger import PlannedMail, marked, plan
from usage_pipeline.alerts.mail import message_key
from usage_pipeline.alerts.more import NO_MORE, More
from usage_pipeline.alerts.parcels import packed_mail, packed_notice
from usage_pipeline.alerts.people import People, digested
from usage_pipeline.alerts.rules import BUDGET_THRESHOLD, HELD, due, reached_still
from usage_pipeline.alerts.writer import Writer, unsaid
from usage_pipeline.periods import ONE_DAY, Period, last_full_day, month_of, start_of
from usage_pipeline.tables.alert_policy import AlertPolicy
from usage_pipeline.tables.alerts import RESOLVED, Alert, Delivery
from usage_pipeline.tables.budgets import Budget, BudgetStatus
from usage_pipeline.tables.channels import Route
from usage_pipeline.tables.configuration import Organisation, Project
from usage_pipeline.tables.costs import DailyCost
from usage_pipeline.tables.finality_told import FinalityTold
from usage_pipeline.tables.notices import Notice
from usage_pipeline.tables.unpriced import Explain, as_it_is

DEFAULT_POLICY = AlertPolicy()
DEFAULT_SENDER = "AI cost alerts <usage-pipeline@localhost>"


@dataclass(frozen=True, slots=True)
class Check:
    """What a check found. `alerts` are the rows that are new or changed, as they stand once every message is out.

    `messages` are pairs of a delivery (channel and receipt still empty) and the message itself; `notices` the same for the channels of
    usage.yaml. `untold` says in a sentence each what nobody could be told of, for want of an address. `resolved` are alerts that are
    over. `known` and `waiting` are the alerts and the ids of the deliveries that it was judged by, on `as_of`.
    """

    statuses: tuple[BudgetStatus, ...]
    alerts: tuple[Alert, ...]
    messages: tuple[tuple[Delivery, EmailMessage], ...]
    untold: tuple[str, ...]
    notices: tuple[tuple[Delivery, Notice], ...] = ()
    resolved: tuple[Alert, ...] = ()
    known: tuple[Alert, ...] = ()
    waiting: frozenset[str] = frozenset()
    as_of: date = date.min

    @property
    def parcels(self) -> tuple[Delivery, ...]:
        """What is to be sent, each delivery with its message in it, in the order in which it goes."""
        mails = [replace(delivery, message=packed_mail(message)) for delivery, message in self.messages]
        return (*mails, *(replace(delivery, message=packed_notice(notice)) for delivery, notice in self.notices))


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
    finality: Callable[[date], FinalityTold | None] = unsaid,
    conditions: Sequence[Condition] = (),
    policy: AlertPolicy = DEFAULT_POLICY,
    routes: Sequence[Route] = (),
    is_quiet: bool = False,
    more: More = NO_MORE,
    ended: Sequence[Ended] = (),
) -> Check:
    """Judge `statuses` at `now`. `known` and `deliveries` are all that is recorded; `templates` is `reports_templates/mail`.

    `explain` gives unpriced usage its range of money and its hint (prices.money_range.explainer). `finality` is asked for a day's month,
    and only where there is something to write. `conditions` are what else holds now, by the rules of `policy`; `is_quiet`: now is a quiet
    hour. `more` is what mails tell beyond `costs`. `ended` are periods of the last days that are over.
    """
    people = People(projects, organisation, policy)
    thresholds = BUDGET_THRESHOLD in policy.rules
    wanted = [*conditions, *(forecast_conditions(statuses, known, as_of) if FORECAST in policy.rules else ())]
    late = [*held_late(ended, known), *found_late(ended, known, now, as_of)] if thresholds else []
    new = [*late, *(due(statuses, budgets, known, now, as_of) if thresholds else ()), *raised(wanted, known, now, as_of)]
    true = [*(reached_still(statuses, known, as_of) if thresholds else ()), *holding(wanted, known)]
    again = told_again(true, policy, {one.project: len(people.steps(one.project)) - 1 for one in true}, now, as_of)
    given = list({one.alert_id: one for one in [*new, *(one for one in true if one.state == HELD), *again]}.values())
    planned, _ = plan(given, deliveries, now, is_quiet=is_quiet)
    already = {delivery.delivery_id for delivery in deliveries}
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
        projects=projects,
        explain=explain,
        finality=finality,
        more=more,
        ended=ended,
    )
    messages: list[tuple[Delivery, EmailMessage]] = []
    notices: list[tuple[Delivery, Notice]] = []
    untold: list[str] = []
    out: list[PlannedMail] = []
    for mail, recipients in digested(planned, people, policy.digest_over):
        project = people.project(mail.project)
        chats = chats_of(mail, routes)
        key = message_key(mail.about, recipients.addresses)
        if recipients.addresses and key not in already:
            messages.append(writer.write(mail, project, recipients, key))
        if chats:
            told = written(chats, writer.subject(mail, project, recipients), mail, now, as_of, organisation.currency)
            notices += [one for one in told if one[0].delivery_id not in already]
        if recipients.addresses or chats:
            out.append(mail)
        if not recipients.addresses:
            untold.append(people.nobody(mail))
    marks = {one.alert_id: one for one in told_now(marked(given, out), out, now)}
    before = {one.alert_id: one for one in known}
    waits = {one.alert_id for one in again}
    changed = [one for one in marks.values() if one != before.get(one.alert_id) and not (one.state == HELD and one.alert_id in waits)]
    going = {alert_id for mail in out for alert_id in mail.alert_ids} | {one.alert_id for one in late}
    done = [replace(one, state=RESOLVED) for one in over(wanted, known, policy.rules, as_of) if one.alert_id not in going]
    gone = {one.alert_id for one in done}
    return Check(
        statuses=tuple(statuses),
        alerts=tuple(one for one in changed if one.alert_id not in gone),
        messages=tuple(messages),
        untold=tuple(untold),
        notices=tuple(notices),
        resolved=tuple(done),
        known=tuple(known),
        waiting=frozenset(already),
        as_of=as_of,
    )


def told_now(alerts: Sequence[Alert], mails: Sequence[PlannedMail], now: datetime) -> list[Alert]:
    """`alerts`, those of `mails` marked as told once more."""
    told = {alert.alert_id for mail in mails for alert in mail.alerts}
    return [replace(one, told=one.told + 1, told_at=now) if one.alert_id in told else one for one in alerts]
