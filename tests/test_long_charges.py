"""Bills whose lines are for several days, from the file to the month's cost: nothing is estimated beside a bill that covers the day."""

import os
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sample_world import World
from tracker_world import request, tracker_world, write

from usage_pipeline import money
from usage_pipeline.defs.usage import rows_for
from usage_pipeline.periods import Period, day_of, inclusive
from usage_pipeline.sources.catalog import SOURCES
from usage_pipeline.storage.database import Database
from usage_pipeline.storage.ingest import ingest, touched_days
from usage_pipeline.storage.lake import Lake
from usage_pipeline.storage.long_lines import has_long_lines, lines_before, spoken_days
from usage_pipeline.tables.charges import charges
from usage_pipeline.tables.costs import BILLED, LOG_ESTIMATED, DailyCost, daily_costs, monthly_costs
from usage_pipeline.tables.ingested_files import IngestedFile, ingested_days
from usage_pipeline.tables.reconciliations import UNEXPLAINED, UNLOGGED, reconciliation_causes
from usage_pipeline.tables.summary import totals

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
OCTOBER = Period(date(2026, 10, 1), date(2026, 11, 1))

INVOICE = """\
Invoice number,1234567890,
Invoice date,2026-10-31,
Billing account ID,01A2B3-C4D5E6-F7A8B9,
Currency,USD,
Currency exchange rate,1,
Project ID,Service description,Service ID,SKU description,Cost type,Usage start date,Usage end date,Usage amount,Usage unit,Cost ($)
"""
SKU = "Gemini API,AEFD-7695-64FA,Generate content output token count gemini 2.5 flash short input text"

FOCUS = (
    "BilledCost,EffectiveCost,BillingAccountId,BillingCurrency,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,"
    "ChargeCategory,InvoiceIssuerName,ServiceProviderName,ServiceCategory,ServiceName,SubAccountId\n"
)


def row(amount: str, first: str = "2026-10-01", last: str = "2026-10-31", quantity: str = "4000000", project: str = "portal-prod") -> str:
    return f"{project},{SKU},Usage,{first},{last},{quantity},count,{amount}\n"


def focus_row(amount: str, start: str, end: str, category: str = "Usage", month: tuple[str, str] = ("2026-10-01", "2026-11-01")) -> str:
    times = ",".join(f"{day}T00:00:00Z" for day in (*month, start, end))
    return f'{amount},0,org-1,USD,{times},{category},"OpenAI, LLC","OpenAI, LLC",AI and Machine Learning,OpenAI API,proj_1\n'


class Bills:
    """Bills that land one after the other, and what of them is for which day."""

    def __init__(self, lake: Lake, database: Database, folder: Path, kind: str) -> None:
        self.lake, self.database, self.folder, self.kind = lake, database, folder, kind
        (folder / kind).mkdir()
        self.landed = 0

    def land(self, name: str, content: str) -> list[IngestedFile]:
        path = self.folder / self.kind / name
        path.write_text(content)
        self.landed += 1
        moment = NOW + timedelta(hours=self.landed)
        os.utime(path, (moment.timestamp(), moment.timestamp()))
        stage = self.folder / "stage"
        pattern = f"{self.folder}/{self.kind}/*"
        read = ingest(
            "bill", SOURCES[self.kind], pattern, lake=self.lake, database=self.database, engine=self.lake.engine, stage=stage, now=moment
        )
        assert [one.rejected for one in read] == [0]
        return read

    def amounts(self, days: Period) -> dict[date, Decimal]:
        """What is billed on each day that has a line."""
        rows = rows_for(days, charges, lake=self.lake, database=self.database)
        found = self.lake.engine.to_pyarrow(rows).to_pylist()
        assert len({one["charge_id"] for one in found}) == len(found)
        sums: dict[date, Decimal] = {}
        for one in found:
            day = one["period_start"].date()
            sums[day] = money.total([sums.get(day), one["billed_cost"]])
        return dict(sorted(sums.items()))


def each(days: Period, amount: str) -> dict[date, Decimal]:
    return dict.fromkeys(days.days(), Decimal(amount))


def test_a_newer_invoice_replaces_every_part(lake: Lake, database: Database, tmp_path: Path) -> None:
    bills = Bills(lake, database, tmp_path, "gcp_cost_table_csv")
    bills.land("first.csv", INVOICE + row("31.00") + row("6.20", project="ranker-prod"))
    assert bills.amounts(OCTOBER) == each(OCTOBER, "1.2")
    assert bills.amounts(day_of(date(2026, 10, 17))) == each(day_of(date(2026, 10, 17)), "1.2")
    assert bills.amounts(Period(date(2026, 10, 30), date(2026, 11, 15))) == each(Period(date(2026, 10, 30), date(2026, 11, 1)), "1.2")
    assert bills.amounts(Period(date(2026, 11, 1), date(2026, 11, 15))) == {}
    newer = bills.land("second.csv", INVOICE + row("62.00"))
    assert bills.amounts(OCTOBER) == each(OCTOBER, "2")
    assert bills.amounts(day_of(date(2026, 10, 31))) == {date(2026, 10, 31): Decimal(2)}
    assert touched_days(newer, database=database) == set(OCTOBER.days())
    without = bills.land("third.csv", INVOICE + row("5.00", "2026-10-01", "2026-10-01"))
    assert bills.amounts(OCTOBER) == {OCTOBER.start: Decimal(5)}
    assert bills.amounts(day_of(date(2026, 10, 17))) == {}
    assert touched_days(without, database=database) == set(OCTOBER.days())


def test_a_years_fee_reaches_days_that_no_newer_file_speaks_of(lake: Lake, database: Database, tmp_path: Path) -> None:
    """It lies in its first month's export; when that is delivered anew without it, its parts go from all of the year."""
    year = Period(date(2026, 10, 1), date(2027, 10, 1))
    bills = Bills(lake, database, tmp_path, "focus")
    fee = focus_row("365.00", "2026-10-01", "2027-10-01")
    day = focus_row("4.00", "2026-10-02", "2026-10-03", "Usage")
    bills.land("focus-2026-10.csv", FOCUS + fee + day)
    november = focus_row("8.00", "2026-11-05", "2026-11-06", "Usage", ("2026-11-01", "2026-12-01"))
    only_november = bills.land("focus-2026-11.csv", FOCUS + november)
    assert max(touched_days(only_november, database=database)) <= date(2026, 11, 30)
    expected = each(year, "1") | {date(2026, 10, 2): Decimal(5), date(2026, 11, 5): Decimal(9)}
    assert bills.amounts(year) == expected
    assert bills.amounts(day_of(date(2026, 11, 5))) == {date(2026, 11, 5): Decimal(9)}
    assert bills.amounts(day_of(date(2027, 9, 30))) == {date(2027, 9, 30): Decimal(1)}
    assert {one.last_day for one in spoken_days(day_of(date(2027, 9, 30)), database=database)} == {date(2027, 9, 30)}
    newer = bills.land("focus-2026-10.csv", FOCUS + day)
    assert touched_days(newer, database=database) >= set(year.days()), "what it takes away is to be worked out, too"
    assert bills.amounts(year) == {date(2026, 10, 2): Decimal(4), date(2026, 11, 5): Decimal(8)}


def test_where_the_ledger_knows_of_no_long_line_nothing_is_opened(lake: Lake, database: Database, tmp_path: Path) -> None:
    bills = Bills(lake, database, tmp_path, "gcp_cost_table_csv")
    bills.land("days.csv", INVOICE + row("1.00", "2026-10-01", "2026-10-01") + row("2.00", "2026-10-02", "2026-10-02"))
    assert not has_long_lines(OCTOBER, database=database)
    assert lines_before(day_of(date(2026, 10, 3)), lake=lake, database=database) is None
    assert bills.amounts(OCTOBER) == {date(2026, 10, 1): Decimal(1), date(2026, 10, 2): Decimal(2)}


def test_a_ledger_of_before_does_not_lose_parts(lake: Lake, database: Database, tmp_path: Path) -> None:
    """Its rows do not say for which days they are: the lines themselves are looked at."""
    bills = Bills(lake, database, tmp_path, "gcp_cost_table_csv")
    bills.land("invoice.csv", INVOICE + row("31.00"))
    with database.transaction() as transaction:
        transaction.connection.exec_driver_sql("UPDATE ingested_days SET last_day = NULL")
    assert {one.last_day for one in database.select(ingested_days)} == {None}
    assert bills.amounts(OCTOBER) == each(OCTOBER, "1")
    assert bills.amounts(day_of(date(2026, 10, 20))) == {date(2026, 10, 20): Decimal(1)}


CONFIG = """\
organisation: {name: Example Org, finance: [finance@example.org]}
projects:
  - {id: portal, owners: [ana@example.org]}
attribution:
  - {field: provider_project_id, equals: portal-prod, project: portal}
  - {field: tag.project, project: "{value}"}
sources:
  - {name: google, kind: gcp_cost_table_csv, path: "bills/*.csv"}
  - {name: app, kind: tracker, path: "logs/*.jsonl"}
"""
LOGGED = [date(2026, 10, day) for day in (1, 3, 15, 31)]
BILL = Decimal("10.01")
DAYS = inclusive(date(2026, 10, 1), date(2026, 11, 2))


def long_world(folder: Path) -> World:
    folder.mkdir()
    world = tracker_world(folder, CONFIG)
    bill = folder / "bills" / "cost_table.csv"
    bill.parent.mkdir()
    bill.write_text(INVOICE + row(str(BILL)))
    google = {"provider": "gemini", "model": "gemini-2.5-flash"}
    lines = [request(f"r{day}", day, dollars="0.05", user="u1", **google) for day in [*LOGGED, date(2026, 11, 2)]]
    write(world, "october.jsonl", lines)
    return world


def rows_of(world: World, days: Iterable[date]) -> list[DailyCost]:
    return world.database.select(daily_costs, where={"day": sorted(days)})


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    made = long_world(tmp_path_factory.mktemp("long") / "world")
    assert made.job("daily", DAYS).success
    assert made.job("monthly", DAYS).success
    return made


def test_an_invoice_of_the_month_is_not_stale_when_the_month_is_over(world: World) -> None:
    """What the logs do not tell of it is named; the bill's own odd cent, 4,000,000 tokens at 2.50 a million for 10.01, is not, and is told
    without blocking.
    """
    (found,) = world.found(DAYS).values()
    assert (found.code, found.blocks, found.amount) == ("unreconciled", False, Decimal("0.01"))


def test_what_no_log_tells_of_the_month_is_unlogged_to_the_last_digit(world: World) -> None:
    causes = world.database.select(reconciliation_causes)
    sums = {name: money.total([one.amount for one in causes if one.cause == name]) for name in {one.cause for one in causes}}
    logged = len(LOGGED) * 50_000 * Decimal("0.0000025")
    assert sums == {UNEXPLAINED: Decimal("0.01"), UNLOGGED: BILL - Decimal("0.01") - logged}
    told = [one for one in causes if one.cause == UNLOGGED]
    assert all(one.evidence.endswith("; the bill's line is for 31 days, of which each has an even part") for one in told)


def test_the_months_cost_is_the_bill(world: World) -> None:
    rows = rows_of(world, OCTOBER.days())
    assert money.total([one.billed_cost for one in rows]) == money.total([one.cost for one in rows]) == BILL
    assert {one.basis for one in rows if one.cost} == {BILLED}
    assert {one.day for one in rows} == set(OCTOBER.days())
    month = world.database.select(monthly_costs, where={"month": OCTOBER.start})
    assert money.total([one.cost for one in month]) == BILL
    tokens = money.total([one.quantity for one in rows if one.meter == "output"])
    assert tokens == Decimal(4_000_000), "as the bill says, of which the logs explain a part"


def test_logs_split_the_days_part_by_user(world: World) -> None:
    told = {one.day for one in rows_of(world, OCTOBER.days()) if one.user is not None and one.billed_cost}
    assert told == set(LOGGED)


def test_after_the_invoice_logs_count_again(world: World) -> None:
    (row,) = [one for one in rows_of(world, [date(2026, 11, 2)]) if one.meter == "output"]
    assert (row.basis, row.billed_cost, row.quantity) == (LOG_ESTIMATED, None, Decimal(50_000))


def test_days_one_by_one_in_any_order_are_those_of_the_range(world: World, tmp_path: Path) -> None:
    again = long_world(tmp_path / "again")
    days = [date(2026, 10, 31), date(2026, 10, 15)]
    for day in days:
        assert again.job("daily", day_of(day)).success
        tokens = money.total([one.quantity for one in rows_of(world, [day]) if one.meter == "output"])
        assert tokens != tokens.to_integral_value(), "a 31st of the bill's tokens"
        assert totals(rows_of(again, [day])).tokens == tokens
    assert rows_of(again, days) == rows_of(world, days)
    assert rows_of(again, inclusive(date(2026, 9, 1), date(2026, 12, 1)).days()) == rows_of(world, days)
