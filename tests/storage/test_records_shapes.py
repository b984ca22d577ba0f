"""Files as users drop them: other delimiters, encodings and line ends than the exports have, documents without a line each."""

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from usage_pipeline.storage.engine import connect
from usage_pipeline.storage.records import read_records
from usage_pipeline.tables.source import Format, Source
from usage_pipeline.tables.usage_events import usage_events

FIELDS = {"id": "Id", "cost": "Cost", "model": "Model Name", "tags": "tags.team", "day": "day"}
Read = Callable[..., list[dict[str, Any]]]


def source_of(form: Format = Format.CSV, **options: Any) -> Source:
    return Source(
        kind="test", title="", documentation="", format=form, table=usage_events, fields=FIELDS, to_rows=lambda records: records, **options
    )


JSON = replace(source_of(Format.JSON_LINES), fields={"id": "id", "tokens": "usage.tokens"})
LISTED = replace(source_of(Format.ROWS, listed="data"), fields=JSON.fields)
PAGES = replace(source_of(Format.BUCKET_PAGES), fields={"id": "result.id"})


@pytest.fixture
def read(tmp_path: Path) -> Read:
    engine = connect(tmp_path / "scratch")

    def read_it(content: bytes, source: Source | None = None, name: str = "file") -> list[dict[str, Any]]:
        path = tmp_path / name
        path.write_bytes(content)
        rows = read_records(engine, [("print", str(path))], source or source_of(), tmp_path / "stage")
        return rows.order_by("source_line").to_pyarrow().to_pylist()

    return read_it


def places(rows: list[dict[str, Any]]) -> list[tuple[int, str | None]]:
    return [(row["source_line"], row["state"]) for row in rows]


def ids(rows: list[dict[str, Any]]) -> list[tuple[int, str | None, str | None]]:
    return [(row["source_line"], row["state"], row["id"]) for row in rows]


# --- Delimiters -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [",", ";", "\t"], ids=["comma", "semicolon", "tab"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
def test_the_delimiter_is_told_by_the_header(read: Read, delimiter: str, end: str) -> None:
    rows = [["ID", "Cost", "Model Name", "Tags"], ["a", "1.50", '"say ""x"""', '"{""team"":""core""}"'], ["b", "2", "m", ""]]
    found = read(end.join(delimiter.join(row) for row in rows).encode())
    assert places(found) == [(1, None), (2, None)]
    assert [[row[name] for name in FIELDS] for row in found] == [["a", "1.50", 'say "x"', "core", None], ["b", "2", "m", None, None]]


def test_a_comma_in_a_header_of_semicolons_is_part_of_a_name(read: Read) -> None:
    assert ids(read(b'Id;"Cost, USD";Model Name\na;1;m\n')) == [(1, None, "a")]


def test_a_comma_wins_where_it_finds_a_column(read: Read) -> None:
    assert ids(read(b"Id,Cost;Model Name\na,1\n")) == [(1, None, "a")]


@pytest.mark.parametrize("first", ["sep=;\r\n", "SEP=;\n"])
def test_excels_own_line_says_the_delimiter(read: Read, first: str) -> None:
    assert ids(read(f"\ufeff{first}Id;Cost\na;1\n".encode())) == [(1, None, "a")]
    assert ids(read(b"sep=|\nId|Cost\nb|1\n")) == [(1, None, "b")]


def test_lines_before_the_header_with_a_mark_and_semicolons(read: Read) -> None:
    known = replace(source_of(), header=("id", "cost"), fields=FIELDS | {"invoice": "#Invoice number"})
    for delimiter in ",;\t":
        head = f"\ufeffInvoice number{delimiter}77\r\nNote{delimiter}{delimiter}\r\n\r\nId{delimiter}Cost\r\na{delimiter}1\r\n"
        (row,) = read(head.encode(), known)
        assert (row["id"], row["cost"], row["invoice"]) == ("a", "1", "77")


def test_a_header_far_below_is_still_found(read: Read) -> None:
    known = replace(source_of(), header=("id",))
    content = "".join(f"note {number},x\n" for number in range(1000)) + "Id,Cost\na,1\n"
    assert ids(read(content.encode(), known)) == [(1, None, "a")]


def test_a_file_that_breaks_off_keeps_its_rows_whatever_its_delimiter(read: Read) -> None:
    content = "".join(f"{number:06d};0.5\n" for number in range(20_000))
    packed = gzip.compress(("Id;Cost\n" + content).encode(), mtime=0)
    found = places(read(packed[: len(packed) // 2]))
    assert found == [*((number, None) for number in range(1, len(found))), (len(found), "truncated_file")]
    assert len(found) > 1000
    short = gzip.compress(b"Id;Cost\na;1\nb;2\n", mtime=0)
    assert places(read(short[:-4])) == [(1, None), (2, None), (3, "truncated_file")]


@pytest.mark.parametrize(
    ("cell", "state"),
    [
        ("1,23", "decimal_comma"),
        ("1,234", "decimal_comma"),
        ("-0,5", "decimal_comma"),
        (",5", "decimal_comma"),
        ("1.234,56", "decimal_comma"),
        ("12.345.678,9", "decimal_comma"),
        (" 1,5 ", "decimal_comma"),
        ("1.23", None),
        ("1,804,000", None),
        ("1,234.56", None),
        ("gpt-4,5", None),
        ("a,1", None),
    ],
)
def test_a_number_with_a_comma_is_no_number_where_commas_are_no_delimiters(read: Read, cell: str, state: str | None) -> None:
    for delimiter in ";\t":
        assert places(read(f"Id{delimiter}Cost\na{delimiter}{cell}\n".encode())) == [(1, state)]
    assert places(read(f'Id,Cost\na,"{cell}"\n'.encode())) == [(1, None)]


def test_a_comma_in_a_column_that_nobody_reads_is_nobodys_business(read: Read) -> None:
    assert places(read(b"Id;Cost;Rate\na;1;1,5\n")) == [(1, None)]


# --- Headers that do not fit ------------------------------------------------------------------------------------------------------


LOOKED_FOR = "no column of Id, Cost, Model Name, tags.team and 1 more found"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"], ids=["comma", "semicolon", "tab"])
def test_a_header_that_does_not_fit_is_told_beside_what_was_looked_for(read: Read, delimiter: str) -> None:
    (row,) = read(f"Date{delimiter}Usage (tokens){delimiter}Total ($)\n2026-10-01{delimiter}7{delimiter}1\n".encode())
    assert places([row]) == [(0, "unexpected_document")]
    assert row["text"] == f"{LOOKED_FOR}; the header is Date, Usage (tokens), Total ($)"


def test_a_table_that_does_not_fit_tells_its_columns(read: Read, tmp_path: Path) -> None:
    pq.write_table(pa.table({"first": [1], "second": [2], "third": [3]}), tmp_path / "table")
    (row,) = read((tmp_path / "table").read_bytes(), source_of(Format.ROWS), "other")
    assert (row["state"], row["text"]) == ("unexpected_document", f"{LOOKED_FOR}; the header is first, second, third")


def test_a_long_header_is_cut(read: Read) -> None:
    (row,) = read(",".join(f"column {number}" for number in range(200)).encode() + b"\n")
    assert row["text"].startswith(f"{LOOKED_FOR}; the header is column 0, column 1, column 2")
    assert len(row["text"]) == 400


@pytest.mark.parametrize(
    "first",
    [
        "2026-10-01,ana@example.org,4.5",
        "ana@example.org,key,model",
        "Dear Ana, please summarise this, thanks",
        "Ana;Lopez",
        "<html>,b,c",
        '{"a":1},b,c',
        "a,b,4.5",
        "a,,c",
        "no column of x",
    ],
)
def test_a_first_line_that_may_be_data_is_never_shown(read: Read, first: str) -> None:
    (row,) = read(first.encode() + b"\nb,2\n")
    assert row["state"] == "unexpected_document"
    assert not any(word in row["text"] for word in ("na", "ear", "mod", "html", "key", "column"))


def test_a_file_without_the_header_of_its_lines_says_so_and_shows_none_of_them(read: Read) -> None:
    known = replace(source_of(), header=("id",))
    (row,) = read(b"portal-prod,1\nranker-prod,2\nchat-prod,3\n", known)
    assert (row["state"], row["text"]) == ("unexpected_document", f"{LOOKED_FOR} in any line: the header is missing")


# --- Encodings and line ends ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-16"])
@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["bare", "marked"])
def test_utf_16_with_and_without_a_mark(read: Read, encoding: str, mark: str) -> None:
    mark = "" if encoding == "utf-16" else mark
    lines = f'{mark}{{"id":"ä€😀"}}\r\n{{"id":"b"}}\r\n'
    assert ids(read(lines.encode(encoding), JSON)) == [(1, None, "ä€😀"), (2, None, "b")]
    table = f"{mark}Id\tCost\r\nä€😀\t1\r\n"
    assert ids(read(table.encode(encoding))) == [(1, None, "ä€😀")]
    page = f'{mark}{{"data":[{{"results":[{{"id":"ä"}}]}}]}}'
    assert ids(read(page.encode(encoding), PAGES)) == [(1, None, "ä")]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_that_ends_in_the_middle_of_a_character(read: Read, encoding: str) -> None:
    found = places(read('{"id":"a"}\n{"id":"b"}\n'.encode(encoding)[:-1], JSON))
    assert (found[0], found[-1]) == ((1, None), (len(found), "bad_encoding"))


def test_bytes_that_are_zero_are_no_utf_16(read: Read) -> None:
    assert places(read(b"\0\0\0\0\0\n", JSON)) == [(1, "not_json")]
    assert places(read('{"id":"a"}'.encode("utf-32-le"), JSON)) == [(1, "not_json")]


@pytest.mark.parametrize("size", [64, 1 << 20])
def test_lines_that_end_in_a_carriage_return_alone(read: Read, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr("usage_pipeline.storage.records_bytes.BLOCK_BYTES", size)
    lines = [json.dumps({"id": f"{number}"}) for number in range(50)]
    assert ids(read(("\r".join(lines) + "\r").encode(), JSON)) == [(number + 1, None, f"{number}") for number in range(50)]
    assert places(read(b'{"id":"a"}\r{"id":\r{"id":"b"}', JSON)) == [(1, None), (2, "not_json"), (3, None)]
    assert ids(read(json.dumps({"id": "a"}, indent=1).replace("\n", "\r").encode(), JSON)) == [(1, None, "a")]


# --- Documents without a line each ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [256, 1 << 20])
@pytest.mark.parametrize("between", ["", " ", "\t "], ids=["nothing", "blank", "blanks"])
@pytest.mark.parametrize("packed", [bytes, lambda content: gzip.compress(content, mtime=0)], ids=["plain", "gzip"])
def test_objects_one_after_the_other_are_records(
    read: Read, monkeypatch: pytest.MonkeyPatch, size: int, between: str, packed: Callable[[bytes], bytes]
) -> None:
    """As AWS Firehose writes them: without any line break."""
    monkeypatch.setattr("usage_pipeline.storage.records_bytes.BLOCK_BYTES", size)
    texts = [f"ä }}{{ {number}" for number in range(300)]
    lines = [json.dumps({"id": text, "usage": {"tokens": 7}}, ensure_ascii=False) for text in texts]
    found = read(packed(between.join(lines).encode()), JSON)
    assert ids(found) == [(number, None, text) for number, text in enumerate(texts, 1)]
    assert {row["tokens"] for row in found} == {"7"}


def test_objects_over_several_lines_one_after_the_other(read: Read) -> None:
    """As jq writes them."""
    texts = [json.dumps({"id": f"{number}", "usage": {"tokens": number}}, indent=2) for number in range(5)]
    assert ids(read("\n".join(texts).encode(), JSON)) == [(number + 1, None, f"{number}") for number in range(5)]


def test_great_numbers_keep_their_text(read: Read) -> None:
    found = read(b'{"id":0.5,"usage":{"tokens":12345678901234567890123}}{"id":7}', JSON)
    assert [(row["id"], row["tokens"]) for row in found] == [("0.5", "12345678901234567890123"), ("7", None)]


def test_the_first_may_be_longer_than_a_block(read: Read) -> None:
    content = b"".join(b'{"id":"%s","word":"%s"}' % (name, b"z" * 1_500_000) for name in (b"a", b"b", b"c"))
    assert ids(read(content, JSON)) == [(1, None, "a"), (2, None, "b"), (3, None, "c")]
    assert ids(read(content.replace(b"}{", b"}\n\n{"), JSON)) == [(1, None, "a"), (3, None, "b"), (5, None, "c")]


def test_what_does_not_read_among_them_is_one_failure(read: Read) -> None:
    torn = b'{"id":"a"}{"id":"b{"id":"c"}{"id":"d"} {"id": 5,}\n{"id":"e"}'
    assert ids(read(torn, JSON)) == [
        (1, None, "a"),
        (2, "not_json", None),
        (3, None, "d"),
        (4, "not_json", None),
        (5, None, "e"),
    ]
    assert places(read(b'{"id":"a"}{"id":"b"}]]', JSON)) == [(1, None), (2, None), (3, "not_json")]
    assert places(read(b'{"id":"a"}{"id":"b"}{"id"', JSON)) == [(1, None), (2, None), (3, "not_json")]
    assert places(read(b'{"id":"a"}{"id":"caf\xe9"}{"id":"b"}', JSON)) == [(1, None), (2, "bad_encoding"), (3, None)]
    assert ids(read(b'{"id":"a"}{"id":"b"}\n{"id":"c"}\n', JSON)) == [(1, None, "a"), (2, None, "b"), (3, None, "c")]


@pytest.mark.parametrize("size", [64, 1 << 20])
def test_one_bad_object_of_many_is_one_failure(read: Read, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr("usage_pipeline.storage.records_bytes.BLOCK_BYTES", size)
    whole = b"".join(b'{"id":"%06d","word":"%s"}' % (number, b"z" * (number % 90)) for number in range(3000))
    bad = whole.replace(b'"001500"', b'"001500"x')
    assert places(read(bad, JSON)) == [(number, "not_json" if number == 1501 else None) for number in range(1, 3001)]


def test_a_compressed_file_of_them_breaks_off(read: Read) -> None:
    whole = b"".join(b'{"id":"%06d","word":"%s"}' % (number, b"z" * (number % 90)) for number in range(3000))
    packed = gzip.compress(whole, mtime=0)
    found = places(read(packed[: len(packed) // 2], JSON))
    assert found == [*((number, None) for number in range(1, len(found))), (len(found), "truncated_file")]
    assert len(found) > 500


def test_two_documents_on_a_later_line_are_told_as_such(read: Read) -> None:
    content = b'{"id":"a"}\n{"id":"b"}{"id":"c"}\n{"id":"d"} {"id":"e"}\r\n{"id":"f"},\n{"id":"}{\n{"id":"g"}\n'
    assert places(read(content, JSON)) == [
        (1, None),
        (2, "two_documents"),
        (3, "two_documents"),
        (4, "not_json"),
        (5, "not_json"),
        (6, None),
    ]


def test_a_line_longer_than_a_block_is_a_line(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("usage_pipeline.storage.records_bytes.BLOCK_BYTES", 64)
    content = b'{"id":"%s"}\n\n{"id":"b"}\n' % (b"z" * 500)
    assert places(read(content, JSON)) == [(1, None), (3, None)]


def test_pages_one_after_the_other_are_refused_since_one_may_repeat_another(read: Read) -> None:
    page = b'{"data":[{"results":[{"id":"a"}]}]}'
    assert places(read(page + b"\n" + page, PAGES)) == [(0, "two_documents")]
    assert places(read(page + b"\n<html>", PAGES)) == [(0, "not_json")]
    listed = b'{"data":[{"id":"a"}]}'
    assert ids(read(listed, LISTED, "a.json")) == [(1, None, "a")]
    assert places(read(listed + listed, LISTED, "b.json")) == [(0, "two_documents")]


def test_json_lines_of_a_kind_that_comes_in_pages_are_read(read: Read) -> None:
    assert ids(read(b'{"id":"a"}\n{"id":"b"}\n\n', LISTED, "a.jsonl")) == [(1, None, "a"), (2, None, "b")]
    assert ids(read(b'{"data":{"id":"a"}}\n{"data":{"id":"b"}}', LISTED, "b.jsonl")) == [(1, None, "a"), (2, None, "b")]
    assert places(read(b'{"id":"a"}\n7\n', LISTED, "c.jsonl")) == [(1, None), (2, "not_an_object")]
    assert read(b" \n", LISTED, "d.jsonl") == []
