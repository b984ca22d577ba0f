"""The shapes of budgets, of limits on one request, and of the grace that a hard stop gives."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from usage_pipeline.settings.shape import (
    DEFAULT_THRESHOLDS,
    Day,
    Percent,
    Positive,
    Section,
    Thresholds,
    Word,
    given,
    in_order,
    whole_number,
)
from usage_pipeline.settings.shape_words import wrong
from usage_pipeline.tables.budgets import WHOLE_UNITS

HOLDERS = ("project", "team", "user", "client")

Whole = Annotated[int, BeforeValidator(whole_number)]


class RaiseShape(Section):
    """Another limit on the days `from` to `to`."""

    limit: Positive
    first_day: Day = Field(alias="from")
    last_day: Day = Field(alias="to")
    why: Word | None = None

    @model_validator(mode="after")
    def _days(self) -> "RaiseShape":
        if self.last_day < self.first_day:
            raise wrong(f"to {self.last_day} lies before from {self.first_day}")
        return self


class BudgetShape(Section):
    """A limit per period, or for a span of days. `unit` is the reporting currency, tokens, credits or requests."""

    period: Literal["daily", "weekly", "monthly", "yearly"] | None = None
    first_day: Day | None = Field(default=None, alias="from")
    last_day: Day | None = Field(default=None, alias="to")
    limit: Positive
    unit: Word | None = None
    operation: Word | None = None
    model: Word | None = None
    channel: Word | None = None
    thresholds: Thresholds = Field(default=list(DEFAULT_THRESHOLDS))
    valid_from: Day | None = None
    valid_to: Day | None = None
    rollover: Literal["true", "false"] = "false"
    raises: list[RaiseShape] = Field(default=[])
    why: Word | None = None

    @model_validator(mode="after")
    def _one_time(self) -> "BudgetShape":
        if self.period is not None and (self.first_day or self.last_day):
            raise wrong("a budget has a period, or from and to (a fixed span), not both")
        if self.period is None and not (self.first_day and self.last_day):
            raise wrong("period is missing: daily, weekly, monthly or yearly; or give the days of a fixed span: from and to")
        if self.first_day and self.last_day and self.last_day < self.first_day:
            raise wrong(f"to {self.last_day} lies before from {self.first_day}")
        if self.rollover == "true" and self.period is None:
            raise wrong("rollover: a fixed span has no period before it")
        in_order(self.valid_from, self.valid_to)
        return self

    @model_validator(mode="after")
    def _whole_units(self) -> "BudgetShape":
        for limit in (self.limit, *(one.limit for one in self.raises)):
            if self.unit in WHOLE_UNITS and limit != limit.to_integral_value():
                raise wrong(f"limit {limit}: {self.unit} are whole")
        lower = next((one for one in self.raises if one.limit <= self.limit), None)
        if lower is not None:
            raise wrong(f"a raise to {lower.limit} is none: the limit is {self.limit}; for a lower one give versions with valid_from")
        return self


class ScopedBudgetShape(BudgetShape):
    """A budget of the list at the top: it says whose it is; without that it is the organisation's."""

    project: Word | None = None
    team: Word | None = None
    user: Word | None = None
    client: Word | None = None

    @model_validator(mode="after")
    def _one_scope(self) -> "ScopedBudgetShape":
        named = given(self, *HOLDERS)
        if len(named) > 1:
            raise wrong(f"a budget is for one {' or '.join(named)}, not both; operation, model and channel narrow it")
        return self


class RequestLimitShape(Section):
    """The most that one request may use or cost."""

    project: Word | None = None
    operation: Word | None = None
    model: Word | None = None
    channel: Word | None = None
    max_tokens: Whole | None = None
    max_cost: Positive | None = None
    valid_from: Day | None = None
    valid_to: Day | None = None

    @model_validator(mode="after")
    def _a_limit(self) -> "RequestLimitShape":
        if self.max_tokens is None and self.max_cost is None:
            raise wrong("a limit on one request says max_tokens, max_cost or both")
        in_order(self.valid_from, self.valid_to)
        return self


class GraceShape(Section):
    """How far past its limit a budget is still let go on; with both, until the first of them ends."""

    hours: Whole | None = None
    percent: Percent | None = None

    @model_validator(mode="after")
    def _a_grace(self) -> "GraceShape":
        if self.hours is None and not (self.percent or Decimal(0)):
            raise wrong("grace says hours, percent or both, such as {hours: 24}; leave it out for none")
        return self
