"""Credit wallets as printed: what was there, what came, went and lapsed, and what is left. Each line adds up as it is shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.reports import words
from usage_pipeline.reports.snapshot import Snapshot
from usage_pipeline.tables.wallets import CREDITS
from usage_pipeline.tables.wallets_told import WalletTold

MOST = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletLine:
    """One wallet in its own unit."""

    name: str
    whose: str
    opening: str
    given: str
    consumed: str
    expired: str
    closing: str
    is_low: bool
    expiring: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletTable:
    """The printed lines, how many more there are, and what a column of amounts needs, in mm."""

    lines: tuple[WalletLine, ...]
    left: int
    amount_width: int
    as_of: str


def wallet_table(snapshot: Snapshot) -> WalletTable | None:
    """None in a home without wallets."""
    if not snapshot.wallets:
        return None
    lines = tuple(_line(one, snapshot) for one in snapshot.wallets[:MOST])
    texts = (text for line in lines for text in (line.opening, line.given, line.consumed, line.expired, line.closing))
    return WalletTable(
        lines=lines,
        left=len(snapshot.wallets) - len(lines),
        amount_width=words.column_width(texts, 20),
        as_of=words.day_text(max(one.as_of for one in snapshot.wallets)),
    )


def _line(one: WalletTold, snapshot: Snapshot) -> WalletLine:
    opening, given, consumed, expired, closing = _rounded(one)
    return WalletLine(
        name=words.clean(one.wallet),
        whose=f"{_whose(one, snapshot)}, {one.unit}",
        opening=_amount(opening, one.unit),
        given=_amount(given, one.unit),
        consumed=_amount(-consumed, one.unit),
        expired=_amount(-expired, one.unit),
        closing=_amount(closing, one.unit),
        is_low=one.is_low,
        expiring=_expiring(one),
    )


def _rounded(one: WalletTold) -> Sequence[Decimal]:
    """Parts in hundredths that sum to the closing balance in hundredths."""
    closing = one.closing.quantize(money.CENT)
    parts = money.round_parts([one.opening, one.given, -one.consumed, -one.expired], whole=closing)
    return [*(part or money.ZERO for part in parts), closing]


def _amount(value: Decimal, unit: str) -> str:
    if unit != CREDITS:
        return words.amount(value, unit)
    return words.number(value, 0 if value == value.to_integral_value() else 2)


def _expiring(one: WalletTold) -> str:
    if one.next_expiry is None or one.next_expiring is None:
        return words.NONE
    return f"{_amount(one.next_expiring.quantize(money.CENT), one.unit)} on {words.short_day(one.next_expiry)}"


def _whose(one: WalletTold, snapshot: Snapshot) -> str:
    if one.holder is None:
        return words.clean(snapshot.organisation.name)
    named = next((words.project_name(each) for each in snapshot.projects if one.scope == "project" and each.id == one.holder), None)
    return named or f"{one.scope} {words.clean(one.holder)}"
