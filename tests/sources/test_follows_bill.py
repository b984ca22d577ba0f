"""Tax, credits and adjustments that name no service follow the bill that they stand on."""

from decimal import Decimal
from pathlib import Path

import pytest
from ibis.backends.duckdb import Backend
from sample_rows import records_of, rows_of

from usage_pipeline.sources.catalog import SOURCES

HEADER = (
    "BilledCost,EffectiveCost,BillingAccountId,BillingCurrency,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,"
    "ChargeCategory,ServiceProviderName,ServiceCategory,ServiceName"
)
TIMES = "2026-10-01T00:00:00Z,2026-11-01T00:00:00Z,2026-10-02T00:00:00Z,2026-10-03T00:00:00Z"
AI, STORAGE = "AI and Machine Learning", "Storage"


def line(cost: str, category: str, service: str = "", account: str = "a", vendor: str = "Somebody AI") -> str:
    return f"{cost},{cost},{account},USD,{TIMES},{category},{vendor},{service},{service and 'Inference'}"


ADDED = (line("-0.100", "Credit"), line("0.004", "Tax"), line("-0.000", "Adjustment"))


@pytest.mark.parametrize(
    ("lines", "total"),
    [
        ([line("57.000", "Usage", AI), *ADDED], "56.904"),
        ([line("57.000", "Usage", AI), line("9", "Usage", STORAGE), *ADDED], "57.000"),
        ([line("57.000", "Usage", AI), line("9", "Usage", STORAGE, "b"), *ADDED], "56.904"),
        ([line("57.000", "Usage", AI), line("9", "Usage", STORAGE, vendor="Other"), *ADDED], "56.904"),
        ([line("57.000", "Usage", AI, "b"), *ADDED], "57.000"),
        ([line("57.000", "Usage", AI), line("-1", "Credit", STORAGE), *ADDED], "56.904"),
    ],
    ids=["ai-alone", "mixed", "other-account", "other-vendor", "no-usage", "credit-of-a-service"],
)
def test_focus_lines_without_a_service_follow_their_bill(engine: Backend, tmp_path: Path, lines: list[str], total: str) -> None:
    path = tmp_path / "vendor.csv"
    path.write_text("\n".join([HEADER, *lines]) + "\n")
    rows = rows_of(engine, SOURCES["focus"], records_of(engine, SOURCES["focus"], tmp_path / "stage", [path]))
    assert {row.get("reject") for row in rows} <= {None, "other_service"}
    assert sum(Decimal(row["billed_cost"]) for row in rows if "reject" not in row) == Decimal(total)
