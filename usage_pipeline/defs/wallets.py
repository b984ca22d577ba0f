"""Credit wallets: what was given, used and lapsed, and how they stand."""

import dagster as dg

from usage_pipeline import money
from usage_pipeline.defs.ingest import OWNERS
from usage_pipeline.defs.partitions import DAILY, ONE_RUN, days_of
from usage_pipeline.defs.preview import markdown, schema_of
from usage_pipeline.defs.usage import report_days
from usage_pipeline.defs.wallet_book import keep_wallets
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.tables.costs import daily_costs
from usage_pipeline.tables.wallets import wallet_entries, wallets


@dg.asset(
    key=wallets.name,
    deps=[daily_costs.name],
    partitions_def=DAILY,
    backfill_policy=ONE_RUN,
    group_name="budgets",
    kinds={"python", "sql"},
    owners=OWNERS,
    code_version="1",
    metadata={"dagster/column_schema": schema_of(wallets)},
)
def wallets_asset(context: dg.AssetExecutionContext, workplace: Workplace) -> dg.MaterializeResult[None]:
    """How each wallet of usage.yaml stands, after entries for the usage of whole days, what lapsed, and what turned out otherwise."""
    kept = keep_wallets(workplace)
    days = days_of(context)
    written = dict.fromkeys(days.days(), 0)
    for one in kept.written:
        if one.for_day in days:
            written[one.for_day] += 1
    report_days(context, written)
    columns = ("wallet", "unit", "balance", "low", "low_since", "overdrawn", "consumed", "expired", "next_expiry", "unknown_days")
    shown = [{name: getattr(one, name) for name in columns} for one in kept.statuses]
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": len(kept.statuses),
            "entries written": len(kept.written),
            "corrections": sum(one.number > 1 for one in kept.written),
            "low": sum(one.is_low for one in kept.statuses),
            "wallets": markdown(shown, columns),
        }
    )


@dg.asset_check(asset=wallets.name, blocking=True)
def balances_are_sums_of_entries(workplace: Workplace) -> dg.AssetCheckResult:
    """Every wallet's balance is the sum of its entries, to the last digit."""
    with workplace.database().reading() as reading:
        statuses, entries = reading.select(wallets), reading.select(wallet_entries)
    sums = {one.wallet: money.total([entry.amount for entry in entries if entry.wallet == one.wallet]) for one in statuses}
    wrong = [one for one in statuses if one.balance != sums[one.wallet]]
    return dg.AssetCheckResult(
        passed=not wrong,
        metadata={
            "wallets": len(statuses),
            "entries": len(entries),
            "wrong": markdown([{"wallet": one.wallet, "balance": one.balance, "sum of entries": sums[one.wallet]} for one in wrong]),
        },
    )


WALLET_CHECKS = [balances_are_sums_of_entries]
