"""Wallets and requests over their limit as CSV files of their own, beside statement.csv: its rows are costs alone, so that they sum.

Written as statement.csv is: byte order mark, CRLF, exact decimals, text guarded. A home without them has no such file.
"""

import csv
import dataclasses
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from usage_pipeline import money
from usage_pipeline.reports.formats.csv import BOM
from usage_pipeline.reports.formats.guards import guarded
from usage_pipeline.reports.formats.json import VIOLATION
from usage_pipeline.reports.snapshot import Snapshot
from usage_pipeline.tables.wallets_told import WalletTold

WALLETS_CSV, VIOLATIONS_CSV = "statement-wallets.csv", "statement-violations.csv"
MORE_CSV = (WALLETS_CSV, VIOLATIONS_CSV)
WALLET_COLUMNS = tuple(one.name for one in dataclasses.fields(WalletTold))


def more_csv_of(snapshot: Snapshot) -> dict[str, bytes]:
    """By name; a file only where there is something to tell."""
    found: dict[str, bytes] = {}
    if snapshot.wallets:
        columns = ("period", *WALLET_COLUMNS, "is_low")
        rows = ({"period": snapshot.period, **dataclasses.asdict(one), "is_low": one.is_low} for one in snapshot.wallets)
        found[WALLETS_CSV] = _csv(columns, rows, snapshot)
    if snapshot.violations is not None and snapshot.violations.count:
        told = ({"period": snapshot.period} | {name: getattr(one, name) for name in VIOLATION} for one in snapshot.violations.worst)
        found[VIOLATIONS_CSV] = _csv(("period", *VIOLATION), told, snapshot)
    return found


def _csv(columns: Sequence[str], rows: Iterable[Mapping[str, Any]], snapshot: Snapshot) -> bytes:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([_field(row[name]) for name in columns] for row in rows)
    return (BOM if snapshot.looks.excel_bom else b"") + buffer.getvalue().encode()


def _field(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case Decimal():
            return money.text(value)
        case datetime():
            return f"{value:%Y-%m-%dT%H:%M:%SZ}"
        case date():
            return value.isoformat()
        case _:
            return guarded(str(value))
