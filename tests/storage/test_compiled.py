"""Queries compiled once: the same rows as without, whatever tables they are asked of, and never the text of another query."""

from decimal import Decimal

import ibis
import ibis.expr.types as ir
import pytest
from ibis.backends.duckdb import Backend

from usage_pipeline.storage.compiled import _compiled, rows_of, sql_of, view_of

CALLS: list[str] = []


def above(rows: ir.Table, least: int) -> ir.Table:
    CALLS.append("above")
    kept = rows.filter(rows.amount > least)
    return kept.agg(sum=kept.amount.sum(), count=kept.count())


def joined(left: ir.Table, right: ir.Table) -> ir.Table:
    return left.join(right, "name").select("name", first=left.amount, second=right.amount)


def table(engine: Backend, *rows: tuple[str, int], kind: str = "int64") -> ir.Table:
    return engine.create_table(ibis.util.gen_name("test"), ibis.memtable(list(rows), schema={"name": "string", "amount": kind}), temp=True)


@pytest.fixture(autouse=True)
def fresh() -> None:
    _compiled.cache_clear()
    CALLS.clear()


def test_put_together_once_and_true_of_every_table(engine: Backend) -> None:
    few, more = table(engine, ("a", 1), ("b", 2)), table(engine, ("a", 10), ("b", 20), ("c", 30))
    assert rows_of(engine, above, few, facts=(0,)) == [{"sum": 3, "count": 2}]
    assert rows_of(engine, above, more, facts=(0,)) == [{"sum": 60, "count": 3}]
    assert CALLS == ["above"]


def test_other_facts_and_other_columns_are_another_query(engine: Backend) -> None:
    whole, exact = table(engine, ("a", 1), ("b", 2)), table(engine, ("a", 1), ("b", 2), kind="decimal(38, 2)")
    assert rows_of(engine, above, whole, facts=(1,)) == [{"sum": 2, "count": 1}]
    assert rows_of(engine, above, whole, facts=(0,)) == [{"sum": 3, "count": 2}]
    assert rows_of(engine, above, exact, facts=(0,)) == [{"sum": Decimal("3.00"), "count": 2}]
    assert len(CALLS) == 3


def test_each_table_stands_where_it_was_named(engine: Backend) -> None:
    left, right = table(engine, ("a", 1)), table(engine, ("a", 2))
    assert rows_of(engine, joined, left, right) == [{"name": "a", "first": 1, "second": 2}]
    assert rows_of(engine, joined, right, left) == [{"name": "a", "first": 2, "second": 1}]
    assert rows_of(engine, joined, left, left) == [{"name": "a", "first": 1, "second": 1}]


def test_an_expression_serves_as_a_table_and_a_name_needs_no_care(engine: Backend) -> None:
    rows = engine.create_table('odd " name', ibis.memtable([("a", 1), ("b", 5)], schema={"name": "string", "amount": "int64"}))
    assert rows_of(engine, above, rows, facts=(0,)) == [{"sum": 6, "count": 2}]
    assert rows_of(engine, above, rows.filter(rows.amount > 1), facts=(0,)) == [{"sum": 5, "count": 1}]


def test_a_view_tells_what_its_table_holds_when_it_is_read(engine: Backend) -> None:
    view = view_of(engine, above, table(engine, ("a", 1), ("b", 2)), facts=(0,))
    assert engine.to_pyarrow(view).to_pylist() == [{"sum": 3, "count": 2}]
    assert engine.to_pyarrow(view.mutate(twice=view["sum"] * 2)).to_pylist() == [{"sum": 3, "count": 2, "twice": 6}]


def test_the_text_is_that_of_the_expression(engine: Backend) -> None:
    rows = table(engine, ("a", 1))
    sql, schema = sql_of(engine, above, rows, facts=(0,))
    assert schema == above(rows, 0).schema()
    assert engine.con.execute(sql).fetchall() == [(1, 1)]
