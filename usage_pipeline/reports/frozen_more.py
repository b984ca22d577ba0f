"""Wallets, reconciliation and the days compared, as a part of what a close keeps: nothing of what a month has not."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Any

from usage_pipeline.periods import Period
from usage_pipeline.reports.changes import Compared
from usage_pipeline.reports.facts import Facts
from usage_pipeline.reports.plain import plain
from usage_pipeline.tables.costs import MonthlyCost
from usage_pipeline.tables.reconciled_told import CauseTold, ReconciledChannel, ReconciledTold
from usage_pipeline.tables.wallets_told import WalletTold

WALLET_AMOUNTS = ("opening", "given", "consumed", "expired", "closing", "low", "next_expiring")
CHANNEL_AMOUNTS = ("billed", "counted", "logged", "alone", "difference", "unexplained")
CAUSE_AMOUNTS = ("amount", "moved")


def more_document(facts: Facts) -> dict[str, Any]:
    """What `more_from` reads; the rows that are compared are a table of their own."""
    compared = facts.compared
    days = compared and {"days": [compared.days.start.isoformat(), compared.days.end.isoformat()], "days_told": compared.days_told}
    return {
        **({"wallets": [plain(asdict(one)) for one in facts.wallets]} if facts.wallets else {}),
        **({"reconciled": plain(asdict(facts.reconciled))} if facts.reconciled else {}),
        **({"compared": days} if days else {}),
    }


def wallets_from(told: Mapping[str, Any]) -> tuple[WalletTold, ...]:
    return tuple(_wallet(one) for one in told.get("wallets", []))


def reconciled_from(told: Mapping[str, Any]) -> ReconciledTold | None:
    found = told.get("reconciled")
    return found and ReconciledTold(
        channels=tuple(ReconciledChannel(**_exact(one, CHANNEL_AMOUNTS)) for one in found["channels"]),
        causes=tuple(CauseTold(**_exact(one, CAUSE_AMOUNTS)) for one in found["causes"]),
    )


def compared_from(told: Mapping[str, Any], rows: Sequence[MonthlyCost]) -> Compared | None:
    found = told.get("compared")
    return found and Compared(days=Period(*map(date.fromisoformat, found["days"])), rows=rows, days_told=found["days_told"])


def _wallet(told: Mapping[str, Any]) -> WalletTold:
    ends = told["next_expiry"]
    days = {"as_of": date.fromisoformat(told["as_of"]), "next_expiry": ends and date.fromisoformat(ends)}
    return WalletTold(**_exact(told, WALLET_AMOUNTS) | days)


def _exact(told: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {**told, **{name: None if told[name] is None else Decimal(told[name]) for name in names}}
