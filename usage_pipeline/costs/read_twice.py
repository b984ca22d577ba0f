"""Where one bill, or one provider's count of usage, is read from two sources: an API's pages and the export of the same days, say.

Two logs that saw the same requests (a gateway's and a trace's, say) tell the same, too: their meters are identical.
Each source counts, so both together count twice. That they tell the same is certain where the accounts they name are not apart and the
sums of a day agree: cent by cent for a bill, token by token for usage. A source that rounds its lines to cents may be off by half a
cent a line. Which of the two is to go, only the owner knows.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import combinations

from usage_pipeline import money

BILL = "bill"
USAGE = "usage"
LOG = "log"

ACCOUNTS = ("billing_account", "sub_account_id", "provider_project_id", "workspace_id", "api_key")
"""Columns that name an account. Two sources that both fill one and share no value of it are of different accounts."""

HALF_CENT = Decimal("0.005")


@dataclass(frozen=True, slots=True, kw_only=True)
class DaySum:
    """What a source says of one meter on one day: money in a bill, units in usage. `is_rounded`: every line is of whole cents."""

    view: str
    channel: str
    source: str
    day: date
    meter: str
    size: Decimal
    lines: int = 1
    is_rounded: bool = False

    @property
    def margin(self) -> Decimal:
        """How far off rounding may have put it."""
        return HALF_CENT * self.lines if self.is_rounded else money.ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class TwiceRead:
    """Sources that tell the same, and the days that more than one of them has."""

    view: str
    channel: str
    sources: tuple[str, ...]
    days: tuple[date, ...]


Key = tuple[str, str, str]
"""(view, channel, source)."""

Accounts = Mapping[Key, Mapping[str, frozenset[str]]]


def twice_read(sums: Sequence[DaySum], accounts: Accounts) -> list[TwiceRead]:
    """The groups of sources that tell the same of a channel, by view, channel and name. `accounts`: the values of each of ACCOUNTS."""
    read: dict[tuple[str, str], dict[str, dict[date, list[DaySum]]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    for one in sums:
        read[one.view, one.channel][one.source][one.day].append(one)
    found: list[TwiceRead] = []
    for (view, channel), sources in sorted(read.items()):
        pairs = [
            (first, second)
            for first, second in combinations(sorted(sources), 2)
            if not _apart(accounts.get((view, channel, first), {}), accounts.get((view, channel, second), {}))
            and any(_agree(sources[first][day], sources[second][day]) for day in sources[first].keys() & sources[second].keys())
        ]
        for group in _joined(pairs):
            seen = [day for source in group for day in sources[source]]
            days = tuple(sorted({day for day in seen if seen.count(day) > 1}))
            found.append(TwiceRead(view=view, channel=channel, sources=group, days=days))
    return found


def _apart(first: Mapping[str, frozenset[str]], second: Mapping[str, frozenset[str]]) -> bool:
    both = (name for name in ACCOUNTS if first.get(name) and second.get(name))
    return any(first[name].isdisjoint(second[name]) for name in both)


def _agree(first: Sequence[DaySum], second: Sequence[DaySum]) -> bool:
    """Whether the day's totals are the same, or meters that are, are at least half of what the smaller one tells."""
    ours, theirs = _total(first), _total(second)
    if _same(ours, theirs):
        return True
    mine = {one.meter: one for one in first}
    same = [one.size for one in second if one.meter in mine and _same(mine[one.meter], one)]
    return bool(same) and 2 * money.total(same) >= min(ours.size, theirs.size)


def _total(sums: Sequence[DaySum]) -> DaySum:
    one = sums[0]
    return DaySum(
        view=one.view,
        channel=one.channel,
        source=one.source,
        day=one.day,
        meter="",
        size=money.total([each.size for each in sums]),
        lines=sum(each.lines for each in sums),
        is_rounded=all(each.is_rounded for each in sums),
    )


def _same(first: DaySum, second: DaySum) -> bool:
    margin = max(first.margin, second.margin)
    return abs(first.size - second.size) <= margin < min(abs(first.size), abs(second.size))


def _joined(pairs: Sequence[tuple[str, str]]) -> list[tuple[str, ...]]:
    """Pairs with a common member as one group."""
    groups: list[set[str]] = []
    for pair in pairs:
        touched = [group for group in groups if group & set(pair)]
        groups = [group for group in groups if group not in touched]
        groups.append(set(pair).union(*touched))
    return sorted(tuple(sorted(group)) for group in groups)
