"""What `usage.yaml` says, as values that rooms take as arguments. `settings.py` reads the file; nobody else does."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from usage_pipeline.tables.grades import STEPS, Steps

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
class ApiSpec:
    """A provider's admin API: where it is, the variable of the environment that holds the key, how many days are read anew each time."""

    url: str
    key: str
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSpec:
    """One source: its own name, its kind (sources/catalog.py) and where its files lie (a glob or s3:// prefix, absolute).

    With `api` the files come from there, and `path` is where they land in the home. Files that a pattern of `exclude` matches are not
    of the source: they are not read, and do not count. `tags` are the only keys of labels and metadata that are kept of its lines; None is
    all that may stand (tables/labels.py).
    """

    name: str
    kind: str
    path: str
    api: ApiSpec | None = None
    exclude: tuple[str, ...] = ()
    tags: tuple[str, ...] | None = None


LIST, IN_PROPORTION = "list", "in_proportion"
"""What a unit price of one meter does to the model's other meters: nothing, or the same proportion of their list prices."""

LARGEST_UNIT_PRICE = Decimal(9000)
"""USD per unit, agreed: prices are whole numbers of 10^-15 USD in 64 bits, which end at 9,223."""

MONTH, QUARTER, YEAR = "month", "quarter", "year"
"""Periods over which a volume is counted (UTC calendar); it starts again at 0 with each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeTier:
    """What holds for the units above `above` in the period: a unit price, or a discount (markup: negative) in percent."""

    above: Decimal
    unit_price: Decimal | None = None
    discount_percent: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """A price agreed with a provider on top of the list: a unit price, a discount in percent (markup: negative), or volume tiers.

    None in `model`, `meter`, `project` or `account` means all. [valid_from, valid_to), UTC days. `line` is its line in usage.yaml.
    Exactly one of `unit_price`, `discount_percent` and `tiers` is given; `per` says over which period tiers count their volume:
    the units of `meter`, or all tokens where no meter is named. `account` is the usage's sub-account, provider project or workspace.
    """

    provider: str
    model: str | None = None
    meter: str | None = None
    project: str | None = None
    account: str | None = None
    unit_price: Decimal | None = None
    discount_percent: Decimal | None = None
    tiers: tuple[VolumeTier, ...] = ()
    per: str = MONTH
    other_meters: str = LIST
    valid_from: date | None = None
    valid_to: date | None = None
    source: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """A model text of our own, exactly as the usage has it, and the catalog's model it stands for: an Azure deployment, a Bedrock
    inference profile, a model group of the gateway. Looked up before the catalog's own matching. [valid_from, valid_to), UTC days.

    `provider` None means whichever provider the usage names; `model_provider` None means the usage's own.
    """

    name: str
    model: str
    provider: str | None = None
    model_provider: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    line: int | None = None


PER_REQUEST, PER_CURRENCY_UNIT = "request", "currency"


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditRule:
    """How usage becomes credits: so many a successful request, or a unit of net cost. The most specific rule of a request counts.

    None in `operation`, `model`, `provider` or `project` means all. [valid_from, valid_to), UTC days.
    """

    credits: Decimal
    per: str = PER_REQUEST
    operation: str | None = None
    model: str | None = None
    provider: str | None = None
    project: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What may stand when a period closes: `unpriced_percent` of the requests (or of the tokens, where that is more) without a rate,
    `unexplained_percent` of the money on which bill, the provider's count and logs differ for no cause that is known.

    A source whose newest data is more than `stale_days` old is told of. `missing_days`: days of the month of which no source speaks.
    `grades`: of each measure up to how many per cent a statement is graded A, B and C.
    """

    unpriced_percent: Decimal = Decimal(0)
    unexplained_percent: Decimal = Decimal(1)
    stale_days: int = 3
    missing_days: int = 0
    grades: Mapping[str, Steps] = field(default_factory=lambda: STEPS)
