"""A wallet's entries and the usage of its scope in, the entries that are missing out: usage of days, what lapsed, and corrections.

The ledger is only ever added to. For every day's usage and every lot that lapses the sum of what is written is compared with what it
should be; where they differ one entry more makes them equal. So it comes out the same in whatever order days are computed, and however
often; and what changes about a day of a closed month counts on the first day after it.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.budgets.wallet_lots import Given, Standing, standing
from usage_pipeline.tables.wallets import CONSUMPTION, CREDITS, EXPIRY, GIVEN, Wallet, WalletDay, WalletEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a wallet's scope used: known amounts by day, and the days of which a part is not known."""

    amounts: Mapping[date, Decimal]
    unknown: frozenset[date]


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """How entries are written: when, by whom, and the first day that may still be written to."""

    now: datetime
    actor: str
    open_from: date

    def day_of(self, for_day: date) -> date:
        return max(for_day, self.open_from)


def usage_of(wallet: Wallet, days: Iterable[WalletDay]) -> Usage:
    """What of `days` is the wallet's, in its unit."""
    amounts: dict[date, list[Decimal | None]] = defaultdict(list)
    unknown: set[date] = set()
    for one in days:
        if wallet.counts(one.project, one.team):
            in_credits = wallet.unit == CREDITS
            amounts[one.day].append(one.credits if in_credits else one.cost)
            if (one.uncredited if in_credits else one.uncosted) > 0:
                unknown.add(one.day)
    known = {day: money.total(listed) for day, listed in amounts.items()}
    return Usage(amounts={day: amount for day, amount in known.items() if amount}, unknown=frozenset(unknown))


def first_day_of(wallet: Wallet, entries: Iterable[WalletEntry]) -> date | None:
    """From when on usage counts: as usage.yaml says, else from the first thing given; null before there is one."""
    return wallet.first_day or min((one.for_day for one in entries if one.kind in GIVEN), default=None)


def counted(wallet: Wallet, entries: Sequence[WalletEntry], usage: Usage, through: date) -> Usage:
    """The part of `usage` that the wallet pays for, up to the end of `through`."""
    first = first_day_of(wallet, entries)
    if first is None:
        return Usage(amounts={}, unknown=frozenset())
    return Usage(
        amounts={day: amount for day, amount in usage.amounts.items() if first <= day <= through},
        unknown=frozenset(day for day in usage.unknown if first <= day <= through),
    )


def standing_of(entries: Iterable[WalletEntry], used: Mapping[date, Decimal], through: date) -> Standing:
    """The lots of what was given, after `used`."""
    given = [
        Given(reference=one.reference, day=one.for_day, amount=one.amount, expires=one.expires) for one in entries if one.kind in GIVEN
    ]
    return standing(given, used, through)


def missing_entries(
    wallet: Wallet, entries: Sequence[WalletEntry], used: Mapping[date, Decimal], through: date, posting: Posting
) -> list[WalletEntry]:
    """What is to be added so that the ledger says what `used` (of `counted`) and the lots say. Nothing where it does."""
    lapsed = standing_of(entries, used, through).lapsed
    wanted = {(CONSUMPTION, day, ""): -amount for day, amount in used.items()}
    wanted |= {(EXPIRY, day, reference): -amount for (reference, day), amount in lapsed.items()}
    written: dict[tuple[str, date, str], list[Decimal]] = defaultdict(list)
    for one in entries:
        if one.kind not in GIVEN:
            written[one.kind, one.for_day, one.reference].append(one.amount)
    numbers = Counter({key: len(amounts) for key, amounts in written.items()})
    found: list[WalletEntry] = []
    for key in sorted({*wanted, *written}, key=lambda one: (one[1], one[0], one[2])):
        difference = money.total([wanted.get(key, money.ZERO), *(-amount for amount in written.get(key, ()))])
        if difference:
            kind, for_day, reference = key
            found.append(entry(wallet, kind, for_day, reference, difference, posting, number=numbers[key] + 1))
    return found


def entry(
    wallet: Wallet,
    kind: str,
    for_day: date,
    reference: str,
    amount: Decimal,
    posting: Posting,
    *,
    number: int = 1,
    expires: date | None = None,
    note: str | None = None,
) -> WalletEntry:
    """An entry, named after what it is about: the same one twice has the same id."""
    about = "\n".join((wallet.id, kind, for_day.isoformat() if kind not in GIVEN else "", reference, str(number)))
    return WalletEntry(
        entry_id=hashlib.sha256(about.encode()).hexdigest()[:32],
        wallet=wallet.id,
        day=posting.day_of(for_day),
        for_day=for_day,
        kind=kind,
        number=number,
        reference=reference,
        amount=amount,
        unit=wallet.unit,
        expires=expires,
        recorded_at=posting.now,
        actor=posting.actor,
        note=note,
    )
