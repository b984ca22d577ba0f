"""OpenAI dashboard's cost export (CSV, cost_<from>_<to>.csv) → the same charges that the costs API gives for those days.

Three header generations within a year (10, 16, 17 columns): bound by name. A bucket in which nothing was used is a row with its four time
columns alone. Unless the dashboard's view was grouped, a line names neither line item nor project: one amount for the whole day, which
is allocated by usage. Export grouped by line item and project, and all projects: what is filtered out is missing from the bill. A newer
export replaces a day as a whole. At most 60 days a file; amounts may be late.
https://help.openai.com/en/articles/8554956
"""

import ibis
import ibis.expr.types as ir

from usage_pipeline.sources.cells import epoch_time
from usage_pipeline.sources.exports.openai_bill import NEEDED, charges_of
from usage_pipeline.sources.records import NO_SCOPE, days_covered, lines_of
from usage_pipeline.tables.charges import charges
from usage_pipeline.tables.source import Format, Source

COLUMNS = {"amount": "amount_value", "currency": "amount_currency"}
FIELDS = {name: COLUMNS.get(name, name) for name in NEEDED}
BUCKET = ("start_time", "end_time")


def _has_amounts(records: ir.Table) -> ir.BooleanValue:
    """Whether any line of the record's file has an amount: the usage exports beside it have the same time columns, and none."""
    return records.amount.notnull().any().over(ibis.window(group_by=records.source_file))


def to_charges(records: ir.Table) -> ir.Table:
    """One charge a line that is no empty bucket."""
    lines = lines_of(records)
    return charges_of(lines.mutate(is_unexpected=~_has_amounts(lines)))


def covered(records: ir.Table) -> ir.Table:
    """The bucket's day, as a whole. A file without any amount covers nothing: it may be an export of usage, all of whose days are empty."""
    told = records.mutate(has_amounts=_has_amounts(records))
    bill = told.filter(told.has_amounts)
    return days_covered(bill, epoch_time(bill.start_time), NO_SCOPE)


SOURCE = Source(
    kind="openai_costs_csv",
    title="OpenAI dashboard, cost export",
    documentation="https://help.openai.com/en/articles/8554956",
    format=Format.CSV,
    channel="openai",
    table=charges,
    fields=FIELDS,
    to_rows=to_charges,
    snapshot=True,
    covered=covered,
    bucket=BUCKET,
)
