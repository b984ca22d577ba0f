"""One bill that one source reads from two exports, and exports that are of accounts apart."""

import time
from decimal import Decimal
from pathlib import Path

from bills_read import OCTOBER, Bills, aws_bill, azure_bill

from usage_pipeline.defs.finding import Finding
from usage_pipeline.defs.findings_counted import read_twice
from usage_pipeline.defs.read_twice import doubled

AZURE = 'name: azure, kind: azure_cost, path: "in/**/*.csv"'
AWS = 'name: aws, kind: aws_cur, path: "in/**/*.csv"'
MONTH = [(1, "gpt-4o Inp glbl Tokens", "12.5"), (2, "gpt-4o Outp glbl Tokens", "7.25")]


def found(bills: Bills) -> Finding | None:
    return read_twice(doubled(bills.lake, bills.database, OCTOBER))


def test_a_corrected_month_under_another_name(tmp_path: Path) -> None:
    bills = Bills(tmp_path, AZURE)
    bills.land("in/october.csv", azure_bill(*MONTH), 0)
    bills.land("in/october-corrected.csv", azure_bill(MONTH[0], (2, MONTH[1][1], "8.25")), 1)
    bills.read()
    assert bills.billed() == Decimal("40.5")
    told = found(bills)
    assert told is not None
    assert (told.code, told.blocks, told.count, told.amount) == ("read_twice", True, 1, Decimal("12.5") + Decimal("7.25"))
    assert told.words == (
        "azure.openai's bill is read in azure from"
        f" export 'october' ({tmp_path}/in/october.csv) and export 'october-corrected' ({tmp_path}/in/october-corrected.csv),"
        " which tell the same (2 days from 2026-10-01): 19.75 billed twice."
        " Name the file that is not to count under `exclude` of its source in usage.yaml, or save a new version under the old name."
    )
    bills.configure(AZURE + ', exclude: ["in/october.csv"]')
    assert bills.read() == []
    assert (bills.billed(), found(bills)) == (Decimal("20.75"), None)


def test_one_bill_as_two_exports_of_another_spelling(tmp_path: Path) -> None:
    bills = Bills(tmp_path, AWS)
    lines = [(day, f"{day}.25") for day in range(1, 32)]
    for name, payer, account in (("cur", "110987654321", "12345678901"), ("cur-copy", "1109-8765-4321", "0123-4567-8901")):
        bills.land(f"in/{name}/data/BILLING_PERIOD=2026-10/{name}-00001.csv", aws_bill(*lines, payer=payer, account=account), 0)
    bills.read()
    told = found(bills)
    assert told is not None
    assert (told.count, told.amount, bills.billed()) == (1, Decimal("503.75"), 2 * Decimal("503.75"))
    assert "export 'cur' (" in told.words
    assert "(31 days from 2026-10-01): 503.75 billed twice" in told.words


def test_accounts_apart_and_accounts_of_one_export_may_cost_the_same_every_day(tmp_path: Path) -> None:
    bills = Bills(tmp_path, AZURE)
    lines = [(day, "Provisioned Managed Global Unit", "24") for day in range(1, 32)]
    bills.land("in/first.csv", azure_bill(*lines), 0)
    bills.land("in/second.csv", azure_bill(*lines, subscription="sub-2"), 0)
    bills.land("in/third.csv", azure_bill(*lines, account="8611001"), 0)
    two = azure_bill(*lines, account="8611002", subscription="") + azure_bill(*lines, account="", subscription="sub-4").split("\n", 1)[1]
    bills.land("in/fourth.csv", two, 0)
    bills.read()
    assert (bills.billed(), found(bills)) == (Decimal(5 * 31 * 24), None)


def test_an_export_and_the_whole_of_another_source(tmp_path: Path) -> None:
    bills = Bills(tmp_path, AZURE, 'name: copy, kind: azure_cost, path: "copy/*.csv"')
    bills.land("in/first.csv", azure_bill(*MONTH), 0)
    bills.land("in/second.csv", azure_bill((1, MONTH[0][1], "4"), (2, MONTH[1][1], "1"), subscription="sub-2"), 0)
    bills.land("copy/first-again.csv", azure_bill(*MONTH), 0)
    bills.read()
    told = found(bills)
    assert told is not None
    assert (told.count, told.amount) == (1, Decimal("19.75"))
    assert "is read from azure, export 'first' (" in told.words
    assert ") and copy, which tell the same" in told.words


def test_hundreds_of_exports_are_compared_in_no_time(tmp_path: Path) -> None:
    bills = Bills(tmp_path, AZURE)
    for number in range(300):
        bills.land(f"in/export-of-{number}-x.csv", azure_bill(*MONTH, subscription=f"sub-{number}"), 0)
    bills.land("in/again.csv", azure_bill(*MONTH, (3, "fee", "1"), subscription="sub-7"), 0)
    bills.read()
    started = time.process_time()
    told = found(bills)
    assert time.process_time() - started < 10
    assert told is not None
    assert told.amount == Decimal("19.75")
    assert "export 'export-of-7-x' (" in told.words
