"""`close` and `verify`: what stands is named and refused, a closed month is frozen, and any change of it is found."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import closing_world
import pytest
from closing_world import APPROVED, CONFIG, MONTH
from sample_world import World, copy_of

from usage_pipeline.reports.manifest import sha256_of
from usage_pipeline.storage.database import Database
from usage_pipeline.storage.sql_tables import DECLARED
from usage_pipeline.tables.alerts import deliveries
from usage_pipeline.tables.audit_log import audit_log
from usage_pipeline.tables.ingested_files import ingested_files
from usage_pipeline.tables.revisions import revisions
from usage_pipeline.tables.statements import statements


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> World:
    return closing_world.made(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="module")
def closed(made: World, tmp_path_factory: pytest.TempPathFactory) -> tuple[World, dict[str, Any]]:
    world = copy_of(made, tmp_path_factory.mktemp("closed"))
    return world, answer(world, 0, "close", MONTH, *APPROVED)


def answer(world: World, exit_code: int, *arguments: str) -> dict[str, Any]:
    result = world.command(*arguments, "--json")
    assert result.exit_code == exit_code, result.stderr
    document: dict[str, Any] = json.loads(result.stdout)
    return document


def states(world: World, exit_code: int, *arguments: str) -> dict[str, str]:
    return {one["question"]: one["state"] for one in answer(world, exit_code, "verify", *arguments)["answers"]}


@contextmanager
def changed(path: Path, content: bytes | None) -> Iterator[None]:
    """The file with other content, or gone; as it was afterwards."""
    before = path.read_bytes()
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    try:
        yield
    finally:
        path.write_bytes(before)


def flipped(path: Path) -> bytes:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    return bytes(content)


def test_a_month_that_is_not_over_is_refused(made: World, tmp_path: Path) -> None:
    world = copy_of(made, tmp_path)
    found = answer(world, 3, "close", f"{datetime.now(UTC):%Y-%m}", *APPROVED)
    assert found["state"] == "refused"
    assert {one["code"] for one in found["findings"] if one["blocks"]} >= {"month_not_over", "no_costs"}
    assert world.database.select(revisions) == []


def test_numbers_older_than_what_they_are_made_of_are_refused(made: World, tmp_path: Path) -> None:
    """usage.yaml, and an input: as they are now, nobody could have the numbers again."""
    other = made.config.with_name("other.yaml")
    other.write_text(CONFIG.replace("equals: c, project: chat", "equals: c, project: portal"))
    with changed(made.config.parent / "log" / "september.jsonl", b"{}\n"):
        found = answer(World(copy_of(made, tmp_path).home, other), 3, "close", MONTH, *APPROVED)
    told = {one["code"]: one["words"] for one in found["findings"] if one["blocks"]}
    assert set(told) == {"not_up_to_date", "input_missing"}
    assert "usage.yaml changed" in told["not_up_to_date"]
    assert "september.jsonl (a file of log) holds something else than when it was read" in told["input_missing"]
    assert not (tmp_path / "home" / "closed").exists()


def test_an_address_is_no_approver(made: World) -> None:
    result = made.command("close", MONTH, "--approve", "ana@example.org")
    assert result.exit_code == 2
    assert "not an e-mail address" in result.stderr


def test_a_close_freezes_and_tells(closed: tuple[World, dict[str, Any]]) -> None:
    world, document = closed
    assert (document["state"], document["revision"], document["totals"]["cost"]) == ("closed", 1, "37.5")
    (row,) = world.database.select(revisions)
    assert (row.revision, row.approved_by, row.note, str(row.cost.normalize()), row.manifest_hash) == (
        1, "Ana Example", "bills are in", "37.5", document["manifest"],
    )  # fmt: skip
    (entry,) = world.database.select(audit_log, where={"action": "close"})
    assert (entry.actor, entry.action, entry.subject, entry.before, entry.why) == ("Ana Example", "close", MONTH, None, "bills are in")
    stated = world.database.select(statements)
    assert {(one.scope, one.finality, one.revision) for one in stated} == {
        (scope, "closed", 1) for scope in ("organisation", "projects/portal", "projects/chat")
    }
    frozen = world.files(world.home.closed / MONTH / "r1" / "statements")
    assert world.files(world.home.reports / MONTH) == frozen
    statement = json.loads(frozen["organisation/statement.json"])
    assert (statement["finality"], statement["approved"]["by"]) == ("closed", "Ana Example")


def test_all_of_it_holds(closed: tuple[World, dict[str, Any]]) -> None:
    world, document = closed
    found = answer(world, 0, "verify", MONTH)
    assert found["holds"]
    assert [(one["question"], one["state"]) for one in found["answers"]] == [
        (question, "holds") for question in ("files", "inputs", "statements", "numbers")
    ]
    assert found["manifest"] == document["manifest"]
    assert "90 daily rows, 37.5 USD in all" in found["answers"][-1]["words"][0]


@pytest.mark.parametrize(
    "name", ["statement.pdf", "statement.csv", "statement.json", "statement.xlsx", "focus-1.2.csv", "focus-1.4-estimated.csv"]
)
def test_a_published_file_with_one_other_bit_fails_by_name(closed: tuple[World, dict[str, Any]], name: str) -> None:
    world, _ = closed
    path = world.home.reports / MONTH / "projects" / "portal" / name
    with changed(path, flipped(path)):
        result = world.command("verify", str(path), "--quick")
    assert result.exit_code == 1
    assert f"{path} was changed" in result.stdout
    assert "does NOT hold: files." in result.stdout


def test_a_frozen_file_or_manifest_that_was_changed_fails(closed: tuple[World, dict[str, Any]]) -> None:
    world, _ = closed
    folder = world.home.closed / MONTH / "r1"
    for name in ("tables/daily_costs.parquet", "usage.yaml", "statements/organisation/statement.pdf"):
        with changed(folder / name, flipped(folder / name)):
            found = states(world, 1, f"{MONTH}/r1", "--quick")
        assert (found["files"], found["statements"]) == ("fails", "fails")
    with changed(folder / "manifest.json", flipped(folder / "manifest.json")):
        assert set(states(world, 1, f"{MONTH}/r1", "--quick").values()) == {"fails"}


def test_an_input_that_is_missing_changed_or_moved(closed: tuple[World, dict[str, Any]], made: World) -> None:
    world, _ = closed
    bill, log = made.config.parent / "bill" / "september.json", made.config.parent / "log" / "september.jsonl"
    with changed(log, None):
        found = answer(world, 1, "verify", MONTH, "--quick")["answers"][1]
        assert found["state"] == "fails"
        assert f"{log} (a file of log) is missing: restore the version with SHA-256" in found["words"][0]
    with changed(bill, flipped(bill)):
        found = answer(world, 1, "verify", MONTH, "--quick")["answers"][1]
        assert "(a file of bill) holds something else than when it was read" in found["words"][0]
    content, moved = log.read_bytes(), log.with_name("under_another_name.jsonl")
    with changed(log, None):
        moved.write_bytes(content)
        assert states(world, 0, MONTH, "--quick")["inputs"] == "holds"
        moved.unlink()


def test_what_another_version_closed_is_held_against_its_numbers(closed: tuple[World, dict[str, Any]], tmp_path: Path) -> None:
    world = copy_of(closed[0], tmp_path)
    as_another_version_closed_it(world, lambda told: {key: value for key, value in told.items() if key != "grade"})
    found = {one["question"]: one for one in answer(world, 0, "verify", MONTH, "--quick")["answers"]}
    assert found["statements"]["state"] == "not checked"
    assert "1 of " in found["statements"]["words"][0]
    assert "not of the same versions (code 0123 then, " in found["statements"]["words"][0]
    assert "every number of the statements is the same" in found["statements"]["words"][0]
    as_another_version_closed_it(world, lambda told: told | {"totals": told["totals"] | {"cost": "37.51"}})
    (words,) = (one["words"] for one in answer(world, 1, "verify", MONTH, "--quick")["answers"] if one["state"] == "fails")
    assert "says another totals.cost, by other versions (code 0123 then" in words[0]


def as_another_version_closed_it(world: World, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """The organisation's statement.json as an older version would have frozen it, with all hashes that then belong to it."""
    folder, name = world.home.closed / MONTH / "r1", "statements/organisation/statement.json"
    content = json.dumps(change(json.loads((folder / name).read_bytes()))).encode()
    for path in (folder / name, world.home.reports / MONTH / "organisation" / "statement.json"):
        path.write_bytes(content)
    manifest = json.loads((folder / "manifest.json").read_bytes())
    manifest["versions"]["code"] = "0123"
    (entry,) = (one for one in manifest["files"] if one["name"] == name)
    entry |= {"size_bytes": len(content), "sha256": sha256_of(content)}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (row,) = world.database.select(revisions)
    world.database.upsert(revisions, [replace(row, manifest_hash=sha256_of((folder / "manifest.json").read_bytes()))])


def test_what_is_not_closed_cannot_be_verified(made: World, tmp_path: Path) -> None:
    for named, words in (
        (MONTH, "2026-09 is not closed"),
        (str(tmp_path / "statement.pdf"), "lies neither below"),
        (str(made.home.reports / MONTH / "organisation" / "statement.pdf"), "2026-09 is not closed"),
    ):
        result = made.command("verify", named)
        assert result.exit_code == 2
        assert words in result.stderr
    assert made.command("close", "2026-13").exit_code == 2


def test_closing_again_without_news_makes_no_revision(closed: tuple[World, dict[str, Any]]) -> None:
    world, _ = closed
    before = world.files(world.home.closed)
    assert answer(world, 0, "close", MONTH, *APPROVED)["state"] == "nothing changed"
    assert world.files(world.home.closed) == before
    assert len(world.database.select(revisions)) == 1


def test_a_close_on_postgresql(made: World, postgres_url: str, tmp_path: Path) -> None:
    """One transaction there too; computing the month again touches nothing of that database."""
    world, server = copy_of(made, tmp_path), Database(postgres_url)
    server.migrate()
    for table in DECLARED:
        rows: list[Any] = world.database.select(table)
        server.insert(table, rows)
    ledger = server.select(ingested_files)
    environment = {"USAGE_DATABASE_URL": postgres_url}
    assert world.command("close", MONTH, *APPROVED, environment=environment).exit_code == 0
    assert world.command("verify", MONTH, environment=environment).exit_code == 0
    assert [one.revision for one in server.select(revisions)] == [1]
    assert world.database.select(revisions) == []
    assert server.select(ingested_files) == ledger
    server.close()


def test_alerts_of_a_closed_month_are_shown_and_never_sent(closed: tuple[World, dict[str, Any]]) -> None:
    world, _ = closed
    strict = world.config.with_name("strict.yaml")
    strict.write_text(CONFIG.replace("limit: 50.00", "limit: 5.00"))
    sent = world.database.select(deliveries)
    found = answer(World(world.home, strict), 0, "budgets", "check", "--as-of", "2026-09-20")
    assert found["dry_run"]
    assert found["mails"] != []
    assert world.database.select(deliveries) == sent
