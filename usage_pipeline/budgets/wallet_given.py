"""What people give, ask for and decide, by a file's rows or by command, in; entries, requests and acts of the audit log to write out.

A row that was read before changes nothing; one that says otherwise than what was written contradicts the ledger, which only grows.
"""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.budgets.wallet_ledger import Posting, entry
from usage_pipeline.errors import UsageConfigError, UsageError
from usage_pipeline.tables.audit_log import AuditEntry
from usage_pipeline.tables.wallets import (
    APPROVE,
    APPROVED,
    GIVEN,
    OPEN,
    RECHARGE,
    REJECT,
    REJECTED,
    REQUEST,
    RechargeRequest,
    Wallet,
    WalletEntry,
    WalletRow,
    WalletStatus,
)

ASKED = "request recharge"
ACTIONS = {APPROVED: "approve recharge", REJECTED: "reject recharge"}


@dataclass(slots=True)
class Writing:
    """What is to be written together."""

    entries: list[WalletEntry] = field(default_factory=list)
    requests: dict[str, RechargeRequest] = field(default_factory=dict)
    acts: list[AuditEntry] = field(default_factory=list)


def give(
    writing: Writing,
    wallet: Wallet,
    kind: str,
    amount: Decimal,
    day: date,
    reference: str,
    posting: Posting,
    *,
    expires: date | None,
    note: str | None,
) -> WalletEntry:
    """An entry of one of GIVEN, and who gave it."""
    found = entry(wallet, kind, day, reference, amount, posting, expires=expires, note=note)
    writing.entries.append(found)
    after = {"kind": kind, "amount": money.text(amount), "unit": wallet.unit, "for_day": day, "expires": expires, "reference": reference}
    writing.acts.append(_act(f"{kind} of wallet", wallet.id, reference, after, posting.actor, note, posting))
    return found


def ask(
    writing: Writing, wallet: Wallet, request_id: str, amount: Decimal, posting: Posting, *, expires: date | None, note: str | None
) -> RechargeRequest:
    """An open request."""
    found = RechargeRequest(
        request_id=request_id,
        wallet=wallet.id,
        amount=amount,
        unit=wallet.unit,
        expires=expires,
        state=OPEN,
        requested_at=posting.now,
        requested_by=posting.actor,
        note=note,
        decided_at=None,
        decided_by=None,
        decided_note=None,
    )
    writing.requests[request_id] = found
    after = {"request": request_id, "amount": money.text(amount), "unit": wallet.unit, "expires": expires}
    writing.acts.append(_act(ASKED, wallet.id, request_id, after, posting.actor, note, posting))
    return found


def ask_where_low(
    writing: Writing, wallet: Wallet, status: WalletStatus, known: Mapping[str, RechargeRequest], posting: Posting
) -> RechargeRequest | None:
    """The request that usage.yaml has asked for by itself, once for each time that the wallet runs low; None where none is due.

    One that waits, or was made (by whomever) since the wallet is low, is enough: what was rejected is not asked for again and again.
    """
    if not (wallet.recharge and wallet.recharge.automatic and status.is_low and status.low_since):
        return None
    own = [one for one in known.values() if one.wallet == wallet.id]
    if any(one.state == OPEN or one.requested_at.date() >= status.low_since for one in own):
        return None
    note = f"by itself: low since {status.low_since}, {money.text(status.balance)} {status.unit} left"
    return ask(writing, wallet, unused(wallet.id, known), wallet.recharge.amount, posting, expires=None, note=note)


def unused(stem: str, taken: Collection[str]) -> str:
    """'<stem>-1', or the first number that is free."""
    number = 1
    while f"{stem}-{number}" in taken:
        number += 1
    return f"{stem}-{number}"


def decide(
    writing: Writing, wallet: Wallet, request: RechargeRequest, state: str, by: str, day: date, posting: Posting, *, note: str | None
) -> RechargeRequest:
    """`request` approved, with its entry on `day`, or rejected. Raises UsageError where it was decided before, or `by` may not."""
    if request.state != OPEN:
        raise UsageError(f"request {request.request_id} was {request.state} by {request.decided_by} on {request.decided_at:%Y-%m-%d}")
    allowed = wallet.recharge.approve if wallet.recharge else ()
    if allowed and by.casefold() not in {one.casefold() for one in allowed}:
        raise UsageError(f"{by!r} may not decide about wallet {wallet.id}; those who may are {', '.join(allowed)}")
    if request.expires is not None and state == APPROVED and request.expires < day:
        raise UsageError(f"request {request.request_id} was for credits up to {request.expires}: reject it, and ask anew")
    name = by.split("@", maxsplit=1)[0].strip() or "unknown"
    found = replace(request, state=state, decided_at=posting.now, decided_by=name, decided_note=note)
    writing.requests[request.request_id] = found
    if state == APPROVED:
        decided = replace(posting, actor=name)
        writing.entries.append(
            entry(wallet, RECHARGE, day, request.request_id, request.amount, decided, expires=request.expires, note=note or request.note)
        )
    after = {"request": request.request_id, "amount": money.text(request.amount), "unit": request.unit, "state": state}
    writing.acts.append(_act(ACTIONS[state], wallet.id, request.request_id, after, name, note, posting))
    return found


def take_rows(
    writing: Writing,
    rows: Sequence[WalletRow],
    wallets: Mapping[str, Wallet],
    entries: Sequence[WalletEntry],
    requests: Mapping[str, RechargeRequest],
    posting: Posting,
) -> None:
    """Rows of files, save those of days to come. Raises UsageConfigError where one contradicts what was written."""
    known = {one.reference: one for one in entries if one.kind in GIVEN}
    standing = dict(requests)
    for row in rows:
        if row.day > posting.now.date():
            continue
        wallet = wallets[row.wallet]
        if row.kind in (APPROVE, REJECT):
            _take_decision(writing, row, wallet, standing, posting)
        elif row.kind == REQUEST:
            _take_request(writing, row, wallet, standing, posting)
        elif row.id not in known:
            known[row.id] = give(
                writing, wallet, row.kind, row.amount or money.ZERO, row.day, row.id, posting, expires=row.expires, note=row.note
            )
        else:
            _same(row, known[row.id])


def _take_request(writing: Writing, row: WalletRow, wallet: Wallet, standing: dict[str, RechargeRequest], posting: Posting) -> None:
    found = standing.get(row.id)
    if found is None:
        standing[row.id] = ask(writing, wallet, row.id, row.amount or money.ZERO, posting, expires=row.expires, note=row.note)
    elif (found.wallet, found.amount, found.expires) != (row.wallet, row.amount, row.expires):
        said = f"wallet {found.wallet}, {money.text(found.amount)}, expires {found.expires or 'never'}"
        raise _contradiction(row, f"request {row.id!r} was read as {said}: leave that row as it was, and add another request")


def _take_decision(writing: Writing, row: WalletRow, wallet: Wallet, standing: dict[str, RechargeRequest], posting: Posting) -> None:
    found = standing.get(row.request or "")
    wanted = APPROVED if row.kind == APPROVE else REJECTED
    if found is None or found.wallet != wallet.id:
        raise _contradiction(row, f"wallet {wallet.id} has no request {row.request!r}; `usage-pipeline wallets list` shows those open")
    if found.state == wanted:
        return
    try:
        standing[found.request_id] = decide(writing, wallet, found, wanted, row.by or "", row.day, posting, note=row.note)
    except UsageError as error:
        raise _contradiction(row, str(error)) from None


def _same(row: WalletRow, found: WalletEntry) -> None:
    said = (found.wallet, found.kind, found.for_day, found.amount, found.expires)
    if said != (row.wallet, row.kind, row.day, row.amount, row.expires):
        told = f"{found.kind} of {money.text(found.amount)} to {found.wallet} on {found.for_day}, expires {found.expires or 'never'}"
        raise _contradiction(
            row, f"{row.id!r} was written as {told}: leave that row as it was, and add an adjustment with an id of its own"
        )


def _contradiction(row: WalletRow, message: str) -> UsageConfigError:
    return UsageConfigError(str(row.problem("id", message)))


def _act(
    action: str, wallet: str, reference: str, after: Mapping[str, object], actor: str, why: str | None, posting: Posting
) -> AuditEntry:
    return AuditEntry(
        entry_id=hashlib.sha256(f"{action}\n{wallet}\n{reference}".encode()).hexdigest(),
        at=posting.now,
        actor=actor,
        action=action,
        subject=f"wallet {wallet}",
        before=None,
        after=json.dumps({name: value for name, value in after.items() if value is not None}, default=str, ensure_ascii=False),
        why=why,
    )
