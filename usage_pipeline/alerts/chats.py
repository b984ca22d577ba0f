"""A planned mail in, the notices for the channels of usage.yaml out: by level, rule and project, as `routing` says."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime

from usage_pipeline import money
from usage_pipeline.alerts import words
from usage_pipeline.alerts.channels.routing import channels_for
from usage_pipeline.alerts.ledger import PlannedMail
from usage_pipeline.alerts.mail import message_key
from usage_pipeline.tables.alerts import NOTICE_KIND, PENDING, Alert, Delivery
from usage_pipeline.tables.channels import Route
from usage_pipeline.tables.notices import Notice


def chats_of(mail: PlannedMail, routes: Sequence[Route]) -> dict[str, tuple[Alert, ...]]:
    """By channel: which alerts of `mail` it hears of."""
    found: dict[str, list[Alert]] = defaultdict(list)
    for alert in mail.told:
        for name in channels_for(routes, level=alert.level, rule=alert.rule, project=alert.project):
            found[name].append(alert)
    return {name: tuple(alerts) for name, alerts in found.items()}


def written(
    chats: Mapping[str, tuple[Alert, ...]], subject: str, mail: PlannedMail, now: datetime, as_of: date, currency: str
) -> list[tuple[Delivery, Notice]]:
    """The deliveries still to be made, each with its notice."""
    return [_written(name, alerts, subject, mail, now, as_of, currency) for name, alerts in chats.items()]


def _written(
    name: str, alerts: tuple[Alert, ...], subject: str, mail: PlannedMail, now: datetime, as_of: date, currency: str
) -> tuple[Delivery, Notice]:
    key = message_key([about for alert, about in zip(mail.alerts, mail.about, strict=True) if alert in alerts], [f"channel {name}"])
    first = alerts[0]
    notice = Notice(
        key=key,
        rule=first.rule,
        level=first.level,
        scope="organisation" if mail.projects else first.scope,
        project=mail.project,
        subject=subject,
        text="\n".join(_sentence(alert, currency) for alert in alerts),
        occurred_at=now,
        as_of=as_of,
        facts=_facts(first),
    )
    delivery = Delivery(
        delivery_id=key,
        kind=NOTICE_KIND,
        project=mail.project,
        level=first.level,
        recipients=name,
        subject=subject,
        channel="",
        about=",".join(sorted(alert.alert_id for alert in alerts)),
        as_of=as_of,
        sent_at=now,
        receipt="",
        state=PENDING,
        projects="\n".join(mail.projects) or None,
    )
    return delivery, notice


def _sentence(alert: Alert, currency: str) -> str:
    """'support-portal: $460.12 of $500 since 1 October (warning)'; the exact figures are among the facts."""
    if alert.words is not None:
        return words.plain_sentence(alert.words)
    scope = words.plain(alert.scope.partition("/")[2] or alert.scope)
    unit = alert.unit or currency
    spent = "unknown" if alert.spent is None else words.figure(alert.spent, unit, currency)
    limit = "unknown" if alert.limit is None else words.amount(alert.limit, unit, currency, short=True)
    return f"{scope}: {spent} of {limit} since {words.day(alert.period_start)} ({alert.level})"


def _facts(alert: Alert) -> dict[str, str | None]:
    if alert.budget_id is None:
        return {"since": alert.period_start.isoformat()}
    figures = {"spent": alert.spent, "limit": alert.limit, "percent": alert.percent, "threshold": alert.threshold}
    told = {name: None if figure is None else money.text(figure) for name, figure in figures.items()}
    return {"budget": alert.budget_id, "period_start": alert.period_start.isoformat(), "unit": alert.unit, **told}
