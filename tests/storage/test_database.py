import dataclasses
import threading
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from usage_pipeline.errors import ContractError, UsageError
from usage_pipeline.periods import Period, inclusive, month_of
from usage_pipeline.storage.database import _MIGRATION_CONFIG, Database
from usage_pipeline.storage.sql_tables import DECLARED, METADATA, ROW_KEY, row_key, sql_table
from usage_pipeline.tables.budgets import BudgetStatus, budget_status
from usage_pipeline.tables.costs import DailyCost, MonthlyCost, daily_costs, monthly_costs
from usage_pipeline.tables.ingested_files import IngestedFile, ingested_files
from usage_pipeline.tables.price_books import PriceBookAdoption, price_books
from usage_pipeline.tables.schema import Table
from usage_pipeline.tables.usage_events import usage_events

FIRST, SECOND = date(2026, 10, 1), date(2026, 10, 2)
MOMENT = datetime(2026, 10, 2, 3, 4, 5, 678901, tzinfo=UTC)
LONGEST = Decimal("12345678901234567890123.123456789012345")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'usage.db'}" if request.param == "sqlite" else request.getfixturevalue("postgres_url")


@pytest.fixture
def store(url: str) -> Iterator[Database]:
    """A migrated database of each kind."""
    opened = Database(url)
    opened.migrate()
    yield opened
    opened.close()


def cost(project: str = "portal", day: date = FIRST, **more: Any) -> DailyCost:
    values: dict[str, Any] = {
        "project": project, "team": None, "user": None, "channel": "openai", "provider": "openai", "model": "gpt-5",
        "api_type": None, "operation": None, "status": "success", "meter": "input", "quantity": Decimal("12.500001"), "requests": 0,
        "list_cost": None, "estimated_cost": Decimal("1.5"), "billed_cost": None, "cost": LONGEST, "basis": "log_estimated",
        "unpriced_quantity": Decimal(0), "unpriced_events": 0, "unpriced_reason": None, "day": day,
    }  # fmt: skip
    return DailyCost(**(values | more))


def file(uri: str = "a.json", **more: Any) -> IngestedFile:
    values: dict[str, Any] = {
        "source": "gateway", "uri": uri, "fingerprint": "f" * 64, "kind": "litellm", "size_bytes": 2**40, "modified_at": MOMENT,
        "lines": 3, "accepted": 1, "duplicates": 1, "rejected": 1, "state": "read", "ingested_at": MOMENT,
    }  # fmt: skip
    return IngestedFile(**(values | more))


def status(budget_id: str = "b", **more: Any) -> BudgetStatus:
    values: dict[str, Any] = {
        "budget_id": budget_id, "period_start": FIRST, "period_end": date(2026, 11, 1), "as_of": SECOND, "scope": "project",
        "project": "portal", "period": "monthly", "unit": "USD", "operation": None, "limit": Decimal(500), "spent": Decimal("0.1"),
        "percent": Decimal("0.02"), "remaining": Decimal("499.9"), "forecast": None, "crossing_date": None, "threshold": None,
        "level": None, "days_with_data": 2, "estimated_share": Decimal(0),
    }  # fmt: skip
    return BudgetStatus(**(values | more))


def test_migrations_make_exactly_the_declared_tables(url: str) -> None:
    database = Database(url)
    database.migrate()
    database.migrate()
    with database.transaction() as transaction:
        context = MigrationContext.configure(transaction.connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []
        found = set(sa.inspect(transaction.connection).get_table_names())
    assert found == {table.name for table in DECLARED} | {"alembic_version"}
    database.close()


def month_cost(**more: Any) -> MonthlyCost:
    values = dataclasses.asdict(cost(**more))
    del values["day"]
    return MonthlyCost(**values, month=FIRST, days_count=2)


LATER = {"credits", "uncredited_events", "etag", "excluded_at", "readmitted_at"}
"""Columns that came with later versions."""


def insert_as_of_version_1(connection: sa.Connection, table: Table[Any], row: Any) -> None:
    """The row's columns that the first version had."""
    values = {name: getattr(row, name) for name in table.names if name not in LATER}
    key = {ROW_KEY: row_key([values[name] for name in table.key])} if ROW_KEY in sql_table(table).columns else {}
    connection.execute(sa.insert(sql_table(table)).values(**key, **values))


def test_a_database_of_the_first_version_keeps_its_rows(url: str) -> None:
    database = Database(url)
    with database.transaction() as transaction:
        _MIGRATION_CONFIG.attributes["connection"] = transaction.connection
        command.upgrade(_MIGRATION_CONFIG, "0001")
        for table, row in ((daily_costs, cost()), (daily_costs, cost("other", SECOND, team="ml")), (monthly_costs, month_cost())):
            insert_as_of_version_1(transaction.connection, table, row)
        insert_as_of_version_1(transaction.connection, ingested_files, file())
    database.migrate()
    assert database.select(daily_costs, order=["project"]) == [cost("other", SECOND, team="ml"), cost()]
    assert database.select(monthly_costs) == [month_cost()]
    assert database.select(ingested_files) == [file()]
    assert [(row.credits, row.uncredited_events) for row in database.select(daily_costs)] == [(None, 0)] * 2
    assert database.select(price_books) == []
    again = cost(credits=LONGEST, uncredited_events=3)
    database.upsert(daily_costs, [again])
    assert database.select(daily_costs, where={"project": "portal"}) == [again]
    database.close()


def test_two_processes_may_migrate_at_once(url: str) -> None:
    databases = [Database(url) for _ in range(4)]
    threads = [threading.Thread(target=database.migrate) for database in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [database.select(daily_costs) for database in databases] == [[]] * 4
    for database in databases:
        database.close()


def test_a_database_of_a_newer_version_is_refused(store: Database) -> None:
    with store.transaction() as transaction:
        transaction.connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(UsageError, match=r"is of a newer version \(9999\): update usage-pipeline"):
        store.migrate()


def test_a_migrated_database_is_looked_at_without_waiting_for_writers(store: Database) -> None:
    with store.transaction() as transaction:
        transaction.insert(daily_costs, [cost()])
        before = time.monotonic()
        store.migrate()
        assert time.monotonic() - before < 5


def test_rows_come_back_as_given(store: Database) -> None:
    store.insert(daily_costs, [cost(), cost("søk", SECOND, billed_cost=Decimal("-0.000000000000001"), team="ml")])
    store.insert(ingested_files, [file(ingested_at=MOMENT.astimezone(timezone(timedelta(hours=5))))])
    store.insert(budget_status, [status()])
    adoption = PriceBookAdoption(
        adoption_id="a" * 64, version="genai-prices 0.2.3", content_hash="c" * 64, adopted_at=MOMENT, valid_from=None, models_count=2330,
        rate_cards_count=3690, rates_count=11575, note=None,
    )  # fmt: skip
    later = dataclasses.replace(adoption, adoption_id="b" * 64, valid_from=SECOND, note="newer prices from November")
    store.insert(price_books, [adoption, later])
    assert store.select(price_books) == [adoption, later]
    assert store.select(daily_costs) == [cost(), cost("søk", SECOND, billed_cost=Decimal("-0.000000000000001"), team="ml")]
    (read,) = store.select(ingested_files)
    assert read == file()
    assert read.ingested_at.tzinfo is UTC
    assert store.select(budget_status) == [status()]


def test_frame_keeps_decimals_and_nulls(store: Database) -> None:
    store.insert(daily_costs, [cost()])
    frame = store.frame(daily_costs)
    assert frame.columns.tolist() == list(daily_costs.names)
    row = frame.iloc[0]
    assert (row["cost"], row["billed_cost"], row["team"], row["day"]) == (LONGEST, None, None, FIRST)
    assert frame["requests"].dtype == "int64"
    assert store.frame(daily_costs, where={"project": "nobody"}).empty


def test_scopes(store: Database) -> None:
    rows = [cost(project, day, team=team) for project in ("a", "b") for day in (FIRST, SECOND) for team in (None, "t")]
    store.insert(daily_costs, rows)

    def count(**where: Any) -> int:
        return len(store.select(daily_costs, where=where))

    assert count() == 8
    assert count(team=None) == 4
    assert count(team=[None, "t"], project=["a"]) == 4
    assert count(team={"t"}, day=SECOND) == 2
    assert count(day=Period(FIRST, SECOND)) == 4
    assert count(day=month_of(FIRST), project="b") == 4
    assert count(project=[]) == 0
    condition = sql_table(daily_costs).c.day > FIRST
    assert {row.day for row in store.select(daily_costs, condition, where={"project": "a"})} == {SECOND}
    with pytest.raises(ContractError, match="daily_costs has no column 'month'"):
        count(month=FIRST)


def test_order_is_the_same_on_both_databases(store: Database) -> None:
    names = ["b", "A", "a", "_", "é", "B"]
    store.insert(daily_costs, [cost(name, team=None if name == "A" else name) for name in names])
    assert [row.project for row in store.select(daily_costs)] == ["A", "B", "_", "a", "b", "é"]
    assert [row.team for row in store.select(daily_costs, order=["team"])] == [None, "B", "_", "a", "b", "é"]
    assert [row.team for row in store.select(daily_costs, order=["-team"])] == ["é", "b", "a", "_", "B", None]


def test_replace_replaces_its_scope_and_twice_changes_nothing(store: Database) -> None:
    store.insert(daily_costs, [cost("a", FIRST), cost("b", FIRST), cost("a", SECOND)])
    for _ in range(2):
        assert store.replace(daily_costs, [cost("c", FIRST), cost("d", FIRST)], where={"day": [FIRST]}) == 2
    assert [(row.day, row.project) for row in store.select(daily_costs, order=["day", "project"])] == [
        (FIRST, "c"),
        (FIRST, "d"),
        (SECOND, "a"),
    ]
    assert store.replace(daily_costs, [], where={"day": inclusive(FIRST, SECOND)}) == 0
    assert store.select(daily_costs) == []


def test_replace_refuses_rows_outside_its_scope_and_changes_nothing(store: Database) -> None:
    store.insert(daily_costs, [cost("a", FIRST)])
    with pytest.raises(ContractError, match=r"a row with day datetime.date\(2026, 10, 2\) is outside the scope"):
        store.replace(daily_costs, [cost("a", SECOND)], where={"day": FIRST})
    assert store.select(daily_costs) == [cost("a", FIRST)]


def test_a_failing_transaction_leaves_nothing(store: Database) -> None:
    store.insert(daily_costs, [cost("a")])

    def insert_and_fail() -> None:
        with store.transaction() as transaction:
            transaction.insert(ingested_files, [file()])
            transaction.replace(daily_costs, [cost("b"), cost("b")], where={})

    with pytest.raises(ContractError, match="several rows have the same key"):
        insert_and_fail()
    assert store.select(ingested_files) == []
    assert store.select(daily_costs) == [cost("a")]


def test_a_key_is_unique_even_where_a_part_of_it_is_null(store: Database) -> None:
    store.insert(daily_costs, [cost()])
    with pytest.raises(ContractError, match=r"(?s)daily_costs: .*row_key"):
        store.insert(daily_costs, [cost(cost=None)])
    assert store.insert(daily_costs, [cost(cost=None), cost("other")], skip_known=True) == 1
    assert {row.project: row.cost for row in store.select(daily_costs)} == {"other": LONGEST, "portal": LONGEST}


def test_upsert_adds_and_replaces(store: Database) -> None:
    store.upsert(ingested_files, [file("a"), file("b")])
    store.upsert(ingested_files, [file("b", state="copy"), file("c")])
    assert [(row.uri, row.state) for row in store.select(ingested_files)] == [("a", "read"), ("b", "copy"), ("c", "read")]
    store.insert(daily_costs, [cost()])
    store.upsert(daily_costs, [cost(cost=Decimal(7)), cost("other")])
    assert {row.project: row.cost for row in store.select(daily_costs)} == {"other": LONGEST, "portal": Decimal(7)}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"cost": 1.5}, "1.5 is a float where a Decimal is declared"),
        ({"cost": Decimal("NaN")}, "NaN is not a number that can be stored"),
        ({"cost": Decimal("0.0000000000000001")}, "has more than the 15 decimals"),
        ({"quantity": Decimal("0.0000001")}, "has more than the 6 decimals"),
        ({"cost": Decimal("12345678901234567890123.1234567890123456")}, "has more than the 15 decimals"),
        ({"cost": Decimal("1e23")}, r"1E\+23 is not a number that can be stored"),
        ({"project": None}, "(?i)null"),
    ],
)
def test_values_that_would_change_are_refused(store: Database, wrong: dict[str, Any], message: str) -> None:
    with pytest.raises((ContractError, sa.exc.StatementError), match=message):
        store.insert(daily_costs, [cost(**wrong)])
    assert store.select(daily_costs) == []


def test_a_naive_time_is_refused(store: Database) -> None:
    with pytest.raises((ContractError, sa.exc.StatementError), match="has no time zone"):
        store.insert(ingested_files, [file(ingested_at=MOMENT.replace(tzinfo=None))])


def test_tables_of_the_engine_are_taken(store: Database) -> None:
    rows = [dataclasses.asdict(cost()), dataclasses.asdict(cost("other"))]
    arrow = pa.Table.from_pylist(rows, schema=daily_costs.schema.to_pyarrow())
    assert store.replace(daily_costs, ibis.memtable(arrow), where={"day": FIRST}) == 2
    assert store.replace(daily_costs, arrow.select(list(reversed(arrow.column_names))), where={"day": FIRST}) == 2
    assert store.select(daily_costs) == [cost("other"), cost()]
    with pytest.raises(ContractError, match=r"\['meter'\] are missing or not declared"):
        store.replace(daily_costs, arrow.drop_columns(["meter"]), where={})


def test_a_table_of_the_lake_is_refused(database: Database) -> None:
    with pytest.raises(ContractError, match="usage_events is not a table of the database"):
        database.select(usage_events)


def test_sqlite_refuses_to_sum_decimals_inexactly(database: Database) -> None:
    database.insert(daily_costs, [cost()])
    with database.transaction() as transaction, pytest.raises(ContractError, match=r"money\.total"):
        transaction.connection.execute(sa.select(sa.func.sum(sql_table(daily_costs).c.cost))).all()


def test_sqlite_waits_for_another_writer_and_readers_do_not_wait(tmp_path: Path, database: Database) -> None:
    other = Database(f"sqlite:///{tmp_path / 'usage.db'}")
    written: list[float] = []

    def write() -> None:
        other.insert(daily_costs, [cost("second")])
        written.append(time.monotonic())

    with database.transaction() as transaction:
        transaction.insert(daily_costs, [cost("first")])
        writer = threading.Thread(target=write)
        writer.start()
        assert database.select(daily_costs) == []
        time.sleep(0.2)
        assert written == []
    writer.join()
    assert [row.project for row in database.select(daily_costs)] == ["first", "second"]
    other.close()


def test_sqlite_settings(database: Database) -> None:
    with database.transaction() as transaction:
        settings = [
            transaction.connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "busy_timeout", "foreign_keys")
        ]
    assert settings == ["wal", 30000, 1]


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_a_password_is_never_shown(scheme: str) -> None:
    shown = repr(Database(f"{scheme}://reporter:hunter2@db.invalid:5432/usage"))
    assert shown == "Database(postgresql+psycopg://reporter:***@db.invalid:5432/usage)"
