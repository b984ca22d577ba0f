"""The contract between a source's description (`sources/`) and what reads its files (`storage/`)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

import ibis.expr.types as ir

from usage_pipeline.tables.schema import Table

Path = str | tuple[str, ...]
"""Where a field lies in a record: 'metadata.usage_object' or a tuple of keys where a key itself has a dot."""

FILE = "#file"
"""The path of a field that is the uri of the record's file."""

SCOPE_SEPARATOR = " > "
"""Between the parts of a snapshot scope '<what> > <delivery> > <part>'."""

EMPTY_BUCKET = "empty_bucket"
"""State of the record that stands for a bucket without results: it tells that a day is covered; it is no line."""


class Format(Enum):
    """How a file becomes records. Plain, gzip or zstd is told by content, not by name."""

    JSON_LINES = "json_lines"
    """One JSON object a line; or the whole file is one object (pretty-printed or not), or one array of objects."""

    BUCKET_PAGES = "bucket_pages"
    """An API page {"data": [{<bucket fields>, "results": [{...}]}]}: a record {"bucket": {...}, "result": {...}} per result."""

    CSV = "csv"
    """Comma-separated with a header row; a record's fields are named by the header. Byte order mark allowed."""

    ROWS = "rows"
    """CSV, Parquet, or JSON lines (also one object, or one array): told by the file's name, else by its content. One `fields` serves all:
    a path names a column, in any case of letters; what lies deeper is looked up in the JSON text or structure that the cell holds."""

    SPANS = "spans"
    """OTLP traces, a JSON document {"resourceSpans": [...]} a line: a record {"resource": {<attributes>}, "scope": {"name", "version"},
    "span": {..., "attributes": {...}}} per span. A list of attributes becomes an object of plain values; keys keep their dots."""


@dataclass(frozen=True)
class Source:
    """One kind of source: how its files are read and what its records mean. No I/O.

    Reading gives `to_rows` an Ibis table of records with the columns
      source_file: string, source_line: int64 (from 1), state: string (null; the reader's own rejects never get here), and every
      name of `fields`: string. A number arrives as its text, an object or array as JSON text, an absent or null field as null.
    `to_rows` gives back one row a record with columns of `table` (any subset; `source` is added by the reader), among them
      source_file and source_line, and `reject`: string, null for an accepted row, else a code of rejected_lines.REASONS.
    A snapshot source's newer file replaces an older one's rows of the same (day, snapshot_scope); an append source's rows are
      told apart by the table's key. `covered` says, for snapshot sources, which day and scope a record (also one in state
      EMPTY_BUCKET) speaks of: columns source_file, day, snapshot_scope.
    A scope may be '<what> > <delivery> > <part>', for files that are delivered in parts: parts of one delivery stand side by side, and
      the newest delivery replaces the others of the same (day, what) whole, however many parts each has.
    A source that `explodes` may give several rows a record, all accepted or one rejected; the others give exactly one. A record is
      accepted if any of its rows is new.
    `unique_ids`: the key of an append source names one record for good, and not just one of its day: a record that is written twice
      around midnight, with two times, counts once.
    `channel` is who bills, where all lines of the kind come from one: such sources are views of the same accounts.
    `listed` (ROWS): the key under which a JSON document lists its records, if it may be a page such as {"data": [...]}.
    `bucket` (CSV): the fields that say which bucket a row is of. A row with nothing in any other field is an empty bucket, no line.
    `header` (CSV, ROWS): where lines 'name,value' may stand before the header, columns of which it has at least one; a field '#name' is
      such a value.
    """

    kind: str
    title: str
    documentation: str
    format: Format
    table: Table[Any]
    fields: Mapping[str, Path]
    to_rows: Callable[[ir.Table], ir.Table]
    snapshot: bool = False
    covered: Callable[[ir.Table], ir.Table] | None = None
    explodes: bool = False
    channel: str | None = None
    listed: str | None = None
    bucket: tuple[str, ...] = ()
    header: tuple[str, ...] = ()
    unique_ids: bool = False
