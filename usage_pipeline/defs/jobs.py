"""What runs together: the days, the months, and telling people. Days and months are two jobs, for Dagster runs one calendar at a time."""

import dagster as dg

from usage_pipeline.defs.digests import DIGEST
from usage_pipeline.defs.journal import JOURNAL
from usage_pipeline.defs.reports import REPORT
from usage_pipeline.defs.usage_report import COMPARISON, USAGE
from usage_pipeline.tables.alerts import alerts
from usage_pipeline.tables.allocations import allocations
from usage_pipeline.tables.anomalies import anomalies
from usage_pipeline.tables.budgets import budget_status
from usage_pipeline.tables.charges import charges
from usage_pipeline.tables.costs import daily_costs, monthly_costs
from usage_pipeline.tables.forecasts import forecasts
from usage_pipeline.tables.ingested_files import ingested_files
from usage_pipeline.tables.priced_usage import priced_usage
from usage_pipeline.tables.reconciliations import reconciliations
from usage_pipeline.tables.report_deliveries import report_deliveries
from usage_pipeline.tables.request_limits import limit_violations
from usage_pipeline.tables.revisions import revisions
from usage_pipeline.tables.usage_events import usage_events
from usage_pipeline.tables.wallets import wallets

DAILY_ASSETS = (
    ingested_files.name,
    usage_events.name,
    charges.name,
    priced_usage.name,
    allocations.name,
    daily_costs.name,
    reconciliations.name,
    limit_violations.name,
    wallets.name,
    anomalies.name,
)

ingest_job = dg.define_asset_job("ingest", selection=[ingested_files.name], description="Read new files; compute nothing yet.")
daily_job = dg.define_asset_job(
    "daily", selection=list(DAILY_ASSETS), description="From files to daily costs, for a day or a range of days."
)
monthly_job = dg.define_asset_job(
    "monthly",
    selection=[monthly_costs.name, forecasts.name, budget_status.name, REPORT, JOURNAL],
    description="From daily costs to monthly costs, forecasts, budget status, statements and the journal.",
)
alerts_job = dg.define_asset_job("alerting", selection=[alerts.name], description="Judge the budgets that hold a day, and tell people.")
budget_check_job = dg.define_asset_job(
    "budget_check",
    selection=[*DAILY_ASSETS, alerts.name],
    description="Bring the newest days up to date, then judge the budgets and tell people.",
)
close_job = dg.define_asset_job(
    "close",
    selection=[revisions.name],
    description="What stands against the close of a month; with config `approve`, the close itself, or its next revision.",
)
digest_job = dg.define_asset_job(
    "digests",
    selection=[DIGEST, USAGE, COMPARISON],
    description="The digests of days and weeks and the one-pagers of months that its config names; the usage report and the comparison "
    "across projects of the month of yesterday, or of the periods that it names.",
)
deliver_job = dg.define_asset_job(
    "deliver", selection=[report_deliveries.name], description="Send the reports that are due, and what could not be sent before."
)

JOBS = [ingest_job, daily_job, monthly_job, alerts_job, budget_check_job, close_job, digest_job, deliver_job]
