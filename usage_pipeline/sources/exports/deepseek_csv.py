"""DeepSeek usage export, `cost-*.csv` → charges, one per day (or hour), model and wallet; `amount-*.csv` is set aside here.

The export is a zip archive of two files, to be unpacked. `cost` is the bill, in CNY or USD, and names no key. `amount` counts tokens by
key, at prices without a currency: kind deepseek_usage_csv reads it, and by its shares the bill is dealt out. So money is read once,
whichever of the two files lie here. Times carry the offset of whoever exported ('+08:00'): they become UTC, and a day there begins on
the UTC day before. A time without an offset is refused, not guessed.
A newer file replaces each local day that it speaks of, whole. A source holds the exports of one time zone.
https://platform.deepseek.com/usage
"""

import ibis
import ibis.expr.types as ir

from usage_pipeline.sources.cells import decimal
from usage_pipeline.sources.channels import constant
from usage_pipeline.sources.exports.deepseek_times import TIMES, days_spoken_of, local_day, offset_time
from usage_pipeline.sources.keys import natural_key, numbered
from usage_pipeline.sources.records import lines_of, staged
from usage_pipeline.sources.rejects import amount_checks, first_reason, time_checks
from usage_pipeline.sources.tags import json_object
from usage_pipeline.tables.charges import charges
from usage_pipeline.tables.meters import UNMAPPED
from usage_pipeline.tables.personal import pseudonym
from usage_pipeline.tables.source import Format, Source

FIELDS = {
    **TIMES,
    "account": "user_id",
    "model": "model",
    "wallet_type": "wallet_type",
    "cost": "cost",
    "currency": "currency",
    "counted": "type",
}


def to_charges(records: ir.Table) -> ir.Table:
    """One charge a row of the cost file."""
    lines = lines_of(records)
    rows = staged(lines.mutate(**offset_time(lines), billed=decimal(lines.cost)))
    reject = first_reason(
        ("other_file", rows.counted.notnull()),
        *time_checks(rows.start, rows.started_at),
        ("bad_time", rows.end.notnull() & rows.ended_at.isnull()),
        *amount_checks(rows.cost, rows.billed, rows.currency),
    )
    charged = rows.select(
        "source_file",
        "source_line",
        reject=reject,
        charge_id=natural_key(rows.account, rows.started_at, rows.ended_at, rows.model, rows.wallet_type, rows.currency),
        channel=constant("deepseek"),
        provider=constant("deepseek"),
        billing_account=pseudonym(rows.account),
        names_project=ibis.literal(value=False),
        category=constant("Usage"),
        charge_class=ibis.ifelse(rows.billed < 0, "Correction", ibis.null("string")),
        period_start=rows.started_at,
        period_end=rows.ended_at,
        sku=rows.model,
        meter=constant(UNMAPPED),
        model=rows.model,
        billed_cost=rows.billed,
        currency=rows.currency.upper(),
        amount_text=rows.cost,
        finality=constant("provisional"),
        tags=json_object(wallet_type=rows.wallet_type),
        snapshot_scope=local_day(rows),
    )
    return numbered(staged(charged), "charge_id")


def covered(records: ir.Table) -> ir.Table:
    """The UTC days that the file's local days reach into."""
    return days_spoken_of(records.filter(records.counted.isnull()))


SOURCE = Source(
    kind="deepseek_csv",
    title="DeepSeek usage export (cost CSV)",
    documentation="https://platform.deepseek.com/usage",
    format=Format.CSV,
    channel="deepseek",
    table=charges,
    fields=FIELDS,
    to_rows=to_charges,
    snapshot=True,
    covered=covered,
)
