"""Credit wallets: `Wallet` (from usage.yaml), and three tables of the database: the append-only ledger, how wallets stand, requests.

An entry is never edited or taken away: what turns out otherwise gets one more entry, with the next `number`. A balance is the sum of
entries. `for_day` is the day that an entry is about; `day` is where it counts: the same, or the first day after the last closed month.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from usage_pipeline.errors import Problem
from usage_pipeline.tables.schema import Table, column

GRANT, PURCHASE, RECHARGE, ADJUSTMENT = "grant", "purchase", "recharge", "adjustment"
GIVEN = (GRANT, PURCHASE, RECHARGE, ADJUSTMENT)
"""Kinds that people write; only an adjustment may take away."""
CONSUMPTION, EXPIRY = "consumption", "expiry"
"""Kinds that are worked out: what a day used, and what lapsed of a grant at the end of its last day."""

REQUEST, APPROVE, REJECT = "request", "approve", "reject"
IN_FILE = (GRANT, PURCHASE, ADJUSTMENT, REQUEST, APPROVE, REJECT)
"""What the column `kind` of a file of entries may say."""

OPEN, APPROVED, REJECTED = "open", "approved", "rejected"

ORGANISATION, PROJECT, TEAM, CLIENT = "organisation", "project", "team", "client"
CREDITS = "credits"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recharge:
    """How a wallet is filled again: the amount asked for where none is said, and who may approve (anybody, where nobody is named).

    `automatic`: whether it is asked for by itself, once each time that the wallet runs low.
    """

    amount: Decimal
    approve: tuple[str, ...] = ()
    automatic: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Wallet:
    """A store of credits, or of money, that the usage of its scope is taken from."""

    id: str
    scope: str
    holder: str | None
    unit: str
    projects: tuple[str, ...] = ()
    low: Decimal | None = None
    recharge: Recharge | None = None
    first_day: date | None = None
    entries: Path | None = None
    line: int | None = None

    def counts(self, project: str, team: str | None) -> bool:
        """Whether usage of this project and team is taken from it."""
        if self.scope == PROJECT:
            return project == self.holder
        if self.scope == TEAM:
            return team == self.holder
        return self.scope == ORGANISATION or project in self.projects


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletDay:
    """What one project and team used on a day: credits and cost are null where nothing is known of them."""

    day: date
    project: str
    team: str | None
    credits: Decimal | None
    uncredited: int
    cost: Decimal | None
    uncosted: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletRow:
    """One row of a file of entries. `amount` is null for approvals alone; `request` and `by` are theirs."""

    file: Path
    line: int
    id: str
    wallet: str
    day: date
    kind: str
    amount: Decimal | None
    expires: date | None
    note: str | None
    request: str | None
    by: str | None

    def problem(self, field: str, message: str) -> Problem:
        """What is wrong with it, with its place."""
        return Problem(str(self.file), self.line, field, message)


@dataclass(frozen=True, kw_only=True)
class WalletEntry:
    """One line of a wallet's ledger."""

    entry_id: str = column("Hash of wallet, kind, for_day, reference and number", key=True)
    wallet: str = column("Wallet id")
    day: date = column("UTC day on which it counts; never one of a month that was closed before")
    for_day: date = column("UTC day that it is about")
    kind: str = column("'grant', 'purchase', 'recharge', 'adjustment', 'consumption' or 'expiry'")
    number: int = column("1 for the first about the same; each later one corrects the sum of those before")
    reference: str = column("What it is about: id of the file's row or of the request; of an expiry the grant; '' for consumption")
    amount: Decimal = column("What it adds in the wallet's unit; negative where it takes away")
    unit: str = column("'credits' or the reporting currency")
    expires: date | None = column("Last day on which what it adds can be used; null: no end")
    recorded_at: datetime = column("When it was written (UTC)")
    actor: str = column("Who wrote it")
    note: str | None = column("Why, in the writer's words")


@dataclass(frozen=True, kw_only=True)
class WalletStatus:
    """How one wallet stands."""

    wallet: str = column("Wallet id", key=True)
    scope: str = column("'project', 'team', 'client' or 'organisation'")
    holder: str | None = column("Which one; null for the organisation")
    unit: str = column("'credits' or the reporting currency")
    as_of: date = column("The last day whose usage and expiry are counted")
    balance: Decimal = column("The sum of its entries; negative where more was used than there was")
    overdrawn: Decimal = column("What was used beyond all that was there; 0 where nothing was")
    low: Decimal | None = column("The balance at which it is low; null where usage.yaml says none")
    is_low: bool = column("Whether the balance is at `low` or below; false before its first entry")
    low_since: date | None = column("The day since which it has been low without a break; null where it is not")
    given: Decimal = column("Granted, bought, recharged and adjusted so far")
    consumed: Decimal = column("Used so far")
    expired: Decimal = column("Lapsed unused so far")
    next_expiry: date | None = column("The next day at whose end something lapses, as it stands; null where nothing will")
    next_expiring: Decimal | None = column("How much of it is left now")
    unknown_days: int = column("Days with usage of which a part has no known amount, so that the true balance is lower")


@dataclass(frozen=True, kw_only=True)
class RechargeRequest:
    """Somebody asks that a wallet is filled again; somebody else says yes or no, once."""

    request_id: str = column("'<wallet>-<number>', or the id of the file's row", key=True)
    wallet: str = column("Wallet id")
    amount: Decimal = column("What is asked for, in `unit`")
    unit: str = column("'credits' or the reporting currency")
    expires: date | None = column("Last day on which it could be used; null: no end")
    state: str = column("'open', 'approved' or 'rejected'")
    requested_at: datetime = column("When it was asked for (UTC)")
    requested_by: str = column("By whom")
    note: str | None = column("Why, in their words")
    decided_at: datetime | None = column("When it was decided")
    decided_by: str | None = column("By whom; never an e-mail address")
    decided_note: str | None = column("Why, in their words")


wallets = Table("wallets", WalletStatus)
wallet_entries = Table("wallet_entries", WalletEntry)
recharge_requests = Table("recharge_requests", RechargeRequest)
