"""The two CSV files of Google's billing console as one set of cells: the cost table of an invoice, and a report by day and SKU.

In: records of either file. Out: the same rows with what their cells mean; a column of the one is null in the other. Columns are the
user's choice. Money columns carry the currency's symbol: 'Cost ($)'; some numbers have thousands separators: "1,804,000".
"""

from functools import reduce
from operator import or_

import ibis
import ibis.expr.types as ir

from usage_pipeline.sources.cells import decimal, iso_time, quantity
from usage_pipeline.sources.records import staged

SYMBOLS = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "R$": "BRL", "CHF": "CHF"}
"""Symbols of money columns and the currency meant where the file does not name it. A dollar that is not American looks the same."""

MONEY = {
    "unrounded_cost": "Unrounded cost",
    "rounded_cost": "Cost",
    "unrounded_subtotal": "Unrounded subtotal",
    "rounded_subtotal": "Subtotal",
    "list_cost": "List cost",
    "negotiated": "Negotiated savings",
    "programs": "Savings programs",
    "programmes": "Savings programmes",
    "other_savings": "Other savings",
}
"""Money columns, without their symbol."""

FIELDS = {
    "invoice": "#Invoice number",
    "invoice_date": "#Invoice date",
    "invoice_account": "#Billing account ID",
    "invoice_currency": "#Currency",
    "billing_account_id": "Billing account ID",
    "project_id": "Project ID",
    "project_name": "Project name",
    "service_id": "Service ID",
    "service": "Service description",
    "sku_id": "SKU ID",
    "sku_description": "SKU description",
    "consumption_model": "Consumption model description",
    "credit_type": "Credit type",
    "cost_type": "Cost type",
    "date": "Date",
    "usage_start": "Usage start date",
    "usage_end": "Usage end date",
    "usage_amount": "Usage amount",
    "usage_unit": "Usage unit",
    **{f"{name}_{code}": f"{words} ({symbol})" for name, words in MONEY.items() for symbol, code in SYMBOLS.items()},
}
HEADER = ("Service description", "Service ID", "SKU description", "SKU ID", "Cost type")
"""Columns that no line above the header has, and of which every useful export has one."""

TOTALS = ("total", "filtered total", "subtotal")
TAX = "tax"
"""Words that name a row in the foot of a report. There they stand in whichever money column is left of the amount."""

GROUPED = r"^-?\d{1,3}(,\d{3})+(\.\d*)?$"

ROUNDED, UNROUNDED = "0.005", "0.0000005"
"""By how much a number of two, and of six decimals, may be off."""


def console_rows(lines: ir.Table) -> ir.Table:
    """`lines` with `amount_text`, `billed`, `listed`, `units`, `currency`, `rounding`, `label`, `is_report`, `started_at`, `ended_at` and
    `has_bad_day`.
    """
    given = staged(lines.mutate(**{name: _of_any(lines, name) for name in MONEY}, code=_code(lines)))
    named = staged(given.mutate(label=_label(given), is_report=_is_report(given)))
    subtotal = ibis.coalesce(_unlabelled(named.unrounded_subtotal), named.rounded_subtotal)
    cost = ibis.coalesce(named.unrounded_cost, named.rounded_cost)
    is_fine = _unlabelled(ibis.ifelse(named.is_report, named.unrounded_subtotal, named.unrounded_cost)).notnull()
    read = staged(named.mutate(amount_text=ibis.ifelse(named.is_report, subtotal, cost), is_fine=is_fine))
    return read.mutate(
        billed=decimal(plain_number(read.amount_text)),
        listed=decimal(plain_number(read.list_cost)),
        units=quantity(plain_number(read.usage_amount)),
        currency=ibis.coalesce(read.invoice_currency, read.code).upper(),
        rounding=ibis.ifelse(read.is_fine, decimal(ibis.literal(UNROUNDED)), decimal(ibis.literal(ROUNDED))),
        **_period(read),
    )


def plain_number(text: ir.StringValue) -> ir.StringValue:
    """'1,804,000' as '1804000'; any other text, such as '1,5', as it is."""
    return ibis.ifelse(text.re_search(GROUPED), text.replace(",", ""), text)


def _of_any(lines: ir.Table, name: str) -> ir.StringValue:
    return ibis.coalesce(*(lines[f"{name}_{code}"] for code in SYMBOLS.values()))


def _code(lines: ir.Table) -> ir.StringValue:
    """The currency whose symbol the row's money columns have."""
    given = [(ibis.coalesce(*(lines[f"{name}_{code}"] for name in MONEY)).notnull(), code) for code in SYMBOLS.values()]
    return ibis.cases(*given, else_=ibis.null("string"))


def _is_report(rows: ir.Table) -> ir.BooleanValue:
    return rows.date.notnull() | rows.unrounded_subtotal.notnull() | rows.rounded_subtotal.notnull()


def _label(rows: ir.Table) -> ir.StringValue:
    """'total', 'subtotal', 'filtered total' or 'tax' of a row that is no line but sums lines up; null for a line."""
    columns = (rows.cost_type, rows.negotiated, rows.programs, rows.programmes, rows.other_savings, rows.unrounded_subtotal)
    words = [ibis.ifelse(column.lower().isin((*TOTALS, TAX)), column.lower(), ibis.null("string")) for column in columns]
    is_line = rows.service.notnull() | rows.service_id.notnull() | rows.sku_description.notnull() | rows.date.notnull()
    is_tax_line = rows.cost_type.lower() == TAX
    return ibis.ifelse(is_line | is_tax_line.fill_null(ibis.literal(value=False)), ibis.null("string"), ibis.coalesce(*words))


def _unlabelled(text: ir.StringValue) -> ir.StringValue:
    return ibis.ifelse(text.lower().isin((*TOTALS, TAX)), ibis.null("string"), text)


def _period(rows: ir.Table) -> dict[str, ir.Value]:
    """From its first day to the end of its last; what has no day of its own is for the month of the invoice.

    A report's taxes have no day either: they are for the days that the file has.
    """
    texts = [rows[name] for name in ("date", "usage_start", "usage_end")]
    day, start, end = times = [iso_time(text) for text in texts]
    month, one_day, is_foot = iso_time(rows.invoice_date).truncate("M"), ibis.interval(days=1), rows.label.notnull()
    first = ibis.ifelse(is_foot, day.min().over(group_by=rows.source_file), ibis.null(day.type()))
    last = ibis.ifelse(is_foot, day.max().over(group_by=rows.source_file), ibis.null(day.type()))
    return {
        "started_at": ibis.coalesce(start, day, month, first),
        "ended_at": ibis.coalesce(ibis.coalesce(end, start, day) + one_day, month + ibis.interval(months=1), last + one_day),
        "has_bad_day": reduce(or_, (text.notnull() & time.isnull() for text, time in zip(texts, times, strict=True))),
    }
