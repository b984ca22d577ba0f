"""Reports on their way: an asset of its own, outside the jobs that people backfill, and the check that names what is due and did not go."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import dagster as dg

from usage_pipeline.defs.closed import user_of_the_machine
from usage_pipeline.defs.deliver_plan import Asked, Item, Plan, plan_of, told_of
from usage_pipeline.defs.deliver_row import row_of
from usage_pipeline.defs.deliver_sending import Sent, send_due
from usage_pipeline.defs.digests import DIGEST
from usage_pipeline.defs.ingest import OWNERS
from usage_pipeline.defs.preview import markdown, schema_of
from usage_pipeline.defs.reports import REPORT
from usage_pipeline.defs.usage_report import COMPARISON, USAGE
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.storage.delivery_ledger import due, ledger, note_begun, record
from usage_pipeline.tables.report_deliveries import DEAD, UNSENT, report_deliveries

DELIVERIES = report_deliveries.name


@dataclass(frozen=True, slots=True)
class Delivered:
    """What was planned, and what came of it."""

    plan: Plan
    sent: Sent


@dg.asset(
    key=DELIVERIES,
    deps=[REPORT, DIGEST, USAGE, COMPARISON],
    group_name="reports",
    kinds={"python", "email"},
    owners=OWNERS,
    code_version="1",
    metadata={"dagster/column_schema": schema_of(report_deliveries)},
)
def report_deliveries_asset(context: dg.AssetExecutionContext, workplace: Workplace) -> dg.MaterializeResult[None]:
    """Reports that are due, sent to their people and put into their folders: each version once, again until it is taken."""
    done = deliver(workplace)
    for words in done.sent.failed:
        context.log.warning("%s", words)
    return dg.MaterializeResult(metadata=_summary(workplace, done))


@dg.asset_check(asset=DELIVERIES)
def reports_delivered(workplace: Workplace) -> dg.AssetCheckResult:
    """No report is due and not delivered. A warning: it names each, why, and what mends it."""
    late = late_of(workplace, workplace.now())
    return dg.AssetCheckResult(
        passed=not late,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"due but not delivered": len(late), "why": markdown([{"delivery": name, "why": why} for name, why in late])},
    )


DELIVERY_CHECKS = [reports_delivered]


def deliver(workplace: Workplace, names: Collection[str] | None = None, asked: Asked | None = None) -> Delivered:
    """Write down what is due, or what is asked for, and send all that waits. What failed is told, and tried again by the next."""
    plan = plan_of(workplace, workplace.now(), names, asked)
    ids = queue(workplace, plan)
    return Delivered(plan, send_due(workplace, workplace.now, _only(workplace, plan, ids, names, asked)))


def _only(workplace: Workplace, plan: Plan, new: Collection[str], names: Collection[str] | None, asked: Asked | None) -> set[str] | None:
    """The ids that were asked for by name or period; None for all that is due."""
    if asked is not None and asked.span is not None:
        return {*new, *(one.row.delivery_id for one in plan.on_their_way if one.row)}
    return {*new, *(one.delivery_id for one in ledger(workplace.database(), names))} if names else None


def queue(workplace: Workplace, plan: Plan) -> list[str]:
    """Write down what is ready, and take back what it stands for; the new ids. From now on the deliveries are known."""
    database, now = workplace.database(), workplace.now()
    if plan.unknown:
        note_begun(database, plan.unknown, workplace.environment().actor_name or user_of_the_machine(), now)
    rows = [row_of(workplace, item, now) for item in plan.ready]
    new = {one.delivery_id for one in rows}
    known = ledger(database)
    places = {(one.name, one.scope, one.period) for one in rows}
    named = {one.name for one in workplace.settings().deliveries}
    stale = [one.delivery_id for one in known if (one.name, one.scope, one.period) in places or one.name not in named]
    record(database, rows, [one for one in stale if one not in new])
    return list(new)


def late_of(workplace: Workplace, now: datetime) -> list[tuple[str, str]]:
    """What is due and not delivered, each with the reason: not written, waiting for the close, refused, still tried, never started."""
    plan = plan_of(workplace, now)
    found = [(told_of(one), one.why) for one in plan.stuck]
    found += [(told_of(one), waiting_words(one)) for one in plan.on_their_way]
    found += [(told_of(one), "it can go out: `usage-pipeline send`, or turn the schedule report_delivery on") for one in plan.ready]
    return found


def has_work(workplace: Workplace, now: datetime) -> bool:
    """Whether anything is due, or waits for its next try."""
    plan = plan_of(workplace, now)
    return bool(plan.ready or plan.unknown or due(workplace.database(), now))


def waiting_words(item: Item) -> str:
    """Why it did not go yet, and when it is tried again."""
    row = item.row
    if row is None or not row.attempts:
        return "it is written down, and not sent yet: `usage-pipeline send`"
    then = "" if row.next_attempt_at is None else f"; tried again from {row.next_attempt_at:%Y-%m-%d %H:%M} UTC"
    return f"{row.receipt}{then}"


def _summary(workplace: Workplace, done: Delivered) -> dict[str, Any]:
    rows = ledger(workplace.database())
    unsent = [one for one in rows if one.state in UNSENT]
    dead = [one for one in rows if one.state == DEAD]
    return {
        "dagster/row_count": len(rows),
        "sent": len(done.sent.out),
        "uploaded": done.sent.uploaded,
        "waiting": len(unsent),
        "dead": len(dead),
        "delivered": markdown([{"subject": one.subject, "to": one.recipients, "folder": one.place or ""} for one in done.sent.out]),
        "not delivered": markdown([{"delivery": told_of(one), "why": one.why} for one in done.plan.stuck]),
        "failed": list(done.sent.failed),
    }
