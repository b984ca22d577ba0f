"""Where one bill, or one provider's count of usage, is told twice: by an API's pages and the export of the same days, say; or by two
exports that one source reads: a bill as CSV and as Parquet, a month and its corrected version under another name.

Two logs that saw the same requests (a gateway's and a trace's, say) tell the same, too: their meters are identical.
Each one counts, so both together count twice. That they tell the same is certain where the accounts they name are not apart and the
sums of a day agree: cent by cent for a bill, token by token for usage. A source that rounds its lines to cents may be off by half a
cent a line. Which of the two is to go, only the owner knows. Bills that do not agree may tell of the same lines with other amounts, as a
corrected export does (told_alike.py): the one who has the lines is asked for that.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import combinations
from typing import NamedTuple

from usage_pipeline import money

BILL = "bill"
USAGE = "usage"
LOG = "log"

ACCOUNTS = ("billing_account", "sub_account_id", "provider_project_id", "workspace_id", "api_key")
"""Columns that name an account. Two tellers that both fill one and share no value of it are of different accounts."""

HALF_CENT = Decimal("0.005")


class Teller(NamedTuple):
    """Who tells: a source as a whole; or one export that it reads, of which `share` is an account's billing period."""

    source: str
    export: str = ""
    share: str = ""

    @property
    def is_whole(self) -> bool:
        return not self.share


@dataclass(frozen=True, slots=True, kw_only=True)
class DaySum:
    """What is told of one meter on one day: money in a bill, units in usage. `is_rounded`: every line is of whole cents."""

    view: str
    channel: str
    source: str
    export: str = ""
    share: str = ""
    day: date
    meter: str
    size: Decimal
    lines: int = 1
    is_rounded: bool = False

    @property
    def teller(self) -> Teller:
        return Teller(self.source, self.export, self.share)

    @property
    def margin(self) -> Decimal:
        """How far off rounding may have put it."""
        return HALF_CENT * self.lines if self.is_rounded else money.ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class TwiceRead:
    """Who tells the same, and the days that more than one of them has. `differs`: the same lines, but amounts that do not agree."""

    view: str
    channel: str
    tellers: tuple[Teller, ...]
    days: tuple[date, ...]
    differs: bool = False

    @property
    def sources(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(one.source for one in self.tellers))


Key = tuple[str, str, Teller]
"""(view, channel, who tells)."""

Accounts = Mapping[Key, Mapping[str, frozenset[str]]]
Pair = tuple[Teller, Teller]
Alike = Callable[[str, Sequence[Pair]], Collection[Pair]]
"""Of these pairs of a channel, whose sums do not agree, those that tell of the same lines."""


def none_alike(_channel: str, _pairs: Sequence[Pair]) -> Collection[Pair]:
    """Where amounts alone are compared."""
    return ()


def twice_read(sums: Sequence[DaySum], accounts: Accounts, alike: Alike = none_alike) -> list[TwiceRead]:
    """The groups that tell the same of a channel, by view, channel and name. `accounts`: the values of each of ACCOUNTS.

    `sums` are of sources as wholes, and of the exports of those that read several. Two sources that agree as wholes are told as such.
    """
    read: dict[tuple[str, str], dict[Teller, dict[date, list[DaySum]]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    for one in sums:
        read[one.view, one.channel][one.teller][one.day].append(one)
    found: list[TwiceRead] = []
    for (view, channel), tellers in sorted(read.items()):
        named = {teller: accounts.get((view, channel, teller), {}) for teller in tellers}
        sharing = [pair for pair in comparable(named) if not tellers[pair[0]].keys().isdisjoint(tellers[pair[1]])]
        pairs = [
            (first, second)
            for first, second in sharing
            if any(_agree(tellers[first][day], tellers[second][day]) for day in tellers[first].keys() & tellers[second].keys())
        ]
        plain = _plainest(pairs)
        other = _others(channel, sharing, plain, alike)
        for group in _joined([*plain, *other]):
            seen = [day for teller in group for day in tellers[teller]]
            days = tuple(sorted({day for day in seen if seen.count(day) > 1}))
            differs = any(set(pair) <= set(group) for pair in other)
            found.append(TwiceRead(view=view, channel=channel, tellers=group, days=days, differs=differs))
    return found


def comparable(tellers: Mapping[Teller, Mapping[str, frozenset[str]]]) -> Iterator[Pair]:
    """The pairs that may tell the same: not of one export, not a whole and its part, not of accounts apart. `tellers`: their accounts.

    Of a source with exports, these are compared with those of another source, and with one that has none as a whole.
    """
    spelled = {one: {name: frozenset(map(spelling, values)) for name, values in named.items()} for one, named in tellers.items()}
    parted = {one.source for one in tellers if not one.is_whole}
    for first, second in combinations(sorted(tellers), 2):
        if first.source == second.source:
            may_be = not first.is_whole and not second.is_whole and first.export != second.export
        else:
            whole = {one.source for one in (first, second) if one.is_whole}
            may_be = len(whole) != 1 or whole.isdisjoint(parted)
        if may_be and not _apart(spelled[first], spelled[second]):
            yield first, second


def spelling(account: str) -> str:
    """An account in one spelling: '/providers/…/billingAccounts/8611000' is '8611000', '0123-4567-8901' is '12345678901'."""
    return account.rstrip("/").rsplit("/", 1)[-1].replace("-", "").casefold().lstrip("0")


def _apart(first: Mapping[str, frozenset[str]], second: Mapping[str, frozenset[str]]) -> bool:
    both = (name for name in ACCOUNTS if first.get(name) and second.get(name))
    return any(first[name].isdisjoint(second[name]) for name in both)


def _plainest(pairs: Sequence[Pair]) -> list[Pair]:
    """Without exports of two sources that agree as wholes."""
    wholes = {_sources(pair) for pair in pairs if _is_whole(pair)}
    return [pair for pair in pairs if _is_whole(pair) or _sources(pair) not in wholes]


def _others(channel: str, sharing: Sequence[Pair], agreed: Sequence[Pair], alike: Alike) -> list[Pair]:
    """Those of the pairs sharing a day that tell of the same lines and do not agree: of two sources their exports, if any do; else they as
    wholes. Not of sources that agree as wholes.
    """
    known = set(agreed)
    settled = {_sources(pair) for pair in agreed if _is_whole(pair)}
    rest = [pair for pair in sharing if pair not in known and _sources(pair) not in settled]
    found = alike(channel, rest) if rest else ()
    parted = {_sources(pair) for pair in (*agreed, *found) if not _is_whole(pair)}
    return [pair for pair in found if not _is_whole(pair) or _sources(pair) not in parted]


def _sources(pair: Pair) -> tuple[str, str]:
    return pair[0].source, pair[1].source


def _is_whole(pair: Pair) -> bool:
    return pair[0].is_whole and pair[1].is_whole


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
        export=one.export,
        share=one.share,
        day=one.day,
        meter="",
        size=money.total([each.size for each in sums]),
        lines=sum(each.lines for each in sums),
        is_rounded=all(each.is_rounded for each in sums),
    )


def _same(first: DaySum, second: DaySum) -> bool:
    margin = max(first.margin, second.margin)
    return abs(first.size - second.size) <= margin < min(abs(first.size), abs(second.size))


def _joined(pairs: Iterable[Pair]) -> list[tuple[Teller, ...]]:
    """Pairs with a common member as one group."""
    groups: list[set[Teller]] = []
    for pair in pairs:
        touched = [group for group in groups if group & set(pair)]
        groups = [group for group in groups if group not in touched]
        groups.append(set(pair).union(*touched))
    return sorted(tuple(sorted(group)) for group in groups)
