"""Google Cloud billing console, CSV: the cost table of an invoice, or a report by day and SKU → charges for Gemini API and Vertex AI.

Cost table: lines with the invoice's number, date, account and currency stand above the header. A row is a SKU of a project over its
usage dates, often the whole month: the charge is for that period, and is split evenly over its days (spread.py), as the file says no
more; logs of the same project and model split each day's part. Credits are rows of their own if the box for savings was ticked; else
the table is gross. With an invoice number it is final; a table without one is refused, as the invoice would count the same money again.
Report: a row is a day and SKU, in the currency whose symbol its columns have (a dollar is taken as USD), net of its savings, without
project unless grouped by it, and provisional. The foot has totals, and taxes.
Totals are set aside, but checked: one that is not the sum of the file's lines is 'total_mismatch'. Lines of other services are set
aside. Days are Google's billing days (Pacific time), kept as written.
A newer file of the same invoice, or report of the same days, replaces the older. A source holds one of the two, for one account, and
reports of one filter only: an invoice and a report of the same days are the same money.
https://cloud.google.com/billing/docs/how-to/cost-table https://cloud.google.com/billing/docs/how-to/reports
"""

import ibis
import ibis.expr.types as ir

from usage_pipeline.sources.channels import constant
from usage_pipeline.sources.exports.gcp_console import FIELDS, HEADER, TAX, TOTALS, console_rows
from usage_pipeline.sources.exports.gcp_services import WHOLE_BILL, ai_channel, is_whole_bill
from usage_pipeline.sources.exports.gcp_skus import with_skus
from usage_pipeline.sources.keys import natural_key, numbered
from usage_pipeline.sources.records import days_covered, lines_of, staged
from usage_pipeline.sources.rejects import EARLIEST, amount_checks, first_reason, time_checks
from usage_pipeline.tables.charges import charges
from usage_pipeline.tables.meters import UNMAPPED
from usage_pipeline.tables.source import Format, Source

CATEGORIES = {"usage": "Usage", "tax": "Tax", "adjustment": "Adjustment", "rounding error": "Adjustment"}
"""Cost types, in lower case. One that is not listed is an adjustment: it stands for no usage."""

KEY = (
    "invoice", "date", "usage_start", "usage_end", "project_id", "project_name", "service_id", "service", "sku_id", "sku_description",
    "consumption_model", "credit_type", "cost_type", "label", "usage_unit",
)  # fmt: skip


def to_charges(records: ir.Table) -> ir.Table:
    """One charge a row, save for totals."""
    rows = staged(_read(staged(with_skus(staged(console_rows(lines_of(records)))))))
    is_usage = rows.category == "Usage"
    charged = rows.select(
        "source_file",
        "source_line",
        reject=_reject(rows),
        charge_id=natural_key(*(rows[name] for name in KEY)),
        channel=rows.channel.fill_null(WHOLE_BILL),
        provider=constant("google"),
        billing_account=ibis.coalesce(rows.billing_account_id, rows.invoice_account),
        sub_account_id=rows.project_id,
        provider_project_id=rows.project_id,
        provider_project_name=rows.project_name,
        names_project=rows.project_id.notnull() | rows.project_name.notnull(),
        invoice=rows.invoice,
        category=rows.category,
        charge_class=ibis.ifelse(is_usage & (rows.billed < 0), "Correction", ibis.null("string")),
        period_start=rows.started_at,
        period_end=rows.ended_at,
        sku=ibis.coalesce(rows.credit_type, rows.sku_description, rows.cost_type, rows.label),
        meter=ibis.ifelse(is_usage, rows.meter, UNMAPPED),
        model=rows.model,
        service_tier=rows.tier,
        quantity=ibis.ifelse(is_usage, rows.units, ibis.null(rows.units.type())),
        unit=ibis.ifelse(is_usage, rows.usage_unit, ibis.null("string")),
        list_cost=rows.listed,
        billed_cost=rows.billed,
        currency=rows.currency,
        amount_text=rows.amount_text,
        finality=ibis.ifelse(rows.is_report, "provisional", "final"),
        snapshot_scope=_scope(rows),
    )
    return numbered(staged(charged), "charge_id")


def _read(rows: ir.Table) -> ir.Table:
    kind = ibis.coalesce(rows.cost_type.lower(), rows.label, constant("usage"))
    category = ibis.ifelse(rows.credit_type.notnull(), "Credit", kind.cases(*CATEGORIES.items(), else_="Adjustment"))
    return rows.mutate(category=category, channel=ai_channel(rows), is_total=rows.label.isin(TOTALS).fill_null(ibis.literal(value=False)))


def _reject(rows: ir.Table) -> ir.StringValue:
    ungrouped = rows.service_id.isnull() & rows.service.isnull() & rows.category.isin(("Usage", "Credit"))
    return first_reason(
        ("total_mismatch", rows.is_total & ~_adds_up(rows).fill_null(ibis.literal(value=False))),
        ("total_row", rows.is_total),
        ("grouping_mixed", ungrouped),
        ("other_service", rows.channel.isnull() & ~is_whole_bill(rows)),
        ("missing_invoice", ~rows.is_report & rows.invoice.isnull()),
        ("bad_time", rows.has_bad_day),
        *time_checks(rows.started_at.cast("string"), rows.started_at),
        *amount_checks(rows.amount_text, rows.billed, rows.currency),
        ("bad_number", rows.usage_amount.notnull() & rows.units.isnull()),
        ("bad_amount", rows.list_cost.notnull() & rows.listed.isnull()),
    )


def _adds_up(rows: ir.Table) -> ir.BooleanValue:
    """Whether a total is the sum of its file's lines, as exactly as their rounding lets it be; of a report's taxes, but for a subtotal.

    All lines count: also those that are not about models, and not those whose amount does not read, so that it is told of.
    """
    in_file = {"group_by": rows.source_file}
    is_line = rows.label.isnull()
    lines = rows.billed.sum(where=is_line).over(**in_file)
    taxes = rows.billed.sum(where=rows.label == TAX).over(**in_file)
    whole = ibis.ifelse(rows.label == "subtotal", lines, lines + taxes.fill_null(0))
    allowed = rows.rounding.sum(where=is_line).over(**in_file) + rows.rounding
    return (rows.billed - whole).abs() <= allowed


def _scope(rows: ir.Table) -> ir.StringValue:
    project = ibis.coalesce(rows.project_id, rows.project_name)
    report = ibis.coalesce(ibis.literal("report of ") + project, constant("report"))
    return ibis.ifelse(rows.is_report, report, ibis.literal("invoice ") + rows.invoice)


def covered(records: ir.Table) -> ir.Table:
    """Every day from the first to the last that the file's rows are for: those without a line are empty.

    Not from a mistaken date: each day of a thousand years would be kept.
    """
    rows = staged(console_rows(records))
    spoken = rows.select("source_file", "started_at", "ended_at", scope=_scope(rows))
    can_be = spoken.started_at >= ibis.literal(EARLIEST)
    files = staged(spoken.group_by("source_file", "scope").agg(first=spoken.started_at.min(where=can_be), end=spoken.ended_at.max()))
    known = files.filter(files["first"].notnull() & files["end"].notnull() & files.scope.notnull())
    days = ibis.range(known["first"], known["end"], ibis.interval(days=1))
    spread = staged(known.mutate(day=days.unnest()))
    return days_covered(spread, spread.day, spread.scope)


SOURCE = Source(
    kind="gcp_cost_table_csv",
    title="Google Cloud billing console (cost table or report, CSV)",
    documentation="https://cloud.google.com/billing/docs/how-to/cost-table",
    format=Format.CSV,
    table=charges,
    fields=FIELDS,
    to_rows=to_charges,
    snapshot=True,
    covered=covered,
    header=HEADER,
)
