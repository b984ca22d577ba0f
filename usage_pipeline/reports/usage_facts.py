"""What the usage report says of a span of days and a scope, exact and unrounded; its files only render it. Values in, values out."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from usage_pipeline.periods import Period
from usage_pipeline.reports.snapshot import ORGANISATION, PROJECTS
from usage_pipeline.tables.configuration import Organisation, Project
from usage_pipeline.tables.finality_told import FinalityTold
from usage_pipeline.tables.logged_use import RecentRequest, Spread, Used, UsedInHour, UsedOfMeter, UsedOnDay
from usage_pipeline.tables.looks import PLAIN, Looks
from usage_pipeline.tables.spans import Span

ZONE = "UTC"
"""Of days and hours: every provider bills in UTC days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InStatement:
    """The same days and scope as the statement has them: `cost` (null where nothing is known), of which `billed`."""

    cost: Decimal | None
    billed: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageFacts:
    """`project` is None for the organisation. `by` holds each dimension's lines, which sum to `total`: the keys by cost, then all others
    together, then requests without such a key. `prompts_before` are the same prompts' in the days `compared`, by (prompt, project);
    `before` is their total, null where no logs are of them. `is_draft`: the days are of a closed month that is being revised.
    """

    span: Span
    days: Period
    compared: Period
    organisation: Organisation
    project: Project | None
    projects: tuple[Project, ...]
    total: Used
    before: Used | None
    by: Mapping[str, tuple[Used, ...]]
    prompts_before: Mapping[tuple[str, str], Used]
    meters: tuple[UsedOfMeter, ...]
    by_day: tuple[UsedOnDay, ...]
    by_hour: tuple[UsedInHour, ...]
    spread: Spread | None
    recent: tuple[RecentRequest, ...]
    statement: InStatement
    finality: FinalityTold
    is_draft: bool
    looks: Looks = PLAIN

    @property
    def currency(self) -> str:
        return self.organisation.currency

    @property
    def scope(self) -> str:
        """'organisation' or 'projects/<id>': also the folder of its files."""
        return ORGANISATION if self.project is None else PROJECTS + self.project.id

    @property
    def is_empty(self) -> bool:
        """Whether no log tells of the days."""
        return self.total.first is None
