"""What a month's statements are made of, as plain values: so they can be written down, and every statement made again from them.

In: the month's costs, budgets, inputs, price book, who approved. Out: one snapshot for the organisation and each project.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pyarrow as pa

from usage_pipeline.periods import Period
from usage_pipeline.reports.changes import Compared, whole_before
from usage_pipeline.reports.focus_book import FocusBook
from usage_pipeline.reports.snapshot import ORGANISATION, PROJECTS, Accounting, Approval, Snapshot, statement_of
from usage_pipeline.tables.advice import Advice
from usage_pipeline.tables.budgets import BudgetStatus
from usage_pipeline.tables.claimants import Unclaimed
from usage_pipeline.tables.configuration import Organisation, Project
from usage_pipeline.tables.costs import UNATTRIBUTED, DailyCost, MonthlyCost
from usage_pipeline.tables.exchange_used import ExchangeUsed
from usage_pipeline.tables.grades import Grade
from usage_pipeline.tables.looks import PLAIN, Looks
from usage_pipeline.tables.reconciled_told import ReconciledTold
from usage_pipeline.tables.request_limits import Violations
from usage_pipeline.tables.shared_used import SharedUsed
from usage_pipeline.tables.unpriced import Unpriced
from usage_pipeline.tables.wallets_told import WalletTold


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`finalities`, `grades` and `violations` by scope. `unpriced` are the rows by project, each with its range and hint.

    `previous` is empty without data; `compared` is None where the month is held against all of it. `unclaimed` is None where all cost has a
    project, or in a month closed before claimants were told; so is `reconciled` where nothing was, or before it was told.
    """

    month: Period
    revision: int
    finalities: Mapping[str, str]
    approval: Approval | None
    organisation: Organisation
    projects: tuple[Project, ...]
    daily: Sequence[DailyCost]
    previous: Sequence[MonthlyCost]
    statuses: Sequence[BudgetStatus]
    unpriced: Sequence[Unpriced]
    advice: Sequence[Advice]
    inputs: tuple[tuple[str, str], ...]
    price_book: str
    accounting: Accounting
    exchange: Sequence[ExchangeUsed] = ()
    shared: Sequence[SharedUsed] = ()
    charges: pa.Table | None = None
    allocations: pa.Table | None = None
    grades: Mapping[str, Grade] = field(default_factory=dict)
    violations: Mapping[str, Violations] = field(default_factory=dict)
    unclaimed: Unclaimed | None = None
    compared: Compared | None = None
    wallets: tuple[WalletTold, ...] = ()
    reconciled: ReconciledTold | None = None
    looks: Looks = PLAIN


def scopes_of(projects: Sequence[Project], daily: Sequence[DailyCost]) -> list[str]:
    """'organisation', each declared project, and 'projects/unattributed' where there is cost of it."""
    scopes = [ORGANISATION, *(PROJECTS + project.id for project in projects)]
    return [*scopes, PROJECTS + UNATTRIBUTED] if any(row.project == UNATTRIBUTED for row in daily) else scopes


def snapshots_from(facts: Facts) -> list[Snapshot]:
    """One a scope of `facts.finalities`, in that order."""
    told, focus = {_bare(row): row for row in facts.unpriced}, _focus(facts)
    compared = facts.compared or whole_before(facts.month, facts.previous)
    return [
        statement_of(
            facts.month,
            scope,
            daily=facts.daily,
            previous=facts.previous or None,
            statuses=facts.statuses,
            projects=facts.projects,
            organisation=facts.organisation,
            inputs=facts.inputs,
            price_book=facts.price_book,
            revision=facts.revision,
            finality=finality,
            approval=facts.approval,
            focus=focus,
            accounting=facts.accounting,
            explain=lambda row: told.get(_bare(row), row),
            advice=facts.advice,
            exchange=facts.exchange,
            shared=facts.shared,
            grade=facts.grades.get(scope),
            violations=facts.violations.get(scope),
            unclaimed=facts.unclaimed,
            compared=compared,
            wallets=facts.wallets,
            reconciled=facts.reconciled,
            looks=facts.looks,
        )
        for scope, finality in facts.finalities.items()
    ]


def _focus(facts: Facts) -> FocusBook | None:
    """Nothing where the bill's lines are not told: who compares numbers alone does without."""
    if facts.charges is None or facts.allocations is None:
        return None
    return FocusBook(
        month=facts.month,
        currency=facts.organisation.currency,
        projects=facts.projects,
        daily=facts.daily,
        charges=facts.charges,
        allocations=facts.allocations,
    )


def _bare(row: Unpriced) -> Unpriced:
    return replace(row, low=None, high=None, range_if=None, hint=None)
