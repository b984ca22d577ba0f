"""A source that is taken out of usage.yaml, or renamed in it, or beside another that reads the same files: what counts twice is told."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from bills_read import OCTOBER, Bills, azure_bill
from sample_world import World, usage_pipeline

from usage_pipeline import money
from usage_pipeline.defs.counted_contents import counted_contents
from usage_pipeline.defs.finding import Finding
from usage_pipeline.defs.removed_sources import removed_sources
from usage_pipeline.defs.same_contents import SameContents, put_back, same_content, same_contents
from usage_pipeline.periods import inclusive
from usage_pipeline.tables.costs import daily_costs

OLD = 'name: old-bill, kind: azure_cost, path: "in/*.csv"'
NEW = 'name: new-bill, kind: azure_cost, path: "in/*.csv"'
DAYS = inclusive(date(2026, 10, 1), date(2026, 10, 2))
LINE = {"started_at": "2026-10-01T09:00:00Z", "provider": "openai", "model": "gpt-4o", "meters": {"input": 1_000_000}}


def same(bills: Bills) -> list[SameContents]:
    return same_contents(counted_contents(bills.database, OCTOBER), bills.lake, OCTOBER)


def found(bills: Bills) -> Finding | None:
    return removed_sources(bills.settings, bills.database, bills.lake, OCTOBER, same(bills))


def test_a_source_that_has_ended(tmp_path: Path) -> None:
    bills = Bills(tmp_path, OLD, 'name: other, kind: azure_cost, path: "other/*.csv"')
    bills.land("in/october.csv", azure_bill((1, "gpt-5 Inp", "12.5")), 0)
    bills.read()
    assert found(bills) is None
    bills.configure('name: other, kind: azure_cost, path: "other/*.csv"')
    bills.read()
    told = found(bills)
    assert told is not None
    assert (told.code, told.blocks, told.count, told.amount) == ("source_removed", False, 1, Decimal("12.5"))
    assert "old-bill is no longer in usage.yaml, and what was read of it counts on (1 row of these days, 12.5 billed" in told.words


def test_a_bill_that_was_renamed_counts_twice_until_it_is_put_back(tmp_path: Path) -> None:
    bills = Bills(tmp_path, OLD)
    bills.land("in/october.csv", azure_bill((1, "gpt-5 Inp", "12.5"), (2, "gpt-5 Inp", "2")), 0)
    bills.land("in/sub/older.csv", azure_bill((1, "gpt-5 Inp", "1"), subscription="sub-2"), 0)
    bills.configure(OLD.replace("*.csv", "**/*.csv"))
    bills.read()
    bills.configure(NEW)
    bills.read()
    told = found(bills)
    assert told is not None
    assert (told.code, told.blocks, told.count, told.amount) == ("source_removed", True, 1, Decimal("14.5"))
    line = put_back(bills.database, "old-bill")
    pattern = f'"{tmp_path}/in/**"'
    assert line == f'{{name: "old-bill", kind: azure_cost, path: {pattern}, exclude: [{pattern}]}}'
    assert told.words.endswith(
        f"new-bill and old-bill have each read the same 1 file ({tmp_path}/in/october.csv; 2 rows, 14.5 billed twice)."
        f" So that it counts once, put it back under the old name with all files left out: {line}."
    )
    assert bills.billed() == Decimal(30)

    bills.configure(NEW, line[1:-1])
    bills.read()
    assert (found(bills), bills.billed()) == (None, Decimal("14.5"))
    bills.configure(NEW, OLD)
    bills.read()
    assert bills.billed() == Decimal(30), "without the pattern it counts again"
    told = same_content(bills.settings, same(bills))
    assert told is not None
    assert (told.code, told.blocks, told.count, told.amount) == ("same_content", True, 1, Decimal("14.5"))
    assert "new-bill and old-bill have each read the same 1 file" in told.words


def run(bills: Bills) -> tuple[dict[str, Finding], Decimal]:
    """The findings by code, and the estimate."""
    world = World(bills.workplace.home, bills.config)
    told = world.findings(DAYS)
    return told, money.total([row.estimated_cost for row in world.database.select(daily_costs, where={"day": DAYS})])


@pytest.mark.parametrize("is_removed", [True, False], ids=["renamed", "beside"])
def test_a_log_that_two_sources_read(tmp_path: Path, is_removed: bool) -> None:  # noqa: FBT001
    old, new = ('name: old, kind: tracker, path: "log/*"', 'name: new, kind: tracker, path: "log/*"')
    bills = Bills(tmp_path, old)
    bills.land("log/app.jsonl", "".join(json.dumps(LINE | {"id": f"r{number}"}) + "\n" for number in range(2)), 0)
    once = run(bills)[1]
    bills.configure(*([new] if is_removed else [old, new]))
    told, cost = run(bills)
    assert cost == 2 * once > 0
    one = told["source_removed" if is_removed else "same_content"]
    assert (one.blocks, one.amount) == (True, once)
    assert f"{once.normalize():f} estimated twice" in one.words
    assert not {"logged_twice", "read_twice", "same_content" if is_removed else "source_removed"} & told.keys(), "it is told once"

    line = put_back(bills.database, "old")
    bills.configure(new, line[1:-1])
    told, cost = run(bills)
    assert cost == once
    assert not {"logged_twice", "same_content", "source_removed", "no_data", "nothing_excluded", "not_excluded"} & told.keys()
    bills.configure(old, new.replace('"log/*"', '"log/*", exclude: ["log/*"]'))
    told, cost = run(bills)
    assert cost == once, "the other way round"
    assert "same_content" not in told


def test_a_pair_of_which_one_is_gone_is_to_be_put_back(tmp_path: Path) -> None:
    """The same requests in files of their own: no proof, and the words say what comes first."""
    old, new = ('name: old, kind: tracker, path: "a/*"', 'name: new, kind: tracker, path: "b/*"')
    bills = Bills(tmp_path, old, new)
    bills.land("a/app.jsonl", json.dumps(LINE | {"id": "r1"}) + "\n", 0)
    bills.land("b/app.jsonl", json.dumps(LINE | {"id": "r2"}) + "\n", 0)
    told, _ = run(bills)
    assert told["logged_twice"].words.endswith("under its `exclude` in usage.yaml.")
    bills.configure(new)
    told, _ = run(bills)
    assert not told["source_removed"].blocks
    assert told["logged_twice"].words.endswith(" old is no longer in usage.yaml and counts on: put it back under its old name for that.")

    home = ("--home", str(tmp_path / "home"), "--config", str(bills.config))
    status = json.loads(usage_pipeline("sources", "--json", *home).stdout)["sources"]
    assert [(one["source"], one["in_usage_yaml"], one["path"] is None, one["accepted"]) for one in status] == [
        ("new", True, False, 1),
        ("old", False, True, 1),
    ]
    assert "not in usage.yaml: counts on" in usage_pipeline("sources", *home).stdout
    bills.configure(new, put_back(bills.database, "old")[1:-1])
    told, _ = run(bills)
    assert not {"logged_twice", "source_removed"} & told.keys()
