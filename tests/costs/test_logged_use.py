"""The usage report's queries against sums made here, row by row, in plain Python."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pytest
from ibis.backends.duckdb import Backend

from usage_pipeline.costs import logged_use as query
from usage_pipeline.costs.told_by_sources import told_of_projects
from usage_pipeline.storage.compiled import rows_of
from usage_pipeline.storage.engine import connect
from usage_pipeline.tables.priced_usage import priced_usage

START = datetime(2026, 10, 5, 23, 30, tzinfo=UTC)
"""A Monday."""
ALL = 99
BLANK: dict[str, Any] = {
    "source": "log", "view": "log", "status": "success", "channel": "openai", "request_count": 1, "source_file": "f", "source_line": 1,
    "price_book": "b", "price_state": "priced", "model": "given",
}  # fmt: skip


def event(number: int, **values: Any) -> dict[str, Any]:
    blank = dict.fromkeys(priced_usage.names)
    return blank | BLANK | {"event_id": f"e{number}", "started_at": START + timedelta(minutes=47 * number)} | values


def events() -> list[dict[str, Any]]:
    """48 requests: three conversations in two projects, some without, failures, cached answers, some without a price."""
    found = []
    for number in range(48):
        conversation = (None, "", "c-1", "c-2", "c-3", "c-4")[number % 6]
        values: dict[str, Any] = {
            "project": ("one", "two", None)[number % 3], "conversation": conversation,
            "prompt": f"p-{number % 5}", "user": f"u-{number % 4}",
            "input": 100 + number, "cache_read": number % 7 or None, "output": 10, "net_cost": Decimal("0.000123456789") * (number + 1),
            "model_id": "known" if number % 2 else None, "operation": "chat", "is_batch": None if number % 4 == 0 else number % 4 == 1,
            "credits": Decimal(number % 3) if number % 5 else None, "credit_rule": "rule" if number % 3 == 0 else None,
        }  # fmt: skip
        if number % 11 == 3:
            values |= {"status": "failure", "net_cost": Decimal(0), "price_state": "not_charged"}
        if number % 13 == 5:
            values |= {"net_cost": None, "price_state": "unresolved_model"}
        if number == 20:
            values |= {"net_cost": None, "price_state": "unpriced_meter"}
        found.append(event(number, **values))
    return [*found, event(99, view="provider", request_count=500, net_cost=Decimal(7), project="one")]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    made = connect(tmp_path_factory.mktemp("scratch"))
    yield made
    made.disconnect()


@pytest.fixture(scope="module")
def priced(engine: Backend) -> ir.Table:
    rows = pa.Table.from_pylist(events(), schema=ibis.schema(priced_usage.schema).to_pyarrow())
    return engine.create_table("priced", ibis.memtable(rows), temp=True)


PARTLY = Decimal("0.0005")


@pytest.fixture(scope="module")
def requests(engine: Backend, priced: ir.Table) -> ir.Table:
    cost = pa.array([PARTLY], pa.decimal128(38, 15))
    partly = ibis.memtable(pa.table({"source": ["log"], "event_id": ["e20"], "cost": cost}))
    return engine.create_table("requests", query.requests_of(query.of_logs(priced, None), partly), temp=True)


def logs(project: str | None = None) -> list[dict[str, Any]]:
    rows = [one for one in events() if one["view"] == "log"]
    return [one | {"cost": PARTLY if one["event_id"] == "e20" else one["net_cost"]} for one in rows if project in {None, one["project"]}]


def expected(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    good = [one for one in rows if one["status"] == "success"]
    costs = [one["cost"] for one in rows if one["cost"] is not None]
    return {
        "requests": len(rows),
        "successful_requests": len(good),
        "failed_requests": sum(one["status"] == "failure" for one in rows),
        "priced_requests": sum(one["cost"] is not None for one in good),
        "tokens": sum(one["input"] + (one["cache_read"] or 0) + one["output"] for one in good),
        "cost": sum(costs, Decimal(0)) if costs else None,
        "unpriced_events": sum(one["net_cost"] is None for one in rows),
        "uncredited_events": sum(one["credit_rule"] is not None and one["credits"] is None for one in rows),
    }


def told(row: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: row[name] for name in names}


def test_the_whole(engine: Backend, requests: ir.Table) -> None:
    (row,) = rows_of(engine, query.whole, requests)
    wanted = expected(logs())
    assert told(row, [*wanted]) == wanted
    assert row["first"] == START


def keyed(requests: ir.Table, key: str, of: str | None = None) -> ir.Table:
    return requests.mutate(key=requests[key], of=requests[of] if of else ibis.null("string"))


@pytest.mark.parametrize("most", [1, 2, ALL])
def test_tables_of_keys_sum_to_the_whole(engine: Backend, requests: ir.Table, most: int) -> None:
    rows = rows_of(engine, query.by_key, engine.create_view(f"by_{most}", keyed(requests, "conversation", "project")), facts=(most,))
    groups: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for one in logs():
        groups[one["conversation"] or "", one["project"] or "unattributed"].append(one)
    named = sorted((key for key in groups if key[0]), key=lambda key: -(expected(groups[key])["cost"] or 0))
    kept = [row for row in rows if row["key"] is not None]
    assert [(row["key"], row["of"]) for row in kept] == named[:most]
    for row in kept:
        wanted = expected(groups[row["key"], row["of"]])
        assert told(row, [*wanted]) == wanted
    without = [row for row in rows if row["members"] == 0]
    assert [row["requests"] for row in without] == [sum(not one["conversation"] for one in logs())], "no conversation and '' are one row"
    rest = [row for row in rows if row["key"] is None and row["members"]]
    assert [row["members"] for row in rest] == ([len(named) - most] if most < len(named) else [])
    whole = expected(logs())
    for name in ("requests", "tokens", "cost", "unpriced_events"):
        assert sum(row[name] or 0 for row in rows) == whole[name]


def test_a_project_alone(engine: Backend, priced: ir.Table) -> None:
    partly = priced.select("source", "event_id", cost="net_cost").limit(0)
    for project in ("one", "unattributed"):
        (row,) = rows_of(
            engine, query.whole, engine.create_view(f"of_{project}", query.requests_of(query.of_logs(priced, project), partly))
        )
        assert row["requests"] == 16


def test_the_spread_is_by_nearest_rank(engine: Backend, requests: ir.Table) -> None:
    (row,) = rows_of(engine, query.spread_of, requests)
    groups: dict[tuple[str, str | None], list[dict[str, Any]]] = defaultdict(list)
    for one in logs():
        if one["conversation"]:
            groups[one["conversation"], one["project"]].append(one)
    known = sorted(expected(group)["cost"] for group in groups.values() if not expected(group)["unpriced_events"])
    assert (row["conversations"], row["all_conversations"]) == (len(known), len(groups))
    assert row["median"] == known[-(-len(known) * 50 // 100) - 1]
    assert row["percentile_95"] == known[-(-len(known) * 95 // 100) - 1]
    assert row["dearest"] == known[-1]


def test_hours_and_days(engine: Backend, requests: ir.Table) -> None:
    hours = rows_of(engine, query.by_hour, requests)
    wanted: dict[tuple[int, int], int] = defaultdict(int)
    for one in logs():
        wanted[one["started_at"].weekday(), one["started_at"].hour] += 1
    assert {(row["weekday"], row["hour"]): row["requests"] for row in hours} == wanted
    days = rows_of(engine, query.by_day, requests)
    assert sum(row["requests"] for row in days) == len(logs())
    assert days[0]["day"] == START.date()


def test_the_newest_come_first(engine: Backend, requests: ir.Table) -> None:
    rows = rows_of(engine, query.newest, requests, facts=(3,))
    assert [row["event_id"] for row in rows] == ["e47", "e46", "e45"]


def test_batches_and_failures_are_what_sources_tell(engine: Backend, priced: ir.Table) -> None:
    rows = rows_of(engine, told_of_projects, priced)
    of_logs = {row["project"]: row for row in rows if row["view"] == "log"}
    ours = [one for one in logs("one") if one["status"] == "success" and one["is_batch"] is not None]
    tokens = [one["input"] + (one["cache_read"] or 0) + one["output"] for one in ours]
    assert (of_logs["one"]["told"], of_logs["one"]["requests"]) == (sum(tokens), 16)
    assert of_logs["one"]["batch"] == sum(count for one, count in zip(ours, tokens, strict=True) if one["is_batch"])
    assert sum(row["failed"] for row in rows) == expected(logs())["failed_requests"]
