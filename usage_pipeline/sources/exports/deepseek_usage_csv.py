"""DeepSeek usage export, `amount-*.csv` → usage events in the provider's view, one per day (or hour), model, key and kind of count.

A row counts one thing: `output_tokens`, `input_cache_hit_tokens`, `input_cache_miss_tokens` or `request_count`. They are disjoint. The
requests are on the first row of their tokens; their own row is set aside then, as 'counted_beside', since alone it has no usage. The
price of a row has no currency, so there is no cost: the tag `price` keeps it. `cost-*.csv` of the same export is the bill (kind
deepseek_csv) and is set aside here. Keys are masked by DeepSeek. Times and what a newer file replaces: as for the bill.
https://platform.deepseek.com/usage
"""

import ibis
import ibis.expr.types as ir

from usage_pipeline.sources.cells import whole_number
from usage_pipeline.sources.channels import constant
from usage_pipeline.sources.exports.deepseek_times import TIMES, days_spoken_of, local_day, offset_time
from usage_pipeline.sources.keys import natural_key, numbered
from usage_pipeline.sources.records import lines_of, staged
from usage_pipeline.sources.rejects import first_reason, quantity_checks, time_checks
from usage_pipeline.sources.tags import json_object
from usage_pipeline.tables.personal import pseudonym
from usage_pipeline.tables.source import Format, Source
from usage_pipeline.tables.usage_events import PROVIDER_VIEW, SUCCESS, usage_events

METERS = {"input": "input_cache_miss_tokens", "cache_read": "input_cache_hit_tokens", "output": "output_tokens"}
REQUEST_COUNT = "request_count"

FIELDS = {
    **TIMES,
    "account": "user_id",
    "model": "model",
    "key_name": "api_key_name",
    "masked_key": "api_key",
    "counted": "type",
    "price": "price",
    "amount": "amount",
    "cost": "cost",
}


def to_events(records: ir.Table) -> ir.Table:
    """One event a row of the amount file, with the one meter that it counts."""
    lines = lines_of(records)
    read = staged(
        lines.mutate(**offset_time(lines), number=whole_number(lines.amount), is_tokens=lines.counted.isin(tuple(METERS.values())))
    )
    rows = staged(read.mutate(**_requests(read)))
    reject = first_reason(
        ("other_file", rows.cost.notnull() & rows.counted.isnull()),
        *time_checks(rows.start, rows.started_at),
        ("bad_time", rows.end.notnull() & rows.ended_at.isnull()),
        ("unknown_meter", ~rows.counted.isin((*METERS.values(), REQUEST_COUNT)).fill_null(ibis.literal(value=False))),
        *quantity_checks([(rows.amount, rows.number)]),
        ("missing_usage", rows.amount.isnull()),
        ("missing_model", rows.model.isnull()),
        ("counted_beside", (rows.counted == REQUEST_COUNT) & rows.is_carried),
    )
    none = ibis.null("int64")
    counted = rows.select(
        "source_file",
        "source_line",
        reject=reject,
        event_id=natural_key(rows.account, rows.started_at, rows.ended_at, rows.model, rows.key_name, rows.masked_key, rows.counted),
        view=constant(PROVIDER_VIEW),
        started_at=rows.started_at,
        ended_at=rows.ended_at,
        operation=constant("chat"),
        api_type=constant("text"),
        status=constant(SUCCESS),
        channel=constant("deepseek"),
        provider=constant("deepseek"),
        model=rows.model,
        api_key=pseudonym(rows.masked_key),
        api_key_name=pseudonym(rows.key_name),
        sub_account_id=pseudonym(rows.account),
        request_count=rows.requests,
        tags=json_object(price=rows.price),
        snapshot_scope=local_day(rows),
        **{meter: ibis.ifelse(rows.counted == name, rows.number, none) for meter, name in METERS.items()},
    )
    return numbered(staged(counted), "event_id")


def _requests(rows: ir.Table) -> dict[str, ir.Value]:
    """The requests of each row's bucket, on its first row of tokens (null if it has no count of them); and whether it has such a row."""
    bucket = [rows[name] for name in ("source_file", "account", "started_at", "ended_at", "model", "key_name", "masked_key")]
    counted = rows.number.sum(where=rows.counted == REQUEST_COUNT).over(group_by=bucket).cast("int64")
    first = rows.source_line.min(where=rows.is_tokens).over(group_by=bucket)
    carries = (rows.source_line == first) | (rows.counted == REQUEST_COUNT)
    return {"requests": ibis.ifelse(carries, counted, ibis.literal(0, "int64")), "is_carried": first.notnull()}


def covered(records: ir.Table) -> ir.Table:
    """The UTC days that the file's local days reach into."""
    return days_spoken_of(records.filter(records.counted.notnull()))


SOURCE = Source(
    kind="deepseek_usage_csv",
    title="DeepSeek usage export (amount CSV)",
    documentation="https://platform.deepseek.com/usage",
    format=Format.CSV,
    channel="deepseek",
    table=usage_events,
    fields=FIELDS,
    to_rows=to_events,
    snapshot=True,
    covered=covered,
)
