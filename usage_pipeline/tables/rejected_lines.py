"""`rejected_lines`: what could not be read. In the lake, by arrival day. Nothing is dropped: it is here, with its reason."""

from dataclasses import dataclass
from datetime import datetime

from usage_pipeline.tables.schema import Table, column

REASONS: dict[str, str] = {
    "not_json": "the line is not JSON",
    "two_documents": "several JSON documents on one line, or pages in one file: put each on a line, each page in a file, of its own",
    "not_an_object": "JSON, but not an object, or a list of others than objects",
    "bad_encoding": "the line is not UTF-8",
    "line_too_long": "the line is longer than the reader takes",
    "truncated_file": "the compressed file ends in the middle",
    "trailing_bytes": "the gzip file is whole, but other bytes follow it: compress all of it anew, or put them in a file of their own",
    "not_compressed": "the file is named as compressed but is not",
    "zip_archive": "a zip archive or a spreadsheet: unpack it, or save it as CSV, and put that here",
    "not_parquet": "the file is named or begins as Parquet but does not read as it",
    "ragged_row": "the row has more or fewer values than the header",
    "decimal_comma": "a number with a comma (1,23 or 1,234) in a file of semicolons or tabs may mean two things: export it"
    " with decimal points and no thousands commas, or as comma-separated CSV, such numbers in quotes",
    "unexpected_document": "the document is not of the source's shape (an error page, another export)",
    "unreadable_file": "the file could not be opened or read",
    "missing_id": "no request id",
    "missing_time": "no start time",
    "bad_time": "the time does not parse",
    "time_out_of_range": "the time lies before 2015 or more than a day in the future",
    "missing_model": "no model",
    "missing_usage": "a successful request without any quantity",
    "no_usage": "the record says that nothing was used",
    "unknown_meter": "a quantity under a name that is no meter",
    "unknown_status": "a status that is neither success, failure nor cache_hit",
    "total_row": "a total of the lines above it, not a charge",
    "total_mismatch": "a total that is not the sum of the lines above it: the file lacks lines, or some were changed; export it again",
    "missing_invoice": "a cost table without its invoice number: export it once the month is invoiced, with the lines above its header",
    "other_service": "not AI usage: another service of the same bill",
    "unknown_product": "not counted: tax, a credit or a fee of a Marketplace product of which no line of its file tells if it is a model",
    "other_file": "another file of the same export: the kind of source beside this one reads it",
    "counted_beside": "a count of requests, which the line of their tokens beside it carries",
    "not_usage": "no usage of its own: an observation or span that is no request to a model",
    "no_charge": "a request that failed before it used anything, and does not say when",
    "not_spans": "OpenTelemetry metrics or logs: only spans tell of single requests",
    "unknown_operation": "usage under an operation that is none of a model's: it may repeat that of its parts",
    "unaccounted_usage": "the total counts more than the parts that are named",
    "bad_number": "a quantity is not a whole number",
    "negative_quantity": "a quantity is negative",
    "inconsistent_usage": "the parts are larger than the whole (cached more than input)",
    "missing_amount": "no amount",
    "bad_amount": "the amount is not a decimal number",
    "missing_currency": "no currency",
    "foreign_currency": "not in the reporting currency; read before such lines were kept for conversion",
    "grouping_mixed": "the export is not grouped as this source needs it",
    "amortized_cost": "amortized cost, where purchases are spread over time: export the actual cost instead",
    "estimated_cost": "a gateway's own estimate in the shape of a bill: it is none; read the gateway's log instead",
    "price_mismatch": "quantity × price is not the cost, by more than rounding or a blended price explains",
}
"""Reason codes, each in plain words."""

SET_ASIDE = frozenset(
    {
        "other_service", "unknown_product", "other_file", "counted_beside", "total_row", "not_usage", "not_spans", "no_charge", "no_usage",
    }
)  # fmt: skip
"""Reasons that are no fault: the line is not about AI usage."""


@dataclass(frozen=True, kw_only=True)
class RejectedLine:
    """One line that was read but not accepted, with where it stands and why."""

    source: str = column("Name of the source in usage.yaml", key=True)
    source_file: str = column("Fingerprint of the file version", key=True)
    source_line: int = column("Record number in that file, from 1; 0 where the file as a whole failed", key=True)
    uri: str = column("Where the file lies")
    reason: str = column("Reason code: see REASONS")
    text: str | None = column("The fields the source may keep, as JSON; else the line's start, letters as x, digits as 0")
    arrived_at: datetime = column("When the file was read (UTC)")


rejected_lines = Table("rejected_lines", RejectedLine)
