"""A wallet's ledger in, what a statement says of one month of it out: entries count on their `day`, so a closed month never changes."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.budgets.wallet_ledger import standing_of
from usage_pipeline.periods import Period
from usage_pipeline.tables.wallets import CONSUMPTION, EXPIRY, GIVEN, WalletEntry, WalletStatus
from usage_pipeline.tables.wallets_told import WalletTold


def wallets_told(statuses: Iterable[WalletStatus], entries: Iterable[WalletEntry], month: Period) -> tuple[WalletTold, ...]:
    """One a wallet that has an entry up to the month's end, by its id."""
    by_wallet: dict[str, list[WalletEntry]] = defaultdict(list)
    for one in entries:
        if one.day < month.end:
            by_wallet[one.wallet].append(one)
    ordered = sorted(statuses, key=lambda one: one.wallet)
    return tuple(_told(status, by_wallet[status.wallet], month) for status in ordered if by_wallet[status.wallet])


def _told(status: WalletStatus, entries: Sequence[WalletEntry], month: Period) -> WalletTold:
    within = [one for one in entries if one.day >= month.start]
    as_of = max(month.start, min(month.last, status.as_of))
    closing = money.total([one.amount for one in entries])
    expiry, expiring = _next_expiry(entries, as_of, closing)
    return WalletTold(
        wallet=status.wallet,
        scope=status.scope,
        holder=status.holder,
        unit=status.unit,
        as_of=as_of,
        opening=money.total([one.amount for one in entries if one.day < month.start]),
        given=_sum(within, GIVEN),
        consumed=-_sum(within, (CONSUMPTION,)),
        expired=-_sum(within, (EXPIRY,)),
        closing=closing,
        low=status.low,
        next_expiry=expiry,
        next_expiring=expiring,
    )


def _next_expiry(entries: Sequence[WalletEntry], as_of: date, closing: Decimal) -> tuple[date | None, Decimal | None]:
    """Nothing where the lots of these entries are not their sum: then a later entry put something right, and nobody can say."""
    used: dict[date, Decimal] = defaultdict(lambda: money.ZERO)
    for one in entries:
        if one.kind == CONSUMPTION:
            used[one.for_day] = money.total([used[one.for_day], -one.amount])
    found = standing_of(entries, used, as_of)
    ends = [(lot.expires, lot.left) for lot in found.lots if lot.expires is not None and lot.left]
    if found.balance != closing or not ends:
        return None, None
    first = min(expires for expires, _ in ends)
    return first, money.total([left for expires, left in ends if expires == first])


def _sum(entries: Iterable[WalletEntry], kinds: Sequence[str]) -> Decimal:
    return money.total([one.amount for one in entries if one.kind in kinds])
