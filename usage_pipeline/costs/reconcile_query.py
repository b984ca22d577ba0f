"""Charges to `reconciled_bills`: lines that say the same, summed by the engine; a bill of a million lines is a few rows a day.

How finely a bill is rounded is told by its own amounts: before they were converted, and of a line for several days by the whole line's.
"""

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from usage_pipeline.money import MONEY, QUANTITY
from usage_pipeline.tables.reconciled_bills import ReconciledBill, reconciled_bills

PART = r"@\d{4}-\d{2}-\d{2}$"
"""How the id of a part of a line for several days ends (sources/spread.py)."""
_KEY = tuple(name for name in reconciled_bills.key if name not in {"day", "account"})


def bills_query(bills: ir.Table) -> ir.Table:
    """The lines of `charges`, summed by all that reconciliation asks of them."""
    account = ibis.coalesce(bills.provider_project_id, bills.workspace_id, bills.sub_account_id, bills.billing_account)
    own = ibis.coalesce(bills.original_cost, bills.billed_cost)
    is_part = bills.charge_id.re_search(PART)
    digits = ibis.ifelse(is_part, bills.amount_text, own.cast(MONEY).cast("string")).re_extract(r"\.(\d*?)0*$", 1)
    whole = bills.amount_text.replace(",", "").try_cast(MONEY)
    days = ibis.ifelse(is_part & (own != 0), whole / own.cast(MONEY), ibis.null()).round().try_cast("int64")
    told = bills.mutate(
        day=bills.period_start.date(), account=account, digits=digits.length(), days=ibis.greatest(days.fill_null(1), 1).cast("int64")
    )
    return told.group_by(["day", "account", *_KEY]).aggregate(
        lines=told.count(),
        quantity=ibis.ifelse(told.quantity.isnull().any(), ibis.null(QUANTITY), told.quantity.sum().cast(QUANTITY)),
        billed_cost=told.billed_cost.sum().cast(MONEY),
        decimals=told.digits.max().cast("int64"),
        original_cost=told.original_cost.sum().cast(MONEY),
        exchange_rate=told.exchange_rate.max().cast(MONEY),
    )


def bills_of(answer: pa.Table) -> list[ReconciledBill]:
    return [ReconciledBill(**row) for row in answer.to_pylist()]
