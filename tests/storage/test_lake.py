import dataclasses
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pytest

from usage_pipeline.errors import ContractError
from usage_pipeline.periods import Period, day_of, inclusive
from usage_pipeline.storage.lake import Lake
from usage_pipeline.tables.schema import Table, column
from usage_pipeline.tables.usage_events import usage_events

FIRST, SECOND, THIRD = date(2026, 10, 1), date(2026, 10, 2), date(2026, 10, 3)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Sale:
    """One sale."""

    sale_id: str = column("Id", key=True)
    sold_at: datetime = column("When (UTC)")
    amount: Decimal | None = column("Money")
    note: str | None = column("Note")


sales = Table("sales", Sale)


def sale(sale_id: str, day: date, amount: str | None = "1.000000000000001", **more: Any) -> Sale:
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    return Sale(sale_id=sale_id, sold_at=more.pop("at", noon), amount=None if amount is None else Decimal(amount), note=None, **more)


def table_of(*rows: Sale) -> ir.Table:
    return ibis.memtable(pa.Table.from_pylist([dataclasses.asdict(row) for row in rows], schema=sales.schema.to_pyarrow()))


def read(lake: Lake, days: Period | None = None, **how: Any) -> list[dict[str, Any]]:
    return lake.engine.to_pyarrow(lake.read(sales, days, **how).order_by("sale_id")).to_pylist()


def ids(lake: Lake, days: Period | None = None, **how: Any) -> list[str]:
    return [row["sale_id"] for row in read(lake, days, **how)]


def replace(lake: Lake, *rows: Sale, days: list[date]) -> dict[date, int]:
    return lake.replace(sales, table_of(*rows), days, day_column="sold_at")


def test_nothing_written_reads_as_an_empty_table_of_the_declared_shape(lake: Lake) -> None:
    rows = lake.read(usage_events, day_of(FIRST), with_day=True)
    usage_events.check(rows.drop("day"))
    assert rows.schema()["day"].is_date()
    assert lake.engine.to_pyarrow(rows).num_rows == 0


def test_rows_come_back_exactly_and_by_day(lake: Lake) -> None:
    last_moment = datetime(2026, 10, 1, 23, 59, 59, 999999, tzinfo=UTC)
    assert replace(lake, sale("b", SECOND, None), sale("a", FIRST, at=last_moment), days=[FIRST, SECOND]) == {FIRST: 1, SECOND: 1}
    assert read(lake, day_of(FIRST)) == [{"sale_id": "a", "sold_at": last_moment, "amount": Decimal("1.000000000000001"), "note": None}]
    assert read(lake, with_day=True)[1] == {
        "sale_id": "b",
        "sold_at": datetime(2026, 10, 2, 12, tzinfo=UTC),
        "amount": None,
        "note": None,
        "day": SECOND,
    }
    assert lake.days("sales") == [FIRST, SECOND]
    sales.check(lake.read(sales))


def test_replace_touches_only_the_days_named_and_empties_a_day_without_rows(lake: Lake) -> None:
    replace(lake, sale("a", FIRST), sale("b", SECOND), sale("c", THIRD), days=[FIRST, SECOND, THIRD])
    assert replace(lake, sale("d", SECOND), days=[SECOND, THIRD]) == {SECOND: 1, THIRD: 0}
    assert ids(lake) == ["a", "d"]
    assert ids(lake, inclusive(SECOND, THIRD)) == ["d"]


def test_the_same_rows_give_the_same_bytes_whatever_their_order(lake: Lake) -> None:
    rows = [sale(f"{number:06}", FIRST, str(number)) for number in range(5000)]
    replace(lake, *rows, days=[FIRST])
    before = lake.parts("sales")[0].path.read_bytes()
    replace(lake, *reversed(rows), days=[FIRST])
    assert lake.parts("sales")[0].path.read_bytes() == before
    stored = lake.engine.con.execute(f"SELECT sale_id FROM '{lake.parts('sales')[0].path}'").fetchall()
    assert stored == [(row.sale_id,) for row in rows]


def test_a_table_can_be_replaced_from_its_own_rows(lake: Lake) -> None:
    replace(lake, sale("a", FIRST), sale("b", FIRST), days=[FIRST])
    rows = lake.read(sales)
    lake.replace(sales, rows.filter(rows.sale_id == "b"), [FIRST], day_column=ibis._.sold_at.date())
    assert ids(lake) == ["b"]


def test_a_day_column_of_its_own_is_not_stored(lake: Lake) -> None:
    rows = table_of(sale("a", FIRST)).mutate(paid_on=ibis.literal(SECOND))
    assert lake.replace(sales, rows, [SECOND], day_column="paid_on") == {SECOND: 1}
    assert set(read(lake)[0]) == set(sales.names)


def test_rows_outside_the_days_are_refused_and_nothing_changes(lake: Lake) -> None:
    replace(lake, sale("a", FIRST), days=[FIRST])
    with pytest.raises(ContractError, match="sales: rows outside the days to replace: 2026-10-02"):
        replace(lake, sale("b", FIRST), sale("c", SECOND), days=[FIRST])
    assert ids(lake) == ["a"]


def test_rows_without_a_day_are_refused(lake: Lake) -> None:
    rows = table_of(sale("a", FIRST)).mutate(paid_on=ibis.null("date"))
    with pytest.raises(ContractError, match="1 rows have no day"):
        lake.replace(sales, rows, [FIRST], day_column="paid_on")


def test_a_wrong_shape_is_refused(lake: Lake) -> None:
    rows = table_of(sale("a", FIRST)).mutate(amount=ibis.literal(1.5))
    with pytest.raises(ContractError, match="amount: float64 instead of decimal"):
        lake.replace(sales, rows, [FIRST], day_column="sold_at")


def test_a_crash_while_writing_leaves_the_old_days_and_no_litter(lake: Lake) -> None:
    replace(lake, sale("a", FIRST), sale("b", SECOND), days=[FIRST, SECOND])
    blocked = lake.root / "sales" / f"day={THIRD}"
    blocked.write_text("a file where the folder should be")
    with pytest.raises(OSError, match=str(THIRD)):
        replace(lake, sale("c", FIRST), sale("d", THIRD), days=[THIRD, FIRST])
    assert ids(lake) == ["a", "b"]
    assert list(lake.root.iterdir()) == [lake.root / "sales"]


def test_parts_stand_beside_each_other(lake: Lake) -> None:
    assert lake.add_parts("shards", table_of(sale("a", FIRST), sale("b", SECOND)), "bill-0a", day_column="sold_at") == {FIRST: 1, SECOND: 1}
    assert lake.add_part("shards", table_of(sale("c", FIRST)), FIRST, "logs-1b") == 1
    assert ids(lake, name="shards") == ["a", "b", "c"]
    assert [(part.day, part.name) for part in lake.parts("shards")] == [(FIRST, "bill-0a"), (FIRST, "logs-1b"), (SECOND, "bill-0a")]
    logs = [part for part in lake.parts("shards") if part.name == "logs-1b"]
    assert ids(lake, name="shards", parts=logs) == ["c"]


def test_a_part_written_again_replaces_itself_alone(lake: Lake) -> None:
    lake.add_part("shards", table_of(sale("a", FIRST)), FIRST, "bill-0a")
    lake.add_part("shards", table_of(sale("b", FIRST)), FIRST, "logs-1b")
    lake.add_part("shards", table_of(sale("c", FIRST)), FIRST, "bill-0a")
    assert ids(lake, name="shards") == ["b", "c"]
    assert lake.add_part("shards", table_of(), FIRST, "bill-0a") == 0
    assert ids(lake, name="shards") == ["b"]


def test_a_day_made_of_parts_is_not_replaced(lake: Lake) -> None:
    lake.add_part("sales", table_of(sale("a", FIRST)), FIRST, "bill-0a")
    with pytest.raises(ContractError, match="is a part"):
        replace(lake, sale("b", FIRST), days=[FIRST])


@pytest.mark.parametrize("name", ["../sales", "a/b", "", ".hidden", "day=1"])
def test_names_that_are_paths_are_refused(lake: Lake, name: str) -> None:
    with pytest.raises(ContractError, match="cannot name a table or part"):
        lake.add_part("shards", table_of(sale("a", FIRST)), FIRST, name)


def test_a_column_added_since_is_null_in_older_files(lake: Lake) -> None:
    lake.add_part("sales", table_of(sale("a", FIRST)).drop("note"), FIRST, "old")
    lake.add_part("sales", table_of(sale("b", SECOND)), SECOND, "new")
    assert [row["note"] for row in read(lake)] == [None, None]
    assert ids(lake, day_of(FIRST)) == ["a"]
    lake.add_part("sales", table_of(sale("c", THIRD)).drop("sold_at"), THIRD, "broken")
    with pytest.raises(ContractError, match=r"lack the columns \['sold_at'\]"):
        lake.read(sales, day_of(THIRD))


def test_foreign_folders_are_left_alone(lake: Lake, tmp_path: Path) -> None:
    (tmp_path / "lake" / "sales" / "day=__HIVE_DEFAULT_PARTITION__").mkdir(parents=True)
    assert lake.parts("sales") == []


def test_a_month_is_written_in_one_call(lake: Lake) -> None:
    days = [FIRST + timedelta(days=number) for number in range(31)]
    rows = [sale(f"{day}-{number}", day) for day in days for number in range(3)]
    assert replace(lake, *rows, days=days) == dict.fromkeys(days, 3)
    assert len(ids(lake)) == 93


def test_a_folder_may_have_any_name(lake: Lake) -> None:
    odd = Lake(lake.root / 'Ana\'s "lake", {0}; --', lake.engine)
    replace(odd, sale("a", FIRST), days=[FIRST])
    assert [row["sale_id"] for row in read(odd)] == ["a"]
