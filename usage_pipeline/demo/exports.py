"""The providers' exports of a world as files: each page with its time and what becomes of its lines.

Planted: an early OpenAI pull with lower amounts that a later one replaces, a bill saved twice under two names, no OpenAI bill yet for
the last day (the usage export has it), and an empty bucket.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from usage_pipeline.demo import anthropic_exports, azure_exports, google_exports, openai_exports
from usage_pipeline.demo.buckets import Bucket
from usage_pipeline.demo.files import at, months, write_bytes, write_json, write_lines
from usage_pipeline.demo.google_exports import GoogleRow
from usage_pipeline.demo.truth import FileTruth

PROVISIONAL_BACK, PROVISIONAL_DAYS, PROVISIONAL_PERCENT = 12, 3, 60

Days = Mapping[date, Sequence[Bucket]]
Page = tuple[Path, dict[str, Any]]


def write_openai(folder: Path, days: Sequence[date], buckets: Days) -> list[FileTruth]:
    """The bill of all days but the last, the usage of all days, an early pull and a copy."""
    pulled = _pulled(days)
    bill_days = [days[0] - timedelta(days=1), *days[:-1]]
    bill: list[Page] = []
    for month, month_days in months(bill_days).items():
        bill += openai_exports.cost_pages(month_days, buckets, f"costs_{month}")
    early = days[-PROVISIONAL_BACK : -PROVISIONAL_BACK + PROVISIONAL_DAYS]
    found = []
    if early:
        lowered = {day: [_lowered(bucket) for bucket in buckets[day]] for day in early}
        pages = openai_exports.cost_pages(early, lowered, f"costs_early_{early[-1]}")
        found += [_page(folder, "openai-bill", page, at(early[-1], 6, days_later=1)) for page in pages]
    found += [_page(folder, "openai-bill", page, pulled) for page in bill]
    path, document = bill[-1]
    copy = (path.with_name(f"{path.stem} (1).json"), document)
    found.append(_page(folder, "openai-bill", copy, pulled + timedelta(minutes=5), copied=True))
    found += [_page(folder, "openai-usage", page, pulled) for page in openai_exports.usage_pages(days, buckets)]
    return found


def write_anthropic(folder: Path, days: Sequence[date], buckets: Days) -> list[FileTruth]:
    pulled = _pulled(days)
    bill = [_page(folder, "claude-bill", page, pulled) for page in anthropic_exports.cost_pages(days, buckets)]
    return bill + [_page(folder, "claude-usage", page, pulled) for page in anthropic_exports.usage_pages(days, buckets)]


def write_google(folder: Path, days: Sequence[date], rows: Sequence[GoogleRow]) -> list[FileTruth]:
    """One file a month; both channels are in one export."""
    found = []
    for month in months(days):
        lines = [row.line for row in rows if f"{row.day:%Y-%m}" == month]
        path = Path("google") / f"{google_exports.FILE_NAME}_{month}.jsonl"
        write_lines(folder / path, lines, _pulled(days))
        found.append(_all_accepted("google-bill", path, len(lines)))
    return found


def write_azure(folder: Path, days: Sequence[date], buckets: Days) -> list[FileTruth]:
    found = []
    for month_days in months(days).values():
        chosen = [bucket for day in month_days for bucket in buckets.get(day, ())]
        path = azure_exports.export_path(month_days[0].replace(day=1))
        write_bytes(folder / path, azure_exports.export_text(chosen).encode(), _pulled(days))
        found.append(_all_accepted("azure-bill", path, sum(azure_exports.lines_of(bucket) for bucket in chosen)))
    return found


def _pulled(days: Sequence[date]) -> datetime:
    """Everything is fetched in the morning two days after the last day."""
    return at(days[-1], 6, days_later=2)


def _lowered(bucket: Bucket) -> Bucket:
    """A bucket as it looked before all its usage had arrived."""
    quantities = {meter: quantity * PROVISIONAL_PERCENT // 100 for meter, quantity in bucket.quantities.items()}
    amounts = {meter: amount * PROVISIONAL_PERCENT / 100 for meter, amount in bucket.amounts.items()}
    return replace(bucket, quantities=quantities, amounts=amounts)


def _page(folder: Path, source: str, page: Page, modified: datetime, *, copied: bool = False) -> FileTruth:
    path, document = page
    write_json(folder / path, document, modified)
    lines = sum(len(bucket["results"]) for bucket in document["data"])
    truth = _all_accepted(source, path, lines)
    return replace(truth, accepted=0, duplicates=lines, is_copy=True) if copied else truth


def _all_accepted(source: str, path: Path, lines: int) -> FileTruth:
    return FileTruth(source=source, file=str(path), lines=lines, accepted=lines, duplicates=0, rejected=0, reasons=(), is_copy=False)
