"""`usage-pipeline send`: reports that are due go out; what goes out next, what went, and a preview for whoever asks."""

from collections.abc import Collection, Sequence
from datetime import UTC
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter, ValidationError

from usage_pipeline.commands.output import Output
from usage_pipeline.defs.deliver import Delivered, deliver, waiting_words
from usage_pipeline.defs.deliver_plan import Asked, Coming, Item, Plan, plan_of, rules_named, told_of
from usage_pipeline.defs.deliver_preview import preview
from usage_pipeline.defs.deliver_row import files_in
from usage_pipeline.defs.home import prepare
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.errors import UsageConfigError
from usage_pipeline.settings import Environment
from usage_pipeline.settings.shape import Mail
from usage_pipeline.storage.delivery_ledger import ledger, revive
from usage_pipeline.storage.home import Home
from usage_pipeline.tables.report_deliveries import DEAD, UNSENT, ReportDelivery
from usage_pipeline.tables.spans import span_named

FAILED = 1
MOMENT = "%Y-%m-%d %H:%M"


def run_send(environment: Environment, output: Output, *, names: Sequence[str], period: str | None, again: bool, dead: bool) -> int:
    """Send what is due, or what was asked for; exit code 1 where any of it did not go."""
    workplace = _workplace(environment)
    asked = _asked(workplace, names, period, again=again)
    revived = revive(workplace.database(), names or None) if dead else 0
    done = deliver(workplace, names or None, asked)
    stuck = [one for one in done.plan.stuck if not (dead and one.row is not None)]
    waiting = [_row(one.row) for one in done.plan.on_their_way if one.row is not None]
    if output.as_json:
        sent = {one.delivery_id for one in done.sent.out}
        rows = [one for one in ledger(workplace.database()) if one.delivery_id in sent]
        output.document(
            {
                "sent": [_row(one) for one in rows],
                "uploaded": done.sent.uploaded,
                "failed": list(done.sent.failed),
                "due_but_not_delivered": [_item(one) for one in stuck],
                "waiting": [one for one in waiting if one["id"] not in sent],
                "revived": revived,
                "next": [_coming(one) for one in done.plan.coming],
            }
        )
    else:
        _say(done, stuck, output, period=period)
    for why in done.sent.failed:
        output.warn(why)
    for one in stuck:
        output.warn(f"{told_of(one)}: {one.why}")
    return FAILED if done.sent.failed or stuck else 0


def run_send_dry(environment: Environment, output: Output, *, names: Sequence[str], period: str | None, again: bool) -> int:
    """What is due and what comes; nothing is changed."""
    workplace = _workplace(environment)
    plan = plan_of(workplace, workplace.now(), names or None, _asked(workplace, names, period, again=again))
    if output.as_json:
        output.document(
            {
                "ready": [_item(one) for one in plan.ready],
                "waiting": [_item(one) for one in plan.on_their_way],
                "due_but_not_delivered": [_item(one) for one in plan.stuck],
                "due_before_it_began": [_item(one) for one in plan.missed],
                "next": [_coming(one) for one in plan.coming],
            }
        )
        return 0
    items = [("due now", one) for one in plan.ready] + [("on its way", one) for one in plan.on_their_way]
    items += [("due, not delivered", one) for one in plan.stuck]
    output.table(
        ("state", "what", "since", "to", "why"),
        [(state, told_of(one), one.due_at.strftime(MOMENT), _to(one), one.why) for state, one in items],
    )
    if not items:
        output.say("nothing is due")
    _say_missed(plan, output)
    _say_next(plan.coming, output)
    return 0


def run_send_list(environment: Environment, output: Output, *, names: Sequence[str], rows: int) -> int:
    """The ledger, the newest first."""
    workplace = _workplace(environment)
    if names:
        rules_named(workplace.settings(), names)
    found = list(reversed(ledger(workplace.database(), names or None)))
    if output.as_json:
        output.document({"deliveries": [_row(one) for one in found[:rows]], "count": len(found)})
        return 0
    output.table(
        ("id", "state", "delivery", "period", "of", "version", "when", "to", "tries", "message id or object", "why"),
        [
            (
                one.delivery_id[:8],
                one.state,
                one.name,
                one.period,
                one.scope,
                one.version,
                (one.sent_at or one.queued_at).strftime(MOMENT),
                one.recipients or one.place,
                one.attempts,
                one.message_id or _objects(one),
                one.receipt,
            )
            for one in found[:rows]
        ],
        numbers=("tries",),
    )
    if len(found) > rows:
        output.say(f"{len(found) - rows:,} older ones: --rows shows more")
    dead, unsent = sum(one.state == DEAD for one in found), sum(one.state in UNSENT for one in found)
    output.say(f"{len(found):,} deliveries, {unsent:,} to be sent, {dead:,} refused for good" if found else "nothing was delivered yet")
    return 0


def run_preview(environment: Environment, output: Output, *, to: str, names: Sequence[str], period: str | None) -> int:
    """Mail the newest report of each delivery, or of one month, to one address."""
    try:
        address = TypeAdapter(Mail).validate_python(to)
    except ValidationError as error:
        raise UsageConfigError(f"--preview-to: {error.errors()[0]['msg']}") from None
    workplace = _workplace(environment)
    asked = _asked(workplace, names, period, again=True)
    done = preview(workplace, address, names or None, asked.span if asked else None)
    if output.as_json:
        output.document(
            {
                "previews": [{"subject": one.subject, "to": address, "channel": one.channel, "receipt": one.receipt} for one in done.sent],
                "not_ready": [_item(one) for one in done.stuck],
            }
        )
    for one in done.sent:
        output.say(f"preview sent to {address} ({one.channel}: {one.receipt}): {one.subject}")
    for item in done.stuck:
        output.warn(f"{told_of(item)}: {item.why}")
    if not done.sent and not done.stuck:
        output.warn("there is no such report yet: name a month with --month")
    return 0 if done.sent else FAILED


def _workplace(environment: Environment) -> Workplace:
    home = prepare(Home(environment.home))
    return Workplace(home_folder=str(home.root), config_file=str(environment.config_file))


def _asked(workplace: Workplace, names: Collection[str], period: str | None, *, again: bool) -> Asked | None:
    """Raises UsageConfigError where no delivery named is of such a period."""
    if period is None:
        return None
    span = span_named(period)
    rules = rules_named(workplace.settings(), names or None)
    if not any(one.of.kind == span.kind for one in rules):
        told = ", ".join(f"{one.name} is of a {one.of.kind}" for one in rules) or "usage.yaml has no deliveries"
        raise UsageConfigError(f"{period} is a {span.kind}, and no delivery is of one: {told}")
    if span.period.start > workplace.now().astimezone(UTC).date():
        raise UsageConfigError(f"{period} lies in the future")
    return Asked(span=span, again=again)


def _say(done: Delivered, stuck: Sequence[Item], output: Output, *, period: str | None) -> None:
    plan, sent = done.plan, done.sent.out
    for one in sent:
        where = " and ".join(part for part in (one.recipients, one.place) if part)
        output.say(f"sent to {where}: {one.subject}")
    gone = {one.delivery_id for one in sent}
    later = [one for one in plan.on_their_way if one.row and one.row.next_attempt_at and one.row.delivery_id not in gone]
    for item in later:
        output.say(f"{told_of(item)} is on its way: {waiting_words(item)}")
    if not (sent or stuck or later or done.sent.failed):
        is_there = period is not None and not plan.ready and not plan.on_their_way
        output.say("it was delivered already: --again sends it once more" if is_there else "nothing is due")
    if plan.unknown:
        _say_missed(plan, output)
    if period is None:
        _say_next(plan.coming, output)


def _say_missed(plan: Plan, output: Output) -> None:
    """The newest of each delivery that was due before it was first seen: sent only if somebody asks."""
    newest = {one.rule.name: one for one in sorted(plan.missed, key=lambda one: one.due_at)}
    for one in newest.values():
        ask = f"usage-pipeline send --name {one.rule.name} --month {one.wanted.span.name}"
        output.say(
            f"{one.rule.name}: {one.wanted.span.name} was due on {one.due_at:%Y-%m-%d}, before this delivery began: `{ask}` sends it"
        )


def _say_next(coming: Sequence[Coming], output: Output) -> None:
    if not coming:
        output.say("usage.yaml has no deliveries: the README says how they are written")
    for one in coming:
        if one.at is None:
            output.say(f"{one.rule.name}: next when a month is closed ({one.rule.words})")
            continue
        local = one.at.astimezone(ZoneInfo(one.rule.time_zone))
        span = one.span.name if one.span else ""
        output.say(f"{one.rule.name}: {span} is next, on {local:%A %Y-%m-%d at %H:%M} ({one.rule.time_zone})")


def _to(item: Item) -> str:
    return ", ".join([*item.people.addresses, *([item.rule.s3] if item.rule.s3 else [])])


def _objects(row: ReportDelivery) -> str:
    return ", ".join(f"{one.key}{f' ({one.version})' if one.version else ''}" for one in files_in(row) if one.key)


def _item(one: Item) -> dict[str, Any]:
    return {
        "name": one.rule.name,
        "report": one.rule.report,
        "scope": one.wanted.scope,
        "period": one.wanted.span.name,
        "version": one.wanted.version,
        "due_at": one.due_at.isoformat(),
        "to": list(one.people.addresses),
        "s3": one.rule.s3,
        "why": one.why or None,
    }


def _coming(one: Coming) -> dict[str, Any]:
    return {
        "name": one.rule.name,
        "when": one.rule.words,
        "period": None if one.span is None else one.span.name,
        "at": None if one.at is None else one.at.isoformat(),
        "time_zone": one.rule.time_zone,
    }


def _row(one: ReportDelivery) -> dict[str, Any]:
    return {
        "id": one.delivery_id,
        "name": one.name,
        "report": one.report,
        "scope": one.scope,
        "period": one.period,
        "version": one.version,
        "state": one.state,
        "subject": one.subject,
        "to": [address for address in one.recipients.split(",") if address],
        "s3": one.place,
        "due_at": one.due_at.isoformat(),
        "queued_at": one.queued_at.isoformat(),
        "sent_at": None if one.sent_at is None else one.sent_at.isoformat(),
        "uploaded_at": None if one.uploaded_at is None else one.uploaded_at.isoformat(),
        "attempts": one.attempts,
        "next_attempt_at": None if one.next_attempt_at is None else one.next_attempt_at.isoformat(),
        "message_id": one.message_id,
        "channel": one.channel or None,
        "receipt": one.receipt,
        "files": [
            {
                "name": file.name,
                "path": Path(file.path).as_posix(),
                "sha256": file.sha256,
                "size_bytes": file.size_bytes,
                "attached": file.is_attached,
                "link": None if file.is_attached else file.link,
                "key": file.key,
                "version": file.version,
            }
            for file in files_in(one)
        ],
    }
