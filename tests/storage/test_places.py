"""Where records stand: what `places` says is looked up in the file by other means, for every record that the reader gives."""

import codecs
import csv
import gzip
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from usage_pipeline.storage.engine import connect
from usage_pipeline.storage.places import Place, places
from usage_pipeline.storage.records import read_records
from usage_pipeline.tables.source import Format, Source
from usage_pipeline.tables.usage_events import usage_events

CSV = Source(
    kind="test", title="", documentation="", format=Format.CSV, table=usage_events, fields={"id": "id"}, to_rows=lambda records: records
)
HEADED = replace(CSV, header=("id",))
LINES = replace(CSV, format=Format.JSON_LINES)
ROWS = replace(CSV, format=Format.ROWS)
LISTED = replace(ROWS, listed="data")
PAGES = replace(CSV, format=Format.BUCKET_PAGES, fields={"id": "result.id"})
SPANS = replace(CSV, format=Format.SPANS, fields={"id": ("span", "spanId")})

PLAIN = 'id,note\na,1\n\n"b","two\nlines"\nc,3\n"d\nd",4\ne,5\n'
BUCKETS: dict[str, Any] = {
    "object": "page",
    "data": [{"results": [{"id": "a"}, {"id": "b", "results": [{"id": "x"}]}]}, {"results": []}, {"n": 1.50, "results": [{"id": "c"}]}],
}


def compressed(content: bytes) -> bytes:
    return pa.compress(content, codec="zstd", asbytes=True)


def spans(*ids: str, scopes: str = "scopeSpans") -> dict[str, Any]:
    return {"resourceSpans": [{scopes: [{"spans": [{"spanId": name} for name in ids]}, {"scope": {}}]}, {"resource": {}}]}


@pytest.fixture
def read(tmp_path: Path) -> Callable[[bytes, Source, str], list[tuple[int, str | None, Place]]]:
    engine = connect(tmp_path / "scratch")

    def read_it(content: bytes, source: Source, name: str) -> list[tuple[int, str | None, Place]]:
        """Number and id of every record, and its place; an empty bucket is no record."""
        path = tmp_path / name
        path.write_bytes(content)
        rows = read_records(engine, [("print", str(path))], source, tmp_path / "stage").order_by("source_line").to_pyarrow().to_pylist()
        found = places(str(path), source, [row["source_line"] for row in rows])
        return [(row["source_line"], row["id"], found[row["source_line"]]) for row in rows if row["source_line"]]

    return read_it


Read = Callable[[bytes, Source, str], list[tuple[int, str | None, Place]]]


def by_reader(text: str, skipped: int) -> list[tuple[str, int]]:
    """The first cell of each row behind `skipped` rows, and the line on which it begins, as the csv module counts."""
    reader = csv.reader(io.StringIO(text, newline=""))
    found, before = [], 0
    for row in reader:
        if row:
            found.append((row[0], before + 1))
        before = reader.line_num
    return found[skipped:]


@pytest.mark.parametrize(
    ("content", "source", "skipped", "name"),
    [
        (PLAIN.encode(), CSV, 1, "a.csv"),
        (PLAIN.replace("\n", "\r\n").encode(), CSV, 1, "a.csv"),
        (PLAIN.replace("\n", "\r").encode(), CSV, 1, "a.csv"),
        (PLAIN.replace(",", ";").encode(), CSV, 1, "a.csv"),
        (codecs.BOM_UTF8 + PLAIN.replace(",", "\t").encode(), CSV, 1, "a.tsv"),
        (PLAIN.encode("utf-16"), CSV, 1, "a.csv"),
        (gzip.compress(PLAIN.encode(), mtime=0), ROWS, 1, "a.csv.gz"),
        (compressed(PLAIN.encode()), ROWS, 1, "a.csv.zst"),
        (b"Month,October\nInvoice,1\n\n" + PLAIN.encode(), HEADED, 3, "a.csv"),
        (b"\n\n" + PLAIN.encode(), CSV, 1, "a.csv"),
    ],
    ids=["lf", "crlf", "cr", "semicolons", "tabs", "utf-16", "gzip", "zstd", "preamble", "empty lines first"],
)
def test_a_row_stands_where_the_csv_module_says(read: Read, content: bytes, source: Source, skipped: int, name: str) -> None:
    text = content
    if name.endswith("gz"):
        text = gzip.decompress(content)
    elif name.endswith("zst"):
        text = PLAIN.encode()
    plain = text.decode("utf-16" if text.startswith(codecs.BOM_UTF16_LE) else "utf-8-sig").replace(";", ",").replace("\t", ",")
    found = read(content, source, name)
    assert [(row, place.line) for _, row, place in found] == by_reader(plain, skipped)
    assert [number for number, _, _ in found] == [1, 2, 3, 4, 5]


def test_a_line_that_names_the_delimiter_is_a_line(read: Read) -> None:
    found = read(b"sep=;\r\nid;note\r\na;1\r\nb;2\r\n", CSV, "a.csv")
    assert [(row, place.line) for _, row, place in found] == [("a", 3), ("b", 4)]


def test_a_lone_return_in_a_cell_ends_no_line_of_an_editor(read: Read) -> None:
    found = read(b'id,note\na,"x\ry"\nb,2\n', CSV, "a.csv")
    assert [(row, place.line) for _, row, place in found] == [("a", 2), ("b", 3)]


def value(document: Any, path: str | None) -> Any:
    """What the path leads to."""
    for step in (path or "").replace("[", ".[").split("."):
        if step:
            document = document[int(step[1:-1])] if step.startswith("[") else document[step]
    return document


def line_of(text: str, name: str) -> int:
    """The line of the brace before the id, which stands in the text once."""
    quoted = text.index(json.dumps(name))
    return text.count("\n", 0, text.rindex("{", 0, quoted)) + 1


@pytest.mark.parametrize("indent", [None, 1, 4])
@pytest.mark.parametrize(
    ("document", "source", "key"),
    [
        (BUCKETS, PAGES, "id"),
        ({"more": [{"data": 1}], "data": [{"id": "a"}, {"id": "b"}, {"id": "c"}]}, LISTED, "id"),
        ([{"id": "a"}, {"id": "b"}, {"id": "c", "n": [1, {}]}], LINES, "id"),
        ([{"id": "a"}, {"id": "b"}], LISTED, "id"),
        (spans("a", "b", "c"), SPANS, "spanId"),
        (spans("a", scopes="instrumentationLibrarySpans"), SPANS, "spanId"),
        ([spans("a", "b"), spans("c")], SPANS, "spanId"),
    ],
    ids=["page", "list", "array", "bare list", "spans", "old spans", "array of spans"],
)
def test_a_record_of_a_document_has_its_path_and_its_line(read: Read, document: Any, source: Source, key: str, indent: int | None) -> None:
    text = "\n \n" + json.dumps(document, indent=indent) + "\n"
    found = read(text.encode(), source, "a.json")
    assert [row for _, row, _ in found] == sorted({"a", "b", "c"} & set(text.split('"')))
    for number, row, place in found:
        assert row is not None
        assert place.path is not None
        assert (place.record, value(document, place.path)[key], place.line) == (number, row, line_of(text, row)), place


def test_elements_are_found_over_many_blocks(read: Read) -> None:
    rows = [{"id": str(number), "text": "x\n" * 300, "more": list(range(number % 50))} for number in range(6000)]
    text = json.dumps(rows, indent=2)
    assert len(text) > 4 << 20
    lines = [number for number, line in enumerate(text.split("\n"), 1) if line == "  {"]
    found = read(text.encode(), LINES, "a.json")
    assert [(row, place.path, place.line) for _, row, place in found] == [
        (str(place), f"[{place}]", line) for place, line in enumerate(lines)
    ]


def test_documents_without_a_line_each_are_told_by_line(read: Read) -> None:
    text = '{"id": "a"} {"id": "b",\n "n": 1}{\n"id": "c"}\n[{"id": "d"}]'
    assert [(row, place.line) for _, row, place in read(text.rsplit("\n", 1)[0].encode(), LINES, "a.json")] == [
        ("a", 1),
        ("b", 1),
        ("c", 2),
    ]
    arrays = b'[{"id": "a"},\n{"id": "b"}]\n[{"id": "c"}]\n'
    found = [(row, place.path, place.line) for _, row, place in read(arrays, LINES, "b.json")]
    assert found == [("a", "[0]", 1), ("b", "[1]", 2), ("c", "[0]", 3)]


def test_json_lines_are_their_lines(read: Read) -> None:
    text = b'{"id": "a"}\n\nnot json\n{"id": "b"}\n'
    for source in (LINES, ROWS):
        assert [(number, row, place.line, place.path) for number, row, place in read(text, source, "a.jsonl")] == [
            (1, "a", 1, None),
            (3, None, 3, None),
            (4, "b", 4, None),
        ]
    pages = b'\n{"id": "a"}\n{"id": "b"}\n'
    assert [(row, place.line) for _, row, place in read(pages, LISTED, "b.jsonl")] == [("a", 2), ("b", 3)]


def test_spans_on_a_line_each_and_what_is_none(read: Read) -> None:
    documents = [spans("a", "b"), {"resourceSpans": 5}, {"resourceSpans": [{"scopeSpans": [7, {"spans": 8}, {"spans": [9]}]}]}, spans("c")]
    text = "\n".join(map(json.dumps, documents)).encode() + b'\n{"resourceSpans": \n' + json.dumps(spans("d")).encode()
    found = {number: (row, place.line, place.path) for number, row, place in read(text, SPANS, "a.jsonl")}
    first = "resourceSpans[0].scopeSpans[0]"
    assert found == {
        1: ("a", 1, f"{first}.spans[0]"),
        2: ("b", 1, f"{first}.spans[1]"),
        3: (None, 2, None),
        4: (None, 3, first),
        5: (None, 3, "resourceSpans[0].scopeSpans[1]"),
        6: (None, 3, "resourceSpans[0].scopeSpans[2].spans[0]"),
        7: ("c", 4, f"{first}.spans[0]"),
        8: (None, 5, None),
        9: ("d", 6, f"{first}.spans[0]"),
    }


def test_parquet_has_rows(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"id": ["a", "b", "c"]}), path)
    place = places(str(path), ROWS, [3])[3]
    assert (place, place.words("a.parquet")) == (Place(3, row=3), "a.parquet row 3")


@pytest.mark.parametrize(("name", "source"), [("gone.csv", CSV), ("gone.json", PAGES), ("gone", ROWS), ("gone.jsonl", LINES)])
def test_what_is_not_there_keeps_its_number(tmp_path: Path, name: str, source: Source) -> None:
    place = places(str(tmp_path / name), source, [8])[8]
    assert (place, place.words(name)) == (Place(8), f"{name} record 8")


def test_what_breaks_off_is_told_as_far_as_it_goes(tmp_path: Path) -> None:
    whole = gzip.compress(("id,note\n" + "".join(f"{number},{number * 7919}\n" for number in range(50_000))).encode(), mtime=0)
    path = tmp_path / "a.csv.gz"
    path.write_bytes(whole[: len(whole) // 2])
    found = places(str(path), CSV, [1, 7, 49_999])
    assert found == {1: Place(1, 2), 7: Place(7, 8), 49_999: Place(49_999)}
    for content in (b"{}", b'{"data": 3}', b'{"data": [{"results": [', b"", b"\xff"):
        (tmp_path / "b.json").write_bytes(content)
        assert places(str(tmp_path / "b.json"), PAGES, [1]) == {1: Place(1)}


def test_how_places_read() -> None:
    assert Place(8, 9).words("a.csv") == "a.csv:9"
    assert Place(22, 41, "data[1].results[0]").words("p.json") == "p.json data[1].results[0] (line 41)"
