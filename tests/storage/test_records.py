"""Files of every odd kind become records, and no line is lost."""

import gzip
import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from usage_pipeline.errors import ContractError
from usage_pipeline.storage import records_lines
from usage_pipeline.storage.engine import connect
from usage_pipeline.storage.records import read_records
from usage_pipeline.tables.source import EMPTY_BUCKET, Format, Source
from usage_pipeline.tables.usage_events import usage_events

FIELDS = {"id": "id", "tokens": "usage.tokens", "usage": "usage", "label": ("tags", "a.b"), "upper": "ID"}
BUCKETS = {"start": "bucket.start", "amount": "result.amount.value", "quantity": "result.quantity", "result": "result"}


def source_of(format: Format = Format.JSON_LINES, fields: dict[str, Any] = FIELDS) -> Source:  # noqa: A002
    return Source(
        kind="test", title="", documentation="", format=format, table=usage_events, fields=fields, to_rows=lambda records: records
    )


@pytest.fixture
def read(tmp_path: Path):
    engine = connect(tmp_path / "scratch")

    def read_them(*contents: bytes, source: Source | None = None, name: str = "file") -> list[dict[str, Any]]:
        files = []
        for number, content in enumerate(contents):
            path = tmp_path / f"{name}{number}"
            path.write_bytes(content)
            files.append((f"print{number}", str(path)))
        rows = read_records(engine, files, source or source_of(), tmp_path / "stage")
        return rows.order_by(["source_file", "source_line"]).to_pyarrow().to_pylist()

    return read_them


def places(rows: list[dict[str, Any]]) -> list[tuple[int, str | None]]:
    return [(row["source_line"], row["state"]) for row in rows]


def test_fields_are_text_by_path(read) -> None:
    line = b'{"id":7,"ID":"upper","usage":{"tokens":12345678901234567890123,"x":[1]},"tags":{"a.b":true}}\n{"id":null,"usage":"none"}'
    first, second = read(line)
    assert first == {
        "source_file": "print0",
        "source_line": 1,
        "state": None,
        "text": None,
        "id": "7",
        "upper": "upper",
        "tokens": "12345678901234567890123",
        "usage": '{"tokens":12345678901234567890123,"x":[1]}',
        "label": "true",
    }
    assert [second[name] for name in FIELDS] == [None, None, "none", None, None]


def test_every_line_has_its_number_and_state(read) -> None:
    content = b'\xef\xbb\xbf{"id":"a"}\r\n\r\n   \n{"id":"torn\n[1]\n"text"\n caf\xe9 12\n  {"id":"b"}\n'
    rows = read(content)
    assert places(rows) == [
        (1, None),
        (4, "not_json"),
        (5, "not_an_object"),
        (6, "not_an_object"),
        (7, "bad_encoding"),
        (8, None),
    ]
    assert [row["id"] for row in rows if row["state"] is None] == ["a", "b"]


def test_text_of_a_reject_shows_shape_and_no_content(read) -> None:
    (row,) = read("<html>Geheim Übung 42 世界</html>".encode() + b" y" * 500)
    assert row["text"].startswith("<xxxx>xxxxxx xxxxx 00 xx</xxxx>")
    assert len(row["text"]) == 199


def test_lines_in_many_files_and_over_block_borders(read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records_lines, "BATCH_BYTES", 3000)
    monkeypatch.setattr("usage_pipeline.storage.records_bytes.BLOCK_BYTES", 777)
    chance = random.Random(3)  # noqa: S311
    truth = [[f"{file}-{line}-{'ä' * chance.randrange(900)}" for line in range(chance.randrange(60))] for file in range(9)]
    contents = ["\n".join(json.dumps({"id": text}, ensure_ascii=False) for text in file).encode() for file in truth]
    packed = [gzip.compress(content, mtime=0) if number % 2 else content for number, content in enumerate(contents)]
    rows = read(*packed)
    got = {(row["source_file"], row["source_line"]): row["id"] for row in rows}
    assert len(got) == len(rows)
    assert got == {(f"print{file}", line + 1): text for file, lines in enumerate(truth) for line, text in enumerate(lines)}


@pytest.mark.parametrize("packed", [gzip.compress, lambda content: pa.compress(content, codec="zstd", asbytes=True)])
def test_compression_is_told_by_content(read, packed) -> None:
    assert [row["id"] for row in read(packed(b'{"id":"a"}\n') + packed(b'{"id":"b"}\n'))] == ["a", "b"]


def test_file_named_gz_that_is_plain_is_read(read) -> None:
    assert [row["id"] for row in read(b'{"id":"a"}\n', name="x.json.gz")] == ["a"]


@pytest.mark.parametrize("codec", ["gzip", "zstd"])
def test_truncated_file_gives_its_complete_lines(read, codec: str) -> None:
    chance = random.Random(5)  # noqa: S311
    lines = b"".join(b'{"id":"%030x"}\n' % chance.getrandbits(120) for _ in range(20_000))
    whole = gzip.compress(lines, mtime=0) if codec == "gzip" else pa.compress(lines, codec="zstd", asbytes=True)
    rows = read(whole[: len(whole) // 2])
    assert [row["source_line"] for row in rows] == list(range(1, len(rows) + 1))
    assert [row["state"] for row in rows[-2:]] == [None, "truncated_file"]
    assert 9_000 < len(rows) < 11_000


def test_corrupt_gzip_gives_the_lines_before_it(read) -> None:
    chance = random.Random(5)  # noqa: S311
    whole = bytearray(gzip.compress(b"".join(b'{"id":"%030x"}\n' % chance.getrandbits(120) for _ in range(50_000))))
    whole[len(whole) // 2 : len(whole) // 2 + 400] = b"\xff" * 400
    rows = read(bytes(whole))
    assert rows[-1]["state"] == "truncated_file"
    assert len(rows) > 10_000


@pytest.mark.parametrize("count", [1, 5, 20_000])
def test_gzip_whose_checksum_is_wrong_gives_all_its_lines(read, count: int) -> None:
    whole = bytearray(gzip.compress(b'{"id":1}\n' * count, mtime=0))
    whole[-6] ^= 0xFF
    found = places(read(bytes(whole)))
    assert found == [*((line, None) for line in range(1, count + 1)), (count + 1, "truncated_file")]


def test_gzip_with_other_bytes_behind_it(read) -> None:
    assert places(read(gzip.compress(b'{"id":1}\n', mtime=0) + b"\0\0\0")) == [(1, None)]
    for behind in (b"garbage", b"\0\0x", b"\x1f", b'{"id":2}\n'):
        assert places(read(gzip.compress(b'{"id":1}\n', mtime=0) + behind)) == [(1, None), (2, "trailing_bytes")]
        assert places(read(gzip.compress(b'[{"id":1}]', mtime=0) + behind)) == [(1, None), (2, "trailing_bytes")]
    broken = gzip.compress(b'{"id":1}\n', mtime=0) + gzip.compress(b'{"id":2}\n', mtime=0)[:-4]
    assert places(read(broken)) == [(1, None), (2, None), (3, "truncated_file")]


def test_utf_16_is_recoded(read) -> None:
    text = '{"id":"ä"}\n{"id":"b"}\n'
    assert [row["id"] for row in read(text.encode("utf-16"), b"\xfe\xff" + text.encode("utf-16-be"))] == ["ä", "b"] * 2
    assert places(read(text.encode("utf-16")[:-3])) == [(1, None), (2, "bad_encoding")]


def test_line_that_is_too_long_is_told_and_not_held(read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records_lines, "LINE_BYTES_MAX", 5000)
    monkeypatch.setattr("usage_pipeline.storage.records_bytes.BLOCK_BYTES", 1000)
    long = b'{"id":"' + b"z" * 20_000 + b'"}\n'
    rows = read(b'{"id":"a"}\n' + long + b'{"id":"b"}\n' + long.strip())
    assert places(rows) == [(1, None), (2, "line_too_long"), (3, None), (4, "line_too_long")]
    assert rows[1]["text"].startswith('{"xx":"xxxx')
    assert len(rows[1]["text"]) == 200


def test_line_of_ten_megabytes_reads(read) -> None:
    (row,) = read(b'{"id":"a","prompt":"' + b"z" * 10_000_000 + b'"}')
    assert (row["id"], row["state"]) == ("a", None)


def test_whole_file_as_one_object(read) -> None:
    rows = read(json.dumps({"id": "a", "usage": {"tokens": 3}}, indent=2).encode(), b'{"id":"b"}')
    assert [(row["source_line"], row["id"], row["tokens"]) for row in rows] == [(1, "a", "3"), (1, "b", None)]


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("block", [64, 1 << 20])
def test_whole_file_as_one_array(read, monkeypatch: pytest.MonkeyPatch, indent: int | None, block: int) -> None:
    monkeypatch.setattr("usage_pipeline.storage.records_bytes.BLOCK_BYTES", block)
    rows = read(json.dumps([{"id": f"ä\n{number}"} for number in range(500)], indent=indent, ensure_ascii=False).encode() + b"\n")
    assert [(row["source_line"], row["id"]) for row in rows] == [(number + 1, f"ä\n{number}") for number in range(500)]


def test_arrays_that_are_not_of_objects_or_break_off(read) -> None:
    assert places(read(b"[]")) == []
    assert places(read(b'[{"id":1},2]')) == [(1, None), (2, "not_an_object")]
    assert places(read(b'[{"id":1},\n{"id":2},\n{"id"')) == [(1, None), (2, None), (3, "not_json")]
    assert places(read(b'[1]\n{"id":1}\n')) == [(1, "not_an_object"), (2, None)]
    assert places(read(b"[" * 200_000)) == [(1, "not_json")]


@pytest.mark.parametrize("block", [7, 64, 1 << 20])
@pytest.mark.parametrize("between", [b"", b"\n", b"\r\n", b" \n\n "])
def test_arrays_one_after_the_other(read, monkeypatch: pytest.MonkeyPatch, between: bytes, block: int) -> None:
    monkeypatch.setattr("usage_pipeline.storage.records_bytes.BLOCK_BYTES", block)
    arrays = [b'[{"id":"a"},{"id":"b]["}]', b"[]", b'[{"id":"c"}]', b'[{"id":"d"},3]']
    rows = read(between.join(arrays) + between, between.join(arrays[1:]))
    expected = [("a", None), ("b][", None), ("c", None), ("d", None), (None, "not_an_object")]
    assert [(row["id"], row["state"]) for row in rows if row["source_file"] == "print0"] == expected
    assert [row["source_line"] for row in rows if row["source_file"] == "print0"] == [1, 2, 3, 4, 5]
    assert [(row["id"], row["state"]) for row in rows if row["source_file"] == "print1"] == expected[2:]


def test_an_array_that_does_not_read_leaves_the_lines_after_it(read) -> None:
    rows = read(b'[{"id":"a"}]\n[{"id":"b"},{"id\n[{"id":"c"}]\n{"id":"d"}\n[{"id":"e"}] x\n[{"id":"f"}]\n[{"id"')
    found = [(row["source_line"], row["id"], row["state"]) for row in rows]
    lost = [(3, None, "not_json"), (7, None, "not_json"), (9, None, "not_json")]
    assert found == sorted([(1, "a", None), (2, "b", None), (4, "c", None), (5, "d", None), (6, "e", None), (8, "f", None), *lost])
    assert [row["text"] for row in rows if row["state"]] == [
        '{"xx\n[{"xx":"x"}]\n{"xx":"x"}\n[{"xx":"x"}] x\n[{"xx":"x"}]\n[{"xx"',
        'x\n[{"xx":"x"}]\n[{"xx"',
        '{"xx"',
    ]


def test_a_json_text_sequence_is_json_lines(read) -> None:
    rows = read(b'\x1e{"id":"a"}\n\x1e{"id":"b\n\x1e{"id":"c"}\n', b'\x1e{"id":\n"d"}\x1e{"id":"e"}\n')
    assert [(row["source_line"], row["id"], row["state"]) for row in rows] == [
        (1, "a", None),
        (2, None, "not_json"),
        (3, "c", None),
        (1, "d", None),
        (2, "e", None),
    ]


def test_torn_first_line_leaves_the_others(read) -> None:
    assert places(read(b'{"id":"a\n{"id":"b"}\n{\n')) == [(1, "not_json"), (2, None), (3, "not_json")]


def test_empty_and_missing_files(read, tmp_path: Path) -> None:
    assert read(b"", b"\n\n", gzip.compress(b"", mtime=0)) == []
    gone = read_records(connect(tmp_path / "s"), [("print", str(tmp_path / "gone"))], source_of(), tmp_path / "stage")
    assert places(gone.to_pyarrow().to_pylist()) == [(0, "unreadable_file")]


def test_pages_keep_numbers_as_written(read) -> None:
    page = b"""{"data":[{"start":1790812800,"results":[
      {"amount":{"value":0E-6176},"quantity":1.234567890123456789012345678901234},
      {"amount":{"value":"8.240000000000000000000000000000000"},"quantity":10.0}]},
      {"start":1790899200,"results":[]}, {"start":"x","results":[{"amount":null}]}]}"""
    rows = read(page, source=source_of(Format.BUCKET_PAGES, BUCKETS))
    assert places(rows) == [(0, EMPTY_BUCKET), (1, None), (2, None), (3, None)]
    assert [row["start"] for row in rows] == ["1790899200", "1790812800", "1790812800", "x"]
    assert [row["amount"] for row in rows] == [None, "0E-6176", "8.240000000000000000000000000000000", None]
    assert [row["quantity"] for row in rows] == [None, "1.234567890123456789012345678901234", "10.0", None]
    assert rows[1]["result"] == '{"amount":{"value":0E-6176},"quantity":1.234567890123456789012345678901234}'


@pytest.mark.parametrize(
    ("content", "state"),
    [
        (b"<!DOCTYPE html><html>Sign in</html>", "not_json"),
        (b'{"error":{"message":"no"}}', "unexpected_document"),
        (b'{"data":[{"id":"proj_1"}]}', "unexpected_document"),
        (b'{"data":[{"results":[1]}]}', "unexpected_document"),
        (b'[{"results":[]}]', "unexpected_document"),
        (b'{"data":[', "not_json"),
        (b"[" * 200_000, "not_json"),
        (b'{"data":"caf\xe9"}', "bad_encoding"),
        (gzip.compress(b'{"data":[]}', mtime=0)[:-9], "truncated_file"),
    ],
)
def test_document_that_is_no_page(read, content: bytes, state: str) -> None:
    assert places(read(content, source=source_of(Format.BUCKET_PAGES, BUCKETS))) == [(0, state)]


def test_csv_by_header(read) -> None:
    source = source_of(Format.CSV, {"id": "Id", "cost": ("Cost.USD",), "absent": "Absent"})
    content = '\ufeffCost.USD,Id,Other\r\n1.50,"a, ""b""\r\nc",x\r\n\r\n,d,\r\n2\r\n3,ä,y,z\r\n'.encode() + b"4,\xe9,y\r\n"
    rows = read(content, source=source)
    assert places(rows) == [(1, None), (2, None), (3, "ragged_row"), (4, "ragged_row"), (5, "bad_encoding")]
    assert [(row["id"], row["cost"], row["absent"]) for row in rows[:2]] == [('a, "b"\r\nc', "1.50", None), ("d", None, None)]
    assert rows[3]["text"] == "0,x,x,x"
    assert places(read(b"<html>\nNot found\n", source=source)) == [(0, "unexpected_document")]
    assert read(b"", b"Id\n", source=source) == []


def test_a_row_that_does_not_read_is_told_cell_by_cell(read) -> None:
    (row,) = read(b'id,n\n"461,280",a,"say ""b"""\n', source=source_of(Format.CSV, {"id": "id", "n": "n"}))
    assert (row["state"], row["text"]) == ("ragged_row", '"000,000",x,"xxx ""x"""')


def test_field_names_of_the_reader_are_refused(read) -> None:
    with pytest.raises(ContractError, match="state"):
        read(b"", source=source_of(fields={"state": "x"}))


def test_a_csv_row_that_names_its_bucket_alone_is_an_empty_bucket(read) -> None:
    fields = {"start": "start", "end": "end", "amount": "amount"}
    source = replace(source_of(Format.CSV, fields), bucket=("start", "end"))
    rows = read(b"start,end,amount,note\n1,2,3,\n4,5,,\n6,,,seen\n,,,\n7,8,9\n,,1,\n", source=source)
    assert places(rows) == [(0, EMPTY_BUCKET), (0, EMPTY_BUCKET), (1, None), (4, None), (5, "ragged_row"), (6, None)]
    assert [(row["start"], row["end"]) for row in rows[:2]] == [("4", "5"), ("6", None)]
    assert places(read(b"start,end\n1,2\n", source=source)) == [(0, EMPTY_BUCKET)]
    assert places(read(b"start,end\n1,2\n", source=source_of(Format.CSV, fields))) == [(1, None)]
