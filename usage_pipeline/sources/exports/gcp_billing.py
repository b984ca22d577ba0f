"""Google Cloud billing export to BigQuery (standard or detailed, rows as JSON lines) → charges for the Gemini API and Vertex AI.

A row's `cost` is before credits: it gives one usage charge, gross, and one credit charge for each of `credits` (negative); their sum is
what is paid. The export is append-only: corrections and late rows come for days, told apart by `export_time`. Rows have no id, so a
charge's id is the hash of the row and the number among equal rows of its file. Use one of standard and detailed, not both.
Lines of other services (the export holds the whole cloud bill) are set aside as 'other_service'.
https://cloud.google.com/billing/docs/how-to/export-data-bigquery-tables/standard-usage
"""

import ibis
import ibis.expr.types as ir

from usage_pipeline.sources.cells import decimal, iso_time, quantity
from usage_pipeline.sources.channels import constant
from usage_pipeline.sources.exports.gcp_skus import sku_columns
from usage_pipeline.sources.keys import natural_key, numbered
from usage_pipeline.sources.records import lines_of, staged
from usage_pipeline.sources.rejects import amount_checks, first_reason, time_checks
from usage_pipeline.sources.tags import labels_object, merged
from usage_pipeline.tables.charges import charges
from usage_pipeline.tables.meters import UNMAPPED
from usage_pipeline.tables.source import Format, Source

SERVICES = {"AEFD-7695-64FA": "google.gemini", "C7E2-9256-1C43": "google.vertex"}
"""Ids of the services that bill AI usage, and their channels."""

WHOLE_BILL = "google"
"""The channel of lines for the bill as a whole: tax, rounding."""

CATEGORIES = {"regular": "Usage", "tax": "Tax", "adjustment": "Adjustment", "rounding error": "Adjustment"}
OBJECTS = "array<map<string, string>>"

FIELDS = {
    "billing_account_id": "billing_account_id",
    "service_id": "service.id",
    "sku_id": "sku.id",
    "sku_description": "sku.description",
    "usage_start_time": "usage_start_time",
    "usage_end_time": "usage_end_time",
    "project_id": "project.id",
    "project_name": "project.name",
    "project_labels": "project.labels",
    "labels": "labels",
    "location": "location.location",
    "region": "location.region",
    "resource_name": "resource.global_name",
    "cost": "cost",
    "cost_at_list": "cost_at_list",
    "currency": "currency",
    "credits": "credits",
    "usage_amount": "usage.amount",
    "usage_unit": "usage.unit",
    "invoice_month": "invoice.month",
    "cost_type": "cost_type",
    "adjustment_id": "adjustment_info.id",
    "export_time": "export_time",
}
KEY = tuple(name for name in FIELDS if name not in {"project_name", "project_labels", "resource_name"})
"""What a row is known by: all that both exports have and that does not change later."""


def to_charges(records: ir.Table) -> ir.Table:
    """One charge a row, and one more for each of its credits."""
    rows = staged(_read(lines_of(records)))
    known = staged(rows.mutate(reject=_reject(rows), tags=merged(rows.own_labels, rows.whole_labels)))
    keyed = staged(numbered(known.mutate(charge_id=natural_key(*(known[name] for name in KEY))), "charge_id"))
    return _usage_charges(keyed).union(_credit_charges(keyed))


def _read(lines: ir.Table) -> ir.Table:
    """Every cell as what it is."""
    return lines.mutate(
        started_at=iso_time(lines.usage_start_time),
        ended_at=iso_time(lines.usage_end_time),
        billed=decimal(lines.cost),
        listed=decimal(lines.cost_at_list),
        units=quantity(lines.usage_amount),
        **sku_columns(lines.sku_description),
        category=lines.cost_type.cases(*CATEGORIES.items(), else_="Usage"),
        channel=lines.service_id.cases(*SERVICES.items()),
        own_labels=labels_object(lines.labels),
        whole_labels=labels_object(lines.project_labels),
        credit_list=lines.credits.try_cast("json").try_cast(OBJECTS),
    )


def _reject(rows: ir.Table) -> ir.StringValue:
    bad_credits = rows.credit_list.filter(lambda credit: decimal(credit.get("amount")).isnull()).length() > 0
    return first_reason(
        *time_checks(rows.usage_start_time, rows.started_at),
        ("other_service", rows.channel.isnull() & (rows.category == "Usage")),
        *amount_checks(rows.cost, rows.billed, rows.currency),
        ("bad_number", rows.usage_amount.notnull() & rows.units.isnull()),
        ("bad_amount", bad_credits | (rows.credit_list.isnull() & rows.credits.notnull())),
    )


def _usage_charges(rows: ir.Table) -> ir.Table:
    corrects = rows.adjustment_id.notnull() | (rows.billed < 0)
    return _charges(
        rows,
        charge_id=rows.charge_id,
        category=rows.category,
        charge_class=ibis.ifelse(corrects, "Correction", ibis.null("string")),
        sku=rows.sku_description,
        meter=rows.meter,
        quantity=rows.units,
        unit=rows.usage_unit,
        list_cost=rows.listed,
        billed_cost=rows.billed,
        amount_text=rows.cost,
    )


def _credit_charges(rows: ir.Table) -> ir.Table:
    """The credits of accepted rows, numbered in the order that the row has them."""
    credited = rows.filter(rows.reject.isnull() & (rows.credit_list.length() > 0))
    places = ibis.range(credited.credit_list.length()).unnest()
    listed = staged(credited.mutate(place=places))
    each = staged(listed.mutate(credit=listed.credit_list[listed.place]))
    amount = each.credit.get("amount")
    return _charges(
        each,
        charge_id=each.charge_id + "-credit-" + (each.place + 1).cast("string"),
        category=constant("Credit"),
        charge_class=ibis.null("string"),
        sku=ibis.coalesce(each.credit.get("full_name"), each.credit.get("name"), each.credit.get("id")),
        meter=constant(UNMAPPED),
        quantity=ibis.null(each.units.type()),
        unit=ibis.null("string"),
        list_cost=ibis.null(each.listed.type()),
        billed_cost=decimal(amount),
        amount_text=amount,
    )


def _charges(rows: ir.Table, **own: ir.Value) -> ir.Table:
    """What a row's usage and its credits have in common, and what is their own."""
    return rows.select(
        "source_file",
        "source_line",
        "reject",
        channel=rows.channel.fill_null(WHOLE_BILL),
        provider=constant("google"),
        billing_account=rows.billing_account_id,
        sub_account_id=rows.project_id,
        provider_project_id=rows.project_id,
        provider_project_name=rows.project_name,
        resource_id=rows.resource_name,
        names_project=rows.project_id.notnull(),
        invoice=rows.invoice_month,
        period_start=rows.started_at,
        period_end=rows.ended_at,
        model=rows.model,
        service_tier=rows.tier,
        region=ibis.coalesce(rows.region, rows.location),
        currency=rows.currency.upper(),
        finality=constant("provisional"),
        tags=rows.tags,
        **own,
    )


SOURCE = Source(
    kind="gcp_billing",
    title="Google Cloud billing export",
    documentation="https://cloud.google.com/billing/docs/how-to/export-data-bigquery-tables/standard-usage",
    format=Format.JSON_LINES,
    table=charges,
    fields=FIELDS,
    to_rows=to_charges,
    explodes=True,
)
