"""The shapes of who spends: the organisation and its projects, with the budgets that stand with them."""

from pydantic import Field

from usage_pipeline.settings.shape import Currency, Mail, ProjectId, Section, Word
from usage_pipeline.settings.shape_budgets import BudgetShape


class OrganisationShape(Section):
    name: Word
    currency: Currency = "USD"
    finance: list[Mail] = Field(default=[])
    budgets: list[BudgetShape] = Field(default=[])


class ProjectShape(Section):
    id: ProjectId
    name: Word | None = None
    client: Word | None = None
    team: Word | None = None
    cost_center: Word | None = None
    owners: list[Mail] = Field(default=[])
    budgets: list[BudgetShape] = Field(default=[])
