"""How a CSV file begins: its delimiter, and where each path leads by its header. In: its first lines. Out: places of columns.

Excel writes semicolons where the comma is the decimal mark, tabs as 'Unicode text', and may say so in a first line 'sep=;'.
"""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence

DELIMITERS = (",", ";", "\t")
"""A comma, unless no column is found by it and one by another."""

SAYS_DELIMITER = re.compile(r"sep=(.)[\r\n]*", re.IGNORECASE)
COLUMN_NAME = re.compile(r"[^\W\d][^@<>{}\"']{0,59}")
COLUMNS_MIN = 3
EXPECTED_SHOWN = 4
NO_COLUMN = "no column of "
"""How the words of `unfit` begin."""

Cell = tuple[int, tuple[str, ...]]
"""A column's place, and the keys that lead on inside the JSON that it holds."""


def delimiter_of(head: Sequence[str], paths: Sequence[tuple[str, ...]], known: set[str]) -> str:
    """The first delimiter by which the header has a column that a path leads to, else a comma."""
    return next((delimiter for delimiter in DELIMITERS if _has_column(head, delimiter, paths, known)), DELIMITERS[0])


def _has_column(head: Sequence[str], delimiter: str, paths: Sequence[tuple[str, ...]], known: set[str]) -> bool:
    try:
        _, header = header_of(csv.reader(head, delimiter=delimiter), known)
    except csv.Error:
        return False
    return header is not None and any(isinstance(cell_at(path, header, {}), tuple) for path in paths)


def header_of(rows: Iterator[list[str]], known: set[str]) -> tuple[dict[str, str], list[str] | None]:
    """The lines 'name,value' before the header, and the header; None where the file has no row."""
    before: dict[str, str] = {}
    for row in rows:
        if not any(map(str.strip, row)):
            continue
        if not known or not known.isdisjoint(map(plain_name, row)):
            return before, row
        before[plain_name(row[0])] = row[1] if len(row) > 1 else ""
    return before, list(before) or None


def cell_at(path: tuple[str, ...], header: Sequence[str], before: Mapping[str, str]) -> Cell | str | None:
    """Where `path` leads: a cell, a value from before the header, or None. The longest name that is in the header counts."""
    if path[0].startswith("#"):
        return before.get(plain_name(path[0][1:]))
    places = {plain_name(name): place for place, name in reversed(list(enumerate(header)))}
    for length in range(len(path), 0, -1):
        place = places.get(plain_name(".".join(path[:length])))
        if place is not None:
            return place, path[length:]
    return None


def plain_name(name: str) -> str:
    """A column's name as it is compared: in any case of letters, without blanks around."""
    return name.strip().casefold()


def unfit(paths: Sequence[tuple[str, ...]], header: Sequence[str] | None) -> str:
    """Which columns were looked for, and the header where there is one; the bare row, behind a blank, where it may be no header: it is
    masked then, and so must not begin as these words do.
    """
    expected = [".".join(path) for path in paths if not path[0].startswith("#")]
    more = len(expected) - EXPECTED_SHOWN
    looked_for = NO_COLUMN + ", ".join(expected[:EXPECTED_SHOWN]) + (f" and {more} more" if more > 0 else "") + " found"
    if header is None:
        return f"{looked_for} in any line: the header is missing"
    names = max((header[0].split(mark) for mark in DELIMITERS), key=len) if len(header) == 1 else header
    is_header = len(names) >= COLUMNS_MIN and all(COLUMN_NAME.fullmatch(name) for name in names)
    return f"{looked_for}; the header is {', '.join(names)}" if is_header else " " + ",".join(header)
