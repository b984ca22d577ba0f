"""What the footing checks of reports share: a workbook's rows against a CSV's, and sums that are held against a total."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.reports.formats.xlsx import cell_number
from usage_pipeline.reports.formats.xlsx_read import Cells
from usage_pipeline.tables.summary import known_total

TOLD_MOST = 5


def other_cells(cells: Cells, lines: Sequence[Mapping[str, str]], numbers: Sequence[str], names: tuple[str, str]) -> list[str]:
    """Where a sheet's rows below its heads are not the CSV's, number by number. `names`: what the CSV and the sheet are called."""
    csv_name, sheet_name = names
    if len(cells) != len(lines) + 1:
        return [f"{sheet_name} has {len(cells) - 1} lines, and {csv_name} {len(lines)}"]
    heads = [head or "" for head in cells[0]]
    found: list[str] = []
    for number, (row, line) in enumerate(zip(cells[1:], lines, strict=True), 2):
        told = dict(zip(heads, row, strict=False))
        for name in numbers:
            cell, value = told.get(name), line[name] or None
            if (None if cell is None else Decimal(cell)) != (None if value is None else cell_number(Decimal(value))):
                found.append(f"{name} of line {number}: {csv_name} {value}, {sheet_name} {cell}")
                if len(found) == TOLD_MOST:
                    return found
    return found


def sum_of(values: Iterable[str | int | None]) -> Decimal | None:
    """None where nothing is known."""
    return known_total(None if value is None else Decimal(value) for value in values)


def unequal(what: str, found: Decimal | None, expected: Decimal | str | int | None, where: str) -> Iterator[str]:
    """Nothing known and nothing at all are the same in a sum."""
    if (found or money.ZERO) != (Decimal(expected) if expected is not None else money.ZERO):
        yield f"{what}: {found} in {where}, and the total is {expected}"
