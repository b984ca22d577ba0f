"""Wallets that are low, as conditions of the rule `wallet_low`: told once for the day since which they are."""

from collections.abc import Sequence
from datetime import date

from usage_pipeline.alerts import words
from usage_pipeline.alerts.conditions import WALLET_LOW, WARNING, Condition
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.tables.costs import DailyCost
from usage_pipeline.tables.wallets import OPEN, PROJECT, RechargeRequest, WalletStatus, recharge_requests, wallets

CRITICAL = "critical"


def wallet_conditions(workplace: Workplace, as_of: date, _costs: Sequence[DailyCost]) -> list[Condition]:
    """How wallets stand now says nothing of a day before."""
    low = [one for one in workplace.database().select(wallets) if one.is_low and one.low_since and one.as_of <= as_of]
    asked = {one.wallet: one for one in workplace.database().select(recharge_requests, where={"state": OPEN})} if low else {}
    approve = {one.id: one.recharge.approve for one in workplace.settings().wallets if one.recharge}
    return [
        Condition(
            rule=WALLET_LOW,
            scope=f"wallets/{one.wallet}",
            project=one.holder if one.scope == PROJECT else None,
            period_start=one.low_since,
            period_end=None,
            level=CRITICAL if one.overdrawn else WARNING,
            words=f"{_stands(one, one.low_since)} {_asked(one, asked.get(one.wallet), approve.get(one.wallet, ()))}",
        )
        for one in low
        if one.low_since
    ]


def _stands(one: WalletStatus, since: date) -> str:
    stands = words.amount(one.balance, one.unit, one.unit)
    what = f"is overdrawn: it stands at {stands}" if one.overdrawn else f"is low since {words.day(since)}: {stands} left"
    return f"The wallet {one.wallet} {what}."


def _asked(one: WalletStatus, request: RechargeRequest | None, approve: Sequence[str]) -> str:
    """Whether more was asked for, and who says yes."""
    if request is None:
        return f"`usage-pipeline wallets request {one.wallet}` asks for more."
    who = ", ".join(approve) or "anybody"
    amount = words.amount(request.amount, request.unit, request.unit, short=True)
    return (
        f"A recharge of {amount} is asked for ({request.request_id}); {who} may approve it:"
        f" `usage-pipeline wallets approve {request.request_id} --by NAME`."
    )
