"""What usage.yaml says of the book: shared costs by rule, exchange rates, the ledger's accounts. Values that rooms take as arguments."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from usage_pipeline.tables.allocations import BY_PROJECT_USAGE, EVEN, LEFT, WEIGHTED

LINE_FIELDS = (
    "source", "channel", "category", "meter", "model", "sku", "resource_id", "project", "provider_project_id", "provider_project_name",
    "workspace_id", "sub_account_id", "api_key_id", "api_key_name", "principal", "region", "service_tier", "invoice",
)  # fmt: skip
"""What a rule of `allocation:` may ask of a bill's line, besides `tag.<key>`. `api_key_id` is the column `api_key`."""

RULE_METHODS = (EVEN, WEIGHTED, BY_PROJECT_USAGE, LEFT)
OVER_DAY, OVER_MONTH = "day", "month"


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedCostRule:
    """Bill lines that are dealt out as declared; the first rule that matches wins.

    `lines`: (field, values), each field exactly one of its values. Where none of them is `project`, only lines without a project are
    taken; with it, also those of the projects that it names. `projects` are those that bear the cost. `weights`: of method 'weighted'.
    `channels` (empty: the line's own) and `over`: whose usage and of which time counts, for method 'by_usage'. [valid_from, valid_to),
    UTC days. `line` is its line in usage.yaml.
    """

    name: str
    lines: tuple[tuple[str, tuple[str, ...]], ...]
    method: str
    projects: tuple[str, ...]
    weights: tuple[tuple[str, Decimal], ...] = ()
    channels: tuple[str, ...] = ()
    over: str = OVER_DAY
    valid_from: date | None = None
    valid_to: date | None = None
    line: int | None = None

    def holds_on(self, day: date) -> bool:
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day < self.valid_to)


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalAccounts:
    """The ledger's accounts. `cost_center` is that of projects that name none."""

    expense_account: str
    accrual_account: str
    cost_center: str | None = None
