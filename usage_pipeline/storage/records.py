"""Files as records: bytes in, a staged table of text fields out. Nothing is dropped, memory is bounded, JSON is parsed by the engine.

What `to_rows` of a source is given is described in `tables/source.py`.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from itertools import chain
from pathlib import Path
from typing import Any
from uuid import uuid4

import ibis.expr.types as ir
import pyarrow as pa
from ibis.backends.duckdb import Backend

from usage_pipeline.errors import ContractError
from usage_pipeline.storage import landing
from usage_pipeline.storage.records_bytes import BrokenStreamError, utf8_blocks
from usage_pipeline.storage.records_csv import csv_records
from usage_pipeline.storage.records_documents import file_pieces
from usage_pipeline.storage.records_header import NO_COLUMN
from usage_pipeline.storage.records_lines import SCHEMA, TEXT_CHARACTERS, Chunk, Failure, line_batches
from usage_pipeline.storage.records_pages import listed_records, page_records, projection
from usage_pipeline.storage.records_parquet import MAGIC, local_copy, parquet_query, reads
from usage_pipeline.storage.records_spans import span_records
from usage_pipeline.storage.records_uris import with_uris
from usage_pipeline.tables.source import EMPTY_BUCKET, Format, Source

RECORDS_PER_BATCH = 20_000
ROWS_PER_GROUP = 20_480
"""Small groups: under a tight memory limit the whole reading is three times as fast as with the default of 122,880."""
WORDS_CHARACTERS = 2 * TEXT_CHARACTERS
OWN_COLUMNS = ("source_file", "source_line", "state", "text")
_BLANK = "' ' || chr(9) || chr(10) || chr(13)"
_SEVERAL = r"regexp_matches(line, '\}\s*\{') AND json_valid('[' || regexp_replace(line, '\}\s*\{', '},{', 'g') || ']')"
"""Whether a line that is no JSON is several objects one after the other."""


def read_records(
    engine: Backend, files: Sequence[tuple[str, str]], source: Source, stage: Path, uris: Mapping[str, str] | None = None
) -> ir.Table:
    """Every record of `files` (fingerprint, where it is read), staged once as Parquet in `stage` and read back from there.

    Columns: source_file (fingerprint), source_line (from 1; 0 where a file as a whole failed), state (null where the record read,
    EMPTY_BUCKET, else a code of rejected_lines.REASONS), text (the masked start of a record that did not read), and the source's
    fields as strings. source_line is the physical line in JSON lines, else the record's number. `uris`: by fingerprint, where a file
    lies that is read from a copy.
    """
    clash = sorted(set(source.fields) & {*OWN_COLUMNS, "line"})
    if clash:
        raise ContractError(f"{source.kind}: fields {clash} have the name of a column of the reader")
    paths = {name: path if isinstance(path, tuple) else tuple(path.split(".")) for name, path in source.fields.items()}
    stage.mkdir(parents=True, exist_ok=True)
    staged: list[Path] = []
    told = {form: [file for file in files if form_of(file[1], source) is form] for form in Form}
    if told[Form.LINES]:
        reader = pa.RecordBatchReader.from_batches(SCHEMA, line_batches(_pieces(told[Form.LINES])))
        staged.append(_staged(engine, reader, _parsing_query(paths), stage))
    tables, broken = _parquet_files(engine, told[Form.PARQUET], paths, stage)
    others = [*told[Form.PROJECTED]]
    if others or broken or not (staged or tables):
        schema = pa.schema({**dict(zip(SCHEMA.names, SCHEMA.types, strict=True)), **dict.fromkeys(source.fields, pa.string())})
        nothing: list[str | None] = [None] * len(paths)
        projected = chain(_projected(others, source, paths), ((one.file, one.line, one.state, one.text, nothing) for one in broken))
        reader = pa.RecordBatchReader.from_batches(schema, _record_batches(projected, schema))
        staged.append(_staged(engine, reader, _copying_query(source.fields), stage))
    rows = engine.read_parquet([str(path) for path in (*staged, *tables)], union_by_name=True)
    return with_uris(rows, {**dict(files), **(uris or {})}, paths)


class Form(Enum):
    """Ways to read a file."""

    LINES = "lines"
    PROJECTED = "projected"
    PARQUET = "parquet"


TABLES = (".csv", ".tsv", ".csv.gz", ".csv.zst", ".tsv.gz", ".tsv.zst")
DOCUMENTS = (".json", ".jsonl", ".ndjson", ".json.gz", ".jsonl.gz", ".ndjson.gz", ".json.zst", ".jsonl.zst", ".ndjson.zst")


def form_of(uri: str, source: Source) -> Form:
    """How to read the file: for ROWS by its name, else by how its content starts; a file that cannot be opened is told later."""
    if source.format is not Format.ROWS:
        return Form.LINES if source.format is Format.JSON_LINES else Form.PROJECTED
    name = uri.casefold()
    documents = Form.PROJECTED if source.listed else Form.LINES
    if name.endswith(TABLES):
        return Form.PROJECTED
    if name.endswith(DOCUMENTS):
        return documents
    try:
        head = next(_blocks(uri), b"").lstrip()
    except (OSError, BrokenStreamError):
        return Form.PROJECTED
    if head.startswith(MAGIC):
        return Form.PARQUET
    return documents if head.startswith((b"{", b"[")) else Form.PROJECTED


def _parquet_files(
    engine: Backend, files: Iterable[tuple[str, str]], paths: Mapping[str, tuple[str, ...]], stage: Path
) -> tuple[list[Path], list[Failure]]:
    """A staged file for each Parquet file, and what is wrong with those that do not read."""
    staged: list[Path] = []
    broken: list[Failure] = []
    for file, uri in files:
        try:
            query = parquet_query(file, local_copy(uri, stage), paths)
        except OSError:
            query = Failure(file, 0, "unreadable_file")
        target = stage / f"records-{uuid4().hex}.parquet"
        if isinstance(query, Failure):
            broken.append(query)
        elif reads(engine.con, query, target):
            staged.append(target)
        else:
            broken.append(Failure(file, 0, "not_parquet"))
    return staged, broken


def _staged(engine: Backend, reader: pa.RecordBatchReader, query: str, stage: Path) -> Path:
    """Run the query once over what comes in; the file it went to.

    The engine gets the bare stream: given the reader itself it reads ahead without bound (3 M lines of 1.2 KB: 1.9 GB instead of 0.4).
    """
    path = stage / f"records-{uuid4().hex}.parquet"
    engine.con.register("incoming_records", reader.__arrow_c_stream__())
    try:
        engine.con.execute(f"COPY ({query}) TO {_quoted(str(path))} (FORMAT parquet, COMPRESSION lz4, ROW_GROUP_SIZE {ROWS_PER_GROUP})")
    finally:
        engine.con.unregister("incoming_records")
    return path


def _blocks(uri: str) -> Iterator[bytes]:
    with landing.open_bytes(uri) as stream:
        yield from utf8_blocks(stream)


def _pieces(files: Iterable[tuple[str, str]]) -> Iterator[Chunk | Failure]:
    for file, uri in files:
        try:
            yield from file_pieces(file, _blocks(uri))
        except OSError:
            yield Failure(file, 0, "unreadable_file")


# --- JSON lines: parsed in the engine -------------------------------------------------------------------------------------------


def _parsing_query(paths: Mapping[str, tuple[str, ...]]) -> str:
    """One pass: validate the line, transform it once into nested text fields, and project them."""
    layers = _layers(paths)
    transforms = [
        f"CASE WHEN state IS NULL THEN json_transform(line, {_quoted(json.dumps(tree))}) END AS parsed_{number}"
        for number, (tree, _) in enumerate(layers)
    ]
    fields = [f"{_extract(f'parsed_{number}', paths[name])} AS {_name(name)}" for number, (_, names) in enumerate(layers) for name in names]
    return f"""
        SELECT source_file, source_line, state, {_masked()} AS text, {", ".join(fields)} FROM (
          SELECT *, {", ".join(transforms)} FROM (
            SELECT source_file, source_line, line, CASE
              WHEN state IS NOT NULL THEN state
              WHEN NOT json_valid(line) THEN CASE
                WHEN trim(line, {_BLANK}) = '' THEN 'blank' WHEN {_SEVERAL} THEN 'two_documents' ELSE 'not_json' END
              WHEN NOT starts_with(line, '{{') AND json_type(line) <> 'OBJECT' THEN 'not_an_object' END AS state
            FROM incoming_records)
          WHERE state IS DISTINCT FROM 'blank')"""


def _layers(paths: Mapping[str, tuple[str, ...]]) -> list[tuple[dict[str, Any], list[str]]]:
    """The fields as as few structures as possible, with the names in each.

    Two fields stand in one structure unless one holds the other (metadata and metadata.team), or their keys differ by case alone,
    which a structure of the engine cannot tell apart.
    """
    layers: list[tuple[dict[str, Any], list[str]]] = []
    for name, path in paths.items():
        for tree, names in layers:
            if _placed(tree, path):
                names.append(name)
                break
        else:
            tree = {}
            _placed(tree, path)
            layers.append((tree, [name]))
    return layers


def _placed(tree: dict[str, Any], path: tuple[str, ...]) -> bool:
    key, rest = path[0], path[1:]
    twin = next((other for other in tree if other.casefold() == key.casefold()), None)
    if twin is None:
        tree[key] = "VARCHAR" if not rest else {}
        return True if not rest else _placed(tree[key], rest)
    if twin != key:
        return False
    return _placed(tree[key], rest) if rest and isinstance(tree[key], dict) else not rest and tree[key] == "VARCHAR"


def _extract(structure: str, path: tuple[str, ...]) -> str:
    for key in path:
        structure = f"struct_extract({structure}, {_quoted(key)})"
    return structure


# --- Pages and CSV: parsed here ---------------------------------------------------------------------------------------------------

_Projected = tuple[str, int, str | None, str | None, list[str | None]]


def _projected(files: Iterable[tuple[str, str]], source: Source, paths: Mapping[str, tuple[str, ...]]) -> Iterator[_Projected]:
    nothing: list[str | None] = [None] * len(paths)
    for file, uri in files:
        try:
            for record in _records_of(file, uri, source, paths):
                if isinstance(record, Failure):
                    yield file, record.line, record.state, record.text, nothing
                else:
                    yield file, record[0], None if record[0] else EMPTY_BUCKET, None, record[1]
        except OSError:
            yield file, 0, "unreadable_file", None, nothing


def _records_of(
    file: str, uri: str, source: Source, paths: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[int, list[str | None]] | Failure]:
    if source.format in NESTED or (source.listed and is_document(uri)):
        project = projection(paths.values())
        for record in _nested(file, uri, source):
            yield record if isinstance(record, Failure) else (record[0], project(record[1]))
        return
    rows = csv_records(file, _blocks(uri), list(paths.values()), source.header)
    yield from _empty_buckets_told(rows, [name in source.bucket for name in paths]) if source.bucket else rows


def _empty_buckets_told(
    rows: Iterator[tuple[int, list[str | None]] | Failure], of_bucket: Sequence[bool]
) -> Iterator[tuple[int, list[str | None]] | Failure]:
    """The rows, those that name a bucket and have nothing in it as number 0."""
    for row in rows:
        if isinstance(row, Failure):
            yield row
        else:
            filled = {is_own for value, is_own in zip(row[1], of_bucket, strict=True) if value is not None}
            yield (0, row[1]) if filled == {True} else row


NESTED = {Format.BUCKET_PAGES: page_records, Format.SPANS: span_records}


def _nested(file: str, uri: str, source: Source) -> Iterator[tuple[int, Any] | Failure]:
    if source.format in NESTED:
        return NESTED[source.format](file, _blocks(uri))
    return listed_records(file, _blocks(uri), source.listed or "")


def is_document(uri: str) -> bool:
    try:
        return next(_blocks(uri), b"").lstrip().startswith((b"{", b"["))
    except BrokenStreamError:
        return False


def _record_batches(records: Iterator[_Projected], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    waiting: list[_Projected] = []
    for record in records:
        waiting.append(record)
        if len(waiting) >= RECORDS_PER_BATCH:
            yield _record_batch(waiting, schema)
            waiting = []
    if waiting:
        yield _record_batch(waiting, schema)


def _record_batch(records: list[_Projected], schema: pa.Schema) -> pa.RecordBatch:
    own = [[record[place] for record in records] for place in range(3)]
    texts = [_encodable(record[3][:WORDS_CHARACTERS]) if record[3] else None for record in records]
    fields = [
        [value if value is None or value.isascii() else _encodable(value) for value in column]
        for column in zip(*(record[4] for record in records), strict=True)
    ]
    arrays = [pa.array(values, kind) for values, kind in zip([*own, texts, *fields], schema.types, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _encodable(text: str) -> str:
    """The text with a lone surrogate (which JSON may escape, and no UTF-8 can hold) as '?'."""
    return text.encode(errors="replace").decode()


def _copying_query(fields: Iterable[str]) -> str:
    return f"""SELECT source_file, source_line, state, {_masked()} AS text, {", ".join(map(_name, fields))} FROM incoming_records"""


# --- SQL ------------------------------------------------------------------------------------------------------------------------


def _masked() -> str:
    """The start of what did not read, letters as x and digits as 0: enough to see its shape, nothing of its content.

    Words of our own about a header are told as they are. No document begins like them that is JSON, as others of this reason are.
    """
    start = f"left(line, {TEXT_CHARACTERS})"
    masked = f"regexp_replace(regexp_replace({start}, '[\\p{{L}}\\p{{M}}]', 'x', 'g'), '\\p{{N}}', '0', 'g')"
    ours = f"state = 'unexpected_document' AND starts_with(line, {_quoted(NO_COLUMN)})"
    return f"CASE WHEN {ours} THEN line WHEN state IS NOT NULL THEN trim({masked}, {_BLANK}) END"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _name(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
