"""The journal over a close: what was posted stays on its accounts, whatever usage.yaml names later; `verify` covers the file."""

import csv
import io
import json
from datetime import date
from decimal import Decimal
from typing import Any

import closing_world
import pytest
from closing_world import APPROVED, AS_OF, LAST_DAY, MONTH, write_bill
from sample_world import World, copy_of

from usage_pipeline import money
from usage_pipeline.tables.revisions import revisions

ACCOUNTS = "journal: {expense_account: 6420, accrual_account: 2150, cost_center: 0900}\n"
OTHERS = "journal: {expense_account: 7777, accrual_account: 8888, cost_center: 9999}\n"
Line = tuple[str, str, str, str, str, str]


@pytest.fixture
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Accrued and posted, then closed with a true-up that nobody posted yet."""
    made = closing_world.made(tmp_path_factory.getbasetemp())
    config = made.config.with_name("journal.yaml")
    config.write_text(made.config.read_text() + ACCOUNTS)
    return World(copy_of(made, tmp_path_factory.mktemp("journal")).home, config)


def answer(world: World, exit_code: int, *arguments: str) -> dict[str, Any]:
    result = world.command(*arguments, "--json")
    assert result.exit_code == exit_code, result.stderr
    document: dict[str, Any] = json.loads(result.stdout)
    return document


def lines_in(content: bytes) -> list[Line]:
    rows = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    return [(one["reference"], one["account"], one["cost_center"], one["debit"], one["credit"], one["status"]) for one in rows]


def balanced(lines: list[Line]) -> bool:
    sums = [money.total([Decimal(line[place] or 0) for line in lines]) for place in (3, 4)]
    return sums[0] == sums[1] > 0


def test_what_was_posted_is_reversed_as_it_was_posted_whatever_usage_yaml_names_later(world: World) -> None:
    published, closed = world.home.reports / MONTH / "organisation" / "journal.csv", world.home.closed / MONTH
    answer(world, 0, "journal", MONTH, "--post", "Ana Example")
    posted = lines_in(published.read_bytes())
    assert {line[1:3] for line in posted} == {("6420", "0900"), ("2150", "")}
    world.config.write_text(world.config.read_text().replace(ACCOUNTS, OTHERS))
    answer(world, 0, "journal", MONTH)
    assert lines_in(published.read_bytes()) == posted
    answer(world, 0, "close", MONTH, *APPROVED)
    assert lines_in((closed / "r1" / "journal.csv").read_bytes()) == posted
    found = answer(world, 0, "verify", str(published))
    assert [one["state"] for one in found["answers"]] == ["holds"] * 4

    late = write_bill(world.config.parent, "late.json", range(29, 30), {"p": "3", "c": "0.25"})
    try:
        answer(world, 0, "run", *LAST_DAY, *AS_OF, "--revise")
        draft = answer(world, 0, "journal", MONTH)["lines"]
        assert [(one["account"], one["cost_center"], one["debit"], one["credit"]) for one in draft[len(posted) :]] == [
            ("6420", "0900", "2", "0"), ("2150", None, "0", "2"), ("6420", "0900", "0", "2"), ("2150", None, "2", "0"),
        ]  # fmt: skip
        answer(world, 0, "close", MONTH, *APPROVED)
        assert lines_in(published.read_bytes()) == lines_in((closed / "r2" / "journal.csv").read_bytes())
        answer(world, 0, "journal", MONTH, "--post", "Ana Example")
        lines = lines_in(published.read_bytes())
        assert lines[: len(posted)] == posted
        assert {line[5] for line in lines} == {"posted"}
        assert {line[5] for line in lines_in((closed / "r2" / "journal.csv").read_bytes())} == {"posted", "draft"}
        assert balanced(lines)
        for named in (f"{MONTH}/r1", MONTH):
            assert answer(world, 0, "verify", named)["holds"]
        assert answer(world, 0, "verify", str(published), "--quick")["answers"][0]["state"] == "holds"
        assert [one.month for one in world.database.select(revisions)] == [date(2026, 9, 1)] * 2
    finally:
        late.unlink()


def test_the_draft_that_was_closed_is_the_one_that_is_posted(world: World) -> None:
    """Accounts that were changed, or taken out of usage.yaml, after the close change nothing of it."""
    answer(world, 0, "close", MONTH, *APPROVED)
    published = world.home.reports / MONTH / "organisation" / "journal.csv"
    frozen = published.read_bytes()
    assert {line[1] for line in lines_in(frozen)} == {"6420", "2150"}
    for text in (OTHERS, ""):
        world.config.write_text(closing_world.CONFIG + text)
        answer(world, 0, "journal", MONTH)
        assert published.read_bytes() == frozen
    answer(world, 0, "journal", MONTH, "--post", "Ana Example")
    assert published.read_bytes() == frozen.replace(b",draft", b",posted")
    assert answer(world, 0, "verify", str(published), "--quick")["answers"][0]["state"] == "holds"


def test_a_published_journal_with_another_amount_fails_by_name(world: World) -> None:
    answer(world, 0, "close", MONTH, *APPROVED)
    published = world.home.reports / MONTH / "organisation" / "journal.csv"
    published.write_bytes(published.read_bytes().replace(b"30.00", b"30.01"))
    result = world.command("verify", str(published), "--quick")
    assert result.exit_code == 1
    assert f"{published} was changed" in result.stdout
