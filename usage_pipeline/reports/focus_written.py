"""Is each value of a FOCUS row written as its column says, and one that it may have? In: a row as text. Out: (rule, column)."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import TypeAlias

from usage_pipeline.reports.focus_columns import ALLOWED, CURRENCY, DECIMAL, OBJECT, PAIRS, PRICE, TIME, UNIT, WRITTEN
from usage_pipeline.reports.focus_rows import STAMP

Fields: TypeAlias = Mapping[str, str]
Found: TypeAlias = Iterator[tuple[str, str]]
"""(rule, column)."""


def wrongly_written(row: Fields) -> Found:
    """Every value that is there is written as its column says, and is one that may be."""
    for name, value in row.items():
        if value and not RIGHT.get(name, _any)(value):
            yield ("allowed" if name in ALLOWED else "written"), name


_seen_before = lru_cache(maxsize=4096)
"""The same values stand in most rows."""


def _any(_: str) -> bool:
    return True


def _is_decimal(value: str) -> bool:
    return re.fullmatch(r"-?\d+(\.\d+)?(E-?\d+)?", value) is not None


def _is_price(value: str) -> bool:
    return _is_decimal(value) and not value.startswith("-")


@_seen_before
def _is_time(value: str) -> bool:
    try:
        datetime.strptime(value, STAMP)  # noqa: DTZ007 – the form ends in Z
    except ValueError:
        return False
    return len(value) == len("2026-10-01T00:00:00Z")


def _is_currency(value: str) -> bool:
    return re.fullmatch(r"[A-Z]{3}", value) is not None


@_seen_before
def _is_unit(value: str) -> bool:
    return re.fullmatch(r"([1-9]\d* )?[A-Z][A-Za-z]*(-[A-Z][A-Za-z]*)*", value) is not None


def _loaded(value: str) -> object:
    try:
        return json.loads(value, parse_float=Decimal)
    except ValueError:
        return None


@_seen_before
def _is_pairs(value: str) -> bool:
    found = _loaded(value)
    return isinstance(found, dict) and not any(isinstance(one, dict | list) for one in found.values())


@_seen_before
def _is_object(value: str) -> bool:
    found = _loaded(value)
    elements = found.get("Elements") if isinstance(found, dict) else None
    return isinstance(elements, list) and bool(elements) and all(isinstance(one, dict) for one in elements)


WRITTEN_AS: dict[str, Callable[[str], bool]] = {
    DECIMAL: _is_decimal,
    PRICE: _is_price,
    TIME: _is_time,
    CURRENCY: _is_currency,
    UNIT: _is_unit,
    PAIRS: _is_pairs,
    OBJECT: _is_object,
}
RIGHT = {name: WRITTEN_AS[written] for name, written in WRITTEN.items() if written in WRITTEN_AS} | {
    name: allowed.__contains__ for name, allowed in ALLOWED.items()
}
"""Columns whose values are checked one by one."""
