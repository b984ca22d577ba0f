"""`usage-pipeline alerts list|ack|snooze|send`: the ledger of alerts, and what people do with it."""

from collections.abc import Callable, Sequence
from datetime import date, datetime

from usage_pipeline import money
from usage_pipeline.alerts.acts import acknowledged, named, snoozed
from usage_pipeline.commands.output import Output
from usage_pipeline.defs.alerts import send
from usage_pipeline.defs.closed import user_of_the_machine
from usage_pipeline.defs.home import prepare
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.settings import Environment
from usage_pipeline.storage.alert_ledger import revive
from usage_pipeline.storage.home import Home
from usage_pipeline.tables.alerts import ACKNOWLEDGED, DEAD, OPEN, SENT, SNOOZED, UNSENT, Alert, Delivery, alerts, deliveries

ASKED = (OPEN, SENT, ACKNOWLEDGED, SNOOZED)
ID_SHOWN, FAILED = 8, 1

Act = Callable[[Sequence[Alert], str, datetime], list[Alert]]


def run_alerts_list(environment: Environment, output: Output, *, states: Sequence[str], project: str | None, dead: bool) -> int:
    """The ledger, or the dead letters."""
    database = _workplace(environment).database()
    where = {} if project is None else {"project": project}
    found = database.select(alerts, where={"state": list(states or ASKED), **where}, order=["-found_at", "alert_id"])
    unsent = database.select(deliveries, where={"state": [*UNSENT, DEAD]}, order=["queued_at", "delivery_id"])
    letters = [one for one in unsent if one.state == DEAD]
    if output.as_json:
        output.document(
            {
                "alerts": [] if dead else [_document(one) for one in found],
                "waiting": [_letter(one) for one in unsent if one.state != DEAD],
                "dead": [_letter(one) for one in letters],
            }
        )
    elif dead:
        _show_dead(letters, output)
    else:
        _show(found, output)
        if len(unsent) > len(letters):
            output.warn(f"{_messages(len(unsent) - len(letters))} to be sent: the next check does, or `usage-pipeline alerts send`")
    if letters and not dead:
        output.warn(f"{_messages(len(letters))} refused for good: `usage-pipeline alerts list --dead` says why")
    return 0


def run_alerts_ack(environment: Environment, output: Output, *, ids: Sequence[str], project: str | None, by: str | None) -> int:
    return _act(environment, output, acknowledged, ids, project, by)


def run_alerts_snooze(environment: Environment, output: Output, *, ids: Sequence[str], until: date, by: str | None) -> int:
    return _act(environment, output, lambda chosen, who, now: snoozed(chosen, until, who, now), ids, None, by)


def run_alerts_send(environment: Environment, output: Output, *, dead: bool) -> int:
    """Send what is due; exit code 1 where any of it did not go."""
    workplace = _workplace(environment)
    revived = revive(workplace.database()) if dead else 0
    sent = send(workplace)
    if output.as_json:
        output.document({"sent": [_letter(one) for one in sent.out], "failed": list(sent.failed), "revived": revived})
    else:
        for one in sent.out:
            output.say(f"sent to {one.recipients}: {one.subject}")
        if not sent.out:
            output.say("nothing was sent" if sent.failed else "nothing is due")
    for why in sent.failed:
        output.warn(why)
    return FAILED if sent.failed else 0


def _act(environment: Environment, output: Output, act: Act, ids: Sequence[str], project: str | None, by: str | None) -> int:
    workplace = _workplace(environment)
    who = by or environment.actor_name or user_of_the_machine()
    with workplace.database().transaction() as transaction:
        chosen = named(transaction.select(alerts), ids, project)
        changed = act(chosen, who, workplace.now())
        transaction.upsert(alerts, changed)
    if output.as_json:
        output.document({"changed": [_document(one) for one in changed], "unchanged": [one.alert_id for one in _rest(chosen, changed)]})
        return 0
    _show(changed, output)
    for one in _rest(chosen, changed):
        output.warn(f"{one.alert_id[:ID_SHOWN]} is {one.state} already, and stays so")
    return 0


def _rest(chosen: Sequence[Alert], changed: Sequence[Alert]) -> list[Alert]:
    names = {one.alert_id for one in changed}
    return [one for one in chosen if one.alert_id not in names]


def _workplace(environment: Environment) -> Workplace:
    home = prepare(Home(environment.home))
    return Workplace(home_folder=str(home.root), config_file=str(environment.config_file))


def _show(found: Sequence[Alert], output: Output) -> None:
    output.table(
        ("id", "state", "level", "rule", "of", "since", "what", "told", "by"),
        [
            (
                one.alert_id[:ID_SHOWN],
                f"{one.state} until {one.snoozed_until}" if one.state == SNOOZED else one.state,
                one.level,
                one.rule,
                one.scope,
                one.period_start,
                _what(one),
                None if one.told_at is None else f"{one.told_at:%Y-%m-%d %H:%M}",
                one.changed_by,
            )
            for one in found
        ],
    )
    if not found:
        output.say("no alerts")


def _what(one: Alert) -> str:
    if one.words is not None:
        return one.words
    spent = "unknown" if one.spent is None else money.text(one.spent)
    limit = "unknown" if one.limit is None else money.text(one.limit)
    mark = "forecast to cross" if one.threshold is None else f"{money.text(one.threshold)} %"
    return f"{mark}: {spent} of {limit} {one.unit} when found"


def _show_dead(letters: Sequence[Delivery], output: Output) -> None:
    output.table(
        ("as of", "to", "subject", "tries", "why"), [(one.as_of, one.recipients, one.subject, one.attempts, one.receipt) for one in letters]
    )
    output.say("no dead letters" if not letters else "mend the cause, then `usage-pipeline alerts send --dead`")


def _messages(count: int) -> str:
    return "1 message is" if count == 1 else f"{count:,} messages are"


def _document(one: Alert) -> dict[str, object]:
    return {
        "id": one.alert_id,
        "rule": one.rule,
        "state": one.state,
        "level": one.level,
        "scope": one.scope,
        "project": one.project,
        "budget_id": one.budget_id,
        "period_start": one.period_start.isoformat(),
        "period_end": None if one.period_end is None else one.period_end.isoformat(),
        "threshold": None if one.threshold is None else money.text(one.threshold),
        "percent": None if one.percent is None else money.text(one.percent),
        "spent": None if one.spent is None else money.text(one.spent),
        "limit": None if one.limit is None else money.text(one.limit),
        "unit": one.unit,
        "words": one.words,
        "as_of": one.as_of.isoformat(),
        "found_at": one.found_at.isoformat(),
        "told": one.told,
        "told_at": None if one.told_at is None else one.told_at.isoformat(),
        "snoozed_until": None if one.snoozed_until is None else one.snoozed_until.isoformat(),
        "changed_by": one.changed_by,
        "changed_at": None if one.changed_at is None else one.changed_at.isoformat(),
    }


def _letter(one: Delivery) -> dict[str, object]:
    return {
        "id": one.delivery_id,
        "kind": one.kind,
        "state": one.state,
        "to": one.recipients.split(","),
        "subject": one.subject,
        "level": one.level,
        "as_of": one.as_of.isoformat(),
        "attempts": one.attempts,
        "next_attempt_at": None if one.next_attempt_at is None else one.next_attempt_at.isoformat(),
        "why": one.receipt,
    }
