"""The cells of a workbook that `xlsx.py` wrote, read back from its bytes: for the check that all files of a statement say the same.

Knows what that writer writes (text in the cell, numbers, sheets in their order) and no more. Small enough to need no library at run time.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from xml.etree import ElementTree as ET

from usage_pipeline.errors import UsageError

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
LETTERS = 26
Cells = list[list[str | None]]


def sheets_in(content: bytes) -> dict[str, Cells]:
    """Each sheet's rows by its name, in order: texts and numbers as the file has them, None for an empty cell.

    Raises UsageError where the bytes are no such workbook.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            told = ET.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314 — our own file; expat stops entity bombs
            names = [one.attrib["name"] for one in told.iter(MAIN + "sheet")]
            return {name: list(_rows(archive, f"xl/worksheets/sheet{number}.xml")) for number, name in enumerate(names, 1)}
    except (zipfile.BadZipFile, KeyError, ET.ParseError) as error:
        raise UsageError(f"statement.xlsx cannot be read ({error}): delete it and run `usage-pipeline run` for the month again") from error


def _rows(archive: zipfile.ZipFile, name: str) -> Iterator[list[str | None]]:
    """Every row down to the last; a row that the file leaves out is empty."""
    expected = 1
    with archive.open(name) as stream:
        for _, element in ET.iterparse(stream):  # noqa: S314 — our own file
            if element.tag == MAIN + "row":
                number = int(element.attrib["r"])
                yield from ([] for _ in range(number - expected))
                yield _cells(element)
                expected = number + 1
                element.clear()


def _cells(row: ET.Element) -> list[str | None]:
    cells: list[str | None] = []
    for cell in row.iter(MAIN + "c"):
        place = _place(cell.attrib["r"])
        cells += [None] * (place - len(cells))
        cells.append(_value(cell))
    return cells


def _place(reference: str) -> int:
    """0 for column A."""
    number = 0
    for letter in reference.rstrip("0123456789"):
        number = number * LETTERS + ord(letter) - ord("A") + 1
    return number - 1


def _value(cell: ET.Element) -> str | None:
    if cell.attrib.get("t") == "inlineStr":
        text = cell.findtext(f"{MAIN}is/{MAIN}t") or ""
        return ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
    return cell.findtext(MAIN + "v")
