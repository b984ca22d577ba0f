"""`charges`: what was billed. In the lake, by the UTC day the charge is for. One line of a provider's bill a row."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import ibis
import ibis.expr.types as ir

from usage_pipeline.money import QUANTITY
from usage_pipeline.tables.schema import TIMESTAMP, Table, column

CATEGORIES = ("Usage", "Credit", "Tax", "Adjustment", "Purchase")
"""FOCUS ChargeCategory values."""

MOST_DAYS = 366
"""A line for more days than a year has, such as a reservation for three, is not spread: it stands on its first day."""

_DAY_SECONDS = 86_400
_GRACE_SECONDS = 3_600
"""A provider's own day or month is an hour longer when the clocks change."""


@dataclass(frozen=True, kw_only=True)
class Charge:
    """One line of a provider's bill, in the words of FOCUS."""

    charge_id: str = column("The line's natural key", key=True)
    source: str = column("Name of the source in usage.yaml", key=True)
    channel: str = column("Who bills")
    provider: str | None = column("genai-prices' provider id of the model")
    billing_account: str | None = column("FOCUS BillingAccountId")
    sub_account_id: str | None = column("FOCUS SubAccountId")
    provider_project_id: str | None = column("The provider's project id")
    provider_project_name: str | None = column("The provider's project name")
    workspace_id: str | None = column("The provider's workspace id; null may mean its default workspace")
    api_key: str | None = column("Id of the API key, where the bill names one")
    api_key_name: str | None = column("The key's name")
    principal: str | None = column("Caller identity, such as a role ARN")
    resource_id: str | None = column("FOCUS ResourceId")
    project: str | None = column("Our project id, by the attribution rules; null until they ran, and for shared lines")
    names_project: bool = column("Whether the line says whose it is (grouped by project, workspace, key ...); else it is allocated")
    invoice: str | None = column("FOCUS InvoiceId")
    category: str = column("FOCUS ChargeCategory: Usage, Credit, Tax, Adjustment or Purchase")
    charge_class: str | None = column("FOCUS ChargeClass: 'Correction' or null")
    period_start: datetime = column("FOCUS ChargePeriodStart (UTC)")
    period_end: datetime | None = column("FOCUS ChargePeriodEnd (UTC, exclusive)")
    sku: str | None = column("The bill's own text or id of what is charged")
    meter: str = column("Our meter, or 'unmapped'")
    model: str | None = column("The model as the bill gives it")
    api_type: str | None = column("text, image, embedding, ... where the line tells")
    service_tier: str | None = column("default, priority, batch, flex, ... where the line tells")
    region: str | None = column("Region or inference geography")
    quantity: Decimal | None = column("Units charged, in the meter's unit; null where the bill does not say", type=QUANTITY)
    unit: str | None = column("The unit as the bill gives it")
    list_cost: Decimal | None = column("FOCUS ListCost")
    billed_cost: Decimal = column("FOCUS BilledCost: what the provider charges for the line; credits are negative")
    effective_cost: Decimal | None = column("FOCUS EffectiveCost: amortised")
    currency: str = column("ISO 4217, upper case: in `charges` the organisation's, as landed the bill's own")
    amount_text: str = column("The amount exactly as the file has it")
    finality: str = column("'provisional' or 'final', as far as the source tells")
    tags: str | None = column("Labels and tags: a JSON object of scalars")
    snapshot_scope: str | None = column("For snapshot sources: the part of the day that a newer file replaces")
    source_file: str = column("Fingerprint of the file version (ingested_files)")
    source_line: int = column("Record number in that file, from 1")
    original_cost: Decimal | None = column("BilledCost in the bill's own currency, where it was converted", default=None)
    original_currency: str | None = column("The bill's own currency, where it was converted", default=None)
    exchange_rate: Decimal | None = column("What a unit of it is worth in `currency`, at 15 decimals", default=None)
    exchange_day: date | None = column("The day that the rate is of: the charge's, or the last before it with a rate", default=None)


charges = Table("charges", Charge)


def days_spanned(period_start: ir.TimestampValue, period_end: ir.TimestampValue) -> ir.IntegerValue:
    """For how many days a line is: as many as begin, 24 hours apart from its start, before its end. 1 where no end is told, and for lines
    of one day or less, and for those of more than MOST_DAYS, which are not spread.

    A month of local days that starts at 07:00 UTC has as many days as the calendar says, and each belongs to the UTC day it starts on.
    """
    seconds = period_end.cast(TIMESTAMP).epoch_seconds() - period_start.cast(TIMESTAMP).epoch_seconds() - _GRACE_SECONDS
    begun = (seconds + _DAY_SECONDS - 1) // _DAY_SECONDS
    return ibis.ifelse(begun.between(2, MOST_DAYS), begun, 1).cast("int64").fill_null(1)
