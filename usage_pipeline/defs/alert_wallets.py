"""Wallets that are low, as conditions of the rule `wallet_low`: told once for the day since which they are."""

from collections.abc import Sequence
from datetime import date

from usage_pipeline import money
from usage_pipeline.alerts.conditions import WALLET_LOW, WARNING, Condition
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.tables.costs import DailyCost
from usage_pipeline.tables.wallets import PROJECT, WalletStatus, wallets

CRITICAL = "critical"


def wallet_conditions(workplace: Workplace, as_of: date, _costs: Sequence[DailyCost]) -> list[Condition]:
    """How wallets stand now says nothing of a day before."""
    return [
        Condition(
            rule=WALLET_LOW,
            scope=f"wallets/{one.wallet}",
            project=one.holder if one.scope == PROJECT else None,
            period_start=one.low_since,
            period_end=None,
            level=CRITICAL if one.overdrawn else WARNING,
            words=_words(one),
        )
        for one in workplace.database().select(wallets)
        if one.is_low and one.low_since and one.as_of <= as_of
    ]


def _words(one: WalletStatus) -> str:
    stands = f"{money.text(one.balance)} {one.unit}"
    what = f"is overdrawn: it stands at {stands}" if one.overdrawn else f"is low since {one.low_since}: {stands} are left"
    return f"The wallet {one.wallet} {what}. `usage-pipeline wallets request {one.wallet}` asks for more."
