"""usage.yaml as a whole: its sections."""

from pydantic import Field

from usage_pipeline.settings.shape import (
    AgreementShape,
    AliasShape,
    CreditRuleShape,
    LimitsShape,
    OrganisationShape,
    ProjectShape,
    RuleShape,
    Section,
    SourceShape,
)
from usage_pipeline.settings.shape_book import CurrenciesShape, JournalShape, SharedCostShape


class UsageFile(Section):
    """usage.yaml."""

    organisation: OrganisationShape
    projects: list[ProjectShape]
    attribution: list[RuleShape] = Field(default=[])
    sources: list[SourceShape]
    prices: list[AgreementShape] = Field(default=[])
    aliases: list[AliasShape] = Field(default=[])
    credits: list[CreditRuleShape] = Field(default=[])
    allocation: list[SharedCostShape] = Field(default=[])
    currencies: CurrenciesShape | None = None
    journal: JournalShape | None = None
    limits: LimitsShape = LimitsShape()
