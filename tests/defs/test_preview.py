"""Previews: whatever comes from outside cannot break a table, and money keeps its digits."""

from decimal import Decimal

import pytest

from usage_pipeline.defs.preview import ROWS_SHOWN, amount, cell, markdown, schema_of
from usage_pipeline.tables.ingested_files import ingested_files


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (Decimal("26.919038700"), "26.9190387"),
        (Decimal("0E-15"), "0"),
        (Decimal("-2.5"), "-2.5"),
        (1234567, "1,234,567"),
        (True, "True"),
        ("a|b", "a\\|b"),
        ("two\nlines\r\nand three", "two lines and three"),
        ("back\\slash|", "back\\\\slash\\|"),
        ("<script>alert(1)</script>", "\\<script\\>alert(1)\\</script\\>"),
        ("`code` *bold* [link](x)", "\\`code\\` \\*bold\\* \\[link\\](x)"),
    ],
)
def test_cell_is_text_in_a_table(value: object, text: str) -> None:
    assert cell(value) == text


def test_table_of_rows() -> None:
    rows = [{"project": "a|b", "cost": Decimal("1.50"), "note": None}, {"project": "c", "cost": None, "note": "x\ny"}]
    assert markdown(rows).value.split("\n") == [
        "| project | cost | note |",
        "| --- | --- | --- |",
        "| a\\|b | 1.5 | – |",
        "| c | – | x y |",
    ]


def test_columns_chosen_and_a_missing_one() -> None:
    assert markdown([{"a": 1, "b": 2}], ("b", "c")).value.split("\n")[0::2] == ["| b | c |", "| 2 | – |"]


def test_nothing_is_said_in_words() -> None:
    assert markdown([]).value == "_no rows_"


def test_long_tables_say_how_much_is_left_out() -> None:
    shown = markdown([{"row": number} for number in range(ROWS_SHOWN + 1500)]).value
    assert shown.endswith("| 11 |\n\n_and 1,500 more rows_")
    assert markdown([{"row": number} for number in range(ROWS_SHOWN)]).value.endswith("| 11 |")


def test_amounts_are_exact_text() -> None:
    assert amount(Decimal("120.023411700")).value == "120.0234117"
    assert amount(None).value == "unknown"


def test_columns_are_shown_as_declared() -> None:
    columns = schema_of(ingested_files).columns
    assert [one.name for one in columns] == list(ingested_files.names)
    assert columns[0].description == "Name of the source in usage.yaml"
    assert not columns[0].constraints.nullable
