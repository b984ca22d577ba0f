"""The lake: facts as Parquet, `<root>/<table>/day=YYYY-MM-DD/<part>.parquet`, where any engine can read them.

A day is replaced as a whole by one rename of one file, so a reader or a crash sees the old day or the new one, never both or half.
Parts are files beside each other in a day, one per ingested file; a part is added without touching its neighbours.

Measured (3.1 M usage events, 31 days, 2 cores, 2 GB limit): staging the rows unsorted, then sorting each day for itself, takes less
time and a quarter of the memory of one sort of everything or of `COPY … PARTITION_BY`. zstd costs no more CPU than lz4 and halves the
files (88 instead of 167 MB).
"""

import os
import re
import tempfile
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeAlias

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir
import pyarrow.parquet as pq
from ibis.backends.duckdb import Backend
from ibis.backends.sql.datatypes import DuckDBType
from ibis.common.deferred import Deferred

from usage_pipeline.errors import ContractError
from usage_pipeline.periods import Period
from usage_pipeline.storage.compiled import quoted
from usage_pipeline.storage.lake_staging import staged_rows
from usage_pipeline.tables.schema import Table

DAY = "day"
PART = "part"
WHOLE_DAY = "rows"
"""The part that `replace` writes: the only one of its day."""

DayColumn: TypeAlias = str | ir.Value | Deferred
"""Where a row's day is: the name of a date or timestamp column, or an expression over the rows."""

_STAGED_DAY = "__day"
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
_TIE_BREAKERS = ("source_file", "source_line")


@dataclass(frozen=True, slots=True, order=True)
class Part:
    """One file of one day."""

    day: date
    name: str
    path: Path


@dataclass(frozen=True, slots=True)
class Lake:
    """Tables of facts under `root`, read and written by `engine`."""

    root: Path
    engine: Backend

    def parts(self, name: str, days: Period | None = None) -> list[Part]:
        """The files of a table, by day and name; only those of `days` if given. Told from paths alone."""
        folders = ((folder, _day_of(folder)) for folder in (self.root / _safe(name)).glob(f"{DAY}=*"))
        return sorted(
            Part(day, path.stem, path)
            for folder, day in folders
            if day is not None and (days is None or day in days)
            for path in folder.glob("*.parquet")
        )

    def days(self, name: str) -> list[date]:
        """The days of a table that hold rows, in order."""
        return sorted({part.day for part in self.parts(name)})

    def read(
        self,
        table: Table[Any],
        days: Period | None = None,
        *,
        name: str | None = None,
        parts: Sequence[Part] | None = None,
        with_day: bool = False,
        with_part: bool = False,
    ) -> ir.Table:
        """The rows of `table` on `days` (all if None), in no order; an empty table where there is nothing.

        `name` is the folder, if not the table's own name; `parts` narrows to some of `self.parts(...)`; `with_day` adds a date column
        `day`, `with_part` a text `part`. A nullable column that files of an older version lack is null. Raises ContractError if they
        lack another.
        """
        added = ({DAY: ibis.dtype("date")} if with_day else {}) | ({PART: ibis.dtype("string")} if with_part else {})
        files = self.parts(name or table.name, days) if parts is None else parts
        if not files:
            schema = dict(table.schema) | added
            return self.engine.create_table(ibis.util.gen_name("empty"), schema=ibis.schema(schema), temp=True)
        paths = ", ".join(quoted(str(part.path)) for part in files)
        rows = f"read_parquet([{paths}], hive_partitioning = true, hive_types_autocast = false, union_by_name = true)"
        if with_part:
            rows = f"(SELECT * EXCLUDE (filename), parse_filename(filename, true) AS {PART} FROM {rows[:-1]}, filename = true))"
        there = {name for name, *_ in self.engine.con.execute(f"DESCRIBE FROM {rows}").fetchall()}
        missing = [one.name for one in table.columns if one.name not in there and not one.nullable]
        if missing:
            raise ContractError(
                f"{table.name}: files under {self.root / (name or table.name)} lack the columns {missing}; materialize these days again"
            )
        kinds = {one.name: one.type for one in table.columns} | added
        columns = ", ".join(
            f'CAST({_name_or_null(column, there)} AS {DuckDBType.to_string(kind)}) AS "{column}"' for column, kind in kinds.items()
        )
        view = ibis.util.gen_name("lake")
        self.engine.con.execute(f"CREATE TEMP VIEW {view} AS SELECT {columns} FROM {rows}")  # as text: an expression takes far longer
        return ops.DatabaseTable(view, schema=ibis.schema(kinds), source=self.engine).to_expr()

    def filled(self, table: Table[Any], days: Period | None = None) -> set[str]:
        """The columns of `table` that hold a value on one of `days`, told from the files' footers; without statistics one is filled."""
        return filled_columns([part.path for part in self.parts(table.name, days)])

    def replace(self, table: Table[Any], rows: ir.Table, days: Sequence[date], day_column: DayColumn) -> dict[date, int]:
        """Make `rows` the whole content of `days`, each day atomically and sorted by key; a day without rows becomes empty.

        `rows` has exactly the columns of `table`, and the column named by `day_column` if that is another. Gives back rows per day.
        Raises ContractError, before anything is changed, for other columns or types, rows outside `days`, or days that hold parts.
        """
        plain = rows.drop(day_column) if isinstance(day_column, str) and day_column not in table.names else rows
        table.check(plain)
        first, last = (min(days), max(days)) if days else (date.min, date.min)
        foreign = [part for part in self.parts(table.name) if part.name != WHOLE_DAY and first <= part.day <= last and part.day in days]
        if foreign:
            raise ContractError(f"{table.name}: {foreign[0].path} is a part; a table is either replaced by day or made of parts")
        order = [*table.key, *(name for name in _TIE_BREAKERS if name in table.names and name not in table.key)]
        with self._staged(rows, day_column, table.names, order) as (staged, write_day):
            outside = sorted(set(staged) - set(days))
            if outside:
                raise ContractError(f"{table.name}: rows outside the days to replace: {', '.join(map(str, outside[:5]))}")
            for day in days:
                target = self._path(table.name, day, WHOLE_DAY)
                if day in staged:
                    write_day(day, target)
                else:
                    target.unlink(missing_ok=True)
        return {day: staged.get(day, 0) for day in days}

    def add_parts(
        self, name: str, rows: ir.Table, part: str, *, day_column: DayColumn, order: Sequence[str] = _TIE_BREAKERS
    ) -> dict[date, int]:
        """Write `rows` as the part `part` of each day they belong to, replacing only a part of that name. Gives back rows per day.

        `order` are the columns that sort the rows of a part. A column `day_column` that is named is written like the others.
        """
        with self._staged(rows, day_column, rows.columns, [one for one in order if one in rows.columns]) as (staged, write_day):
            for day in sorted(staged):
                write_day(day, self._path(name, day, part))
        return staged

    def add_part(self, name: str, rows: ir.Table, day: date, part: str, *, order: Sequence[str] = _TIE_BREAKERS) -> int:
        """Write all `rows` as one part of one day; the number of rows. Without rows no file is left."""
        written = self.add_parts(name, rows, part, day_column=ibis.literal(day), order=order)
        if not written:
            self.remove_part(name, day, part)
        return written.get(day, 0)

    def remove_part(self, name: str, day: date, part: str) -> None:
        """Take one part away; nothing happens where it is not there."""
        self._path(name, day, part).unlink(missing_ok=True)

    def _path(self, name: str, day: date, part: str) -> Path:
        return self.root / _safe(name) / f"{DAY}={day.isoformat()}" / f"{_safe(part)}.parquet"

    @contextmanager
    def _staged(
        self, rows: ir.Table, day_column: DayColumn, columns: Sequence[str], order: Sequence[str]
    ) -> Iterator[tuple[dict[date, int], Callable[[date, Path], None]]]:
        """Run `rows` once into a temporary file; give its rows per day and what moves one day's rows, sorted, to its place."""
        self.root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.root, prefix=".staging-") as folder:
            with_day = rows.mutate(**{_STAGED_DAY: _day_value(rows, day_column)})
            with staged_rows(self.engine, with_day, _STAGED_DAY, Path(folder) / "all.arrow") as staged:
                counts = {day: count for day, count in staged.counts.items() if day is not None}
                if len(counts) < len(staged.counts):
                    raise ContractError(f"{staged.counts[None]} rows have no day")

                def write_day(day: date, target: Path) -> None:
                    one_day = Path(folder) / "day.parquet"
                    staged.write_day(day, one_day, columns=columns, order=order)
                    target.parent.mkdir(parents=True, exist_ok=True)
                    _sync(one_day)
                    one_day.replace(target)
                    _sync(target.parent)

                yield counts, write_day


def filled_columns(files: Sequence[Path]) -> set[str]:
    """The plain columns of Parquet files that hold anything but nulls in one of them. Reads footers alone."""
    filled: set[str] = set()
    for file in files:
        footer = pq.read_metadata(file)
        for group in (footer.row_group(place) for place in range(footer.num_row_groups)):
            for column in (group.column(place) for place in range(group.num_columns)):
                counts = column.statistics
                if counts is None or not counts.has_null_count or counts.null_count < group.num_rows:
                    filled.add(column.path_in_schema)
    return filled


def _name_or_null(column: str, there: Collection[str]) -> str:
    return f'"{column}"' if column in there else "NULL"


def _day_value(rows: ir.Table, day_column: DayColumn) -> ir.DateValue:
    value = rows[day_column] if isinstance(day_column, str) else rows.bind(day_column)[0]
    return value if value.type().is_date() else value.date()


def _day_of(folder: Path) -> date | None:
    try:
        return date.fromisoformat(folder.name.removeprefix(f"{DAY}="))
    except ValueError:
        return None


def _safe(name: str) -> str:
    """`name`, if it can be a file's name. Raises ContractError."""
    if not _NAME.fullmatch(name):
        raise ContractError(f"{name!r} cannot name a table or part: letters, digits, '.', '_' and '-' only")
    return name


def _sync(path: Path) -> None:
    """Have the disk hold what was written, so that a power cut after the rename leaves the new day and not an empty file."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
