"""September's home (closing_world) with `deliveries:` in its usage.yaml, looked at from any moment."""

import shutil
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import closing_world
import pytest
from sample_world import World, copy_of

from usage_pipeline.defs.workplace import Workplace

FINANCE = "finance@example.org"
STATEMENT = "{name: finance, report: statement, formats: [pdf, csv, xlsx], when: 1st business day, to: [finance@example.org]}"
BEFORE, DUE = "2026-09-30T12:00", "2026-10-01T07:05"
"""A day before September's first business day, and five minutes after its moment."""


class At(Workplace):
    """A workplace whose clock stands still."""

    moment: str

    def now(self) -> datetime:
        return datetime.fromisoformat(self.moment).replace(tzinfo=UTC)


def at(world: World, moment: str) -> At:
    return At(home_folder=str(world.home.root), config_file=str(world.config), moment=moment)


def delivering(made: World, folder: Path, *entries: str, inputs: bool = False) -> World:
    """A copy of the home whose usage.yaml has these deliveries; with `inputs`, with the bills and logs that it was made of."""
    copied = copy_of(made, folder)
    config = folder / "usage.yaml"
    write(config, entries)
    if inputs:
        for name in ("bill", "log"):
            shutil.copytree(made.config.parent / name, folder / name)
    return World(copied.home, config)


def write(config: Path, entries: Iterable[str]) -> None:
    listed = "".join(f"  - {one}\n" for one in entries)
    config.write_text(closing_world.CONFIG + (f"deliveries:\n{listed}" if listed else ""), "utf-8")


def without_variables(patch: pytest.MonkeyPatch) -> None:
    """None of the variables of the machine that decide where mails and files go."""
    for name in ("SMTP_HOST", "SES_REGION", "SES_ENDPOINT", "MAIL_FROM", "S3_ENDPOINT", "S3_REGION", "DATABASE_URL", "HOME", "CONFIG"):
        patch.delenv(f"USAGE_{name}", raising=False)
