"""A file of wallet entries (usage.yaml's `entries:`) in, its rows out: what was granted and bought, asked for and approved.

CSV with a header: id,wallet,at,kind,amount,expires,note and, for approvals, request,by. Its rows are only added to: the ledger keeps
what it has read. `kind` is one of tables.wallets.IN_FILE.
"""

import csv
import io
import re
from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from usage_pipeline import money
from usage_pipeline.errors import Problem, UsageConfigError
from usage_pipeline.tables.wallets import ADJUSTMENT, APPROVE, IN_FILE, REJECT, WalletRow

NEEDED = ("id", "wallet", "at", "kind", "amount")
COLUMNS = (*NEEDED, "expires", "note", "request", "by")
DECISIONS = (APPROVE, REJECT)
EXAMPLE = "id,wallet,at,kind,amount,expires,note"
_NUMBER = re.compile(r"-?\d{1,20}(\.\d{1,15})?")


def read_wallet_rows(path: Path, wallets: Collection[str]) -> list[WalletRow]:
    """The rows of `path`, by day and line. Raises UsageConfigError with every problem: file, line, column, and what would mend it."""
    found = list(csv.reader(io.StringIO(_text_of(path), newline="")))
    header = [cell.strip().lower() for cell in found[0]] if found else []
    missing = [name for name in NEEDED if name not in header]
    unknown = [name for name in header if name not in COLUMNS]
    if missing or unknown or len(set(header)) < len(header):
        wrong = f"{missing[0]!r} is missing" if missing else f"{unknown[0]!r} is not known" if unknown else "a column is there twice"
        raise UsageConfigError(f"{path}:1: {wrong}: its first line is {EXAMPLE}, with request,by where there are approvals")
    problems: list[Problem] = []
    rows: list[WalletRow] = []
    lines: dict[str, int] = {}
    for number, cells in enumerate(found[1:], 2):
        if not any(cell.strip() for cell in cells):
            continue
        row = _row(path, number, dict(zip(header, map(str.strip, cells), strict=False)), wallets, problems)
        if len(cells) > len(header):
            problems.append(Problem(str(path), number, "(row)", f"it has {len(cells)} cells, its header {len(header)}: quote commas"))
        if row and row.id in lines:
            problems.append(row.problem("id", f"{row.id!r} is there twice; the first is on line {lines[row.id]}"))
        if row:
            lines.setdefault(row.id, number)
            rows.append(row)
    if problems:
        raise UsageConfigError("\n".join(map(str, problems)))
    return sorted(rows, key=lambda row: (row.day, row.line))


def _text_of(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        mend = f"write one with the first line {EXAMPLE}, or name another under wallets in usage.yaml"
        raise UsageConfigError(f"{path}: there is no such file of wallet entries: {mend}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageConfigError(f"{path}: it cannot be read as a CSV file in UTF-8 ({type(error).__name__})") from None


def _row(path: Path, number: int, cells: dict[str, str], wallets: Collection[str], problems: list[Problem]) -> WalletRow | None:
    """A row, or what is wrong with it among `problems`."""
    wrong = [*_wrong_names(cells, wallets), *_wrong_values(cells)]
    problems += [Problem(str(path), number, name, message) for name, message in wrong]
    at = _day(cells["at"]) if not wrong else None
    if at is None:
        return None
    return WalletRow(
        file=path,
        line=number,
        id=cells["id"],
        wallet=cells["wallet"],
        day=at,
        kind=cells["kind"],
        amount=_amount(cells.get("amount", "")),
        expires=_day(cells.get("expires", "")),
        note=cells.get("note") or None,
        request=cells.get("request") or None,
        by=cells.get("by") or None,
    )


def _wrong_names(cells: dict[str, str], wallets: Collection[str]) -> Iterator[tuple[str, str]]:
    """Columns of which the row says nothing, or nothing that is known, and why."""
    kind = cells.get("kind", "")
    if not cells.get("id"):
        yield "id", "it is empty; each row has an id of its own, such as po-2026-17"
    if cells.get("wallet") not in wallets:
        yield "wallet", f"no wallet {cells.get('wallet', '')!r} is declared; declared are {', '.join(wallets)}"
    if kind not in IN_FILE:
        yield "kind", f"{kind!r} is none of {', '.join(IN_FILE)}"
    if kind in DECISIONS and not (cells.get("request") and cells.get("by")):
        yield "request", f"kind {kind} needs the columns request (the id of the request) and by (who decided)"
    if kind in DECISIONS and (cells.get("amount") or cells.get("expires")):
        yield "amount", f"kind {kind} has neither amount nor expires: the request has them"


def _wrong_values(cells: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Days and amounts that are none."""
    kind, amount = cells.get("kind", ""), _amount(cells.get("amount", ""))
    at, expires = _day(cells.get("at", "")), _day(cells.get("expires", ""))
    if at is None:
        yield "at", f"{cells.get('at', '')!r} is no day such as 2026-10-01, nor a moment such as 2026-10-01T12:00:00Z"
    if cells.get("expires") and expires is None:
        yield "expires", f"{cells['expires']!r} is no day such as 2026-12-31"
    if at and expires and expires < at:
        yield "expires", f"{expires} lies before {at}"
    if cells.get("amount") and amount is None:
        yield "amount", f"{cells['amount']!r} is no number such as 5000 or 12.50"
    elif kind not in DECISIONS and not amount:
        yield "amount", "a number other than 0 is needed here"
    elif amount and amount < 0 and kind != ADJUSTMENT:
        yield "amount", f"{money.text(amount)} is negative: only an {ADJUSTMENT} takes away"


def _amount(text: str) -> Decimal | None:
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def _day(text: str) -> date | None:
    """The UTC day of a day or of a moment with its zone."""
    try:
        if len(text) == len("2026-10-01"):
            return date.fromisoformat(text)
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if moment.tzinfo is None else moment.astimezone(UTC).date()
