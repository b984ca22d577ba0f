"""usage.yaml as a whole: its sections."""

from pydantic import Field

from usage_pipeline.settings.shape import (
    AgreementShape,
    AliasShape,
    CreditRuleShape,
    LimitsShape,
    RuleShape,
    Section,
    SourceShape,
    UnattributedShape,
)
from usage_pipeline.settings.shape_alerts import AlertsShape
from usage_pipeline.settings.shape_anomalies import AnomaliesShape, Holidays
from usage_pipeline.settings.shape_book import CurrenciesShape, JournalShape, SharedCostShape
from usage_pipeline.settings.shape_budgets import GraceShape, RequestLimitShape, ScopedBudgetShape
from usage_pipeline.settings.shape_channels import ChannelShape, RouteShape
from usage_pipeline.settings.shape_deliveries import DeliveryShape
from usage_pipeline.settings.shape_owners import OrganisationShape, ProjectShape
from usage_pipeline.settings.shape_reports import ReportsShape
from usage_pipeline.settings.shape_wallets import WalletShape


class UsageFile(Section):
    """usage.yaml."""

    organisation: OrganisationShape
    projects: list[ProjectShape]
    budgets: list[ScopedBudgetShape] = Field(default=[])
    request_limits: list[RequestLimitShape] = Field(default=[])
    wallets: list[WalletShape] = Field(default=[])
    grace: GraceShape | None = None
    attribution: list[RuleShape] = Field(default=[])
    sources: list[SourceShape]
    prices: list[AgreementShape] = Field(default=[])
    aliases: list[AliasShape] = Field(default=[])
    credits: list[CreditRuleShape] = Field(default=[])
    allocation: list[SharedCostShape] = Field(default=[])
    currencies: CurrenciesShape | None = None
    journal: JournalShape | None = None
    limits: LimitsShape = LimitsShape()
    holidays: Holidays = Field(default=[])
    anomalies: AnomaliesShape = AnomaliesShape()
    channels: list[ChannelShape] = Field(default=[])
    routing: list[RouteShape] = Field(default=[])
    alerts: AlertsShape = AlertsShape()
    reports: ReportsShape = ReportsShape()
    deliveries: list[DeliveryShape] = Field(default=[])
    unattributed: UnattributedShape = UnattributedShape()
