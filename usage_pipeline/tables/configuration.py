"""What `usage.yaml` says, as values that rooms take as arguments. `settings.py` reads the file; nobody else does."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

ATTRIBUTION_FIELDS = (
    "source", "channel", "provider_project_id", "provider_project_name", "workspace_id", "sub_account_id", "api_key_id",
    "api_key_name", "principal", "resource_id", "team", "user", "model",
)  # fmt: skip
"""Fields that a rule may test, besides `tag.<key>`. `api_key_id` is the column `api_key`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """Whose money it is. `team` is the team of lines that name none."""

    id: str
    name: str
    client: str | None = None
    team: str | None = None
    cost_center: str | None = None
    owners: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """Who reports. `finance` receives the statements; `owners` the alerts on the organisation's own budgets."""

    name: str
    currency: str = "USD"
    finance: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributionRule:
    """Lines whose `field` is exactly `equals` belong to `project`; the first rule that matches wins.

    `any_value` true (no `equals` in the file) matches every line on which the field has a value. `equals` None with
    `any_value` false matches lines on which it has none. A `project` of '{value}' stands for the field's own value.
    """

    field: str
    project: str
    source: str | None = None
    equals: str | None = None
    any_value: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSpec:
    """One source: its own name, its kind (sources/catalog.py) and where its files lie (a glob or s3:// prefix, absolute)."""

    name: str
    kind: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """A price agreed with a provider on top of the list: a unit price, or a discount (markup: negative) in percent.

    None in `model`, `meter` or `project` means all. [valid_from, valid_to), UTC days. `line` is its line in usage.yaml.
    """

    provider: str
    model: str | None = None
    meter: str | None = None
    project: str | None = None
    unit_price: Decimal | None = None
    discount_percent: Decimal | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    source: str | None = None
    line: int | None = None
