"""A bill of AWS that is overwritten in place by a delivery with fewer parts."""

from decimal import Decimal
from pathlib import Path

from bills_read import OCTOBER, Bills, aws_bill

from usage_pipeline.defs.finding import Finding
from usage_pipeline.defs.findings_counted import parts_left
from usage_pipeline.defs.surplus_parts import surplus_parts

AWS = 'name: aws, kind: aws_cur, path: "in/**/*.csv"'
FOLDER = "in/cur/data/BILLING_PERIOD=2026-10"


def land(bills: Bills, part: int, cost: str, hours: float) -> None:
    bills.land(f"{FOLDER}/cur-0000{part}.csv", aws_bill((part, cost)), hours)


def found(bills: Bills) -> Finding | None:
    return parts_left(surplus_parts(bills.settings, bills.database, bills.lake, OCTOBER))


def test_parts_that_were_left(tmp_path: Path) -> None:
    bills = Bills(tmp_path, AWS)
    for part in (1, 2, 3):
        land(bills, part, f"{part}.5", 0)
    land(bills, 4, "4.5", 20)
    bills.read()
    assert (found(bills), bills.billed()) == (None, Decimal(12)), "nothing was overwritten: a part more, hours later"

    land(bills, 1, "1", 24)
    land(bills, 2, "2", 24.5)
    bills.touch(f"{FOLDER}/cur-00003.csv", 24.75)
    land(bills, 4, "4", 24.75)
    assert len(bills.read()) == 3
    assert (found(bills), bills.billed()) == (None, Decimal("10.5")), "all were, one with what it held before"

    land(bills, 1, "5", 48)
    land(bills, 2, "6", 48.5)
    bills.read()
    told = found(bills)
    assert told is not None
    assert (told.code, told.blocks, told.count, told.amount) == ("surplus_parts", True, 2, Decimal("7.5"))
    assert (
        f"aws: {tmp_path}/{FOLDER}/cur-00003.csv of 2026-11-04 09:45 bills 3.5, and cur-00002.csv beside it was overwritten on"
        " 2026-11-05 09:30;" in told.words
    )
    assert "`exclude` of its source in usage.yaml" in told.words
    assert bills.billed() == Decimal("18.5")

    bills.configure(AWS + f', exclude: ["{FOLDER}/cur-0000[34].csv"]')
    bills.read()
    assert (found(bills), bills.billed()) == (None, Decimal(11))


def test_deliveries_in_folders_of_their_own_leave_nothing(tmp_path: Path) -> None:
    bills = Bills(tmp_path, AWS)
    for name, part, hours in (("2026-11-01T00-00-00Z-1", 1, 0), ("2026-11-01T00-00-00Z-1", 2, 0), ("2026-11-02T00-00-00Z-2", 1, 24)):
        bills.land(f"{FOLDER}/{name}/cur-0000{part}.csv", aws_bill((part, f"{part}.{hours}")), hours)
    bills.read()
    assert (found(bills), bills.billed()) == (None, Decimal("1.24"))


def test_parts_that_were_left_before_the_first_read(tmp_path: Path) -> None:
    bills = Bills(tmp_path, AWS)
    for part, hours in ((1, 72), (2, 72.5), (3, 0), (4, 0.25)):
        land(bills, part, f"{part}.5", hours)
    bills.read()
    told = found(bills)
    assert told is not None
    assert (told.code, told.blocks, told.count, told.amount) == ("surplus_parts", True, 2, Decimal(8))
    assert (
        f"aws: {tmp_path}/{FOLDER}/cur-00003.csv of 2026-11-03 09:00 bills 3.5, and cur-00002.csv beside it was written on"
        " 2026-11-06 09:30;" in told.words
    )
    bills.touch(f"{FOLDER}/cur-00003.csv", 73)
    bills.configure(AWS + f', exclude: ["{FOLDER}/cur-00004.csv"]')
    bills.read()
    assert (found(bills), bills.billed()) == (None, Decimal("7.5"))


def test_parts_of_one_delivery_that_took_half_a_day(tmp_path: Path) -> None:
    bills = Bills(tmp_path, AWS)
    for part, hours in ((1, 11), (2, 4), (3, 0), (4, 30)):
        land(bills, part, f"{part}.5", hours)
    bills.read()
    assert (found(bills), bills.billed()) == (None, Decimal(12))
