"""Priced usage to `reconciled_usage`: summed by all that can make a price another, each row with its unit prices.

In: `priced_usage` and the rates it was priced by (`applied_rates`). The sums are those of `daily.usage_costs`, exact to the last digit.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import ibis
import ibis.expr.types as ir

from usage_pipeline import money
from usage_pipeline.prices.daily import usage_costs
from usage_pipeline.tables.meters import REQUESTS
from usage_pipeline.tables.rates import Rate
from usage_pipeline.tables.reconciled_usage import NO_TIER, ReconciledUsage, processing_of
from usage_pipeline.tables.usage_events import PROVIDER_VIEW, SUCCESS

_SAME = ("day", "view", "channel", "project", "account", "provider", "named", "model", "region", "is_crossing", "is_unsplit")
_DIMENSIONS = (*_SAME, "service_tier", "speed", "is_batch", "card", "state")
_NO = ibis.literal(value=False)


def reconciled_query(priced: ir.Table, rates: ir.Table) -> ir.Table:
    """What can cost anything of `priced`, summed: the columns of `usage_costs` for all that tells prices apart. One query."""
    paid = priced.filter((priced["view"] == PROVIDER_VIEW) | (priced.status == SUCCESS))
    is_provider = paid["view"] == PROVIDER_VIEW
    account = ibis.coalesce(paid.provider_project_id, paid.workspace_id, paid.sub_account_id)
    named = paid.mutate(
        day=paid.started_at.date(),
        account=ibis.ifelse(is_provider, account, ibis.null("string")),
        named=paid.model,
        model=paid.model_id.fill_null(paid.model),
        is_crossing=(~is_provider & (paid.ended_at.date() > paid.started_at.date())).fill_null(_NO),
        is_unsplit=paid.is_unsplit.fill_null(_NO),
        card=paid.rate_card,
        state=paid.price_state,
    )
    return usage_costs(named, rates, _DIMENSIONS)


def reconciled_rows(answer: Iterable[Mapping[str, Any]], rates: Iterable[Rate], tiers: Mapping[str, int]) -> list[ReconciledUsage]:
    """The rows of `reconciled_query`. `tiers`: above how many tokens a rate card holds; what it does not have is of the base tier.

    Counts of requests that cost nothing are left out: they are no money.
    """
    prices = {(rate.rate_card, rate.meter): rate for rate in rates}
    return [_row(row, prices, tiers) for row in answer if row["meter"] != REQUESTS or row["net_cost"]]


def _row(row: Mapping[str, Any], prices: Mapping[tuple[str, str], Rate], tiers: Mapping[str, int]) -> ReconciledUsage:
    rate = None if row["net_cost"] is None else prices.get((row["card"], row["meter"]))
    return ReconciledUsage(
        **{name: row[name] for name in _SAME},
        processing=processing_of(row["service_tier"], row["speed"], is_batch=row["is_batch"]),
        rate_card=row["card"],
        price_state=row["state"],
        meter=row["meter"],
        tier=tiers.get(row["card"] or "", NO_TIER),
        list_unit_price=None if rate is None else rate.list_unit_price,
        net_unit_price=None if rate is None else rate.net_unit_price,
        agreement=None if rate is None else rate.agreement,
        quantity=Decimal(row["requests"] or 0) if row["meter"] == REQUESTS else Decimal(row["quantity"]),
        list_cost=None if row["list_cost"] is None else money.exact(row["list_cost"]),
        net_cost=None if row["net_cost"] is None else money.exact(row["net_cost"]),
    )
