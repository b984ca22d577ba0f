from datetime import date
from pathlib import Path

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from usage_pipeline.storage.lake import Lake
from usage_pipeline.storage.lake_staging import BATCH_ROWS, IN_MEMORY_ROWS, staged_rows

DAY, NEXT = date(2026, 10, 1), date(2026, 10, 2)


@pytest.mark.parametrize("count", [3, BATCH_ROWS + 1, IN_MEMORY_ROWS + 1], ids=["few", "batches", "by the engine"])
def test_a_day_of_any_size_is_written_whole_and_in_order(lake: Lake, tmp_path: Path, count: int) -> None:
    falling = ibis.range(count, 0, -1).unnest().name("number").as_table()
    rows = falling.mutate(day=ibis.literal(DAY), rest=falling.number % 7)
    target = tmp_path / "day.parquet"
    with staged_rows(lake.engine, rows, "day", tmp_path / "all.arrow") as staged:
        assert staged.counts == {DAY: count}
        staged.write_day(DAY, target, columns=["rest", "number"], order=["number"])
    written = pq.read_table(target)
    assert written.column_names == ["rest", "number"]
    assert written["number"].to_pylist() == list(range(1, count + 1))


def test_days_in_any_mixture_are_told_apart(lake: Lake, tmp_path: Path) -> None:
    numbers = list(range(1000))
    days = [None if number % 10 == 0 else DAY if number % 3 else NEXT for number in numbers]
    rows = ibis.memtable(pa.table({"number": numbers, "day": pa.array(days, pa.date32())}))
    with staged_rows(lake.engine, rows, "day", tmp_path / "all.arrow") as staged:
        assert staged.counts == {day: days.count(day) for day in (None, DAY, NEXT)}
        for day in (DAY, NEXT):
            staged.write_day(day, tmp_path / "day.parquet", columns=["number"], order=["number"])
            assert pq.read_table(tmp_path / "day.parquet")["number"].to_pylist() == [n for n in numbers if days[n] == day]


def test_no_rows_have_no_days(lake: Lake, tmp_path: Path) -> None:
    nothing = ibis.memtable(pa.table({"day": pa.array([], pa.date32())}))
    with staged_rows(lake.engine, nothing, "day", tmp_path / "all.arrow") as staged:
        assert staged.counts == {}


def test_nothing_of_the_staging_stays_with_the_engine(lake: Lake, tmp_path: Path) -> None:
    rows = ibis.range(IN_MEMORY_ROWS + 1).unnest().name("number").as_table().mutate(day=ibis.literal(DAY))
    with staged_rows(lake.engine, rows, "day", tmp_path / "all.arrow") as staged:
        staged.write_day(DAY, tmp_path / "day.parquet", columns=["number"], order=[])
    assert lake.engine.con.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall() == []
