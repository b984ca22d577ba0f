"""A file of reference rates as the European Central Bank publishes it, read as it is. In: its path. Out: rates by day.

CSV: a header 'Date,USD,JPY,...,' and a line a day, units for one euro, 'N/A' where none was set. The history (eurofxref-hist.csv) writes
days as 2026-10-01, the newest day's file (eurofxref.csv) as '01 October 2026' with blanks after the commas. Both come in zip archives.
https://www.ecb.europa.eu/stats/policy_and_exchange_rates/euro_reference_exchange_rates/html/index.en.html
"""

import csv
import io
import re
import zipfile
from calendar import month_name
from datetime import date
from decimal import Decimal
from pathlib import Path

from usage_pipeline.errors import UsageConfigError
from usage_pipeline.tables.exchange_rates import ExchangeRates

NONE = ("", "N/A")
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_LONG = re.compile(r"(\d{1,2}) ([A-Z][a-z]+) (\d{4})")
_RATE = re.compile(r"\d{1,12}(\.\d{1,15})?")
_CURRENCY = re.compile(r"[A-Z]{3}")
MEND = "download eurofxref-hist.zip or eurofxref-hist.csv of the European Central Bank again and leave it as it is"


def read_exchange_rates(path: Path | None) -> ExchangeRates:
    """The rates in `path`; none at all without one. Raises UsageConfigError that names file, line and value."""
    if path is None:
        return ExchangeRates({})
    rows = list(csv.reader(io.StringIO(_text_of(path), newline="")))
    header = [cell.strip() for cell in rows[0]] if rows else []
    if not header or header[0] != "Date":
        raise UsageConfigError(f"{path}:1: its first line is not 'Date,USD,JPY,...': {MEND}")
    names = [(place, name) for place, name in enumerate(header) if place and name]
    wrong = [name for _, name in names if not _CURRENCY.fullmatch(name)]
    if wrong or len({name for _, name in names}) < len(names):
        raise UsageConfigError(f"{path}:1: {wrong[0] if wrong else 'a currency'!r} is no currency, or one is there twice: {MEND}")
    by_day: dict[date, dict[str, Decimal]] = {}
    for number, row in enumerate(rows[1:], 2):
        if not any(cell.strip() for cell in row):
            continue
        day = _day(path, number, row[0].strip())
        rates = {name: _rate(path, number, name, row[place].strip()) for place, name in names if place < len(row)}
        known = {name: rate for name, rate in rates.items() if rate is not None}
        if by_day.setdefault(day, known) != known:
            raise UsageConfigError(f"{path}:{number}: {day} is there twice, with other rates: {MEND}")
    return ExchangeRates(by_day, path.name)


def _text_of(path: Path) -> str:
    try:
        content = path.read_bytes()
        if zipfile.is_zipfile(io.BytesIO(content)):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                inside = [name for name in archive.namelist() if name.lower().endswith(".csv")]
                if len(inside) != 1:
                    raise UsageConfigError(f"{path}: {len(inside)} CSV files are in it instead of one: {MEND}")
                content = archive.read(inside[0])
        return content.decode("utf-8-sig")
    except FileNotFoundError:
        mend = "put the European Central Bank's eurofxref-hist.csv there, or name another file under currencies.rates in usage.yaml"
        raise UsageConfigError(f"{path}: there is no such file of exchange rates: {mend}") from None
    except (OSError, UnicodeDecodeError, zipfile.BadZipFile) as error:
        raise UsageConfigError(f"{path}: it cannot be read as a file of exchange rates ({type(error).__name__}): {MEND}") from None


def _day(path: Path, number: int, text: str) -> date:
    months = list(month_name)
    try:
        if found := _ISO.fullmatch(text):
            return date(*(int(part) for part in found.groups()))
        if found := _LONG.fullmatch(text):
            return date(int(found[3]), months.index(found[2]), int(found[1]))
    except ValueError:
        pass
    raise UsageConfigError(f"{path}:{number}: Date: {text!r} is no day such as 2026-10-01: {MEND}")


def _rate(path: Path, number: int, name: str, text: str) -> Decimal | None:
    if text in NONE:
        return None
    if not _RATE.fullmatch(text) or not Decimal(text):
        raise UsageConfigError(f"{path}:{number}: {name}: {text!r} is no rate above 0: {MEND}")
    return Decimal(text)
