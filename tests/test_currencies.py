"""A bill in euros in an organisation that reports in dollars: without a rate it waits, in no sum; with one it counts, to the last digit."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from focus_bill import HEADER, WITH_BILL, line
from sample_world import World, usage_pipeline
from tracker_world import request, tracker_world, write

from usage_pipeline.periods import inclusive
from usage_pipeline.tables.charges import charges
from usage_pipeline.tables.computed_days import computed_days
from usage_pipeline.tables.costs import daily_costs
from usage_pipeline.tables.unconverted_charges import unconverted_charges

FIRST, SECOND = date(2026, 10, 1), date(2026, 10, 2)
DAYS = inclusive(FIRST, SECOND)
RATES = "Date,USD,GBP,\n2026-10-02,1.1712,0.8731,\n2026-10-01,1.1725,N/A,\n"
BILL = (
    line("10.00", account="proj_1"),
    line("3.00", account="proj_1").replace(",USD,", ",EUR,"),
    line("4.00", SECOND, account="proj_1").replace(",USD,", ",EUR,"),
    line("5.00", SECOND, account="proj_1").replace(",USD,", ",GBP,"),
)


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = tracker_world(tmp_path, WITH_BILL)
    write(world, "app.jsonl", [request("r1", FIRST), request("r2", SECOND)])
    (tmp_path / "bills").mkdir()
    (tmp_path / "bills/bill.csv").write_text(HEADER + "".join(BILL), "utf-8")
    return world


def with_rates(world: World, text: str = RATES) -> None:
    world.config.write_text(WITH_BILL + "currencies: {rates: rates/eurofxref-hist.csv}\n", "utf-8")
    path = world.config.parent / "rates" / "eurofxref-hist.csv"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, "utf-8")


def finding(document: dict[str, Any]) -> dict[str, Any] | None:
    return next((one for one in document["findings"] if one["code"] == "missing_rate"), None)


def billed(world: World) -> list[Decimal]:
    rows = world.database.select(daily_costs, where={"day": DAYS})
    return [sum((row.billed_cost or Decimal(0) for row in rows if row.day == day), Decimal(0)) for day in DAYS.days()]


def test_what_has_no_rate_waits_and_counts_once_it_has_one(world: World) -> None:
    found = finding(world.run())
    assert found is not None
    assert (found["blocks"], found["count"], found["amount"]) == (True, 3, None)
    assert found["words"] == (
        "3 lines of bills are in currencies that have no exchange rate, and in no sum: bill 7 EUR on 2026-10-01 and 2026-10-02 (2 lines),"
        " bill 5 GBP on 2026-10-02 (1 line). Add `currencies: {rates: eurofxref-hist.csv}` to usage.yaml, with the European Central Bank's"
        " file of that name beside it, and run these days again; nothing of the lines is lost."
    )
    assert billed(world) == [10, 0]
    statement = json.loads((world.home.reports / "2026-10/organisation/statement.json").read_text())
    assert statement["finality"] == "open"
    with_rates(world)
    assert finding(world.run()) is None
    assert billed(world) == [Decimal("13.5175"), Decimal("11.391935494216012")]
    statement = json.loads((world.home.reports / "2026-10/organisation/statement.json").read_text())
    assert "rates/eurofxref-hist.csv" in [one["file"] for one in statement["inputs"]]
    told = [(one["currency"], one["day"], one["rate"], one["original_cost"], one["cost"]) for one in statement["exchange"]]
    assert told[:2] == [("EUR", "2026-10-01", "1.1725", "3", "3.5175"), ("EUR", "2026-10-02", "1.1712", "4", "4.6848")]
    lake = world.workplace.lake(world.workplace.engine())
    assert lake.days(unconverted_charges.name) == []
    rows = sorted(lake.engine.to_pyarrow(lake.read(charges)).to_pylist(), key=lambda row: row["source_line"])
    names = ("billed_cost", "currency", "original_cost", "original_currency", "exchange_rate", "exchange_day")
    assert [tuple(row[name] for name in names) for row in rows] == [
        (10, "USD", None, None, None, None),
        (Decimal("3.5175"), "USD", 3, "EUR", Decimal("1.1725"), FIRST),
        (Decimal("4.6848"), "USD", 4, "EUR", Decimal("1.1712"), SECOND),
        (Decimal("6.707135494216012"), "USD", 5, "GBP", Decimal("1.341427098843202"), SECOND),
    ]


def test_a_corrected_rate_changes_days_computed_anew_and_the_reason_says_so(world: World) -> None:
    for rates in (RATES, RATES.replace("1.1725", "1.2000")):
        with_rates(world, rates)
        assert world.job("daily", DAYS).success
    assert billed(world)[0] == Decimal("13.6")
    told = sorted(world.database.select(computed_days, where={"day": FIRST}), key=lambda row: row.computed_at)
    assert [row.because for row in told] == [
        "first time",
        "exchange rates EUR 1.2 (2026-10-01) instead of EUR 1.1725 (2026-10-01)",
    ]


def test_a_currency_that_the_file_lacks_is_told_with_the_file(world: World) -> None:
    with_rates(world, RATES.replace("GBP", "SEK"))
    found = world.findings(DAYS)["missing_rate"]
    assert found.words.startswith(
        "1 line of a bill is in a currency that has no exchange rate, and in no sum: bill 5 GBP on 2026-10-02 (1 line). eurofxref-hist.csv"
        " (currencies.rates in usage.yaml) has no rate of it on that day nor on the 7 days before"
    )


def test_a_missing_file_stops_the_run_with_the_mend(world: World) -> None:
    with_rates(world)
    (world.config.parent / "rates/eurofxref-hist.csv").unlink()
    result = usage_pipeline("run", "--from", str(FIRST), "--to", str(SECOND), "--home", str(world.home.root), "--config", str(world.config))
    assert result.exit_code == 2
    assert "there is no such file of exchange rates: put the European Central Bank's eurofxref-hist.csv there" in result.stderr
