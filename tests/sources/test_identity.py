"""The same six requests, as eight logs tell them: identical disjoint meters, and the same cost to the last digit.

What a log leaves out it leaves out for all: the tier served, and how long a cache write is kept, are facts that some do not have. Their
own cost is then that of the default tier and of five minutes; with those two facts added it is everybody's. Where a log cannot split the
cache from the input at all (Portkey, OpenTelemetry's old names), it says so, and its cost is a bound that the true one does not exceed.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from fnmatch import fnmatch
from typing import Any

import ibis
import pyarrow as pa
import pytest
from genai_prices import Usage, calc_price
from ibis.backends.duckdb import Backend
from sample_rows import records_of, rows_of

from usage_pipeline.prices.apply import keys_of, price_events
from usage_pipeline.prices.book import build_book
from usage_pipeline.prices.catalog import current_catalog
from usage_pipeline.sources.catalog import SOURCES
from usage_pipeline.storage.engine import connect
from usage_pipeline.tables.meters import METER_NAMES
from usage_pipeline.tables.rates import Scopes, rate_cards, rates, resolutions
from usage_pipeline.tables.usage_events import CACHE_HIT, FAILURE, SUCCESS, usage_events

LITELLM = ("time-09-01-05*.json", "time-09-03-41*.json", "time-10-15-00*.json", "time-10-16-02*.json", "time-11-20-30*.json",
           "time-23-59-58*.json")  # fmt: skip
RAW_FILES = ("openai_chat_r4.json", "openai_chat_r6.json", "openai_responses_r5.json", "wrapped_messages.jsonl")

RAW = "raw bodies"

WAYS: dict[str, tuple[str, tuple[str, ...]]] = {
    "LiteLLM payloads": ("litellm", LITELLM),
    "LiteLLM spend logs, CSV": ("litellm_spend_logs", ("LiteLLM_SpendLogs.csv",)),
    "LiteLLM spend logs, JSON lines": ("litellm_spend_logs", ("LiteLLM_SpendLogs.jsonl",)),
    "Langfuse, CSV": ("langfuse", ("2026-10-03T00-00-00-000Z.csv",)),
    "Langfuse, JSON lines": ("langfuse", ("2026-10-03T00-00-00-000Z.jsonl",)),
    "Langfuse, Parquet": ("langfuse", ("2026-10-03T00-00-00-000Z.parquet",)),
    "Helicone": ("helicone", ("requests.jsonl",)),
    "OpenTelemetry": ("otel_genai", ("six_requests_current_names.jsonl",)),
    RAW: ("raw_usage", RAW_FILES),
}
"""Who tells of the six requests, and in which files of the samples."""

LEAVES_OUT: dict[str, set[str]] = {
    "litellm_spend_logs": {"tier"},
    "langfuse": {"tier", "write"},
    "helicone": {"tier", "write"},
    "otel_genai": {"write"},
}
FACTS = {"tier": ("service_tier",), "write": ("cache_write", "cache_write_1h")}
"""What a kind of log does not tell: the tier served, and how long a cache write is kept; and the columns that say it."""

METERS: dict[str, dict[str, int]] = {
    "2026-10-02T09:01:05": {"input": 1200, "cache_read": 3000, "cache_write": 2000, "output": 450},
    "2026-10-02T09:03:41": {"input": 300, "cache_read": 5000, "output": 380},
    "2026-10-02T10:15:00": {"input": 388, "cache_read": 512, "output": 210},
    "2026-10-02T10:16:02": {"input": 1024, "cache_read": 1024, "output": 350},
    "2026-10-02T11:20:30": {"input": 2000, "cache_read": 2000, "cache_write": 1000, "output": 900},
    "2026-10-02T23:59:58": {"input": 410, "cache_read": 5000, "cache_write_1h": 800, "output": 520},
}
"""Every meter that is not nothing, by the second of the request's start."""

COSTS = {
    "2026-10-02T09:01:05": Decimal("0.00625"),
    "2026-10-02T09:03:41": Decimal("0.0027"),
    "2026-10-02T10:15:00": Decimal("0.0002226"),
    "2026-10-02T10:16:02": Decimal("0.0004404"),
    "2026-10-02T11:20:30": Decimal("0.0354"),
    "2026-10-02T23:59:58": Decimal("0.00511"),
}
PRIORITY, KEPT_AN_HOUR = "2026-10-02T11:20:30", "2026-10-02T23:59:58"
CHEAPER = {"tier": {PRIORITY: Decimal("0.0177")}, "write": {KEPT_AN_HOUR: Decimal("0.00451")}}
"""What a request costs by the log alone, where it leaves a fact out."""

Rows = dict[str, dict[str, Any]]
"""Events by the second of their start."""

Told = dict[str, Rows]
Priced = Callable[[str], dict[str, tuple[str, Decimal | None]]]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Backend:
    return connect(tmp_path_factory.mktemp("scratch"))


@pytest.fixture(scope="module")
def accepted(engine: Backend, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """Each kind's accepted rows, of all its sample files, read once."""
    found = {}
    for kind in {kind for kind, _ in WAYS.values()} | {"portkey"}:
        rows = rows_of(engine, SOURCES[kind], records_of(engine, SOURCES[kind], tmp_path_factory.mktemp(kind)))
        found[kind] = [row for row in rows if "reject" not in row]
    return found


@pytest.fixture(scope="module")
def told(accepted: dict[str, list[dict[str, Any]]]) -> Told:
    """The six requests as each way tells them, and as those that cannot split the cache do."""
    ways = WAYS | {"Portkey": ("portkey", ("logs_export.jsonl",)), "old names": ("otel_genai", ("traces.jsonl",))}
    rows = {way: [row for row in accepted[kind] if is_of(row, files)] for way, (kind, files) in ways.items()}
    return {way: {row["started_at"][:19]: row for row in found if row["started_at"][:19] in METERS} for way, found in rows.items()}


def is_of(row: Mapping[str, Any], files: Sequence[str]) -> bool:
    return row["status"] == SUCCESS and any(fnmatch(row["source_file"], pattern) for pattern in files)


@pytest.fixture(scope="module")
def priced(told: Told, engine: Backend) -> Priced:
    """State and cost of a way's requests by their start; of 'way, completed' with the facts that the way leaves out. Priced once."""
    groups = told | {f"{way}, completed": with_facts(told[way], LEAVES_OUT.get(kind, set()), told[RAW]) for way, (kind, _) in WAYS.items()}
    groups["default tier"] = with_facts(told[RAW], {"tier"}, {start: {} for start in METERS})
    answers = price(engine, [{**row, "event_id": f"{group}/{start}"} for group, rows in groups.items() for start, row in rows.items()])

    def of(group: str) -> dict[str, tuple[str, Decimal | None]]:
        return {start: answers[f"{group}/{start}"] for start in groups[group]}

    return of


def with_facts(rows: Rows, facts: set[str], truth: Rows) -> Rows:
    """The rows with the facts that their log leaves out, as `truth` has them."""
    names = [name for fact in facts for name in FACTS[fact]]
    return {start: {**row, **{name: truth[start].get(name) for name in names}} for start, row in rows.items()}


def price(engine: Backend, rows: Sequence[dict[str, Any]]) -> dict[str, tuple[str, Decimal | None]]:
    """State and cost by event_id, as a run prices them. As SQL of plain tables: building the expressions costs more than running them."""
    events, *book = (ibis.table(table.schema, name=table.name) for table in (usage_events, resolutions, rate_cards, rates))
    steps = keys_of(events, Scopes()), price_events(events, *book, price_book="BOOK", scopes=Scopes())
    keys_as_sql, priced_as_sql = (str(ibis.to_sql(step, dialect="duckdb")) for step in steps)
    engine.con.register(usage_events.name, events_of(rows))
    keys = build_book(catalog=current_catalog()).resolve(engine.con.execute(keys_as_sql).to_arrow_table())
    for table in (resolutions, rate_cards, rates):
        engine.con.register(table.name, getattr(keys, table.name))
    found = engine.con.execute(priced_as_sql).to_arrow_table().to_pylist()
    return {row["event_id"]: (row["price_state"], row["list_cost"]) for row in found}


def events_of(rows: Sequence[dict[str, Any]]) -> pa.Table:
    """Sample rows, whose times and amounts are text, as a table of events."""
    schema = usage_events.schema.to_pyarrow()
    typed = [
        {name: read(schema.field(name).type, value) for name, value in row.items()} | {"source": "test", "source_line": number}
        for number, row in enumerate(rows)
    ]
    return pa.Table.from_pylist(typed, schema=schema)


def read(kind: pa.DataType, value: Any) -> Any:
    if value is None:
        return None
    return datetime.fromisoformat(value) if pa.types.is_timestamp(kind) else Decimal(value) if pa.types.is_decimal(kind) else value


def meters_of(row: Mapping[str, Any]) -> dict[str, int]:
    """All that is not nothing. A meter that a log does not mention and one of 0 both cost nothing."""
    return {meter: row[meter] for meter in METER_NAMES if row.get(meter)}


def without_terms(meters: Mapping[str, int]) -> dict[str, int]:
    """As a log tells them that does not know how long a write is kept."""
    written = meters.get("cache_write", 0) + meters.get("cache_write_1h", 0)
    return {meter: count for meter, count in meters.items() if not meter.startswith("cache_write")} | (
        {"cache_write": written} if written else {}
    )


@pytest.mark.parametrize("way", WAYS)
def test_every_log_gives_the_same_meters(told: Told, way: str):
    leaves_out = LEAVES_OUT.get(WAYS[way][0], set())
    expected = {start: without_terms(meters) if "write" in leaves_out else meters for start, meters in METERS.items()}
    assert {start: meters_of(row) for start, row in told[way].items()} == expected
    assert not [row for row in told[way].values() if row.get("is_unsplit")]


@pytest.mark.parametrize("way", WAYS)
def test_every_log_knows_provider_and_model(told: Told, way: str):
    assert {(row["channel"], row["provider"], row["model"]) for row in told[way].values()} == {
        ("anthropic", "anthropic", "claude-haiku-4-5-20251001"),
        ("openai", "openai", "gpt-4o-mini-2024-07-18"),
        ("openai", "openai", "gpt-5.6-terra"),
    }


@pytest.mark.parametrize("way", WAYS)
def test_the_cost_is_the_same_to_the_last_digit(priced: Priced, way: str):
    """With the facts that the log leaves out, where it does; as it is, where it has them all."""
    found = priced(f"{way}, completed")
    assert {start: cost for start, (_, cost) in found.items()} == COSTS
    assert {state for state, _ in found.values()} == {"priced"}
    assert sum(COSTS.values()) == Decimal("0.050123")


@pytest.mark.parametrize("way", WAYS)
def test_the_cost_by_the_log_alone(priced: Priced, way: str):
    expected = dict(COSTS)
    for fact in LEAVES_OUT.get(WAYS[way][0], set()):
        expected |= CHEAPER[fact]
    assert {start: cost for start, (_, cost) in priced(way).items()} == expected


def test_the_library_itself_says_so(told: Told):
    """genai-prices' own call on the raw bodies' meters; it has no price for the priority tier of that day, twice the default one's."""
    answers = {start: library_cost(row) for start, row in told[RAW].items()}
    assert answers | {PRIORITY: answers[PRIORITY] * 2} == COSTS


def library_cost(row: Mapping[str, Any]) -> Decimal:
    meters = {meter: row.get(meter) or 0 for meter in METER_NAMES}
    written = meters["cache_write"] + meters["cache_write_1h"]
    usage = Usage(
        input_tokens=meters["input"] + meters["cache_read"] + written,
        cache_read_tokens=meters["cache_read"],
        cache_write_tokens=written,
        cache_write_1h_tokens=meters["cache_write_1h"],
        output_tokens=meters["output"],
    )
    when = datetime.fromisoformat(row["started_at"])
    return calc_price(usage, row["model"], provider_id=row["provider"], genai_request_timestamp=when).total_price


@pytest.mark.parametrize("name", ["LiteLLM_SpendLogs.csv", "LiteLLM_SpendLogs.jsonl"])
def test_both_stores_of_litellm_name_and_measure_each_request_alike(accepted: dict[str, list[dict[str, Any]]], name: str):
    """Eight requests, a failure and a cache hit among them: the same ids, states and meters, null where the other has null."""
    columns = ("event_id", "status", "started_at", "ended_at", "reported_cost", "reasoning_tokens", "is_unsplit", *METER_NAMES)
    payloads = [row for row in accepted["litellm"] if row["source_file"].startswith("time-")]
    rows = [row for row in accepted["litellm_spend_logs"] if row["source_file"] == name]
    assert len(rows) == 8
    of_payloads, of_rows = ({row["event_id"]: [row.get(column) for column in columns] for row in found} for found in (payloads, rows))
    assert of_rows == of_payloads
    assert {row["status"] for row in rows} == {SUCCESS, FAILURE, CACHE_HIT}


def test_portkey_cannot_split_the_cache_and_says_so(told: Told, priced: Priced):
    assert {start for start, row in told["Portkey"].items() if row["is_unsplit"]} == set(METERS)
    whole = {start: sum(count for meter, count in meters.items() if meter != "output") for start, meters in METERS.items()}
    assert {start: meters_of(row) for start, row in told["Portkey"].items()} == {
        start: {"input": whole[start], "output": meters["output"]} for start, meters in METERS.items()
    }
    assert_bounds(priced("Portkey"), priced("default tier"))


def test_old_names_of_opentelemetry_cannot_split_the_cache_and_say_so(told: Told, priced: Priced):
    unsplit = {start for start, row in told["old names"].items() if row.get("is_unsplit")}
    assert {start: meters_of(row) for start, row in told["old names"].items()} == {
        "2026-10-02T10:16:02": {"input": 2048, "output": 350},
        **{start: METERS[start] for start in ("2026-10-02T09:01:05", "2026-10-02T10:15:00", "2026-10-02T11:20:30")},
    }
    assert unsplit == {"2026-10-02T10:16:02"}
    assert_bounds({start: answer for start, answer in priced("old names").items() if start in unsplit}, priced("default tier"))


def assert_bounds(bounds: Mapping[str, tuple[str, Decimal | None]], costs: Mapping[str, tuple[str, Decimal | None]]) -> None:
    """Each of `bounds` is told as one and is no less than the request's cost at the same tier."""
    assert {state for state, _ in bounds.values()} == {"upper_bound"}
    for start, (_, bound) in bounds.items():
        cost = costs[start][1]
        assert bound is not None
        assert cost is not None
        assert bound >= cost
