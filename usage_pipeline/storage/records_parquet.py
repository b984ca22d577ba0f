"""Parquet files as records: read by the engine, every value as text, what is nested as JSON text.

A path names a column, in any case of letters; what lies deeper is looked up in the structure, or in the JSON text, that the column holds.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from usage_pipeline.storage import landing
from usage_pipeline.storage.records_header import cell_at, unfit
from usage_pipeline.storage.records_lines import Failure

MAGIC = b"PAR1"


def local_copy(uri: str, stage: Path) -> Path:
    """The file itself where it lies in a local folder, else a copy in `stage`. Raises OSError where it cannot be read."""
    if Path(uri).exists():
        return Path(uri)
    copy = stage / f"copy-{uuid4().hex}.parquet"
    with landing.open_bytes(uri) as stream, copy.open("wb") as target:
        shutil.copyfileobj(stream, target, landing.BLOCK_BYTES)
    return copy


def parquet_query(file: str, path: Path, paths: Mapping[str, tuple[str, ...]]) -> str | Failure:
    """A query for the file's records: source_file, source_line (from 1), state, text and the fields as strings; else what is wrong."""
    try:
        schema = pq.read_schema(path)
    except (pa.ArrowInvalid, OSError):
        return Failure(file, 0, "not_parquet")
    cells = {name: cell_at(where, schema.names, {}) for name, where in paths.items()}
    if not any(isinstance(cell, tuple) for cell in cells.values()):
        return Failure(file, 0, "unexpected_document", unfit(list(paths.values()), schema.names))
    fields = ", ".join(f"{_cell(cell, schema)} AS {_name(name)}" for name, cell in cells.items())
    own = f"{_quoted(file)} AS source_file, file_row_number + 1 AS source_line, NULL::VARCHAR AS state, NULL::VARCHAR AS text"
    return f"""SELECT {own}, {fields}
        FROM read_parquet({_quoted(str(path))}, file_row_number = true)"""


def reads(connection: duckdb.DuckDBPyConnection, query: str, target: Path) -> bool:
    """Run the query into `target`; whether the file could be read to its end."""
    try:
        connection.execute(f"COPY ({query}) TO {_quoted(str(target))} (FORMAT parquet, COMPRESSION lz4)")
    except (duckdb.InvalidInputException, duckdb.IOException, duckdb.SerializationException, duckdb.InternalException):
        target.unlink(missing_ok=True)
        return False
    return True


def _cell(cell: object, schema: pa.Schema) -> str:
    if not isinstance(cell, tuple):
        return "NULL::VARCHAR"
    place, rest = cell
    column, kind = _name(schema.names[place]), schema.field(place).type
    nested = pa.types.is_nested(kind)
    if not rest:
        text = f"to_json({column})::VARCHAR" if nested else f"{column}::VARCHAR"
        return f"nullif({text}, '')"
    json = f"to_json({column})" if nested else f"CASE WHEN json_valid({column}::VARCHAR) THEN {column}::VARCHAR::JSON END"
    steps = "".join(f'."{key}"' for key in rest)
    return f"nullif({json} ->> {_quoted('$' + steps)}, '')"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _name(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
