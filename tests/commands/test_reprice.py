"""`reprice`: what past usage would have cost, to the last digit; and that nothing booked moves."""

import csv
import gzip
import io
import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from shutil import rmtree
from typing import Any

import pytest
from sample_world import CONFIG as SAMPLE_CONFIG
from sample_world import DAYS, World, copy_of, new_world, usage_pipeline
from tracker_world import request, tracker_world, write

from usage_pipeline.money import exact, text
from usage_pipeline.periods import inclusive
from usage_pipeline.prices.catalog_file import load
from usage_pipeline.reports.formats.guards import unguarded
from usage_pipeline.tables.costs import daily_costs
from usage_pipeline.tables.summary import totals

CATALOGS = Path(__file__).parents[1] / "prices" / "catalogs"
FIRST, SECOND = date(2026, 10, 1), date(2026, 10, 2)
RANGE = ("--from", "2026-10-01", "--to", "2026-10-02")
CONFIG = """\
organisation: {name: Example Org}
projects: [{id: portal}, {id: ranker}]
attribution:
  - {field: tag.project, project: "{value}"}
sources:
  - {name: app, kind: tracker, path: "logs/*.jsonl"}
prices:
  - {provider: anthropic, discount_percent: 10}
"""
CHAT = {"provider": "openai", "model": "gpt-4.1", "meters": {"input": 10_000, "cache_read": 2_000, "output": 1_000}}
OPUS = {
    "provider": "anthropic",
    "model": "claude-opus-5",
    "project": "ranker",
    "meters": {"input": 900, "cache_read": 50_000, "cache_write": 800, "output": 900},
}


@pytest.fixture(scope="module")
def booked(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Two days: two chats of the portal, one long prompt of the ranker, and two models that nobody knows."""
    world = tracker_world(tmp_path_factory.mktemp("booked"), CONFIG)
    lines = [
        request("1", FIRST, **CHAT),
        request("2", SECOND, **CHAT),
        request("3", SECOND, **OPUS),
        request("4", SECOND, model="gpt-99", meters={"input": 10}),
        request("5", SECOND, model="=1+1", meters={"input": 5}),
    ]
    write(world, "a.jsonl", lines)
    assert world.command("run", *RANGE).exit_code == 3
    return world


@pytest.fixture
def world(booked: World, tmp_path: Path) -> World:
    return copy_of(booked, tmp_path)


@cache
def told(world: World, *arguments: str) -> dict[str, Any]:
    """The document, asked for once; for homes that no test changes."""
    return reprice(world, *arguments)


def reprice(world: World, *arguments: str) -> dict[str, Any]:
    result = world.command("reprice", *(() if "--from" in arguments else RANGE), *arguments, "--json")
    assert result.exit_code == 0, result.stderr
    document: dict[str, Any] = json.loads(result.stdout)
    return document


def amounts(row: dict[str, Any]) -> tuple[object, ...]:
    return tuple(row[name] for name in ("cost", "would_cost", "difference", "percent"))


def by_model(document: dict[str, Any]) -> dict[str, tuple[object, ...]]:
    return {row["model"]: amounts(row) for row in document["rows"]}


def test_as_another_model_with_the_agreement_that_holds(booked: World) -> None:
    document = told(booked, "--model", "claude-opus-5", "--as-model", "claude-haiku-4-5")
    (row,) = document["rows"]
    assert (row["project"], row["provider"], row["model"], row["model_id"]) == ("ranker", "anthropic", "claude-opus-5", "claude-opus-5")
    assert (row["requests"], row["tokens"], row["unpriced_events"], row["note"]) == (1, 52_600, 0, None)
    assert amounts(row) == ("0.0513", "0.01026", "-0.04104", "-80"), "0.057 and 0.0114, both less 10 %"
    assert {name: document[name] for name in ("from", "to", "scenario", "currency", "days_missing")} == {
        "from": "2026-10-01",
        "to": "2026-10-02",
        "scenario": "as-model-claude-haiku-4-5+model-claude-opus-5",
        "currency": "USD",
        "days_missing": [],
    }


def test_the_agreement_of_who_would_sell_it_holds(booked: World) -> None:
    document = told(booked, "--as-model", "claude-haiku-4-5")
    models = by_model(document)
    assert models["gpt-4.1"] == ("0.058", "0.02736", "-0.03064", "-52.8276"), "0.0304 less the 10 % agreed with Anthropic"


def test_as_batch_and_without_the_cache(booked: World) -> None:
    batch = by_model(told(booked, "--as-batch"))
    assert batch["claude-opus-5"] == ("0.0513", "0.02565", "-0.02565", "-50")
    uncached = by_model(told(booked, "--without-cache"))
    assert uncached["claude-opus-5"] == ("0.0513", "0.2529", "0.2016", "392.9825")
    assert uncached["gpt-4.1"] == ("0.058", "0.064", "0.006", "10.3448")
    both = by_model(told(booked, "--as-batch", "--without-cache"))
    assert both["claude-opus-5"][1] == "0.12645"


def test_totals_compare_like_with_like(booked: World) -> None:
    """Haiku has a price for what gpt-99 was asked; what was booked for it is unknown, so neither total has it."""
    document = told(booked, "--as-model", "claude-haiku-4-5")
    assert document["totals"] == {
        "requests": 3,
        "tokens": 78_600,
        "cost": "0.1093",
        "would_cost": "0.03762",
        "difference": "-0.07168",
        "percent": "-65.581",
        "unpriced_events": 2,
        "left_out": {"requests": 2, "tokens": 15, "cost": "0", "would_cost": "0.0000135"},
    }
    assert by_model(document)["gpt-99"] == (None, "0.000009", None, None)
    sums = [sum(Decimal(row[name]) for row in document["rows"] if not row["unpriced_events"]) for name in ("cost", "would_cost")]
    assert [str(one) for one in sums] == ["0.1093", "0.03762"]


def test_unknown_is_null_and_named(booked: World) -> None:
    document = told(booked, "--as-batch")
    rows = {row["model"]: row for row in document["rows"]}
    assert amounts(rows["gpt-99"]) == (None, None, None, None)
    assert (rows["gpt-99"]["unpriced_events"], rows["gpt-99"]["note"]) == (1, "the catalog does not know this model")
    only = told(booked, "--as-batch", "--model", "gpt-99")
    assert (only["totals"]["cost"], only["totals"]["would_cost"], only["totals"]["unpriced_events"]) == (None, None, 1)


def test_the_table_for_people(booked: World) -> None:
    result = booked.command("reprice", *RANGE, "--without-cache")
    assert result.exit_code == 0
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert "2026-10-01 to 2026-10-02, without-cache, USD" in lines
    assert "ranker claude-opus-5 1 52,600 0.05 0.25 0.20 +393.0" in lines
    assert "portal gpt-99 1 10 unknown unknown unknown – the catalog does not know this model" in lines
    assert "total 3 78,600 0.11 0.32 0.21 +189.9" in lines
    said = " ".join(result.stderr.split())
    assert "2 records (15 tokens) have no price on one side or both: their cost is unknown, not 0. The total leaves them out" in said
    assert "pricing it again: 1 of 1" in said, "a progress line"


def test_the_csv_says_the_same_and_runs_nothing(booked: World) -> None:
    document = told(booked, "--as-batch")
    path = booked.home.root / document["csv"]
    assert path == booked.home.reports / "2026-10-01_2026-10-02" / "organisation" / "reprice-as-batch.csv"
    content = path.read_bytes()
    assert content.startswith(b"\xef\xbb\xbfproject,provider,model,model_id,requests,tokens,cost,would_cost,difference,percent,")
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert [{name: unguarded(value) for name, value in row.items()} for row in rows] == [
        {name: "" if value is None else str(value) for name, value in row.items()} for row in document["rows"]
    ]
    assert "'=1+1" in {row["model"] for row in rows}
    assert {row["difference"] for row in rows} == {"-0.028", "-0.02565", ""}, "a negative number is a number, not a formula"


def test_facts_stay_as_they_are(world: World) -> None:
    rmtree(world.home.reports / "2026-10-01_2026-10-02", ignore_errors=True)
    before = world.files(world.home.root)
    for arguments in (("--as-batch",), ("--without-cache", "--as-model", "gpt-4.1-mini"), ("--book", "installed"), ()):
        reprice(world, *arguments)
    after = world.files(world.home.root)
    new = {name for name in after if name not in before}
    assert {name: after[name] for name in before} == before
    assert {Path(name).name for name in new} == {
        "reprice-as-batch.csv",
        "reprice-as-model-gpt-4.1-mini+without-cache.csv",
        "reprice-book-installed.csv",
        "reprice-book-current.csv",
    }
    assert {"usage.db", "lake", "reports", "prices"} <= {Path(name).parts[0] for name in before}


def test_no_change_at_all_is_the_newest_book(booked: World) -> None:
    document = told(booked)
    assert document["scenario"] == "book-current"
    assert (document["totals"]["difference"], document["totals"]["cost"]) == ("0", "0.1093")


def test_days_without_usage_are_said(booked: World) -> None:
    arguments = ("--from", "2026-09-30", "--to", "2026-10-04", "--as-batch")
    document = told(booked, *arguments)
    assert document["days_missing"] == ["2026-09-30", "2026-10-03", "2026-10-04"]
    said = booked.command("reprice", *arguments).stderr
    assert "no usage on 3 of 5 days: 2026-09-30, 2026-10-03, 2026-10-04" in said


def test_a_period_without_usage_costs_nothing_either_way(booked: World) -> None:
    document = told(booked, "--from", "2026-08-01", "--to", "2026-08-31", "--as-batch")
    assert (document["rows"], document["totals"]["cost"], document["totals"]["would_cost"]) == ([], "0", "0")
    assert len(document["days_missing"]) == 31


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--as-model", "claude-haiku-45"), "no model 'claude-haiku-45' in the price book"),
        (("--as-model", "claude-haiku-45"), "near: claude-haiku-4-5"),
        (("--as-batch", "--project", "portl"), "--project portl: no usage of it from 2026-10-01 to 2026-10-02; there is portal, ranker"),
        (("--as-batch", "--channel", "azure.openai"), "there is anthropic, openai"),
        (("--as-batch", "--model", "gpt-5"), "--model gpt-5: no usage of it"),
        (("--book", "0000"), "'0000' names no price book"),
    ],
    ids=["model", "near", "project", "channel", "other model", "book"],
)
def test_what_is_not_there_is_refused(booked: World, arguments: tuple[str, ...], words: str) -> None:
    result = booked.command("reprice", *RANGE, *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert words in " ".join(result.stderr.split())


def test_a_home_without_usage_says_so(tmp_path: Path) -> None:
    result = usage_pipeline("reprice", *RANGE, "--as-batch", "--home", str(tmp_path / "none"))
    assert result.exit_code == 2
    assert "holds no usage yet: `usage-pipeline run` reads and prices it" in result.stderr
    assert not (tmp_path / "none").exists()


def test_days_in_the_wrong_order_are_refused(booked: World) -> None:
    result = booked.command("reprice", "--from", "2026-10-02", "--to", "2026-10-01")
    assert (result.exit_code, "give the earlier day first" in result.stderr) == (2, True)


def test_usage_counted_by_the_provider_and_logged_counts_once(tmp_path: Path) -> None:
    """The sample organisation has both views of some usage: its days' estimated costs are the truth."""
    world = new_world(tmp_path, SAMPLE_CONFIG)
    world.job("daily", DAYS)
    truth = totals(world.database.select(daily_costs)).estimated_cost
    assert reprice(world, "--as-batch")["totals"]["cost"] == text(truth) != "0"


def old_answers() -> Iterator[tuple[str, dict[str, Any]]]:
    """Requests of January 2026 that the library of version 0.1.0 priced, with a project each."""
    cases = json.loads(gzip.decompress((CATALOGS / "answers-0.1.0.json.gz").read_bytes()))["cases"]
    for number, case in enumerate(cases):
        if case["at"].startswith("2026-01") and not case["context"] and case["error"] is None:
            yield f"case-{number}", case


def test_under_an_older_book_each_request_costs_what_the_library_of_then_says(tmp_path: Path) -> None:
    cases = dict(old_answers())
    config = CONFIG.replace("prices:\n  - {provider: anthropic, discount_percent: 10}\n", "").replace(
        "[{id: portal}, {id: ranker}]", "[" + ", ".join(f"{{id: {name}}}" for name in cases) + "]"
    )
    world = new_world(tmp_path, config)
    write(world, "a.jsonl", [line_of(name, case) for name, case in cases.items()])
    world.job("daily", inclusive(date(2026, 1, 1), date(2026, 1, 31)))
    old = load((CATALOGS / "genai-prices-0.1.0.json.gz").read_bytes(), "0.1.0")
    world.workplace.books().adopt(old, valid_from=date(2027, 1, 1))
    document = reprice(world, "--from", "2026-01-01", "--to", "2026-01-31", "--book", old.content_hash)
    would = {row["project"]: Decimal(row["would_cost"]) for row in document["rows"] if row["would_cost"] is not None}
    truth = {name: Decimal(case["total"]) for name, case in cases.items()}
    equal = {name for name, amount in would.items() if amount == truth[name]}
    rounded = {name for name in would if exact(truth[name]) != truth[name]}
    assert set(would) - equal <= rounded
    assert len(equal) >= 30
    assert old.name in document["book"]
    assert any(row["cost"] not in {None, row["would_cost"]} for row in document["rows"]), "prices have changed since"


def line_of(name: str, case: dict[str, Any]) -> dict[str, Any]:
    meters = {meter: int(count) for meter, count in case["meters"].items() if meter != "reasoning_tokens"}
    line = {
        "id": name,
        "started_at": case["at"],
        "provider": case["provider"],
        "channel": case["provider"],
        "model": case["model"],
        "project": name,
        "meters": meters,
    }
    with suppress(KeyError):
        line["reasoning_tokens"] = int(case["meters"]["reasoning_tokens"])
    return line


def test_each_day_is_priced_by_its_own_book(world: World) -> None:
    """From the second day on an older catalog counts: gpt-4.1 as batch has no price of its own there."""
    old = load((CATALOGS / "genai-prices-0.1.0.json.gz").read_bytes(), "0.1.0")
    world.workplace.books().adopt(old, valid_from=SECOND)
    document = reprice(world, "--as-batch", "--model", "gpt-4.1")
    (row,) = document["rows"]
    assert (row["cost"], row["requests"]) == ("0.058", 2)
    assert document["book"].count("genai-prices") == 2
    assert row["note"] == "no batch price for 1 of 2 records: at the standard rate"


def test_no_difference_for_want_of_a_batch_price_says_so(world: World) -> None:
    old = load((CATALOGS / "genai-prices-0.1.0.json.gz").read_bytes(), "0.1.0")
    world.workplace.books().adopt(old, valid_from=FIRST)
    (row,) = reprice(world, "--as-batch", "--model", "gpt-4.1")["rows"]
    assert (row["difference"], row["note"]) == ("0", "no batch price: at the standard rate")
    result = world.command("reprice", *RANGE, "--as-batch", "--model", "gpt-4.1")
    assert "no batch price: at the standard rate" in result.stdout


def test_a_book_without_batch_prices_is_no_dearer_book(tmp_path: Path) -> None:
    """Batch usage under a book that has no batch price: twice the price, and why."""
    world = tracker_world(tmp_path, CONFIG)
    write(world, "a.jsonl", [request("1", FIRST, **CHAT | {"meters": {"input": 10_000, "output": 1_000}}, is_batch=True)])
    assert world.job("daily", DAYS).success
    old = load((CATALOGS / "genai-prices-0.1.0.json.gz").read_bytes(), "0.1.0")
    world.workplace.books().adopt(old, valid_from=date(2027, 1, 1))
    (row,) = reprice(world, "--book", old.content_hash)["rows"]
    assert (row["percent"], row["note"]) == ("100", "no batch price: at the standard rate")
