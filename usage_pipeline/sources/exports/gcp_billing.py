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

from usage_pipeline.money import QUANTITY
from usage_pipeline.sources.cells import decimal, iso_time
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
PLAIN = {
    "usage_start_time": "started_at",
    "usage_end_time": "ended_at",
    "export_time": "exported_at",
    "cost": "billed",
    "cost_at_list": "listed",
    "usage_amount": "used",
}
"""Times and numbers that files write in several ways, and the columns that have them read."""

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
    return _charges(_with_credits(keyed))


def _read(lines: ir.Table) -> ir.Table:
    """Every cell as what it is."""
    read = staged(
        lines.mutate(
            started_at=iso_time(lines.usage_start_time),
            ended_at=iso_time(lines.usage_end_time),
            billed=decimal(lines.cost),
            listed=decimal(lines.cost_at_list),
            used=decimal(lines.usage_amount),
            exported_at=iso_time(lines.export_time),
            category=lines.cost_type.fill_null("regular").cases(*CATEGORIES.items(), else_="Adjustment"),
            channel=ai_channel(lines),
            own_labels=labels_object(lines.labels.nullif("[]")),
            own_tags=labels_object(lines.resource_tags.nullif("[]")),
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
    values |= {name: ibis.coalesce(rows[read].cast("string"), rows[name]) for name, read in PLAIN.items()}
    values |= {name: _listed(rows[name], names) for name, names in LISTS.items()}
    amounts = rows.credit_list.map(lambda credit: decimal(credit.get("amount")).cast("string"))
    return natural_key(*values.values(), amounts.join(" ").nullif(""))


def _listed(text: ir.StringValue, names: tuple[str, ...]) -> ir.StringValue:
    objects = text.nullif("[]").try_cast("json").try_cast(OBJECTS)
    texts = objects.map(lambda one: ibis.literal("\x1d").join([one.get(name).fill_null("") for name in names]))
    return texts.join("\x1c").nullif("")


def _reject(rows: ir.Table) -> ir.StringValue:
    bad_credits = rows.credit_list.filter(lambda credit: decimal(credit.get("amount")).isnull()).length() > 0
    return first_reason(
        *time_checks(rows.usage_start_time, rows.started_at),
        ("other_service", rows.channel.isnull() & ~is_whole_bill(rows)),
        *amount_checks(rows.cost, rows.billed, rows.currency),
        ("bad_number", rows.usage_amount.notnull() & rows.used.isnull()),
        ("bad_amount", bad_credits | (rows.credit_list.isnull() & rows.credits.notnull())),
    )


def _with_credits(rows: ir.Table) -> ir.Table:
    """Each row as place 0, and an accepted one once more for each of its credits, places from 1 in the order that the row has them."""
    credits_count = ibis.ifelse(rows.reject.isnull(), rows.credit_list.length().fill_null(0), 0)
    placed = staged(rows.mutate(place=ibis.range(0, credits_count + 1).unnest()))
    null = ibis.null(placed.credit_list.type().value_type)
    each = staged(placed.mutate(credit=ibis.ifelse(placed.place > 0, placed.credit_list[placed.place - 1], null)))
    return each.mutate(credit_amount=each.credit.get("amount"))


def _charges(rows: ir.Table) -> ir.Table:
    """A row's usage, or one of its credits."""
    is_credit = rows.place > 0
    text = ibis.null("string")
    credit_name = ibis.coalesce(rows.credit.get("full_name"), rows.credit.get("name"), rows.credit.get("id"))
    return rows.select(
        "source_file",
        "source_line",
        "reject",
        charge_id=rows.charge_id + ibis.ifelse(is_credit, ibis.literal("-credit-") + rows.place.cast("string"), ""),
        channel=rows.channel.fill_null(WHOLE_BILL),
        provider=constant("google"),
        billing_account=rows.billing_account_id,
        sub_account_id=rows.project_id,
        provider_project_id=rows.project_id,
        provider_project_name=rows.project_name,
        resource_id=ibis.coalesce(rows.resource_name, rows.resource),
        names_project=rows.project_id.notnull(),
        invoice=rows.invoice_month,
        category=ibis.ifelse(is_credit, "Credit", rows.category),
        charge_class=rows.correction,
        period_start=rows.started_at,
        period_end=rows.ended_at,
        sku=ibis.ifelse(is_credit, credit_name, rows.sku_description),
        meter=ibis.ifelse(is_credit, UNMAPPED, rows.meter),
        model=rows.model,
        service_tier=rows.tier,
        region=ibis.coalesce(rows.region, rows.location),
        quantity=ibis.ifelse(is_credit, ibis.null(QUANTITY), rows.used.try_cast(QUANTITY)),
        unit=ibis.ifelse(is_credit, text, rows.usage_unit),
        list_cost=ibis.ifelse(is_credit, ibis.null(rows.listed.type()), rows.listed),
        billed_cost=ibis.ifelse(is_credit, decimal(rows.credit_amount), rows.billed),
        currency=rows.currency.upper(),
        amount_text=ibis.ifelse(is_credit, rows.credit_amount, rows.cost),
        finality=constant("provisional"),
        tags=rows.tags,
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
