"""What Dagster is told: it loads without home or configuration, every asset says what it is, and nothing disappears unnoticed."""

import tomllib
from pathlib import Path

import dagster as dg
import pytest
import yaml
from dagster._core.definitions.backfill_policy import BackfillPolicyType

from usage_pipeline import definitions as entry
from usage_pipeline.defs.definitions import definitions_of
from usage_pipeline.defs.ingest import LANDING
from usage_pipeline.sources.catalog import SOURCES

ROOT = Path(__file__).parents[2]

GROUPS = {
    "ingested_files": "ingest",
    "rejected_lines": "ingest",
    "usage_events": "usage",
    "charges": "usage",
    "price_book": "prices",
    "priced_usage": "prices",
    "allocations": "costs",
    "daily_costs": "costs",
    "reconciliations": "costs",
    "anomalies": "costs",
    "monthly_costs": "costs",
    "forecasts": "costs",
    "budget_status": "budgets",
    "limit_violations": "budgets",
    "wallets": "budgets",
    "statement": "reports",
    "digest": "reports",
    "usage_report": "reports",
    "comparison": "reports",
    "journal": "reports",
    "revisions": "reports",
    "alerts": "alerts",
    "deliveries": "alerts",
    "report_deliveries": "reports",
}
DAILY = {
    "ingested_files",
    "usage_events",
    "charges",
    "priced_usage",
    "allocations",
    "daily_costs",
    "reconciliations",
    "limit_violations",
    "wallets",
    "anomalies",
}
MONTHLY = {"monthly_costs", "forecasts", "budget_status", "statement", "journal", "revisions"}
JOBS = {
    "ingest": {"ingested_files"},
    "daily": set(DAILY),
    "monthly": MONTHLY - {"revisions"},
    "alerting": {"alerts"},
    "budget_check": {*DAILY, "alerts"},
    "close": {"revisions"},
    "digests": {"digest", "usage_report", "comparison"},
    "deliver": {"report_deliveries"},
}
CHECKS = {
    ("ingested_files", "every_line_accounted_for"): True,
    ("ingested_files", "nothing_rejected"): False,
    ("priced_usage", "little_is_unpriced"): False,
    ("allocations", "parts_are_the_shared_lines"): True,
    ("daily_costs", "costs_hold_the_whole_bill"): True,
    ("daily_costs", "nothing_counted_twice"): False,
    ("daily_costs", "everything_has_an_owner"): False,
    ("reconciliations", "causes_sum_to_the_difference"): True,
    ("reconciliations", "little_is_unexplained"): False,
    ("wallets", "balances_are_sums_of_entries"): True,
    ("monthly_costs", "days_foot_to_the_month"): True,
    ("statement", "files_say_the_same"): True,
    ("statement", "focus_files_are_valid"): False,
    ("report_deliveries", "reports_delivered"): False,
}
"""Asset and check, and whether it is blocking."""


@pytest.fixture(scope="module")
def definitions(tmp_path_factory: pytest.TempPathFactory) -> dg.Definitions:
    """Over a home and a configuration that do not exist: they are looked for when something runs."""
    nowhere = tmp_path_factory.mktemp("nowhere")
    return definitions_of(nowhere / "home", nowhere / "usage.yaml")


@pytest.fixture(scope="module")
def specs(definitions: dg.Definitions) -> dict[str, dg.AssetSpec]:
    return {spec.key.to_user_string(): spec for spec in definitions.resolve_all_asset_specs()}


def _materializable(definitions: dg.Definitions) -> dict[str, dg.AssetsDefinition]:
    return {one.key.to_user_string(): one for one in definitions.assets or () if isinstance(one, dg.AssetsDefinition)}


def test_everything_loads_and_nothing_is_made_by_loading(definitions: dg.Definitions, tmp_path: Path) -> None:
    dg.Definitions.validate_loadable(definitions)
    home = Path(definitions.resources["workplace"].home_folder)  # type: ignore[index]
    assert not home.exists()


def test_entry_follows_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("USAGE_HOME", str(tmp_path / "here"))
    monkeypatch.setenv("USAGE_CONFIG", str(tmp_path / "that.yaml"))
    loaded = entry.definitions()
    workplace = loaded.resources["workplace"]  # type: ignore[index]
    assert (workplace.home_folder, workplace.config_file) == (str(tmp_path / "here"), str(tmp_path / "that.yaml"))


def test_workspace_and_project_name_the_same_place() -> None:
    (source,) = yaml.safe_load((ROOT / "workspace.yaml").read_text())["load_from"]
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["dg"]["project"]
    assert source["python_module"]["module_name"] == entry.__name__
    assert source["python_module"]["location_name"] == tools["code_location_name"]


def test_asset_keys_and_groups(specs: dict[str, dg.AssetSpec]) -> None:
    landing = {f"landing/{kind}": "landing" for kind in SOURCES}
    assert {key: spec.group_name for key, spec in specs.items()} == GROUPS | landing


def test_every_kind_of_source_lands_before_ingest(specs: dict[str, dg.AssetSpec]) -> None:
    assert {dep.asset_key for dep in specs["ingested_files"].deps} == set(LANDING.values())


def test_every_asset_says_what_it_is(specs: dict[str, dg.AssetSpec]) -> None:
    silent = {
        key: [name for name in ("description", "owners", "kinds", "group_name") if not getattr(spec, name)] for key, spec in specs.items()
    }
    assert {key: missing for key, missing in silent.items() if missing} == {}


def test_every_materializable_asset_has_a_code_version(definitions: dg.Definitions, specs: dict[str, dg.AssetSpec]) -> None:
    assert set(_materializable(definitions)) == {*JOBS["budget_check"], *MONTHLY, *JOBS["digests"], "report_deliveries"}
    assert [key for key in _materializable(definitions) if not specs[key].code_version] == []


def test_tables_show_their_columns(specs: dict[str, dg.AssetSpec]) -> None:
    without = {key for key in GROUPS if "dagster/column_schema" not in specs[key].metadata}
    assert without == {"price_book", *JOBS["digests"]}, "these reports are files, no tables"
    columns = {one.name: one for one in specs["daily_costs"].metadata["dagster/column_schema"].columns}
    assert columns["billed_cost"].type == "decimal(38, 15)"
    assert columns["billed_cost"].description == "The provider's bill; null until a bill covers it"


def test_days_and_months_are_one_run_each(definitions: dg.Definitions, specs: dict[str, dg.AssetSpec]) -> None:
    assets = _materializable(definitions)
    calendars = {key: type(specs[key].partitions_def) for key in assets if specs[key].partitions_def}
    assert calendars == dict.fromkeys(DAILY, dg.DailyPartitionsDefinition) | dict.fromkeys(MONTHLY, dg.MonthlyPartitionsDefinition)
    policies = {key: assets[key].backfill_policy for key in calendars}
    assert [key for key, policy in policies.items() if policy is None or policy.policy_type is not BackfillPolicyType.SINGLE_RUN] == []
    starts = {specs[key].partitions_def.get_partition_keys()[0] for key in calendars}  # type: ignore[union-attr]
    assert starts == {"2024-01-01"}


def test_jobs(definitions: dg.Definitions) -> None:
    repository = definitions.get_repository_def()
    found = {
        job.name: {key.to_user_string() for key in job.asset_layer.executable_asset_keys}
        for job in repository.get_all_jobs()
        if not job.name.startswith("__")
    }
    assert found == JOBS


def test_what_people_backfill_tells_nobody() -> None:
    assert not {"alerts", "deliveries", "report_deliveries"} & (JOBS["ingest"] | JOBS["daily"] | JOBS["monthly"])


def test_steps_share_one_process(definitions: dg.Definitions) -> None:
    assert definitions.executor is dg.in_process_executor


def test_schedules_and_sensors(definitions: dg.Definitions) -> None:
    schedules = {one.name: (one.cron_schedule, one.execution_timezone, one.job_name) for one in definitions.schedules or ()}  # type: ignore[union-attr]
    assert schedules == {
        "daily_run": ("30 4 * * *", "UTC", "daily"),
        "budget_check": ("0 */6 * * *", "UTC", "budget_check"),
        "monthly_statement": ("0 6 * * *", "UTC", "monthly"),
        "daily_digest": ("0 5 * * *", "UTC", "digests"),
        "weekly_digest": ("0 5 * * 1", "UTC", "digests"),
        "report_delivery": ("*/15 * * * *", "UTC", "deliver"),
    }
    sensors = {one.name: {job.name for job in one.jobs} for one in definitions.sensors or ()}
    assert sensors == {"new_files": {"ingest", "daily", "monthly"}}


def test_checks(definitions: dg.Definitions) -> None:
    found = {
        (spec.asset_key.to_user_string(), spec.name): spec.blocking for one in definitions.asset_checks or () for spec in one.check_specs
    }
    assert found == CHECKS


def test_checks_say_what_they_check(definitions: dg.Definitions) -> None:
    assert [spec.name for one in definitions.asset_checks or () for spec in one.check_specs if not spec.description] == []
