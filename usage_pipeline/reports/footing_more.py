"""Do the files say the same of what changed, of wallets, of requests over their limit and of the reconciliation? And does each add up?

In: statement.json as read, the further CSV files, the workbook's sheets. Out: every difference, in words; exact in JSON and CSV, in the
workbook to the digits that a cell has.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from usage_pipeline import money
from usage_pipeline.reports.formats.csv_more import VIOLATIONS_CSV, WALLETS_CSV
from usage_pipeline.reports.formats.json_more import CAUSES
from usage_pipeline.reports.formats.xlsx import cell_number
from usage_pipeline.reports.formats.xlsx_read import Cells
from usage_pipeline.reports.sheets_more import CHANGES, RECONCILIATION, VIOLATIONS, WALLETS

WALLET_PARTS = ("opening", "given", "consumed", "expired", "closing")
Document = Mapping[str, Any]


def more_differences(document: Document, files: Mapping[str, bytes]) -> list[str]:
    """`files` are those of `csv_more`, by name. Nothing for a month that was closed before statements told of these."""
    if not _is_told(document):
        return []
    return [*_changes(document), *_wallets(document, files), *_violations(document, files), *_reconciliation(document)]


def more_sheet_differences(document: Document, sheets: Mapping[str, Cells]) -> list[str]:
    """The same of the workbook's sheets."""
    return list(_sheets(document, sheets)) if _is_told(document) else []


def _is_told(document: Document) -> bool:
    return "changes" in document


def _changes(document: Document) -> Iterator[str]:
    changes = document["changes"]
    if changes is None:
        return
    whole = Decimal(changes["change"])
    yield from _unequal("cost now", changes["now"], document["totals"]["cost"])
    yield from _unequal("the change by cause", money.total([Decimal(one) for one in changes["causes"].values()]), whole)
    for name in (key for key in changes if key.startswith("by_")):
        yield from _unequal(f"the change {name.replace('_', ' ')}", money.total([Decimal(one["change"]) for one in changes[name]]), whole)
        for one in changes[name]:
            parts = money.total([Decimal(one[cause]) for cause in CAUSES])
            yield from _unequal(f"the causes of {one['key']!r}", parts, Decimal(one["change"]))


def _wallets(document: Document, files: Mapping[str, bytes]) -> Iterator[str]:
    told = {one["wallet"]: one for one in document["wallets"]}
    lines = {one["wallet"]: one for one in _lines(files.get(WALLETS_CSV))}
    yield from _unequal("wallets", len(lines), len(told))
    for name, one in told.items():
        opening, given, consumed, expired, closing = (Decimal(one[part]) for part in WALLET_PARTS)
        yield from _unequal(f"the balance of wallet {name!r}", money.total([opening, given, -consumed, -expired]), closing)
        for part in WALLET_PARTS:
            yield from _unequal(f"{part} of wallet {name!r}", lines.get(name, {}).get(part), one[part])


def _violations(document: Document, files: Mapping[str, bytes]) -> Iterator[str]:
    found = document["limit_violations"]
    listed = [] if found is None else found["worst"]
    yield from _unequal("requests over their limit", len(_lines(files.get(VIOLATIONS_CSV))), len(listed))
    if found is not None and found["count"] < len(listed):
        yield f"requests over their limit: {found['count']} in all, and {len(listed)} listed"


def _reconciliation(document: Document) -> Iterator[str]:
    found = document["reconciliation"]
    if found is not None:
        parts = money.total([Decimal(one["amount"]) for one in found["causes"]])
        whole = money.total([Decimal(one["difference"]) for one in found["channels"]])
        yield from _unequal("the causes of all differences between bill, count and logs", parts, whole)


def _sheets(document: Document, sheets: Mapping[str, Cells]) -> Iterator[str]:
    changes, violations, reconciled = document["changes"], document["limit_violations"], document["reconciliation"]
    movers = [] if changes is None else [one["change"] for key in changes if key.startswith("by_") for one in changes[key]]
    total = [] if changes is None else [changes["change"]]
    yield from _column(CHANGES, sheets, 4, [*movers, *total])
    yield from _column(WALLETS, sheets, 9, [one["closing"] for one in document["wallets"]])
    yield from _column(VIOLATIONS, sheets, 6, [] if violations is None else [one["amount"] for one in violations["worst"]])
    rows = (
        []
        if reconciled is None
        else [one["difference"] for one in reconciled["channels"]] + [one["amount"] for one in reconciled["causes"]]
    )
    yield from _column(RECONCILIATION, sheets, 6, rows)


def _column(name: str, sheets: Mapping[str, Cells], place: int, due: Sequence[str]) -> Iterator[str]:
    """The numbers of one column, below its head, are those of `due`, in their order."""
    cells = [row[place] for row in sheets.get(name, []) if len(row) > place]
    told = [Decimal(one) for one in cells[1:] if one is not None]
    if told != [cell_number(Decimal(one)) for one in due]:
        yield f"{name} of statement.xlsx says otherwise than statement.json: {len(told)} amounts, and {len(due)} are due"


def _lines(content: bytes | None) -> list[dict[str, str]]:
    return [] if content is None else list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def _unequal(what: str, told: object, due: object) -> Iterable[str]:
    return () if told == due else (f"{what}: {_shown(told)}, and {_shown(due)} is due",)


def _shown(value: object) -> object:
    return money.text(value) if isinstance(value, Decimal) else value
