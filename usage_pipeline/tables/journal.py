"""`journal`: the lines of a month's journal for the ledger. Stored nowhere but in `reports/<month>/organisation/journal.csv`."""

from dataclasses import dataclass
from datetime import date as day
from decimal import Decimal

from usage_pipeline.tables.schema import Table, column


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalLine:
    """One line of one entry. Exactly one of `debit` and `credit` is above 0."""

    date: day = column("The day that it is of in the ledger", key=True)
    reference: str = column("The entry: 'AI-2026-10-1'; its reversal ends in R. Its debits equal its credits", key=True)
    entry: str = column("'accrual', 'true-up' or 'reversal'")
    account: str = column("The ledger's account", key=True)
    cost_center: str | None = column("The project's cost center; null on the account that is accrued on")
    project: str | None = column("Our project id, or 'unattributed'; null on the account that is accrued on", key=True)
    debit: Decimal = column("In cents")
    credit: Decimal = column("In cents")
    currency: str = column("ISO 4217")
    memo: str = column("What it is, in words")
    status: str = column("'draft' until somebody noted that it was posted, then 'posted'")


journal = Table("journal", JournalLine)
