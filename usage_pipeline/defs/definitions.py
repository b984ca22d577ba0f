"""All that Dagster knows, made for one home and one configuration."""

from pathlib import Path

import dagster as dg

from usage_pipeline.defs.alerts import alerts_asset, deliveries_spec
from usage_pipeline.defs.allocations import allocations_asset
from usage_pipeline.defs.anomalies import anomalies_asset
from usage_pipeline.defs.budgets import budget_status_asset
from usage_pipeline.defs.checks import CHECKS
from usage_pipeline.defs.checks_reconciled import RECONCILED_CHECKS
from usage_pipeline.defs.closing import revisions_asset
from usage_pipeline.defs.costs import daily_costs_asset, monthly_costs_asset
from usage_pipeline.defs.deliver import DELIVERY_CHECKS, report_deliveries_asset
from usage_pipeline.defs.digests import digest_asset
from usage_pipeline.defs.forecasts import forecasts_asset
from usage_pipeline.defs.ingest import ingested_files_asset, landing_specs, rejected_spec
from usage_pipeline.defs.jobs import JOBS
from usage_pipeline.defs.journal import journal_asset
from usage_pipeline.defs.prices import price_book_spec, priced_usage_asset
from usage_pipeline.defs.reconciliations import reconciliations_asset
from usage_pipeline.defs.reports import statement_asset
from usage_pipeline.defs.request_limits import limit_violations_asset
from usage_pipeline.defs.schedules import SCHEDULES
from usage_pipeline.defs.sensors import SENSORS
from usage_pipeline.defs.usage import charges_asset, usage_events_asset
from usage_pipeline.defs.usage_report import comparison_asset, usage_report_asset
from usage_pipeline.defs.wallets import WALLET_CHECKS, wallets_asset
from usage_pipeline.defs.workplace import Workplace

ASSETS = [
    ingested_files_asset,
    usage_events_asset,
    charges_asset,
    priced_usage_asset,
    allocations_asset,
    daily_costs_asset,
    reconciliations_asset,
    limit_violations_asset,
    wallets_asset,
    anomalies_asset,
    monthly_costs_asset,
    forecasts_asset,
    budget_status_asset,
    statement_asset,
    digest_asset,
    usage_report_asset,
    comparison_asset,
    journal_asset,
    revisions_asset,
    alerts_asset,
    report_deliveries_asset,
]


def definitions_of(home: Path, config: Path) -> dg.Definitions:
    """Assets, checks, jobs, schedules and sensors over `home`, reading `config` when they run, not now.

    Steps run in one process: each costs milliseconds instead of seconds; what is parallel is parallel inside a step.
    """
    return dg.Definitions(
        assets=[*landing_specs, rejected_spec, price_book_spec, *ASSETS, deliveries_spec],
        asset_checks=[*CHECKS, *RECONCILED_CHECKS, *WALLET_CHECKS, *DELIVERY_CHECKS],
        jobs=JOBS,
        schedules=SCHEDULES,
        sensors=SENSORS,
        resources={"workplace": Workplace(home_folder=str(home), config_file=str(config))},
        executor=dg.in_process_executor,
    )
