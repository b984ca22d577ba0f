"""What `run` and `budgets check` say to people, and that --json leaves nothing else on stdout."""

import json
import os
import subprocess
import sys
from datetime import date
from decimal import Decimal
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from mail_sink import mail_sink
from sample_world import World, copy_of
from tracker_world import request, tracker_world, write

from usage_pipeline.tables.alerts import alerts, deliveries

FIRST = date(2026, 10, 1)
DAY = ("--from", "2026-10-01", "--to", "2026-10-01")
CONFIG = """\
organisation: {name: Example Org, currency: USD, finance: [finance@example.org]}
projects:
  - id: portal
    owners: [ana@example.org]
    budgets: [{period: monthly, limit: 10}, {period: monthly, limit: 1000000, unit: tokens}]
attribution:
  - {field: tag.project, project: "{value}"}
sources:
  - {name: app, kind: tracker, path: "logs/*.jsonl"}
  - {name: elsewhere, kind: litellm, path: "nothing/here/*.json"}
prices:
  - {provider: openai, model: gpt-4o-mini, meter: output, unit_price: 0.000001}
"""


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[World, Result]:
    """A day with a request of a project, one of none, one of a model nobody knows, and lines that cannot be read; and what run said."""
    world = tracker_world(tmp_path_factory.mktemp("words"), CONFIG)
    lines = [
        request("1", FIRST, dollars="9.5"),
        request("2", FIRST, dollars="1234.567", project=None),
        request("3", FIRST, model="gpt-99-[red]unheard[/red]"),
        "<html>",
        "<body>",
        json.dumps(request("4", FIRST) | {"meters": {"output": -1}}),
    ]
    write(world, "a.jsonl", lines)
    return world, world.command("run", *DAY)


@pytest.fixture(scope="module")
def said(first: tuple[World, Result]) -> list[str]:
    """The answer's lines, with single spaces."""
    return [" ".join(line.split()) for line in first[1].stdout.splitlines()]


@pytest.fixture
def world(first: tuple[World, Result], tmp_path: Path) -> World:
    return copy_of(first[0], tmp_path)


def test_unpriced_usage_ends_with_exit_code_3(first: tuple[World, Result]) -> None:
    assert first[1].exit_code == 3
    assert "note: 1 requests have no rate: their cost is unknown, not 0. The statement lists them." in first[1].stderr


def test_unpriced_models_are_listed_with_a_range_and_a_hint(said: list[str]) -> None:
    place = said.index("Not priced, in no total above, USD")
    assert said[place + 1] == "model provider requests tokens may cost why"
    assert said[place + 2].startswith("gpt-99-[red]unheard[/red] openai 1 ")
    assert " between " in said[place + 2]
    assert said[place + 2].endswith(" if it was a model of OpenAI the catalog does not know this model")
    assert said[place + 3].startswith(
        'to mend gpt-99-[red]unheard[/red]: add to usage.yaml, under aliases: - {name: "gpt-99-[red]unheard[/red]"'
    )


def test_the_document_says_the_same(world: World) -> None:
    document = world.run(*DAY)
    (one,) = document["unpriced"]
    assert (one["model"], one["provider"], one["reason"], one["events"]) == ("gpt-99-[red]unheard[/red]", "openai", "unresolved_model", 1)
    assert 0 < Decimal(one["low"]) < Decimal(one["high"])
    totals = document["totals"]
    assert (totals["unpriced_low"], totals["unpriced_high"], totals["unpriced_tokens"]) == (one["low"], one["high"], one["tokens"])
    assert one["hint"]
    assert totals["credits"] is None


def test_what_was_read(said: list[str]) -> None:
    assert "Read: 1 new files, 0 known ones left alone" in said
    assert "app 1 6 3 0 3" in said


def test_rejected_lines_are_named_by_reason(said: list[str]) -> None:
    place = said.index("Not accepted: kept with file, line and reason in the lake's rejected_lines")
    assert said[place + 2 : place + 4] == ["app 2 not_json the line is not JSON", "app 1 negative_quantity a quantity is negative"]


def test_what_it_cost(said: list[str]) -> None:
    assert "Cost 2026-10-01 to 2026-10-01, USD" in said
    assert "unattributed 1 – 1,234.57 1,234.57 99.2" in said
    assert "portal 2 – 9.50 9.50 0.8" in said
    assert "total 3 0.00 1,244.07 1,244.07 100.0" in said


def test_a_source_without_files_and_cost_without_project_are_noted(first: tuple[World, Result]) -> None:
    world, result = first
    assert f"note: source elsewhere: no file matches {world.config.parent / 'nothing/here/*.json'}" in result.stderr
    assert "note: 1,234.57 USD belong to no project (unattributed): add attribution rules to usage.yaml." in result.stderr


def test_where_it_lies(first: tuple[World, Result], said: list[str]) -> None:
    world, _ = first
    assert f"3 statements (PDF, CSV, XLSX, JSON, FOCUS) in {world.home.reports}" in said
    assert str(world.home.reports / "2026-10" / "organisation" / "statement.pdf") in said
    assert "0 alerts, 0 mails" in said


def test_a_past_range_tells_nobody(first: tuple[World, Result]) -> None:
    """October is over: run today, it is a backfill, and its budgets stay silent however far they are over."""
    world, _ = first
    assert (world.database.select(alerts), world.database.select(deliveries)) == ([], [])
    assert list(world.home.outbox.iterdir()) == []


def check(world: World, *arguments: str, as_of: str = "2026-10-01") -> dict[str, Any]:
    result = world.command("budgets", "check", "--as-of", as_of, "--json", *arguments)
    assert result.exit_code == 0, result.stderr
    document: dict[str, Any] = json.loads(result.stdout)
    return document


def test_the_mail_says_what_has_no_price_and_what_it_may_cost(world: World) -> None:
    check(world)
    (path,) = world.home.outbox.glob("*.eml")
    part = message_from_bytes(path.read_bytes(), policy=policy.default).get_body(("plain",))
    assert part is not None
    said = " ".join(str(part.get_content()).split())
    assert "of gpt-99-[red]unheard[/red], because no price is known: it may cost between $" in said
    assert "Whoever runs usage-pipeline can mend it. For gpt-99-[red]unheard[/red]: add to usage.yaml, under aliases:" in said


def test_a_dry_run_of_the_budget_check_sends_and_records_nothing(world: World) -> None:
    before = check(world, "--dry-run")
    assert (before["as_of"], before["dry_run"]) == ("2026-10-01", True)
    assert [mail["to"] for mail in before["mails"]] == [["ana@example.org"]]
    assert (world.database.select(alerts), world.database.select(deliveries)) == ([], [])
    assert list(world.home.outbox.iterdir()) == []
    assert check(world, "--dry-run") == before


def test_the_budget_check_tells_what_its_dry_run_showed(world: World) -> None:
    shown = check(world, "--dry-run")
    told = check(world)
    assert told == shown | {"dry_run": False}
    assert len(list(world.home.outbox.iterdir())) == 1
    again = check(world)
    assert (again["alerts"], again["mails"]) == ([], [])
    assert again["budgets"] == told["budgets"]


def test_document_of_the_budget_check(world: World) -> None:
    document = check(world, "--dry-run")
    dollars = next(one for one in document["budgets"] if one["unit"] == "USD")
    told = {
        "budget_id": "projects/portal:monthly:USD",
        "project": "portal",
        "period": "monthly",
        "period_start": "2026-10-01",
        "unit": "USD",
        "operation": None,
        "limit": "10",
        "spent": "9.5",
        "percent": "95",
        "remaining": "0.5",
        "forecast": "294.5",
        "crossing_date": "2026-10-02",
        "level": "warning",
        "declared_limit": "10",
        "days_with_data": 1,
        "days_so_far": 1,
    }
    assert {name: dollars[name] for name in told} == told
    thresholds = {(one["budget_id"].rsplit(":")[-1], one["threshold"]): one["state"] for one in document["alerts"]}
    assert thresholds == {
        ("USD", "75"): "covered",
        ("USD", "90"): "sent",
        ("tokens", "75"): "covered",
        ("tokens", "90"): "covered",
        ("tokens", "100"): "sent",
    }


def test_words_of_the_budget_check(world: World) -> None:
    result = world.command("budgets", "check", "--as-of", "2026-10-01", "--dry-run")
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert "Budgets on 2026-10-01" in lines
    assert "portal monthly USD 9.50 10.00 95.0 9.50 294.50 2026-10-02 warning 1 of 1" in lines
    assert lines[lines.index("Would be sent") + 1].startswith("to ana@example.org: Critical: portal at ")
    assert result.exit_code == 0


def test_nobody_to_tell_is_said(world: World, tmp_path: Path) -> None:
    silent = CONFIG.replace("owners: [ana@example.org]", "owners: []").replace("finance: [finance@example.org]", "finance: []")
    file = tmp_path / "silent.yaml"
    file.write_text(silent)
    alone = World(world.home, file)
    document = check(alone)
    assert document["mails"] == []
    assert document["untold"] == [
        "portal has alerts but nobody to tell: give it owners, or the organisation finance addresses in usage.yaml"
    ]
    assert "nobody to tell" in alone.command("budgets", "check", "--as-of", "2026-10-01").stderr


def test_a_server_that_is_away_is_named_and_the_mail_waits(world: World) -> None:
    away = {"USAGE_SMTP_HOST": "localhost", "USAGE_SMTP_PORT": "1"}
    result = world.command("budgets", "check", "--as-of", "2026-10-01", environment=away)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("usage-pipeline: ana@example.org: localhost:1 cannot be reached")
    (waits,) = world.database.select(deliveries)
    assert (waits.state, waits.attempts, waits.channel) == ("retrying", 1, "")
    assert {one.state for one in world.database.select(alerts)} == {"covered", "sent"}


def test_in_a_process_of_its_own_with_a_mail_server(world: World) -> None:
    """Judged within its month it tells once, by the server of the environment; stdout is one document and nothing else."""
    arguments = ["run", *DAY, "--as-of", "2026-10-01", "--json", "--home", str(world.home.root), "--config", str(world.config)]
    with mail_sink() as sink:
        variables = {name: value for name, value in os.environ.items() if not name.startswith("USAGE_")} | sink.environment
        program = Path(sys.executable).with_name("usage-pipeline")
        result = subprocess.run([str(program), *arguments], capture_output=True, text=True, check=False, env=variables)
        again = world.command("budgets", "check", "--as-of", "2026-10-01", "--json", environment=sink.environment)
    assert result.returncode == 3, result.stderr
    document = json.loads(result.stdout)
    assert document["totals"]["unpriced_events"] == 1
    assert document["alerts"] == 5  # 75 and 90 % of the dollars; 75, 90 and 100 % of the tokens
    assert document["mails"] == [f"accepted by localhost:{sink.port}"]
    assert "Traceback" not in result.stderr
    assert "Warning" not in result.stderr
    ((recipients, message),) = sink.received
    assert recipients == ["ana@example.org"]
    assert message["From"] == "AI cost <ai-cost@example.org>"
    assert str(message["Subject"]).startswith("Critical: portal at ")
    assert {part.get_content_type() for part in message.walk()} >= {"text/plain", "text/html"}
    assert list(world.home.outbox.iterdir()) == []
    assert json.loads(again.stdout)["mails"] == []
