"""Wallets through the whole house: entries by file and by command, usage by the daily job, corrections, closes, requests, two at once."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from sample_world import World, copy_of
from tracker_world import request, tracker_world, write

from usage_pipeline import money
from usage_pipeline.defs.alert_wallets import wallet_conditions
from usage_pipeline.defs.wallet_book import grant, keep_wallets
from usage_pipeline.periods import day_of, inclusive, month_of
from usage_pipeline.tables.audit_log import audit_log
from usage_pipeline.tables.costs import daily_costs
from usage_pipeline.tables.revisions import Revision, revisions
from usage_pipeline.tables.wallets import recharge_requests, wallet_entries, wallets

CONFIG = """\
organisation: {name: Example Org, finance: [finance@example.org]}
projects: [{id: portal, client: Acme, team: support}, {id: ranker, client: Acme}]
wallets:
  - {id: support, project: portal, unit: credits, low: 70, entries: credits.csv, recharge: {amount: 500, approve: [finance@example.org]}}
  - {id: acme, client: Acme, unit: USD, entries: credits.csv}
  - {id: spare, unit: credits}
credits: [{credits: 10}]
attribution: [{field: tag.project, project: "{value}"}]
sources: [{name: app, kind: tracker, path: "logs/*.jsonl"}]
prices: [{provider: openai, model: gpt-4o-mini, meter: output, unit_price: 0.000001}]
"""
HEADER = "id,wallet,at,kind,amount,expires,note,request,by\n"
ROWS = "g-1,support,2026-10-01,grant,100,2026-10-02,start,,\ng-2,support,2026-10-01,purchase,40,,,,\na-1,acme,2026-10-01,grant,25,,,,\n"
FIRST, SECOND = date(2026, 10, 1), date(2026, 10, 2)


def entries_file(world: World, text: str) -> None:
    (world.config.parent / "credits.csv").write_text(HEADER + text, "utf-8")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> World:
    world = tracker_world(tmp_path_factory.mktemp("wallets"), CONFIG)
    entries_file(world, ROWS)
    write(world, "a.jsonl", [request("1", FIRST, dollars="2"), request("2", FIRST, project="ranker"), request("3", SECOND)])
    assert world.job("daily", inclusive(FIRST, SECOND)).success
    return world


@pytest.fixture
def world(made: World, tmp_path: Path) -> World:
    """A copy of the home and of what lies beside it."""
    copied = copy_of(made, tmp_path)
    config = tmp_path / "usage.yaml"
    config.write_text(CONFIG, "utf-8")
    found = World(copied.home, config)
    entries_file(found, ROWS)
    return found


def told(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.stderr
    return dict(json.loads(result.stdout))


def ledger(world: World, name: str) -> list[tuple[str, str, str, str, int]]:
    rows = told(world.command("wallets", "entries", name, "--json"))["entries"]
    return [(one["kind"], one["for_day"], one["day"], one["amount"], one["number"]) for one in rows]


def test_usage_is_taken_day_by_day_and_the_rest_lapses(world: World) -> None:
    assert ledger(world, "support") == [
        ("consumption", "2026-10-01", "2026-10-01", "-10", 1),
        ("grant", "2026-10-01", "2026-10-01", "100", 1),
        ("purchase", "2026-10-01", "2026-10-01", "40", 1),
        ("consumption", "2026-10-02", "2026-10-02", "-10", 1),
        ("expiry", "2026-10-02", "2026-10-02", "-80", 1),
    ]
    assert ledger(world, "acme") == [
        ("consumption", "2026-10-01", "2026-10-01", "-3", 1),
        ("grant", "2026-10-01", "2026-10-01", "25", 1),
        ("consumption", "2026-10-02", "2026-10-02", "-1", 1),
    ]
    found = told(world.command("wallets", "entries", "support", "--json"))
    assert (found["balance"], found["balances"]) == (
        "40", [{"day": "2026-10-01", "balance": "130"}, {"day": "2026-10-02", "balance": "40"}],
    )  # fmt: skip
    assert told(world.command("wallets", "entries", "spare", "--json"))["entries"] == []


def test_list_tells_balance_and_since_when_it_is_low(world: World) -> None:
    found = {one["wallet"]: one for one in told(world.command("wallets", "list", "--json"))["wallets"]}
    support = found["support"]
    assert {name: support[name] for name in ("balance", "low", "is_low", "low_since", "given", "consumed", "expired", "of")} == {
        "balance": "40", "low": "70", "is_low": True, "low_since": "2026-10-02", "given": "140", "consumed": "20", "expired": "80",
        "of": "portal",
    }  # fmt: skip
    assert [(found[name]["balance"], found[name]["is_low"]) for name in ("acme", "spare")] == [("21", False), ("0", False)]
    shown = world.command("wallets", "list")
    assert "support is low since 2026-10-02: ask for more with `usage-pipeline wallets request support`" in shown.stderr


def test_a_low_wallet_is_worth_telling_now_and_never_of_the_past(world: World) -> None:
    keep_wallets(world.workplace)
    (found,) = wallet_conditions(world.workplace, date(2999, 1, 1), [])
    assert (found.rule, found.scope, found.project, found.period_start, found.level) == (
        "wallet_low", "wallets/support", "portal", SECOND, "warning",
    )  # fmt: skip
    assert found.words == (
        "The wallet support is low since 2 October: 40 credits left. `usage-pipeline wallets request support` asks for more."
    )
    assert wallet_conditions(world.workplace, FIRST, []) == []


def test_a_recharge_is_asked_for_by_itself_once_while_it_is_low(world: World) -> None:
    world.config.write_text(CONFIG.replace("recharge: {amount: 500,", "recharge: {amount: 500, automatic: true,"), "utf-8")
    for _ in range(2):
        keep_wallets(world.workplace)
    (asked,) = world.database.select(recharge_requests)
    assert (asked.request_id, asked.amount, asked.state) == ("support-1", 500, "open")
    assert asked.note == "by itself: low since 2026-10-02, 40 credits left"
    assert "by itself: low since 2026-10-02" in world.command("wallets", "list").stdout
    (found,) = wallet_conditions(world.workplace, date(2999, 1, 1), [])
    assert found.words == (
        "The wallet support is low since 2 October: 40 credits left. A recharge of 500 credits is asked for (support-1); "
        "finance@example.org may approve it: `usage-pipeline wallets approve support-1 --by NAME`."
    )
    assert world.command("wallets", "reject", "support-1", "--by", "finance@example.org").exit_code == 0
    keep_wallets(world.workplace)
    assert [one.state for one in world.database.select(recharge_requests)] == ["rejected"], "no is no, until it is low anew"


def test_another_run_writes_nothing(world: World) -> None:
    before = world.database.select(wallet_entries), world.database.select(audit_log)
    assert world.job("daily", inclusive(FIRST, SECOND)).success
    assert keep_wallets(world.workplace).written == []
    assert (world.database.select(wallet_entries), world.database.select(audit_log)) == before


def test_late_usage_is_a_correction_and_lapses_less(world: World) -> None:
    write(world, "late.jsonl", [request("4", FIRST), request("5", SECOND, dollars="7")])
    before = world.database.select(wallet_entries)
    assert world.job("daily", day_of(SECOND)).success
    assert world.job("daily", day_of(FIRST)).success
    after = ledger(world, "support")
    assert [one for one in after if one[4] > 1] == [
        ("consumption", "2026-10-01", "2026-10-01", "-10", 2),
        ("consumption", "2026-10-02", "2026-10-02", "-10", 2),
        ("expiry", "2026-10-02", "2026-10-02", "10", 2),
        ("expiry", "2026-10-02", "2026-10-02", "10", 3),
    ]
    kept = {one.entry_id: one for one in world.database.select(wallet_entries)}
    assert all(kept[one.entry_id] == one for one in before), "nothing that was written is touched"
    (support,) = [one for one in world.database.select(wallets) if one.wallet == "support"]
    assert (support.balance, support.consumed, support.expired) == (40, 40, 60)


def test_what_changes_in_a_closed_month_counts_after_it(world: World) -> None:
    month = month_of(FIRST)
    closed = Revision(
        month=FIRST, revision=1, closed_at=datetime(2026, 11, 3, tzinfo=UTC), approved_by="Ana", note=None, cost=money.ZERO,
        currency="USD", manifest_hash="0" * 64,
    )  # fmt: skip
    world.database.insert(revisions, [closed])
    entries_file(world, ROWS + "g-3,support,2026-10-02,grant,5,,late,,\n")
    keep_wallets(world.workplace)
    assert ledger(world, "support")[-1] == ("grant", "2026-10-02", "2026-11-01", "5", 1)
    assert [one for one in world.database.select(wallet_entries) if one.day in month and one.reference == "g-3"] == []


def test_a_grant_by_command_is_of_today_and_in_the_audit_log(world: World) -> None:
    given = told(world.command("wallets", "grant", "spare", "--amount", "12.5", "--note", "pilot", "--json"))
    today = datetime.now(UTC).date().isoformat()
    assert (given["reference"], given["amount"], given["note"], given["expires"]) == ("spare-grant-1", "12.5", "pilot", None)
    assert given["day"] <= today
    acts = {(one.action, one.subject, one.why) for one in world.database.select(audit_log) if "wallet" in one.subject}
    assert acts == {
        ("grant of wallet", "wallet support", "start"),
        ("purchase of wallet", "wallet support", None),
        ("grant of wallet", "wallet acme", None),
        ("grant of wallet", "wallet spare", "pilot"),
    }
    again = told(world.command("wallets", "grant", "spare", "--amount", "1", "--json"))
    assert again["reference"] == "spare-grant-2"


def test_a_request_is_approved_once_by_somebody_who_may(world: World) -> None:
    asked = told(world.command("wallets", "request", "support", "--note", "launch", "--json"))
    assert (asked["request"], asked["amount"], asked["state"]) == ("support-1", "500", "open")
    twice = world.command("wallets", "request", "support")
    assert (twice.exit_code, "request support-1 of 500 is open: approve or reject it first" in twice.stderr) == (1, True)
    shown = world.command("wallets", "list")
    assert "Requests that wait for an approval" in shown.stdout
    wrong = world.command("wallets", "approve", "support-1", "--by", "Bob")
    assert wrong.exit_code == 1
    assert "'Bob' may not decide about wallet support; those who may are finance@example.org" in wrong.stderr
    assert {one.kind for one in world.database.select(wallet_entries)} == {"grant", "purchase", "consumption", "expiry"}
    done = told(world.command("wallets", "approve", "support-1", "--by", "Finance@example.org", "--json"))
    assert (done["state"], done["decided_by"]) == ("approved", "Finance")
    (recharge,) = [one for one in world.database.select(wallet_entries) if one.kind == "recharge"]
    assert (recharge.amount, recharge.reference, recharge.actor, recharge.note) == (500, "support-1", "Finance", "launch")
    again = world.command("wallets", "reject", "support-1", "--by", "finance@example.org")
    assert again.exit_code == 1
    assert "request support-1 was approved by Finance on " in again.stderr
    acts = [one.action for one in world.database.select(audit_log, order=("at", "entry_id")) if "recharge" in one.action]
    assert acts == ["request recharge", "approve recharge"]
    assert not any("@" in one.actor for one in world.database.select(audit_log))


def test_a_rejected_request_adds_nothing(world: World) -> None:
    told(world.command("wallets", "request", "spare", "--amount", "9", "--json"))
    done = told(world.command("wallets", "reject", "spare-1", "--by", "Ana", "--note", "no", "--json"))
    assert (done["state"], done["decided_note"]) == ("rejected", "no")
    assert ledger(world, "spare") == []
    assert told(world.command("wallets", "request", "spare", "--amount", "9", "--json"))["request"] == "spare-2"


def test_requests_and_approvals_by_file(world: World) -> None:
    asked = ROWS + "r-1,support,2026-10-03,request,300,,top up,,\n"
    entries_file(world, asked)
    keep_wallets(world.workplace)
    entries_file(world, asked + "d-1,support,2026-10-04,approve,,,fine,r-1,finance@example.org\n")
    keep_wallets(world.workplace)
    keep_wallets(world.workplace)
    assert ledger(world, "support")[-1] == ("recharge", "2026-10-04", "2026-10-04", "300", 1)
    (found,) = told(world.command("wallets", "list", "--json"))["requests"]
    assert (found["request"], found["state"], found["decided_by"], found["decided_note"]) == ("r-1", "approved", "finance", "fine")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (ROWS.replace("grant,100", "grant,90"), "2: id: 'g-1' was written as grant of 100 to support on 2026-10-01, expires 2026-10-02"),
        (ROWS + "d-1,support,2026-10-04,approve,,,,r-9,finance@example.org\n", "5: id: wallet support has no request 'r-9'"),
        (
            ROWS + "r-1,support,2026-10-03,request,1,,,,\nd-1,support,2026-10-04,approve,,,,r-1,Bob\n",
            "6: id: 'Bob' may not decide about wallet support",
        ),
    ],
)
def test_a_file_that_contradicts_the_ledger_changes_nothing(world: World, text: str, words: str) -> None:
    before = world.database.select(wallet_entries)
    entries_file(world, text)
    result = world.command("wallets", "list")
    assert (result.exit_code, result.stdout) == (2, "")
    assert words in result.stderr
    assert world.database.select(wallet_entries) == before


def test_a_row_of_a_day_to_come_waits(world: World) -> None:
    entries_file(world, ROWS + "g-9,support,2999-01-01,grant,5,,,,\n")
    assert keep_wallets(world.workplace).written == []


@pytest.mark.parametrize(
    ("words", "code", "answer"),
    [
        (("grant", "suport", "--amount", "5"), 2, "has no wallet 'suport'; it has support, acme, spare"),
        (("grant", "support", "--amount", "many"), 2, "--amount 'many' is no number such as 5000 or 12.50"),
        (("grant", "support", "--amount", "-5"), 2, "--amount -5 is no amount: above 0, with at most 15 decimals"),
        (("grant", "support", "--amount", "NaN"), 2, "is no amount"),
        (("grant", "support", "--amount", "5", "--expires", "2026-10-01"), 2, "--expires 2026-10-01 is over: give today ("),
        (("request", "spare"), 2, "wallet spare has no recharge amount in usage.yaml: say --amount"),
        (("approve", "support-7", "--by", "Ana"), 2, "there is no request support-7; open are: none"),
        (("entries", "nobody"), 2, "has no wallet 'nobody'"),
    ],
)  # fmt: skip
def test_what_is_asked_wrongly_is_answered_in_words(world: World, words: tuple[str, ...], code: int, answer: str) -> None:
    before = world.database.select(wallet_entries)
    result = world.command("wallets", *words)
    assert (result.exit_code, result.stdout) == (code, "")
    assert answer in result.stderr
    assert world.database.select(wallet_entries) == before


def test_a_wallet_cannot_change_its_unit(world: World) -> None:
    world.config.write_text(CONFIG.replace("id: acme, client: Acme, unit: USD", "id: acme, client: Acme, unit: credits"), "utf-8")
    result = world.command("wallets", "list")
    assert result.exit_code == 2
    assert "usage.yaml:5: wallets.unit: 'credits', but the ledger of acme is in USD: name the wallet in credits otherwise" in result.stderr


def test_many_at_once_write_each_entry_once(world: World) -> None:
    write(world, "late.jsonl", [request("4", FIRST)])
    assert world.job("daily", day_of(FIRST)).success
    entries_file(world, ROWS + "g-4,support,2026-10-02,grant,5,,,,\n")
    workplace = world.workplace
    with ThreadPoolExecutor(4) as pool:
        grants = [pool.submit(grant, workplace, "spare", money.ZERO + 3, None, None) for _ in range(4)]
        looks = [pool.submit(keep_wallets, workplace) for _ in range(4)]
        assert sorted(one.result().reference for one in grants) == [f"spare-grant-{number}" for number in (1, 2, 3, 4)]
        assert sum(entry.reference == "g-4" for one in looks for entry in one.result().written) <= 1
    assert [one.reference for one in world.database.select(wallet_entries)].count("g-4") == 1
    found = {one.wallet: one.balance for one in world.database.select(wallets)}
    assert found["spare"] == 12
    assert keep_wallets(workplace).written == []


def test_a_home_without_wallets_has_none_and_keeps_its_ledger(world: World) -> None:
    before, rest = CONFIG.split("wallets:\n")
    world.config.write_text(before + rest[rest.index("credits: [{") :], "utf-8")
    shown = world.command("wallets", "list")
    assert shown.exit_code == 0
    assert "usage.yaml has no wallets, such as" in shown.stdout
    assert world.database.select(wallets) == []
    assert len(ledger(world, "support")) == 5


def test_a_ledger_on_postgresql_is_the_same(world: World, tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    costs = world.database.select(daily_costs)
    here = {(one.entry_id, one.amount) for one in world.database.select(wallet_entries)}
    monkeypatch.setenv("USAGE_DATABASE_URL", postgres_url)
    world.database.insert(daily_costs, costs)
    workplace = world.workplace
    with ThreadPoolExecutor(3) as pool:
        looks = [pool.submit(keep_wallets, workplace) for _ in range(3)]
        assert sorted(len(one.result().written) for one in looks) == [0, 0, len(here)]
    assert {(one.entry_id, one.amount) for one in world.database.select(wallet_entries)} == here
    assert grant(workplace, "spare", money.ZERO + 3, None, None).reference == "spare-grant-1"
