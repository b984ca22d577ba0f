"""Shared bill lines from the file to the month's cost: dealt out by usage and by declared rules, with method and ratio on every part."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from pathlib import Path

import dagster as dg
import pytest
from focus_bill import HEADER, WITH_BILL, line
from sample_world import World, copy_of, execute
from tracker_world import request, tracker_world, write

from usage_pipeline import money
from usage_pipeline.defs.checks import parts_are_the_shared_lines
from usage_pipeline.defs.costs import cost_rows
from usage_pipeline.defs.explain import explained
from usage_pipeline.defs.findings_shares import shares_moved
from usage_pipeline.errors import AccountingError
from usage_pipeline.periods import Period, day_of, inclusive
from usage_pipeline.tables.allocations import Allocation, allocations
from usage_pipeline.tables.charges import charges
from usage_pipeline.tables.costs import DailyCost, daily_costs

FIRST, SECOND = date(2026, 10, 1), date(2026, 10, 2)
DAYS = inclusive(FIRST, SECOND)
RULES = """\
allocation:
  - name: seats
    lines: {channel: openai, category: Purchase, sku: Seats}
    method: weighted
    weights: {portal: 1, ranker: 2}
    valid_from: 2026-10-02
  - {name: throughput, lines: {tag.kind: ptu, project: portal}, method: by_usage, over: month}
  - {name: credits, lines: {category: Credit}, method: unattributed}
"""


def made(folder: Path, config: str, lines: Iterable[str]) -> World:
    world = tracker_world(folder, config)
    used = [(FIRST, "portal", "3"), (FIRST, "ranker", "1"), (SECOND, "ranker", "4")]
    write(world, "app.jsonl", [request(f"r{n}", day, project=project, dollars=cost) for n, (day, project, cost) in enumerate(used)])
    bill(world, lines)
    return world


def bill(world: World, lines: Iterable[str]) -> None:
    path = world.config.parent / "bills" / "bill.csv"
    path.parent.mkdir(exist_ok=True)
    path.write_text(HEADER + "".join(lines), "utf-8")


def run(world: World) -> dg.ExecuteInProcessResult:
    result = world.job("daily", DAYS)
    failures = [event.step_failure_data.error.to_string() for event in result.all_events if event.is_step_failure]
    assert result.success, "\n".join(failures)
    return result


def parts(world: World, days: Period = DAYS) -> list[Allocation]:
    lake = world.workplace.lake(world.workplace.engine())
    rows = [Allocation(**row) for row in lake.engine.to_pyarrow(lake.read(allocations, days)).to_pylist()]
    return sorted(rows, key=lambda row: (row.day, row.source_line, row.project))


def told(rows: Iterable[Allocation]) -> list[tuple[int, str, str, str | None, Decimal, Decimal, Decimal]]:
    return [(row.source_line, row.project, row.method, row.rule, row.share, row.of_shares, row.amount) for row in rows]


def billed(world: World, days: Period = DAYS) -> dict[tuple[date, str], Decimal]:
    rows: list[DailyCost] = world.database.select(daily_costs, where={"day": days})
    found = {(row.day, row.project) for row in rows if row.billed_cost is not None}
    return {
        (day, name): money.total([row.billed_cost for row in rows if (row.day, row.project) == (day, name)]) for day, name in sorted(found)
    }


LINES = (
    line("10.00", account="proj_1", sku="Tokens"),
    line("2.00"),
    line("7.00", category="Tax"),
    line("-1.00", category="Credit"),
    line("9.00", category="Purchase", sku="Seats"),
    line("9.00", SECOND, category="Purchase", sku="Seats"),
    line("6.00", SECOND, account="proj_1", sku="Throughput", tags='"{""kind"": ""ptu""}"'),
)


def computed(folder: Path) -> World:
    world = made(folder, WITH_BILL + RULES, LINES)
    run(world)
    return world


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> World:
    return computed(tmp_path_factory.mktemp("shared"))


@pytest.fixture
def world(once: World, tmp_path: Path) -> World:
    """Its home may be changed; what it reads is everyone's."""
    return copy_of(once, tmp_path)


def test_every_part_says_its_method_and_ratio(world: World) -> None:
    assert told(parts(world)) == [
        (2, "portal", "usage", None, 3, 4, Decimal("1.5")),
        (2, "ranker", "usage", None, 1, 4, Decimal("0.5")),
        (3, "portal", "bill", None, Decimal("11.5"), 12, Decimal("6.708333333333333")),
        (3, "ranker", "bill", None, Decimal("0.5"), 12, Decimal("0.291666666666667")),
        (4, "unattributed", "unattributed", "credits", 1, 1, -1),
        (5, "unattributed", "unattributed", None, 1, 1, 9),
        (6, "portal", "weighted", "seats", 1, 3, 3),
        (6, "ranker", "weighted", "seats", 2, 3, 6),
        (7, "portal", "by_usage", "throughput", 3, 8, Decimal("2.25")),
        (7, "ranker", "by_usage", "throughput", 5, 8, Decimal("3.75")),
    ]


def test_the_days_costs_are_the_lines_and_the_parts(world: World) -> None:
    assert billed(world) == {
        (FIRST, "portal"): Decimal("18.208333333333333"),
        (FIRST, "ranker"): Decimal("0.791666666666667"),
        (FIRST, "unattributed"): 8,
        (SECOND, "portal"): Decimal("5.25"),
        (SECOND, "ranker"): Decimal("9.75"),
    }
    assert sum(billed(world).values()) == sum(Decimal(one.split(",")[0]) for one in LINES)


def test_explain_names_the_lines_with_method_and_ratio(world: World) -> None:
    """Each cost row walked down: the lines less what of them is in other rows are the row, to the last digit."""
    rows = world.database.select(daily_costs)
    for row in rows:
        found = explained(world.workplace, rows, {name: getattr(row, name) for name in daily_costs.key}, 100, "2026-10")
        assert money.total([found.bill.here, found.counted]) == (row.cost or 0)
        assert money.total([one["amount"] for one in found.bill.rows]) == found.bill.whole
    whole = explained(world.workplace, rows, {}, 100, "2026-10").bill.rows
    dealt = [
        (one["source_line"], one["project"], one["method"], one["share"], one["of_shares"], one["amount"]) for one in whole if one["method"]
    ]
    assert sorted(dealt) == sorted((one[0], one[1], one[2], one[4], one[5], one[6]) for one in told(parts(world)))


def test_a_second_run_and_one_of_a_single_day_say_the_same(world: World) -> None:
    first, costs = parts(world), billed(world)
    run(world)
    assert (parts(world), billed(world)) == (first, costs)
    assert world.job("daily", day_of(SECOND)).success
    assert (parts(world), billed(world)) == (first, costs)


def test_parts_go_with_their_lines(tmp_path: Path) -> None:
    world = computed(tmp_path)
    bill(world, LINES[:1])
    run(world)
    assert parts(world) == []
    assert billed(world) == {(FIRST, "portal"): 10}


def test_shares_of_a_month_that_moved_since_are_told_until_the_day_is_dealt_out_anew(tmp_path: Path) -> None:
    world = computed(tmp_path)
    lake, rules = world.workplace.lake(world.workplace.engine()), world.workplace.settings().shared_costs
    assert shares_moved(lake, DAYS, rules) is None
    write(world, "late.jsonl", [request("late", FIRST, project="portal", dollars="5")])
    assert world.job("daily", day_of(FIRST)).success
    found = shares_moved(lake, DAYS, rules)
    assert found is not None
    assert (found.blocks, found.count) == (True, 1)
    assert "1 day was dealt out by other shares than throughput of allocation" in found.words
    assert "`usage-pipeline run --from 2026-10-02 --to 2026-10-02` deals them out anew" in found.words
    assert world.job("daily", day_of(SECOND)).success
    assert shares_moved(lake, DAYS, rules) is None


def test_the_check_sees_parts_that_are_missing_and_parts_of_lines_that_are_no_more(world: World) -> None:
    assert checked(world) == (True, 0)
    lake = world.workplace.lake(world.workplace.engine())
    [part] = lake.parts(allocations.name, day_of(FIRST))
    part.path.unlink()
    assert checked(world) == (False, 4)
    run(world)
    [part] = lake.parts(charges.name, day_of(SECOND))
    part.path.unlink()
    assert checked(world) == (False, 2)


def checked(world: World) -> tuple[bool, object]:
    extra = dg.Definitions(jobs=[dg.define_asset_job("check", selection=dg.AssetSelection.checks(parts_are_the_shared_lines))])
    result = execute(dg.Definitions.merge(world.definitions, extra), "check", tags={})
    [one] = result.get_asset_check_evaluations()
    return one.passed, one.metadata["lines that differ"].value


def test_costs_are_refused_while_parts_are_of_another_time(world: World) -> None:
    lake = world.workplace.lake(world.workplace.engine())
    [part] = lake.parts(allocations.name, day_of(FIRST))
    part.path.unlink()
    with pytest.raises(AccountingError, match=r"2026-10-01: shared lines of openai are 17.*, their parts 0: materialize"):
        cost_rows(world.workplace, DAYS)
