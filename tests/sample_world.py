"""The sample organisation of `samples_world/`, run through the real command line in this process; its finished home is made once."""

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import dagster as dg
from blank_home import blank_home
from click.testing import CliRunner, Result

from usage_pipeline.cli import main
from usage_pipeline.defs.definitions import definitions_of
from usage_pipeline.defs.finding import Finding
from usage_pipeline.defs.findings import findings_of
from usage_pipeline.defs.partitions import daily_tags, monthly_tags
from usage_pipeline.defs.run import QUIET
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.periods import Period, inclusive
from usage_pipeline.storage.database import Database
from usage_pipeline.storage.home import Home
from usage_pipeline.tables.costs import daily_costs

SAMPLES = Path(__file__).parent / "samples_world"
CONFIG = SAMPLES / "usage.yaml"
FIRST, SECOND = date(2026, 10, 1), date(2026, 10, 2)
DAYS = inclusive(FIRST, SECOND)
RANGE = ("--from", "2026-10-01", "--to", "2026-10-02")


@dataclass(frozen=True)
class World:
    """A home and the configuration that it is run with."""

    home: Home
    config: Path

    @property
    def workplace(self) -> Workplace:
        return Workplace(home_folder=str(self.home.root), config_file=str(self.config))

    @property
    def database(self) -> Database:
        return self.workplace.database()

    @property
    def definitions(self) -> dg.Definitions:
        return definitions_of(self.home.root, self.config)

    def command(self, *arguments: str, environment: Mapping[str, str] | None = None) -> Result:
        """`usage-pipeline` with this home and configuration."""
        return usage_pipeline(*arguments, "--home", str(self.home.root), "--config", str(self.config), environment=environment)

    def run(self, *arguments: str, environment: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The document of `run --json` over the sample days, which must end with exit code 0 or 3."""
        result = self.command("run", *(arguments or RANGE), "--json", environment=environment)
        assert result.exit_code in {0, 3}, result.stderr
        document: dict[str, Any] = json.loads(result.stdout)
        return document

    def job(self, name: str, days: Period | None = None, **options: Any) -> dg.ExecuteInProcessResult:
        """One job on an instance that leaves nothing behind; `days` as one range, months for the monthly job."""
        tags = {} if days is None else monthly_tags(days) if name == "monthly" else daily_tags(days)
        return execute(self.definitions, name, tags=tags, **options)

    def findings(self, days: Period) -> dict[str, Finding]:
        """The days alone, without statements and alerts (half the work of `run`), and what `run` would then find, by code."""
        assert self.job("daily", days).success
        return self.found(days)

    def found(self, days: Period) -> dict[str, Finding]:
        """What `run` would find about these days as they stand."""
        rows = self.database.select(daily_costs, where={"day": days})
        return {one.code: one for one in findings_of(self.workplace, days, rows)}

    def files(self, folder: Path | None = None) -> dict[str, bytes]:
        """Every file below `folder` (the reports) with its bytes; not the feed of budgets, which tells when it was computed."""
        top = folder or self.home.reports
        found = {path.relative_to(top).as_posix(): path for path in sorted(top.rglob("*")) if path.is_file()}
        return {name: path.read_bytes() for name, path in found.items() if name != "current/budget_state.json"}


def usage_pipeline(*arguments: str, environment: Mapping[str, str] | None = None, text: str | None = None) -> Result:
    """The command line in this process, with no USAGE_ variables but those given. An exception that is no answer is raised."""
    cleared: dict[str, str | None] = {name: None for name in os.environ if name.startswith("USAGE_")}
    return CliRunner().invoke(
        main, arguments, prog_name="usage-pipeline", env={**cleared, **(environment or {})}, input=text, catch_exceptions=False
    )


def execute(definitions: dg.Definitions, name: str, *, tags: Mapping[str, str], run_config: Any = None) -> dg.ExecuteInProcessResult:
    with dg.DagsterInstance.ephemeral() as instance:
        return definitions.resolve_job_def(name).execute_in_process(
            instance=instance, tags=dict(tags), run_config={**QUIET, **(run_config or {})}, raise_on_error=False
        )


def materialized(result: dg.ExecuteInProcessResult) -> set[str]:
    return {event.asset_key.to_user_string() for event in result.get_asset_materialization_events() if event.asset_key}


@cache
def finished(folder: Path) -> tuple[World, dict[str, Any]]:
    """The sample days run once into a home below `folder`, and what `run --json` answered. For reading only: `copy_of` is for changing."""
    world = World(Home(folder / "finished" / "home"), CONFIG)
    return world, world.run()


def copy_of(world: World, folder: Path, *, leave: Sequence[str] = ("dagster", "scratch")) -> World:
    """The same home in `folder`, to be changed at will."""
    root = folder / "home"
    shutil.copytree(world.home.root, root, ignore=shutil.ignore_patterns(*leave))
    return World(blank_home(root), world.config)


def new_world(folder: Path, config: Path | str = CONFIG) -> World:
    """An empty home in `folder`; a configuration given as text is written beside it."""
    if isinstance(config, str):
        file = folder / "usage.yaml"
        file.write_text(config, "utf-8")
        config = file
    return World(blank_home(folder / "home"), config)
