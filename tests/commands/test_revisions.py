"""After the close: what comes late changes nothing until it is asked for; then it makes a draft, and the next close the next revision."""

import email
import email.policy
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import closing_world
import pytest
from closing_world import APPROVED, AS_OF, DAYS, MONTH, RANGE, write_bill, write_log
from delivery_world import STATEMENT, write
from sample_world import World, copy_of

from usage_pipeline import money
from usage_pipeline.defs.closed import OVER_CLOSED
from usage_pipeline.periods import month_of
from usage_pipeline.reports.focus_checks import violations
from usage_pipeline.reports.focus_columns import V1_2, columns_of
from usage_pipeline.reports.formats.focus import rows_from
from usage_pipeline.tables.alerts import deliveries
from usage_pipeline.tables.audit_log import audit_log
from usage_pipeline.tables.costs import daily_costs, monthly_costs
from usage_pipeline.tables.revisions import revisions
from usage_pipeline.tables.statements import statements

TABLES = (daily_costs, monthly_costs, statements, revisions)


def answer(world: World, exit_code: int, *arguments: str) -> dict[str, Any]:
    result = world.command(*arguments, "--json")
    assert result.exit_code == exit_code, result.stderr
    document: dict[str, Any] = json.loads(result.stdout)
    return document


def numbers(world: World) -> list[Any]:
    month = month_of(date(2026, 9, 1))
    scopes: list[Any] = [{"day": month}, {"month": month.start}, {"period": MONTH}, {}]
    return [world.database.select(table, where=where) for table, where in zip(TABLES, scopes, strict=True)]


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """Closed; then a late bill for the last day and late logs, run without and with the flag; then closed again."""
    made = closing_world.made(tmp_path_factory.getbasetemp())
    world = copy_of(made, tmp_path_factory.mktemp("revised"))
    told: dict[str, Any] = {"world": world, "closed": answer(world, 0, "close", MONTH, *APPROVED)}
    told["first"] = world.files(world.home.closed / MONTH / "r1")
    before = (numbers(world), world.files())
    late = [
        write_bill(made.config.parent, "late.json", range(29, 30), {"p": "3", "c": "0.25"}),
        write_log(made.config.parent, "late.jsonl", range(28, 30), tags={"project": "chat"}),
    ]
    try:
        told["run"] = answer(world, 3, "run", *RANGE, *AS_OF)
        told["plan"] = answer(world, 0, "run", *RANGE, "--revise", "--plan")["plans"]
        told["left alone"] = (numbers(world), world.files()) == before
        job = world.job("daily", closing_world.month_days(29, 30), run_config={"resources": {"workplace": {"config": in_the_ui(world)}}})
        told["job"] = job.success
        told["last day"] = money.total([row.cost for row in world.database.select(daily_costs, where={"day": DAYS[29]})])
        told["revised"] = answer(world, 0, "run", *RANGE, *AS_OF, "--revise")
        told["draft"] = json.loads((world.home.reports / MONTH / "organisation" / "statement.json").read_bytes())
        told["second"] = answer(world, 0, "close", MONTH, *APPROVED)
        told["mails"] = world.database.select(deliveries)
        yield told
    finally:
        for path in late:
            path.unlink()


def in_the_ui(world: World) -> dict[str, str]:
    return {"home_folder": str(world.home.root), "config_file": str(world.config), "revise": MONTH}


def test_without_the_flag_nothing_of_the_closed_month_changes(steps: dict[str, Any]) -> None:
    assert steps["left alone"]
    (late,) = [one for one in steps["run"]["findings"] if one["code"] == "late_for_closed"]
    assert (late["blocks"], late["count"], late["amount"]) == (True, 2, "2")
    assert "2026-09 is closed: revision 1, approved by Ana Example" in late["words"]
    assert "bill late.json (2 lines), log late.jsonl (2 lines)" in late["words"]
    assert (
        "between 2026-09-29 and 2026-09-30: +0 bill lines, 2 billed; +2 usage records and +800,000 tokens, not priced yet" in late["words"]
    )
    assert "usage-pipeline run --from 2026-09-01 --to 2026-09-30 --revise" in late["words"]
    assert steps["run"]["finality"][0]["finality"] == "closed"


def test_the_plan_lists_statements_budgets_and_mails_and_changes_nothing(steps: dict[str, Any]) -> None:
    (plan,) = steps["plan"]
    assert (plan["month"], plan["revision"], plan["mails"], plan["alerts"]) == (MONTH, 1, [], 0)
    assert {one["scope"]: Decimal(one["after"]) - Decimal(one["before"]) for one in plan["statements"]}["organisation"] == Decimal(
        plan["difference"]
    )
    ((before, after),) = [(one["before"], one["after"]) for one in plan["budgets"]]
    assert (before, after) == ("30", "32")
    assert money.total([Decimal(one) for one in plan["by_cause"].values()]) == Decimal(plan["difference"])
    assert plan["difference"] == "2"


def test_the_bridge_of_the_second_revision_sums_to_the_difference(steps: dict[str, Any]) -> None:
    folder = steps["world"].home.reports / MONTH / "organisation"
    bridge = json.loads((folder / "bridge.json").read_bytes())
    assert (bridge["from_cost"], bridge["to_cost"], bridge["difference"]) == ("37.5", "39.5", "2")
    assert bridge["by_cause"] == steps["second"]["bridge"]
    assert (folder / "bridge.pdf").read_bytes().startswith(b"%PDF")
    corrections = rows_from((folder / "corrections.csv").read_bytes())
    assert violations(columns_of(V1_2), corrections, V1_2) == []
    assert {row["ChargeClass"] for row in corrections} == {"Correction"}
    assert money.total([Decimal(row["EffectiveCost"]) for row in corrections]) == 2
    assert not (steps["world"].home.closed / MONTH / "r1" / "statements" / "organisation" / "bridge.json").exists()


def test_each_revision_has_the_focus_files_of_its_own_numbers(steps: dict[str, Any]) -> None:
    folder = steps["world"].home.closed / MONTH
    for revision, cost in (("r1", "37.5"), ("r2", "39.5")):
        top = folder / revision / "statements" / "organisation"
        billed, estimated = (rows_from((top / name).read_bytes()) for name in ("focus-1.4.csv", "focus-1.4-estimated.csv"))
        amounts = [Decimal(row["BilledCost"]) for row in billed] + [Decimal(row["EffectiveCost"]) for row in estimated]
        assert money.total(amounts) == Decimal(cost)


def test_the_workplace_s_config_lets_a_run_in_the_ui_revise(steps: dict[str, Any]) -> None:
    assert steps["job"]
    assert steps["last day"] > Decimal(3)


def test_with_the_flag_a_draft_of_the_next_revision_is_made(steps: dict[str, Any]) -> None:
    draft = steps["draft"]
    assert (draft["revision"], draft["finality"], draft["approved"], draft["totals"]["cost"]) == (2, "reconciled", None, "39.5")
    (finding,) = [one for one in steps["revised"]["findings"] if one["code"] == "closed_month_revised"]
    assert (finding["amount"], finding["amount_unknown"]) == ("2", None)
    assert "the draft of revision 2 (39.5 instead of 37.5), which counts once" in finding["words"]
    world: World = steps["world"]
    assert world.files(world.home.closed / MONTH / "r1") == steps["first"]


def test_who_worked_on_closed_numbers_is_in_the_audit_log(steps: dict[str, Any]) -> None:
    entries = sorted(steps["world"].database.select(audit_log), key=lambda one: one.at)
    acts = [one.action for one in entries if one.action != "add budget"]
    assert acts[0] == acts[-1] == "close"
    assert set(acts[1:-1]) == {"run over a closed month"}
    assert all("@" not in one.actor for one in steps["world"].database.select(audit_log))


def test_closing_again_makes_the_second_revision_beside_the_first(steps: dict[str, Any]) -> None:
    world: World = steps["world"]
    assert (steps["second"]["state"], steps["second"]["revision"], steps["second"]["totals"]["cost"]) == ("closed", 2, "39.5")
    assert world.files(world.home.closed / MONTH / "r1") == steps["first"]
    assert [(one.revision, Decimal(one.cost)) for one in world.database.select(revisions)] == [(1, Decimal("37.5")), (2, Decimal("39.5"))]
    assert {(one.revision, one.finality) for one in world.database.select(statements, where={"period": MONTH})} == {
        (1, "closed"), (2, "closed"),
    }  # fmt: skip
    published = json.loads((world.home.reports / MONTH / "organisation" / "statement.json").read_bytes())
    assert (published["revision"], published["finality"]) == (2, "closed")


def test_a_revision_is_explained_by_what_it_was_made_of_also_after_its_days_were_computed_again(steps: dict[str, Any]) -> None:
    """The files, lines and rules of the close; the late ones are of the second revision alone."""
    world: World = steps["world"]
    first, bills = world.home.closed / MONTH / "r1", world.config.parent / "bill"
    frozen = first / "statements" / "projects" / "portal" / "statement.json"
    for named, cost, file, rules in (
        (str(frozen), "1", "september.json", first / "usage.yaml"),
        (f"{MONTH}/r2", "3", "late.json", world.config),
    ):
        found = answer(world, 0, "explain", named, "--project", "portal", "--day", "2026-09-30")
        assert (found["total"]["cost"], found["bill"]["amount"]) == (cost, cost)
        (line,) = found["bill"]["rows"]
        assert (line["file"], line["given_by"]["file"], line["given_by"]["line"]) == (str(bills / file), str(rules), 6)


def test_both_revisions_hold(steps: dict[str, Any]) -> None:
    for named in (f"{MONTH}/r1", MONTH):
        found = answer(steps["world"], 0, "verify", named)
        assert [one["state"] for one in found["answers"]] == ["holds"] * 4
        assert found["revision"] == (1 if named.endswith("r1") else 2)


def test_a_plan_names_files_not_yet_read_and_a_revising_run_reads_them_before_it_plans(steps: dict[str, Any], tmp_path: Path) -> None:
    world = copy_of(steps["world"], tmp_path)
    later = [
        write_bill(world.config.parent, f"later-{place}.json", range(place, place + 1), {"p": "3.5", "c": "0.25"}) for place in (27, 28)
    ]
    try:
        before = (numbers(world), world.files())
        asked = answer(world, 0, "run", *RANGE, "--revise", "--plan")
        assert (asked["plans"][0]["difference"], asked["unread"], asked["unread_unknown"]) == ("0", 2, [])
        assert asked["unread_files"] == [{"source": "bill", "file": str(path)} for path in later]
        words = world.command("run", *RANGE, "--revise", "--plan").stderr
        assert "not in this plan: 2 files not yet read (bill later-27.json, bill later-28.json); `usage-pipeline run --from" in words
        assert (numbers(world), world.files()) == before
        result = world.command("run", "--from", "2026-09-28", "--to", "2026-09-29", *AS_OF, "--revise", "--json")
        assert "Computing it again, of the files read so far, would change it by 5" in result.stderr
        document = json.loads(result.stdout)
        assert (document["totals"]["cost"], [one["file"] for one in document["files"]]) == ("7.5", [f"bill/{path.name}" for path in later])
        stated = json.loads((world.home.reports / MONTH / "organisation" / "statement.json").read_bytes())
        assert stated["totals"]["cost"] == "44.5"
        assert answer(world, 0, "run", *RANGE, "--revise", "--plan")["unread"] == 0
    finally:
        for path in later:
            path.unlink()


def test_the_next_revision_is_sent_and_says_what_changed(steps: dict[str, Any], tmp_path: Path) -> None:
    copied = copy_of(steps["world"], tmp_path)
    write(tmp_path / "usage.yaml", [STATEMENT.replace("1st business day", "on close")])
    world = World(copied.home, tmp_path / "usage.yaml")
    asked = ("send", "--name", "finance", "--month", MONTH)
    (sent,) = answer(world, 0, *asked)["sent"]
    mail = email.message_from_bytes((world.home.outbox / sent["receipt"]).read_bytes(), policy=email.policy.default)
    assert mail["Subject"] == sent["subject"] == "Statement September 2026, Example Org: 39.50 USD, grade A, closed r2"
    text = str(mail.get_body(("plain",)).get_content())  # type: ignore[union-attr, attr-defined]
    assert "Revision 2 takes the place of revision 1. The total was $37.50 and is $39.50, $2.00 more." in text
    assert "bridge-2026-09-organisation-r2.pdf" in [one.get_filename() for one in mail.iter_attachments()]  # type: ignore[attr-defined]
    assert answer(world, 0, *asked)["sent"] == []
    database = world.database
    over = database.select(audit_log, where={"action": OVER_CLOSED})[0]
    database.insert(audit_log, [replace(over, entry_id="later", at=world.workplace.now())])
    (stuck,) = answer(world, 1, *asked, "--again")["due_but_not_delivered"]
    assert stuck["why"] == "2026-09 is being revised: close it again first"
