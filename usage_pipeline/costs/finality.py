"""How final a month is, and why: open → provisional → reconciled → closed, for each channel and for the month as a whole.

In: the month's cost rows, what is known of its bills and days, and what blocks the close. Out: a state with its reasons in words.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import MappingProxyType

from usage_pipeline import money
from usage_pipeline.periods import Period
from usage_pipeline.tables.costs import DailyCost
from usage_pipeline.tables.revisions import CLOSED, OPEN, PROVISIONAL, RECONCILED

STATES = (OPEN, PROVISIONAL, RECONCILED, CLOSED)
DAYS_NAMED = 3
NOTHING: Mapping[str, date] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelFinality:
    """One channel's month: `billed` by its bill, `estimated` by us where no bill is. `unbilled` are the days after the bill's end."""

    channel: str
    finality: str
    billed: Decimal
    estimated: Decimal
    unbilled: tuple[date, ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthFinality:
    """The month: as final as the least final of its channels, and no more than its days and findings allow."""

    month: Period
    finality: str
    reasons: tuple[str, ...]
    channels: tuple[ChannelFinality, ...]


def month_finality(
    month: Period,
    daily: Sequence[DailyCost],
    *,
    missing: Sequence[date],
    unread: Sequence[str],
    billing: Collection[str],
    blocking: Sequence[str],
    closed: str | None,
    billed_through: Mapping[str, date] = NOTHING,
) -> MonthFinality:
    """`missing`: days that no source speaks of. `unread`: what of bills could not be read. `billing`: channels whose bill is read.
    `blocking`: what stands against the close, in words. `closed`: the words of the close, null while it is not closed.
    `billed_through`: the newest day that each channel's bill has a line for, in this month or later.
    """
    channels = channel_finalities(daily, billing, billed_through)
    if closed is not None:
        shut = tuple(
            ChannelFinality(
                channel=one.channel, finality=CLOSED, billed=one.billed, estimated=one.estimated, unbilled=one.unbilled, reasons=()
            )
            for one in channels
        )
        return MonthFinality(month=month, finality=CLOSED, reasons=(closed,), channels=shut)
    reasons = [*([f"no source speaks of {days_text(missing)}"] if missing else []), *unread]
    reasons += [f"{one.channel}: {'; '.join(one.reasons)}" for one in channels if one.finality == OPEN]
    if not daily and not missing:
        reasons.append("there is no cost yet")
    if reasons:
        return MonthFinality(month=month, finality=OPEN, reasons=tuple(reasons), channels=channels)
    if blocking:
        return MonthFinality(month=month, finality=PROVISIONAL, reasons=tuple(blocking), channels=channels)
    tied = tuple(
        ChannelFinality(
            channel=one.channel, finality=RECONCILED, billed=one.billed, estimated=one.estimated, unbilled=one.unbilled, reasons=one.reasons
        )
        for one in channels
    )
    return MonthFinality(month=month, finality=RECONCILED, reasons=("nothing stands against the close",), channels=tied)


def channel_finalities(
    daily: Sequence[DailyCost], billing: Collection[str], billed_through: Mapping[str, date] = NOTHING
) -> tuple[ChannelFinality, ...]:
    """Each channel by its bill alone: 'open' where one is read and ends before the last estimated day, else 'provisional'."""
    by_channel: dict[str, list[DailyCost]] = defaultdict(list)
    for row in daily:
        by_channel[row.channel].append(row)
    return tuple(
        _channel(channel, by_channel[channel], billed_through.get(channel), is_billed=channel in billing) for channel in sorted(by_channel)
    )


def scope_finality(month: MonthFinality, daily: Sequence[DailyCost], project: str | None) -> str:
    """Of one project's statement (None: the organisation's): its own channels alone can hold it open by their bills."""
    if month.finality != OPEN or project is None:
        return month.finality
    open_channels = {one.channel: frozenset(one.unbilled) for one in month.channels if one.finality == OPEN}
    of_the_bills = sum(one.finality == OPEN for one in month.channels)
    if len(month.reasons) > of_the_bills:
        return OPEN
    waits = any(
        row.project == project and row.billed_cost is None and row.cost and row.day in open_channels.get(row.channel, ()) for row in daily
    )
    return OPEN if waits else PROVISIONAL


def days_text(days: Sequence[date]) -> str:
    """'1 day (2026-10-03)', '12 days (2026-10-03, 2026-10-04, 2026-10-05 and 9 more)'."""
    named = ", ".join(str(day) for day in days[:DAYS_NAMED])
    more = f" and {len(days) - DAYS_NAMED} more" if len(days) > DAYS_NAMED else ""
    return f"{len(days)} {'day' if len(days) == 1 else 'days'} ({named}{more})"


def _channel(channel: str, rows: Sequence[DailyCost], through: date | None, *, is_billed: bool) -> ChannelFinality:
    """A day without a line is no longer waited for once the bill goes on after it."""
    bill_days = [row.day for row in rows if row.billed_cost is not None] + ([through] if through else [])
    estimates = [row for row in rows if row.billed_cost is None and row.cost]
    estimated = money.total([row.cost for row in estimates])
    newest = max(bill_days, default=None)
    waiting = sorted({row.day for row in estimates if newest is None or row.day > newest}) if is_billed or bill_days else []
    reasons: list[str] = []
    if waiting:
        amount = money.total([row.cost for row in estimates if row.day in set(waiting)])
        until = f"the bill ends on {newest}" if newest else "there is no bill of it yet"
        reasons.append(f"{until}, and {money.text(amount)} on {days_text(waiting)} is estimated")
    elif estimates:
        why = "its bill has no line for it" if bill_days else "no bill of it is read"
        reasons.append(f"{money.text(estimated)} is estimated: {why}")
    return ChannelFinality(
        channel=channel,
        finality=OPEN if waiting else PROVISIONAL,
        billed=money.total([row.billed_cost for row in rows]),
        estimated=estimated,
        unbilled=tuple(waiting),
        reasons=tuple(reasons),
    )
