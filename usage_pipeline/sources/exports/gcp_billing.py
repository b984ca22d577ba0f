"""Google Cloud billing export to BigQuery (standard or detailed, rows as JSON lines or Parquet) → charges for Gemini API and Vertex AI.

A row's `cost` is before credits: it gives one usage charge, gross, and one credit charge for each of `credits` (negative); their sum is
what is paid. The export is append-only: late rows and negative corrections come for days, each with its `export_time`, and add. Rows
have no id, so a charge's id is the hash of what the row says, the same from JSON and Parquet, and a number among equal rows of its
file: an extract that is read twice adds nothing. Use one of standard and detailed, not both: they are the same money.
Lines of other services (the export holds the whole cloud bill) are set aside as 'other_service'. `invoice` is the month in which
Google bills the row. Nothing in the export says that a month is closed, so a charge stays provisional.
https://cloud.google.com/billing/docs/how-to/export-data-bigquery-tables/standard-usage
"""

import ibis
import ibis.expr.types as ir

from usage_pipeline.sources.cells import decimal, iso_time, quantity
from usage_pipeline.sources.channels import constant
from usage_pipeline.sources.exports.gcp_services import WHOLE_BILL, ai_channel, is_whole_bill
from usage_pipeline.sources.exports.gcp_skus import with_skus
from usage_pipeline.sources.keys import natural_key, numbered
from usage_pipeline.sources.records import lines_of, staged
from usage_pipeline.sources.rejects import amount_checks, first_reason, time_checks
from usage_pipeline.sources.tags import labels_object, merged
from usage_pipeline.tables.charges import charges
from usage_pipeline.tables.meters import UNMAPPED
from usage_pipeline.tables.source import Format, Source

CATEGORIES = {"regular": "Usage", "tax": "Tax", "adjustment": "Adjustment", "rounding error": "Adjustment"}
"""Cost types. One that is not listed is an adjustment: it stands for no usage."""

OBJECTS = "array<map<string, string>>"

FIELDS = {
    "billing_account_id": "billing_account_id",
    "service_id": "service.id",
    "service": "service.description",
    "sku_id": "sku.id",
    "sku_description": "sku.description",
    "usage_start_time": "usage_start_time",
    "usage_end_time": "usage_end_time",
    "project_id": "project.id",
    "project_name": "project.name",
    "project_labels": "project.labels",
    "labels": "labels",
    "system_labels": "system_labels",
    "resource_tags": "tags",
    "location": "location.location",
    "region": "location.region",
    "zone": "location.zone",
    "resource": "resource.name",
    "resource_name": "resource.global_name",
    "transaction_type": "transaction_type",
    "seller_name": "seller_name",
    "cost": "cost",
    "cost_at_list": "cost_at_list",
    "currency": "currency",
    "credits": "credits",
    "usage_amount": "usage.amount",
    "usage_unit": "usage.unit",
    "invoice_month": "invoice.month",
    "cost_type": "cost_type",
    "adjustment_id": "adjustment_info.id",
    "adjustment_type": "adjustment_info.type",
    "adjustment_mode": "adjustment_info.mode",
    "consumption_model": "consumption_model.id",
    "subscription": "subscription.instance_id",
    "export_time": "export_time",
}
TIMES = ("usage_start_time", "usage_end_time", "export_time")
NUMBERS = ("cost", "cost_at_list", "usage_amount")
LISTS = {
    "labels": ("key", "value"),
    "system_labels": ("key", "value"),
    "resource_tags": ("namespace", "key", "value"),
    "credits": ("id", "type", "full_name", "name"),
}
"""Lists of objects, and what tells these apart."""

NOT_IN_KEY = ("service", "project_name", "project_labels")
"""Names that may be changed, and project labels, which are as of the export."""


def to_charges(records: ir.Table) -> ir.Table:
    """One charge a row, and one more for each of its credits."""
    rows = staged(_read(staged(with_skus(lines_of(records)))))
    labels = merged(rows.own_labels, merged(rows.own_tags, rows.whole_labels))
    known = staged(rows.mutate(reject=_reject(rows), tags=labels, charge_id=_key(rows)))
    keyed = staged(numbered(known, "charge_id"))
    return _usage_charges(keyed).union(_credit_charges(keyed))


def _read(lines: ir.Table) -> ir.Table:
    """Every cell as what it is."""
    read = staged(
        lines.mutate(
            started_at=iso_time(lines.usage_start_time),
            ended_at=iso_time(lines.usage_end_time),
            billed=decimal(lines.cost),
            listed=decimal(lines.cost_at_list),
            units=quantity(lines.usage_amount),
            category=lines.cost_type.fill_null("regular").cases(*CATEGORIES.items(), else_="Adjustment"),
            channel=ai_channel(lines),
            own_labels=labels_object(lines.labels),
            own_tags=labels_object(lines.resource_tags),
            whole_labels=labels_object(lines.project_labels),
            credit_list=lines.credits.try_cast("json").try_cast(OBJECTS),
        )
    )
    adjusted = ibis.coalesce(read.adjustment_id, read.adjustment_type, read.adjustment_mode).notnull()
    taken_back = (read.category == "Usage") & (read.billed < 0)
    return read.mutate(correction=ibis.ifelse(adjusted | taken_back, "Correction", ibis.null("string")))


def _key(rows: ir.Table) -> ir.StringValue:
    """The hash of a row's values: '461280.0' and '461280', '14:00:00 UTC' and '14:00:00+00', no list and an empty one are the same."""
    values = {name: rows[name] for name in FIELDS if name not in NOT_IN_KEY}
    values |= {name: ibis.coalesce(iso_time(rows[name]).cast("string"), rows[name]) for name in TIMES}
    values |= {name: ibis.coalesce(decimal(rows[name]).cast("string"), rows[name]) for name in NUMBERS}
    values |= {name: _listed(rows[name], names) for name, names in LISTS.items()}
    amounts = rows.credit_list.map(lambda credit: decimal(credit.get("amount")).cast("string"))
    return natural_key(*values.values(), amounts.join(" ").nullif(""))


def _listed(text: ir.StringValue, names: tuple[str, ...]) -> ir.StringValue:
    objects = text.try_cast("json").try_cast(OBJECTS)
    texts = objects.map(lambda one: ibis.literal("\x1d").join([one.get(name).fill_null("") for name in names]))
    return texts.join("\x1c").nullif("")


def _reject(rows: ir.Table) -> ir.StringValue:
    bad_credits = rows.credit_list.filter(lambda credit: decimal(credit.get("amount")).isnull()).length() > 0
    return first_reason(
        *time_checks(rows.usage_start_time, rows.started_at),
        ("other_service", rows.channel.isnull() & ~is_whole_bill(rows)),
        *amount_checks(rows.cost, rows.billed, rows.currency),
        ("bad_number", rows.usage_amount.notnull() & rows.units.isnull()),
        ("bad_amount", bad_credits | (rows.credit_list.isnull() & rows.credits.notnull())),
    )


def _usage_charges(rows: ir.Table) -> ir.Table:
    return _charges(
        rows,
        charge_id=rows.charge_id,
        category=rows.category,
        charge_class=rows.correction,
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
        charge_class=each.correction,
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
        resource_id=ibis.coalesce(rows.resource_name, rows.resource),
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
    format=Format.ROWS,
    table=charges,
    fields=FIELDS,
    to_rows=to_charges,
    explodes=True,
)
