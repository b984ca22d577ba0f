"""Any number of the sample statement walked down: its lines sum to it to the last digit, and stand where they are said to stand."""

import json
import re
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from sample_world import SAMPLES, World, finished

from usage_pipeline import money
from usage_pipeline.defs.explain import Explained, explained
from usage_pipeline.defs.explain_left_out import files_of
from usage_pipeline.defs.places import Record, places_of
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.storage.places import Place
from usage_pipeline.tables.costs import DailyCost, daily_costs
from usage_pipeline.tables.summary import known_total

ALL = 10_000
COLUMNS = {"type": "api_type"}
AMOUNTS = ("cost", "billed_cost", "estimated_cost")
OPENAI = {
    "input": "input_uncached_tokens",
    "cache_read": "input_cached_tokens",
    "cache_write": "input_cache_write_tokens",
    "output": "output_tokens",
    "requests": "num_model_requests",
}
ANTHROPIC = {"input": "uncached_input_tokens", "cache_read": "cache_read_input_tokens", "output": "output_tokens"}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return finished(tmp_path_factory.getbasetemp())[0]


@pytest.fixture(scope="module")
def rows(world: World) -> list[DailyCost]:
    return world.database.select(daily_costs)


@cache
def records(file: str) -> list[Any]:
    """The records of a sample file in the order that its lines are counted in."""
    document = json.loads(Path(file).read_bytes())
    return [one for bucket in document["data"] for one in bucket["results"]] if "data" in document else [document]


@cache
def lines_of_records(file: str) -> list[int]:
    """The line on which each record begins, by the text: pages of the samples are indented, a result at the depth of its list's items."""
    text = Path(file).read_text("utf-8")
    if '"data"' not in text:
        return [1]
    found, place = [], 0
    for record in records(file):
        name, value = next(iter(record.items()))
        opening = re.compile(r"\{\s*" + re.escape(f"{json.dumps(name)}:") + r"\s*" + re.escape(json.dumps(value)[:1]))
        while True:
            match = opening.search(text, place)
            assert match is not None
            place = match.end()
            decoded, _ = json.JSONDecoder().raw_decode(text, match.start())
            if decoded == record:
                break
        found.append(text.count("\n", 0, match.start()) + 1)
    return found


def at_path(file: str, path: str) -> Any:
    """What the path leads to, followed step by step."""
    found = json.loads(Path(file).read_bytes())
    for name, number in re.findall(r"(\w+)|\[(\d+)\]", path):
        found = found[name] if name else found[int(number)]
    return found


def stands(file: str, number: int, place: Place) -> None:
    """The place is where the file has the record: by its line, and by its path if it is one of a document."""
    assert (place.record, place.line) == (number, lines_of_records(file)[number - 1]), (file, place)
    assert (at_path(file, place.path) if place.path else json.loads(Path(file).read_bytes())) == records(file)[number - 1]


def holds(record: dict[str, Any], row: dict[str, Any]) -> bool:
    """Whether the record of the file says what the line does: its amount, its tokens, its id."""
    match row["source"]:
        case "openai-bill":
            return bool(record["amount"]["value"] == row["amount_text"] and record["line_item"] == row["sku"])
        case "claude-bill":
            return bool(record["amount"] == row["amount_text"] and record["description"] == row["sku"])
        case "openai-usage":
            return bool(record[OPENAI[row["meter"]]] == row["quantity"] and record["model"] == row["model_as_given"])
        case "claude-usage":
            written = record["cache_creation"]
            counts = {meter: record[name] for meter, name in ANTHROPIC.items()} | {
                "cache_write": written["ephemeral_5m_input_tokens"],
                "cache_write_1h": written["ephemeral_1h_input_tokens"],
                "web_searches": record["server_tool_use"]["web_search_requests"],
                "requests": 0,
            }
            return bool(counts[row["meter"]] == row["quantity"] and record["model"] == row["model_as_given"])
        case _:
            return bool(record["id"] == row["event_id"])


@cache
def place_of(home: str, config: str, record: Record) -> Place:
    return places_of(Workplace(home_folder=home, config_file=config), {record})[record]


def check(world: World, found: Explained, want: dict[str, Decimal | None]) -> None:
    """The lines sum to the cell exactly, and each stands where it is said to stand."""
    lines = [row for part in (found.bill, found.usage, found.logs) for row in part.rows]
    files = files_of(world.workplace, {(row["source"], row["source_file"]) for row in lines})
    for part in (found.bill, found.usage, found.logs):
        assert (len(part.rows), part.more) == (part.count, (0, 0))
        assert money.total([row["amount"] for row in part.rows]) == part.whole
    for row in lines:
        file, number = files[row["source"], row["source_file"]], row["source_line"]
        assert holds(records(file)[number - 1], dict(row)), (file, number)
        stands(file, number, place_of(str(world.home.root), str(world.config), (row["source"], row["source_file"], number)))
    assert money.total([found.bill.whole, -found.bill.elsewhere]) == (want["billed_cost"] or 0)
    assert money.total([found.usage.whole, -found.usage.elsewhere]) == (want["estimated_cost"] or 0)
    assert money.total([found.bill.whole, -found.bill.elsewhere, found.counted]) == (want["cost"] or 0)
    if want["billed_cost"]:
        assert found.bill.rows
    if want["estimated_cost"]:
        assert found.usage.rows


def test_every_cost_row_is_its_lines(world: World, rows: list[DailyCost]) -> None:
    assert len(rows) > 60
    for row in rows:
        asked = {name: getattr(row, name) for name in daily_costs.key}
        found = explained(world.workplace, rows, asked, ALL, "2026-10")
        assert list(found.rows) == [row]
        check(world, found, {name: getattr(row, name) for name in AMOUNTS})


@pytest.mark.parametrize("breakdown", ["day", "project", "provider", "model", "operation", "type", "team", "user", "meter"])
def test_every_cell_of_the_statement_is_its_lines(world: World, rows: list[DailyCost], breakdown: str) -> None:
    document = json.loads((world.home.reports / "2026-10" / "organisation" / "statement.json").read_bytes())
    column = COLUMNS.get(breakdown, breakdown)
    cells = document[f"by_{breakdown}"]
    assert cells
    for cell in cells:
        value = next(one for one in {getattr(row, column) for row in rows} if (None if one is None else str(one)) == cell["key"])
        found = explained(world.workplace, rows, {column: value}, ALL, "2026-10")
        check(world, found, {name: None if cell[name] is None else Decimal(cell[name]) for name in AMOUNTS})


def told(world: World, *arguments: str) -> dict[str, Any]:
    result = world.command("explain", *arguments, "--json")
    assert result.exit_code == 0, result.stderr
    document: dict[str, Any] = json.loads(result.stdout)
    return document


def test_the_web_searches_end_at_their_line(world: World) -> None:
    document = told(world, "2026-10", "--project", "internal-chat", "--day", "2026-10-02", "--meter", "web_searches")
    assert document["total"]["cost"] == "0.12"
    assert document["total"]["basis"] == {"billed": "billed by the provider"}
    (line,) = document["bill"]["rows"]
    assert (line["amount"], line["of_line"], line["record"], line["quantity"]) == ("0.12", "0.12", 22, 12)
    assert Path(line["file"]) == SAMPLES / "openai_costs" / "live_shape_page1.json"
    begin = Path(line["file"]).read_text("utf-8").splitlines()[line["line"] - 1]
    assert begin.strip() == "{"
    assert at_path(line["file"], line["path"])["line_item"] == line["sku"]
    assert line["place"] == f"{line['file']} {line['path']} (line {line['line']})"
    rule = line["given_by"]
    assert rule["as_computed"]
    assert f"equals: {rule['value']}" in Path(rule["file"]).read_text("utf-8").splitlines()[rule["line"] - 1]
    assert document["usage"]["count"] == document["logs"]["count"] == 0


def test_a_user_has_a_share_of_lines_and_it_is_said(world: World, rows: list[DailyCost]) -> None:
    user = next(row.user for row in rows if row.user is not None and row.billed_cost)
    document = told(world, "2026-10", "--user", str(user))
    want = known_total(row.billed_cost for row in rows if row.user == user)
    bill = document["bill"]
    assert Decimal(bill["whole"]) - Decimal(bill["elsewhere"]) == Decimal(bill["amount"]) == want
    assert Decimal(bill["elsewhere"]) > 0
    shared = [line["shared_out"] for line in bill["rows"] if line["shared_out"]]
    assert shared
    assert all(Decimal(one["here"]) < Decimal(one["of"]) for one in shared)
    assert {line["user"] for line in document["logs"]["rows"]} == {user}


def test_what_is_not_shown_is_counted_and_summed(world: World) -> None:
    document = told(world, "2026-10", "--rows", "3")
    for part in (document["bill"], document["usage"]):
        assert len(part["rows"]) == 3
        assert part["more"]["count"] == part["count"] - 3
        shown = sum(Decimal(row["amount"]) for row in part["rows"])
        assert shown + Decimal(part["more"]["amount"]) == Decimal(part["whole"])
    assert (document["bill"]["amount"], document["usage"]["in_cost"], document["total"]["cost"]) == ("120.0234117", "0.6624", "120.6858117")
    level = document["by_model"]
    assert sum(Decimal(one["cost"]) for one in level["rows"]) + Decimal(level["more"]["cost"]) == Decimal("120.6858117")


def test_usage_tells_its_price_and_agreement(world: World) -> None:
    document = told(world, "2026-10", "--day", "2026-10-01", "--model", "claude-opus-5", "--meter", "output", "--project", "support-portal")
    (line,) = document["usage"]["rows"]
    price = line["price"]
    assert (price["net_unit_price"], price["state"]) == ("0.00002", "priced")
    assert "contract 17" in price["agreement"]
    assert Decimal(line["amount"]) == line["quantity"] * Decimal(price["net_unit_price"])


def test_the_path_of_a_statement(world: World) -> None:
    path = world.home.reports / "2026-10" / "projects" / "internal-chat" / "statement.pdf"
    document = told(world, str(path), "--day", "2026-10-02")
    assert document["asked"] == {"day": "2026-10-02", "project": "internal-chat"}
    assert document["total"]["cost"] == "0.170123"


def test_people_read_the_same(world: World) -> None:
    result = world.command("explain", "2026-10", "--project", "internal-chat", "--day", "2026-10-02", "--meter", "web_searches")
    assert result.exit_code == 0, result.stderr
    assert "0.12 USD" in result.stdout
    assert "they sum to what is billed: 0.12" in result.stdout
    assert "internal-chat by usage.yaml:" in "".join(result.stdout.split("\n")).replace("  ", " ")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["2026-10", "--project", "portal"], "nothing has project portal (with what else is asked for); there is internal-chat, "),
        (["2026-09"], "2026-09 has no costs: `usage-pipeline run` computes them"),
        (["2026-10/r1"], "2026-10 has no revision 1; there is none: it is not closed"),
        (["statement.pdf"], "statement.pdf is no month, and lies neither below"),
    ],
)
def test_wrong_questions(world: World, arguments: list[str], words: str) -> None:
    result = world.command("explain", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert words in result.stderr
