"""Charges to `reconciled_bills`: lines that say the same, summed by the engine; a bill of a million lines is a few rows a day."""

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from usage_pipeline.money import MONEY, QUANTITY
from usage_pipeline.tables.reconciled_bills import ReconciledBill, reconciled_bills

_KEY = tuple(name for name in reconciled_bills.key if name not in {"day", "account"})


def bills_query(bills: ir.Table) -> ir.Table:
    """The lines of `charges`, summed by all that reconciliation asks of them."""
    account = ibis.coalesce(bills.provider_project_id, bills.workspace_id, bills.sub_account_id, bills.billing_account)
    digits = bills.billed_cost.cast(MONEY).cast("string").re_extract(r"\.(.*?)0*$", 1)
    told = bills.mutate(day=bills.period_start.date(), account=account, digits=digits.length())
    return told.group_by(["day", "account", *_KEY]).aggregate(
        lines=told.count(),
        quantity=ibis.ifelse(told.quantity.isnull().any(), ibis.null(QUANTITY), told.quantity.sum().cast(QUANTITY)),
        billed_cost=told.billed_cost.sum().cast(MONEY),
        decimals=told.digits.max().cast("int64"),
    )


def bills_of(answer: pa.Table) -> list[ReconciledBill]:
    return [ReconciledBill(**row) for row in answer.to_pylist()]
