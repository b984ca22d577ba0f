"""`usage-pipeline reconcile` by invoice: its lines, what they come to, what was logged beside them, and why both differ."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from focus_bill import HEADER, WITH_BILL, line
from sample_world import World
from tracker_world import request, tracker_world, write

from usage_pipeline.periods import inclusive

FIRST, SECOND, LATER = date(2026, 10, 1), date(2026, 10, 2), date(2026, 10, 20)
DAYS = inclusive(FIRST, LATER)
RANGE = ("--from", "2026-10-01", "--to", "2026-10-02")


def of(invoice: str, text: str) -> str:
    return f"{invoice},{text}"


BILL = (
    of("INV-1", line("1.00", account="proj_1")),
    of("INV-1", line("0.19", category="Tax", account="proj_1")),
    of("INV-1", line("7.00", LATER, account="proj_1")),
    of("INV-2", line("2.50", SECOND, account="proj_1")),
    of("", line("0.25", SECOND)),
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("invoices")
    made = tracker_world(folder, WITH_BILL)
    write(made, "app.jsonl", [request("r1", FIRST), request("r2", SECOND, dollars="2"), request("r3", LATER, dollars="7")])
    (folder / "bills").mkdir()
    (folder / "bills/bill.csv").write_text(of("InvoiceId", HEADER) + "".join(BILL), "utf-8")
    assert made.job("daily", DAYS).success
    return made


@pytest.fixture(scope="module")
def document(world: World) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(world.command("reconcile", *RANGE, "--json").stdout)
    return found


def test_each_invoice_beside_its_lines_and_the_logs(document: dict[str, Any]) -> None:
    first, *_ = document["invoices"]
    assert first == {
        "invoice": "INV-1",
        "billed": "1.19",
        "provider": None,
        "logged": "1",
        "difference": "0.19",
        "compared": {"highest": "1.19", "lowest": "1"},
        "no_other_view": {"billed": None, "provider": None, "logged": None},
        "lines": {"count": 2, "billed": "1.19", "count_of_months": 3, "billed_in_months": "8.19"},
        "causes": {"tax": "0.19"},
    }


def test_invoices_are_the_bill_to_the_last_digit(document: dict[str, Any]) -> None:
    (channel,) = document["channels"]
    for view in ("billed", "logged", "difference"):
        assert sum(Decimal(one[view] or 0) for one in document["invoices"]) == Decimal(channel[view])
    for one in document["invoices"]:
        assert sum(map(Decimal, one["causes"].values())) == Decimal(one["difference"])
        assert Decimal(one["compared"]["highest"]) - Decimal(one["compared"]["lowest"]) == Decimal(one["difference"])
    assert sum(Decimal(one["billed"]) for one in document["invoices"]) == Decimal("3.94")


def test_what_an_invoice_bills_on_other_days_is_told(world: World) -> None:
    told = world.command("reconcile", *RANGE).stdout
    assert "By invoice" in told
    assert "INV-1: 1.19 of its 8.19 USD are of these days, 2 of 3 lines" in told
    rows = [one.split() for one in told.splitlines()]
    assert ["INV-1", "1.19", "–", "1.00", "2", "tax", "0.19"] in rows


def test_a_bill_without_invoices_has_no_such_table(world: World, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    made = tracker_world(tmp_path / "plain", WITH_BILL)
    write(made, "app.jsonl", [request("r1", FIRST)])
    (tmp_path / "plain/bills").mkdir()
    (tmp_path / "plain/bills/bill.csv").write_text(HEADER + line("1.00", account="proj_1"), "utf-8")
    assert made.job("daily", inclusive(FIRST, FIRST)).success
    assert "By invoice" not in made.command("reconcile", "--from", "2026-10-01", "--to", "2026-10-01").stdout
