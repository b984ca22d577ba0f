"""`bill_lines`: one day's charges, summed by what they name; and shared charges, one by one. For `costs/`; never stored."""

from dataclasses import dataclass
from decimal import Decimal

from usage_pipeline.money import QUANTITY
from usage_pipeline.tables.schema import Table, column

PURCHASE, USAGE = "Purchase", "Usage"


@dataclass(frozen=True, slots=True, kw_only=True)
class BilledLines:
    """Charges that name the same things, or parts of shared ones. Credits and other negative lines are apart from the rest."""

    channel: str = column("Who bills", key=True)
    project: str | None = column("Our project id; null where no rule gives one, and for shared lines", key=True)
    names_project: bool = column("Whether the lines say whose they are; else they are dealt out", key=True)
    provider: str | None = column("genai-prices' provider id of the model", key=True)
    model: str | None = column("The model as the bill gives it", key=True)
    meter: str = column("Our meter, or 'unmapped'", key=True)
    api_type: str | None = column("text, image, embedding, ...", key=True)
    category: str = column("FOCUS ChargeCategory", key=True)
    rule: str | None = column("The rule of usage.yaml that deals them out", key=True, default=None)
    is_negative: bool = column("Whether the provider pays", key=True, default=False)
    billed_cost: Decimal = column("Their sum, in the reporting currency")
    quantity: Decimal | None = column("Their sum; null where one of them tells none", type=QUANTITY)


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedCharge:
    """One shared line of a bill, with what decides how it is dealt out."""

    charge_id: str = column("The bill line (charges)", key=True)
    source: str = column("Its source", key=True)
    channel: str = column("Who bills")
    provider: str | None = column("genai-prices' provider id of the model")
    model: str | None = column("The model as the bill gives it")
    meter: str = column("Our meter, or 'unmapped'")
    api_type: str | None = column("text, image, embedding, ...")
    category: str = column("FOCUS ChargeCategory")
    rule: str | None = column("The rule of usage.yaml that deals it out")
    billed_cost: Decimal = column("What the provider charges for it, in the reporting currency")
    quantity: Decimal | None = column("Units charged", type=QUANTITY)
    source_file: str = column("Fingerprint of the file version (ingested_files)")
    source_line: int = column("Record number in that file, from 1")


bill_lines = Table("bill_lines", BilledLines)
shared_charges = Table("shared_charges", SharedCharge)
