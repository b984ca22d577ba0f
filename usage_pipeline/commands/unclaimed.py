"""Cost of no project, as `usage-pipeline coverage` tells of it: who looks after it, how it moved, and whose logged usage fits it."""

from decimal import Decimal
from typing import Any

from usage_pipeline import money
from usage_pipeline.commands.output import Output, dollars
from usage_pipeline.periods import Period
from usage_pipeline.reports.unattributed import evidence_of
from usage_pipeline.tables.claimants import Unclaimed

SHOWN = 10


def unclaimed_document(found: Unclaimed | None, days: Period, before: tuple[Period, Decimal] | None) -> dict[str, Any] | None:
    """`before`: as many days before, and what was without a project then; None where nothing is known of them."""
    if found is None:
        return None
    claimants = [
        {
            "project": one.project,
            "evidence": evidence_of(one),
            "level": one.level,
            "amount": money.text(one.amount),
            "percent": money.text(money.percent(one.amount, found.amount)),
            "rule": one.rule,
        }
        for one in found.claimants
    ]
    return {
        "amount": money.text(found.amount),
        "per_day": money.text(_a_day(found.amount, days)),
        "previous_from": before and str(before[0].start),
        "previous_amount": before and money.text(before[1]),
        "previous_per_day": before and money.text(_a_day(before[1], before[0])),
        "owners": list(found.owners),
        "claimants": claimants,
        "without_claimant": money.text(found.nobody),
    }


def show_unclaimed(found: Unclaimed | None, days: Period, before: tuple[Period, Decimal] | None, currency: str, output: Output) -> None:
    if found is None:
        return
    output.heading(f"Unattributed, {currency}: {dollars(found.amount)}, {dollars(_a_day(found.amount, days))} a day{_moved(before)}")
    output.say(
        f"looked after by {', '.join(found.owners)}" if found.owners else "nobody looks after it: name `unattributed: {owners: […]}`"
    )
    rows = [(one.project, evidence_of(one), dollars(one.amount), _percent(one.amount, found.amount)) for one in found.claimants[:SHOWN]]
    rest = money.total([one.amount for one in found.claimants[SHOWN:]])
    rows += [(f"{len(found.claimants) - SHOWN} more", "see --json", dollars(rest), _percent(rest, found.amount))] if rest else []
    rows += [("nobody", "no project's logs fit", dollars(found.nobody), _percent(found.nobody, found.amount))] if found.nobody else []
    output.table(("likely claimant", "evidence, never assigned", "would be", "%"), rows, numbers=("would be", "%"))
    rules = list(dict.fromkeys(one.rule for one in found.claimants if one.rule))
    if rules:
        output.heading("Rules to look at, each on what stands on the claimant's lines alone")
        for rule in rules[:SHOWN]:
            output.say(rule)


def _moved(before: tuple[Period, Decimal] | None) -> str:
    if before is None:
        return ""
    days, amount = before
    return f"; {dollars(_a_day(amount, days))} a day on the {days.days_count} days before"


def _a_day(amount: Decimal, days: Period) -> Decimal:
    return money.share_of(amount, 1, days.days_count)


def _percent(part: Decimal, whole: Decimal) -> str:
    return f"{money.percent(part, whole):.1f}"
