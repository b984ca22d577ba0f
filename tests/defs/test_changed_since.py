"""What changed after a close in usage.yaml, price books or rates: told, with by how much, where it would change the closed numbers."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import closing_world
import pytest
from closing_world import APPROVED, CONFIG, MONTH
from sample_world import World, copy_of

from usage_pipeline.defs.changed_settings import changed_settings
from usage_pipeline.defs.changed_since import KEPT, changed_books, changed_rates
from usage_pipeline.defs.closed import closed_months
from usage_pipeline.defs.finding import Finding
from usage_pipeline.defs.late import late_findings
from usage_pipeline.defs.revision_plan import revision_plan
from usage_pipeline.periods import month_of
from usage_pipeline.settings.document import document_of
from usage_pipeline.tables.exchange_used import ExchangeUsed
from usage_pipeline.tables.price_books import PriceBookAdoption

SEPTEMBER = month_of(date(2026, 9, 1))
LATER = "prices: [{provider: openai, discount_percent: 10, valid_from: 2026-10-01}]\n"
OTHERS = "aliases: [{name: nobody-has-this, model: gpt-4o, provider: openai}]\n"


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> World:
    made = closing_world.made(tmp_path_factory.getbasetemp())
    config = made.config.with_name("changed.yaml")
    config.write_text(CONFIG)
    world = World(copy_of(made, tmp_path_factory.mktemp("changed")).home, config)
    assert world.command("close", MONTH, *APPROVED).exit_code == 0
    return world


def findings(world: World, text: str) -> list[Finding]:
    world.config.write_text(text)
    return late_findings(world.workplace)


def test_a_rule_that_would_move_money_of_a_closed_month_is_told_once_it_was_computed(closed: World) -> None:
    """It is computed once: what is kept beside the month answers the next run."""
    kept = closed.home.closed / MONTH / KEPT
    assert findings(closed, CONFIG) == []
    assert findings(closed, CONFIG + LATER) == []
    assert not kept.exists()
    assert findings(closed, CONFIG + OTHERS) == []
    assert kept.exists()
    (found,) = findings(closed, CONFIG.replace("equals: c, project: chat", "equals: c, project: portal"))
    assert (found.code, found.blocks, found.count, found.amount) == ("changed_for_closed", True, 2, Decimal("7.5"))
    for words in (
        "2026-09 is closed: revision 1, approved by Ana Example",
        "changed.yaml:7 (attribution) is new; line 7 of the closed changed.yaml (attribution) is gone",
        "its cost would be 37.5 instead of 37.5, 7.5 of it elsewhere, in 60 rows",
        "`usage-pipeline run --from 2026-09-01 --to 2026-09-30 --revise`",
    ):
        assert words in found.words
    before = kept.stat().st_mtime_ns
    assert late_findings(closed.workplace) == [found]
    assert kept.stat().st_mtime_ns == before
    plan = revision_plan(closed.workplace, closed_months(closed.database)[SEPTEMBER.start])
    assert plan.changed == ["changed.yaml:7 (attribution) is new", "line 7 of the closed changed.yaml (attribution) is gone"]
    assert (plan.difference, {one.scope for one in plan.statements}) == (0, {"organisation", "projects/portal", "projects/chat"})


def test_a_file_that_usage_yaml_leaves_out_since_is_told(closed: World) -> None:
    text = CONFIG.replace('path: "bill/*.json"', 'path: "bill/*.json", exclude: ["bill/*.json"]')
    closed.config.write_text(text)
    result = closed.command("run", "--from", "2026-10-01", "--to", "2026-10-01")
    assert result.exit_code == 3, result.stderr
    (found,) = late_findings(closed.workplace)
    assert (found.code, found.blocks, found.amount) == ("late_for_closed", True, Decimal("37.5"))
    assert "bill september.json" in found.words
    assert "-60 bill lines, -37.5 billed" in found.words
    closed.config.write_text(CONFIG)
    assert closed.command("run", "--from", "2026-10-01", "--to", "2026-10-01").exit_code in {0, 3}
    assert late_findings(closed.workplace) == []


@pytest.mark.parametrize(
    ("then", "now", "told"),
    [
        ("limits: {stale_days: 3}", "limits: {stale_days: 5}", []),
        ("organisation: {currency: USD}", "organisation: {currency: EUR}", ["now.yaml:1 (currency) says something else"]),
        ("aliases:\n- {name: a}\n- {name: b}", "aliases:\n- {name: b}\n- {name: a}", ["now.yaml (aliases) has another order"]),
        ("aliases:\n- {name: a, valid_to: 2026-08-31}", "aliases: []", []),
        ("aliases:\n- {name: a, valid_to: 2026-09-01}", "", ["line 2 of the closed now.yaml (aliases) is gone"]),
        ("projects:\n- {id: a, name: A}", "projects:\n- {id: a, name: B}\n- {id: b}", ["now.yaml:3 (projects) is new"]),
    ],
    ids=["limits", "currency", "order", "before the month", "gone", "project"],
)
def test_what_of_usage_yaml_decides_the_month(then: str, now: str, told: list[str]) -> None:
    files = (document_of(Path("then.yaml"), then.encode()), document_of(Path("now.yaml"), now.encode()))
    assert changed_settings(*files, SEPTEMBER) == told


def adoption(version: str, valid_from: date | None = None) -> PriceBookAdoption:
    return PriceBookAdoption(
        adoption_id=version, version=version, content_hash=version * 8, adopted_at=datetime(2026, 9, 1, tzinfo=UTC), valid_from=valid_from,
        models_count=1, rate_cards_count=1, rates_count=1, note=None,
    )  # fmt: skip


def test_another_price_book_counts_on_its_days() -> None:
    first = adoption("a")
    assert changed_books(SEPTEMBER, [first], [first, adoption("b", date(2026, 10, 1))]) == []
    assert changed_books(SEPTEMBER, [first], [first, adoption("b", date(2026, 9, 16))]) == [
        "price book b instead of a from 2026-09-16 to 2026-09-30"
    ]


def test_a_corrected_rate_is_told_and_a_new_day_of_the_file_is_not(tmp_path: Path) -> None:
    used = ExchangeUsed(
        channel="aws", currency="EUR", day=date(2026, 9, 5), rate=Decimal("1.25"), rate_day=date(2026, 9, 4), original_cost=None, cost=None
    )
    path = tmp_path / "rates.csv"
    path.write_text("Date,USD,\n2026-10-01,1.5,\n2026-09-04,1.25,\n")
    assert changed_rates("USD", path, [used, replace(used, channel="gcp")]) == []
    path.write_text("Date,USD,\n2026-09-04,1.3,\n")
    assert changed_rates("USD", path, [used, replace(used, channel="gcp")]) == ["exchange rate of EUR on 2026-09-05 1.3 instead of 1.25"]
    path.write_text("Date,USD,\n2026-10-01,1.5,\n")
    assert changed_rates("USD", path, [used]) == ["no exchange rate of EUR on 2026-09-05 any more, 1.25 was used"]
    assert changed_rates("USD", None, []) == []
