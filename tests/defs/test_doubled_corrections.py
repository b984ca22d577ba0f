"""One month read from two files that disagree: a corrected export beside the one it corrects, and files that only look so."""

import json
import re
from decimal import Decimal
from pathlib import Path

from bills_read import OCTOBER, Bills, azure_bill

from usage_pipeline.defs.finding import Finding
from usage_pipeline.defs.findings_counted import read_twice
from usage_pipeline.defs.read_twice import doubled

SAMPLES = Path(__file__).parents[1] / "sources" / "samples"
AZURE = 'name: azure, kind: azure_cost, path: "in/**/*.csv"'
FOCUS = 'name: focus, kind: focus, path: "in/*.csv"'
DAYS = range(1, 4)
HEAD = (
    "BilledCost,BillingCurrency,BillingAccountId,SubAccountId,BillingPeriodStart,ChargePeriodStart,ChargePeriodEnd,ChargeCategory,"
    "ChargeClass,ServiceProviderName,ServiceName,SkuMeter,ConsumedQuantity,ConsumedUnit,RegionId,ResourceId"
)


def focus_bill(
    scale: str = "1", count: int = 1000, account: str = "sub-1", resource: str = "", region: str = "", charge_class: str = ""
) -> str:
    """Two skus a day: quantities by `count`, costs times `scale`."""
    lines = [
        f"{Decimal(cost) * Decimal(scale)},USD,8611000,{account},2026-10-01T00:00:00Z,2026-10-{day:02}T00:00:00Z,"
        f"2026-10-{day + 1:02}T00:00:00Z,Usage,{charge_class},Microsoft,Azure OpenAI,{sku},{count * size + day},Units,{region},{resource}"
        for day in DAYS
        for sku, size, cost in (("gpt-4o Inp glbl Tokens", 3, f"1{day}.5"), ("gpt-4o Outp glbl Tokens", 1, f"{day}.25"))
    ]
    return "\n".join([HEAD, *lines]) + "\n"


def found(bills: Bills) -> Finding | None:
    return read_twice(doubled(bills.lake, bills.database, OCTOBER))


def test_a_newer_export_with_other_amounts(tmp_path: Path) -> None:
    bills = Bills(tmp_path, FOCUS)
    bills.land("in/export.csv", focus_bill(), 0)
    bills.land("in/export (1).csv", focus_bill("0.97"), 5)
    bills.read()
    told = found(bills)
    assert bills.billed() == Decimal("44.25") + Decimal("44.25") * Decimal("0.97")
    assert told is not None
    assert (told.code, told.blocks, told.count, told.amount) == ("read_twice", True, 1, Decimal("44.25") * Decimal("0.97"))
    assert told.words == (
        f"azure.openai's bill is read in focus from export 'export' ({tmp_path}/in/export.csv) of 44.25 and export 'export (1)'"
        f" ({tmp_path}/in/export (1).csv) of 42.9225 (the newest), which tell of the same lines with other amounts"
        " (3 days from 2026-10-01): 42.9225 billed twice."
        " Name the file that is not to count under `exclude` of its source in usage.yaml, or save a new version under the old name."
        " Where the newer one is a correction, exclude the older file, or give the newer one the older's name."
    )
    bills.configure(FOCUS + ', exclude: ["in/export.csv"]')
    bills.read()
    assert (bills.billed(), found(bills)) == (Decimal("42.9225"), None)


def test_a_third_export_is_told_with_the_others(tmp_path: Path) -> None:
    bills = Bills(tmp_path, FOCUS)
    for name, scale, hours in (("export", "1", 0), ("export (1)", "0.97", 5), ("export_v2", "1.1", 9)):
        bills.land(f"in/{name}.csv", focus_bill(scale), hours)
    bills.read()
    told = found(bills)
    assert told is not None
    assert (told.count, told.amount) == (1, Decimal("44.25") * Decimal("1.97"))
    assert "export 'export_v2'" in told.words
    assert "of 48.675 (the newest)" in told.words


def test_an_export_beside_its_delivery_in_a_folder(tmp_path: Path) -> None:
    bills = Bills(tmp_path, AZURE)
    month = [(day, f"gpt-4o {kind} glbl Tokens", f"1{day}.5") for day in DAYS for kind in ("Inp", "Outp")]
    bills.land("in/export.csv", azure_bill(*month), 0)
    guid = "0a1b2c3d-0000-1111-2222-333344445555"
    bills.land(f"in/october/20261001-20261031/{guid}/part_1_0001.csv", azure_bill(*[(*one[:2], f"1{one[0]}.9") for one in month]), 9)
    bills.read()
    told = found(bills)
    assert told is not None
    assert (told.count, told.amount) == (1, Decimal(75))
    assert "export 'october/' (" in told.words
    assert "of 77.4 (the newest), which tell of the same lines with other amounts" in told.words


def test_two_sources_of_one_page(tmp_path: Path) -> None:
    page = (SAMPLES / "openai_costs" / "input" / "live_shape_page1.json").read_text()
    document = json.loads(page)
    amounts = [result["amount"] for bucket in document["data"] for result in bucket["results"]]
    for one in amounts:
        one["value"] = f"{Decimal(one['value']) * Decimal('1.02'):f}"
    bills = Bills(tmp_path, *(f'name: {name}, kind: openai_costs, path: "{name}/*.json"' for name in ("costs", "again")))
    bills.land("costs/page.json", page, 0)
    bills.land("again/page.json", json.dumps(document), 3)
    bills.read()
    told = found(bills)
    assert told is not None
    assert (told.code, told.blocks, told.count) == ("read_twice", True, 1)
    assert "openai's bill is read from again of " in told.words
    assert "which tell of the same lines with other amounts" in told.words
    assert re.search(r"again of [\d.]+ \(the newest\) and costs of", told.words)


def test_parts_of_one_subscription_accounts_and_corrections_are_no_second_bill(tmp_path: Path) -> None:
    files = {
        "groups": (focus_bill(), focus_bill("1.1", count=1200)),
        "resources": (focus_bill(resource="/rg/a"), focus_bill("1.1", resource="/rg/b")),
        "regions": (focus_bill(region="uksouth"), focus_bill("1.1", region="swedencentral")),
        "accounts": (focus_bill(), focus_bill("1.1", account="sub-2")),
        "corrections": (focus_bill(), focus_bill("0.03", charge_class="Correction")),
        "credits": (focus_bill(), focus_bill("-0.03").replace("Usage", "Credit")),
    }
    bills = Bills(tmp_path, FOCUS)
    for name, texts in files.items():
        for number, text in enumerate(texts):
            own = text.replace("8611000", f"account of {name}").replace("sub-", f"sub of {name} ")
            bills.land(f"in/{name}-{'ab'[number]}.csv", own, number)
    read = bills.read()
    assert (len(read), sum(one.rejected for one in read)) == (12, 0)
    assert found(bills) is None
