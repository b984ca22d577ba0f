"""The ledger of wallets in the database: brought up to date with usage.yaml, its files and daily costs, all in one transaction."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import sqlalchemy as sa

from usage_pipeline import money
from usage_pipeline.budgets.wallet_given import Writing, ask, ask_where_low, decide, give, take_rows, unused
from usage_pipeline.budgets.wallet_ledger import Posting, counted, first_day_of, missing_entries, standing_of, usage_of
from usage_pipeline.budgets.wallet_status import status_of
from usage_pipeline.defs.closed import closed_months, user_of_the_machine
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.errors import Problem, UsageConfigError, UsageError
from usage_pipeline.periods import Period, last_full_day
from usage_pipeline.storage.database import Transaction
from usage_pipeline.storage.wallet_days import wallet_days
from usage_pipeline.storage.wallet_file import read_wallet_rows
from usage_pipeline.tables.audit_log import audit_log
from usage_pipeline.tables.revisions import revisions
from usage_pipeline.tables.wallets import (
    APPROVED,
    GRANT,
    OPEN,
    REJECTED,
    RechargeRequest,
    Wallet,
    WalletEntry,
    WalletStatus,
    recharge_requests,
    wallet_entries,
    wallets,
)


@dataclass(frozen=True, slots=True)
class Kept:
    """How wallets stand, and the entries that were written just now."""

    statuses: Sequence[WalletStatus]
    written: Sequence[WalletEntry]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Book:
    """The ledger as it is read within a transaction."""

    transaction: Transaction
    entries: Sequence[WalletEntry]
    requests: dict[str, RechargeRequest]
    posting: Posting
    writing: Writing

    @property
    def today(self) -> date:
        return self.posting.now.date()


def keep_wallets(workplace: Workplace) -> Kept:
    """Write what is missing of the ledger, and how each wallet stands. Running it again writes nothing."""
    database = workplace.database()
    if not workplace.settings().wallets and not database.select(wallets):
        return Kept((), ())
    return _write(workplace, lambda _: None)


def grant(workplace: Workplace, name: str, amount: Decimal, expires: date | None, note: str | None) -> WalletEntry:
    """A grant of today. Raises UsageError where it would have lapsed already."""
    wallet = wallet_named(workplace, name)
    told: list[WalletEntry] = []

    def act(book: _Book) -> None:
        if expires is not None and expires < book.today:
            raise UsageConfigError(f"--expires {expires} is over: give today ({book.today}, UTC) or a later day")
        reference = unused(f"{name}-{GRANT}", {one.reference for one in [*book.entries, *book.writing.entries]})
        told.append(give(book.writing, wallet, GRANT, amount, book.today, reference, book.posting, expires=expires, note=note))

    _write(workplace, act)
    return told[0]


def request(workplace: Workplace, name: str, amount: Decimal | None, expires: date | None, note: str | None) -> RechargeRequest:
    """An open request. Raises UsageError where no amount is known, or one is open already."""
    wallet = wallet_named(workplace, name)
    told: list[RechargeRequest] = []
    wanted = amount or (wallet.recharge.amount if wallet.recharge else None)
    if wanted is None:
        raise UsageConfigError(f"wallet {name} has no recharge amount in usage.yaml: say --amount")

    def act(book: _Book) -> None:
        known = book.requests | book.writing.requests
        pending = next((one for one in known.values() if one.wallet == name and one.state == OPEN), None)
        if pending is not None:
            raise UsageError(f"request {pending.request_id} of {money.text(pending.amount)} is open: approve or reject it first")
        if expires is not None and expires < book.today:
            raise UsageConfigError(f"--expires {expires} is over: give today ({book.today}, UTC) or a later day")
        told.append(ask(book.writing, wallet, unused(name, set(known)), wanted, book.posting, expires=expires, note=note))

    _write(workplace, act)
    return told[0]


def decided(workplace: Workplace, request_id: str, by: str, note: str | None, *, approve: bool) -> RechargeRequest:
    """The request, approved or rejected. Raises UsageError where there is none, it was decided before, or `by` may not."""
    told: list[RechargeRequest] = []

    def act(book: _Book) -> None:
        known = book.requests | book.writing.requests
        found = known.get(request_id)
        if found is None:
            pending = ", ".join(sorted(one.request_id for one in known.values() if one.state == OPEN)) or "none"
            raise UsageConfigError(f"there is no request {request_id}; open are: {pending}")
        wallet = wallet_named(workplace, found.wallet)
        state = APPROVED if approve else REJECTED
        told.append(decide(book.writing, wallet, found, state, by, book.today, book.posting, note=note))

    _write(workplace, act)
    return told[0]


def wallet_named(workplace: Workplace, name: str) -> Wallet:
    """Raises UsageConfigError where usage.yaml has no such wallet."""
    settings = workplace.settings()
    found = next((one for one in settings.wallets if one.id == name), None)
    if found is None:
        known = ", ".join(one.id for one in settings.wallets)
        raise UsageConfigError(f"{settings.file} has no wallet {name!r}; " + (f"it has {known}" if known else "it has none: see wallets"))
    return found


def _write(workplace: Workplace, act: Callable[[_Book], None]) -> Kept:
    """Files first, then what `act` does, then usage and expiry: all of it or nothing. Of two at once, one waits for the other."""
    settings = workplace.settings()
    declared = {one.id: one for one in settings.wallets}
    files = sorted({one.entries for one in settings.wallets if one.entries is not None})
    rows = [row for file in files for row in read_wallet_rows(file, declared)]
    through = last_full_day(workplace.now())
    with workplace.database().transaction() as transaction:
        book = _open(workplace, transaction)
        _same_units(settings.file, list(declared.values()), book.entries)
        take_rows(book.writing, rows, declared, book.entries, book.requests, book.posting)
        act(book)
        entries = [*book.entries, *book.writing.entries]
        of_wallet = {name: [one for one in entries if one.wallet == name] for name in declared}
        first = min((day for one in declared.values() if (day := first_day_of(one, of_wallet[one.id]))), default=None)
        span = None if first is None or first > through else Period(first, through + timedelta(days=1))
        days = [] if span is None else wallet_days(transaction, span)
        statuses: list[WalletStatus] = []
        for wallet in declared.values():
            own = of_wallet[wallet.id]
            used = counted(wallet, own, usage_of(wallet, days), through)
            found = missing_entries(wallet, own, used.amounts, through, book.posting)
            book.writing.entries.extend(found)
            statuses.append(status_of(wallet, [*own, *found], used, standing_of(own, used.amounts, through), through))
            ask_where_low(book.writing, wallet, statuses[-1], book.requests | book.writing.requests, book.posting)
        transaction.insert(wallet_entries, book.writing.entries)
        transaction.upsert(recharge_requests, list(book.writing.requests.values()))
        transaction.insert(audit_log, book.writing.acts)
        transaction.replace(wallets, statuses, where={})
    return Kept(statuses, book.writing.entries)


def _open(workplace: Workplace, transaction: Transaction) -> _Book:
    if transaction.connection.dialect.name == "postgresql":
        transaction.connection.execute(sa.text(f"LOCK TABLE {revisions.name}, {wallet_entries.name} IN SHARE ROW EXCLUSIVE MODE"))
    closed = closed_months(transaction).values()
    return _Book(
        transaction=transaction,
        entries=transaction.select(wallet_entries),
        requests={one.request_id: one for one in transaction.select(recharge_requests)},
        posting=Posting(
            now=workplace.now(),
            actor=workplace.environment().actor_name or user_of_the_machine(),
            open_from=max((one.month.end for one in closed), default=date.min),
        ),
        writing=Writing(),
    )


def _same_units(file: Path, declared: Collection[Wallet], entries: Sequence[WalletEntry]) -> None:
    """Raises UsageConfigError where a wallet has entries in another unit than it has now."""
    units = {one.wallet: one.unit for one in entries}
    for wallet in declared:
        before = units.get(wallet.id, wallet.unit)
        if before != wallet.unit:
            message = f"{wallet.unit!r}, but the ledger of {wallet.id} is in {before}: name the wallet in {wallet.unit} otherwise"
            raise UsageConfigError(str(Problem(str(file), wallet.line, "wallets.unit", message)))
