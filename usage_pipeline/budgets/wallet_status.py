"""A wallet's entries and its lots in, how it stands out: balance, since when it is low, what lapses next; and its balance by day."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.budgets.wallet_ledger import Usage
from usage_pipeline.budgets.wallet_lots import Standing
from usage_pipeline.errors import AccountingError
from usage_pipeline.tables.wallets import CONSUMPTION, EXPIRY, GIVEN, Wallet, WalletEntry, WalletStatus


def status_of(wallet: Wallet, entries: Sequence[WalletEntry], usage: Usage, standing: Standing, as_of: date) -> WalletStatus:
    """How `wallet` stands. Raises AccountingError where its lots, less what is owed, are not the sum of its entries."""
    balance = money.total([one.amount for one in entries])
    if balance != standing.balance:
        raise AccountingError(
            f"wallet {wallet.id}: its entries sum to {money.text(balance)}, its lots to {money.text(standing.balance)}; "
            "the ledger was changed by other hands, or by a version of another kind"
        )
    is_low = wallet.low is not None and bool(entries) and balance <= wallet.low
    ends = [lot for lot in standing.lots if lot.expires is not None]
    next_expiry = min((lot.expires for lot in ends if lot.expires is not None), default=None)
    return WalletStatus(
        wallet=wallet.id,
        scope=wallet.scope,
        holder=wallet.holder,
        unit=wallet.unit,
        as_of=as_of,
        balance=balance,
        overdrawn=standing.debt,
        low=wallet.low,
        is_low=is_low,
        low_since=_low_since(entries, wallet.low) if is_low and wallet.low is not None else None,
        given=_sum(entries, GIVEN),
        consumed=-_sum(entries, (CONSUMPTION,)),
        expired=-_sum(entries, (EXPIRY,)),
        next_expiry=next_expiry,
        next_expiring=None if next_expiry is None else money.total([lot.left for lot in ends if lot.expires == next_expiry]),
        unknown_days=len(usage.unknown),
    )


def balances(entries: Iterable[WalletEntry]) -> list[tuple[date, Decimal]]:
    """The balance at the end of each day that has an entry; between them it stays as it was."""
    by_day: dict[date, list[Decimal]] = defaultdict(list)
    for one in entries:
        by_day[one.day].append(one.amount)
    found: list[tuple[date, Decimal]] = []
    balance = money.ZERO
    for day, amounts in sorted(by_day.items()):
        balance = money.total([balance, *amounts])
        found.append((day, balance))
    return found


def balance_on(entries: Iterable[WalletEntry], day: date) -> Decimal:
    """The balance at the end of `day`."""
    return money.total([one.amount for one in entries if one.day <= day])


def _low_since(entries: Iterable[WalletEntry], low: Decimal) -> date | None:
    since: date | None = None
    for day, balance in balances(entries):
        since = (since or day) if balance <= low else None
    return since


def _sum(entries: Iterable[WalletEntry], kinds: Sequence[str]) -> Decimal:
    return money.total([one.amount for one in entries if one.kind in kinds])
