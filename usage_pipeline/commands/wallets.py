"""`usage-pipeline wallets`: how they stand, their ledgers, grants, and requests with their approval."""

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from usage_pipeline import money
from usage_pipeline.budgets.wallet_status import balances
from usage_pipeline.commands.output import Output
from usage_pipeline.defs.home import prepare
from usage_pipeline.defs.wallet_book import decided, grant, keep_wallets, request, wallet_named
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.errors import UsageConfigError
from usage_pipeline.settings import Environment
from usage_pipeline.storage.home import Home
from usage_pipeline.tables.wallets import ORGANISATION, RechargeRequest, WalletEntry, WalletStatus, recharge_requests, wallet_entries

DIGITS = 20


def run_wallets_list(environment: Environment, output: Output) -> int:
    """Bring the ledgers up to date and show how they stand."""
    workplace = _workplace(environment)
    statuses = keep_wallets(workplace).statuses
    asked = workplace.database().select(recharge_requests, order=("requested_at", "request_id"))
    if output.as_json:
        output.document({"wallets": [_status(one) for one in statuses], "requests": [_request(one) for one in asked]})
        return 0
    if not statuses:
        output.say("usage.yaml has no wallets, such as [{id: support-credits, project: support-portal, unit: credits, low: 500}]")
        return 0
    output.heading(f"Wallets at the end of {statuses[0].as_of}")
    output.table(
        ("wallet", "of", "unit", "balance", "low at", "low since", "given", "used", "lapsed", "lapses next"),
        [
            (
                one.wallet,
                one.holder or ORGANISATION,
                one.unit,
                one.balance,
                one.low,
                one.low_since,
                one.given,
                one.consumed,
                one.expired,
                None if one.next_expiry is None else f"{money.text(one.next_expiring or money.ZERO)} on {one.next_expiry}",
            )
            for one in statuses
        ],
        numbers=("balance", "low at", "given", "used", "lapsed"),
    )
    for status in statuses:
        _warn(status, output)
    pending = [one for one in asked if one.decided_at is None]
    if pending:
        output.heading("Requests that wait for an approval")
        columns = ("request", "wallet", "amount", "unit", "asked for", "by", "why")
        rows = [(one.request_id, one.wallet, one.amount, one.unit, one.requested_at.date(), one.requested_by, one.note) for one in pending]
        output.table(columns, rows, numbers=("amount",))
    return 0


def run_wallets_entries(environment: Environment, wallet: str, output: Output) -> int:
    """The ledger as it was written last; a wallet that is declared no more still has one."""
    workplace = _workplace(environment)
    entries = workplace.database().select(
        wallet_entries, where={"wallet": wallet}, order=("day", "for_day", "recorded_at", "kind", "entry_id")
    )
    if not entries:
        wallet_named(workplace, wallet)
    running = money.ZERO
    after: list[Decimal] = []
    for one in entries:
        running = money.total([running, one.amount])
        after.append(running)
    if output.as_json:
        rows = [_entry(one) | {"balance": money.text(balance)} for one, balance in zip(entries, after, strict=True)]
        by_day = [{"day": day.isoformat(), "balance": money.text(balance)} for day, balance in balances(entries)]
        output.document({"wallet": wallet, "balance": money.text(running), "entries": rows, "balances": by_day})
        return 0
    output.heading(f"Ledger of {wallet}: {len(entries):,} entries")
    output.table(
        ("day", "for", "kind", "amount", "balance", "expires", "about", "by", "note"),
        [
            (
                one.day,
                None if one.for_day == one.day else one.for_day,
                one.kind if one.number == 1 else f"{one.kind}, corrected",
                one.amount,
                balance,
                one.expires,
                one.reference or None,
                one.actor,
                one.note,
            )
            for one, balance in zip(entries, after, strict=True)
        ],
        numbers=("amount", "balance"),
    )
    return 0


def run_wallets_grant(environment: Environment, output: Output, wallet: str, amount: str, expires: date | None, note: str | None) -> int:
    workplace = _workplace(environment)
    found = grant(workplace, wallet, _amount(amount), expires, note)
    if output.as_json:
        output.document(_entry(found))
    else:
        output.say(f"{found.reference}: {money.text(found.amount)} {found.unit} granted to {wallet}, to be used up to {_end(expires)}")
    return 0


def run_wallets_request(
    environment: Environment, output: Output, wallet: str, amount: str | None, expires: date | None, note: str | None
) -> int:
    workplace = _workplace(environment)
    found = request(workplace, wallet, None if amount is None else _amount(amount), expires, note)
    if output.as_json:
        output.document(_request(found))
        return 0
    output.say(f"{found.request_id}: {money.text(found.amount)} {found.unit} asked for {wallet}")
    declared = wallet_named(workplace, wallet).recharge
    who = f"; those who may are {', '.join(declared.approve)}" if declared and declared.approve else ""
    output.say(f"approve it with `usage-pipeline wallets approve {found.request_id} --by NAME`{who}")
    return 0


def run_wallets_decide(environment: Environment, output: Output, request: str, by: str, note: str | None, *, approve: bool) -> int:
    if not by.strip():
        raise UsageConfigError("--by is empty: say who decides")
    found = decided(_workplace(environment), request, by.strip(), note, approve=approve)
    if output.as_json:
        output.document(_request(found))
    else:
        output.say(f"{found.request_id}: {money.text(found.amount)} {found.unit} for {found.wallet} {found.state} by {found.decided_by}")
    return 0


def _workplace(environment: Environment) -> Workplace:
    home = prepare(Home(environment.home))
    return Workplace(home_folder=str(home.root), config_file=str(environment.config_file))


def _amount(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise UsageConfigError(f"--amount {text!r} is no number such as 5000 or 12.50") from None
    if not number.is_finite() or number <= 0 or number.adjusted() >= DIGITS or number != money.exact(number):
        raise UsageConfigError(f"--amount {text} is no amount: above 0, with at most {money.SCALE} decimals")
    return number


def _end(expires: date | None) -> str:
    return "whenever" if expires is None else expires.isoformat()


def _warn(one: WalletStatus, output: Output) -> None:
    if one.overdrawn:
        output.warn(f"{one.wallet} is overdrawn by {money.text(one.overdrawn)} {one.unit}: more was used than there was")
    elif one.is_low:
        output.warn(f"{one.wallet} is low since {one.low_since}: ask for more with `usage-pipeline wallets request {one.wallet}`")
    if one.unknown_days:
        days = "1 day has usage" if one.unknown_days == 1 else f"{one.unknown_days} days have usage"
        output.warn(f"{one.wallet}: {days} whose amount is not known in full: the true balance is lower")


def _status(one: WalletStatus) -> dict[str, Any]:
    return {
        "wallet": one.wallet,
        "scope": one.scope,
        "of": one.holder,
        "unit": one.unit,
        "as_of": one.as_of.isoformat(),
        "balance": money.text(one.balance),
        "overdrawn": money.text(one.overdrawn),
        "low": _text(one.low),
        "is_low": one.is_low,
        "low_since": _day(one.low_since),
        "given": money.text(one.given),
        "consumed": money.text(one.consumed),
        "expired": money.text(one.expired),
        "next_expiry": _day(one.next_expiry),
        "next_expiring": _text(one.next_expiring),
        "unknown_days": one.unknown_days,
    }


def _entry(one: WalletEntry) -> dict[str, Any]:
    return {
        "entry_id": one.entry_id,
        "wallet": one.wallet,
        "day": one.day.isoformat(),
        "for_day": one.for_day.isoformat(),
        "kind": one.kind,
        "number": one.number,
        "reference": one.reference or None,
        "amount": money.text(one.amount),
        "unit": one.unit,
        "expires": _day(one.expires),
        "recorded_at": one.recorded_at.isoformat(),
        "actor": one.actor,
        "note": one.note,
    }


def _request(one: RechargeRequest) -> dict[str, Any]:
    return {
        "request": one.request_id,
        "wallet": one.wallet,
        "amount": money.text(one.amount),
        "unit": one.unit,
        "expires": _day(one.expires),
        "state": one.state,
        "requested_at": one.requested_at.isoformat(),
        "requested_by": one.requested_by,
        "note": one.note,
        "decided_at": None if one.decided_at is None else one.decided_at.isoformat(),
        "decided_by": one.decided_by,
        "decided_note": one.decided_note,
    }


def _text(value: Decimal | None) -> str | None:
    return None if value is None else money.text(value)


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
