"""`alerts replay` over a year: how many days before a limit was reached people were told, and how much of it was needless.

`demo`: a year of the demo's organisation through the whole daily job, read, priced and summed, then judged day by day as
`usage-pipeline alerts replay --rule budget_threshold --rule forecast` does. `shapes`: spend of three generated kinds (the demo's projects,
office weeks with growth, batch jobs at random days), each month with a limit of 70 to 140 percent of what it comes to, judged alike.
Seeded: the same figures on every machine.

    python -m benchmarks.alerts_replay demo [--days 365] [--home DIR]
    python -m benchmarks.alerts_replay shapes [--seed 9000] [--count 36]
"""

import argparse
import json
import random
import tempfile
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from time import process_time
from typing import Any

import dagster as dg

from benchmarks.forecast import YEAR, Series, bursty_spend, demo_spend, seasonal_spend
from usage_pipeline.alerts.conditions import FORECAST
from usage_pipeline.alerts.replay import JudgedDay, Replay, replay
from usage_pipeline.alerts.rules import BUDGET_THRESHOLD
from usage_pipeline.budgets.spending import index
from usage_pipeline.budgets.status import standing
from usage_pipeline.defs.alert_replay import replayed
from usage_pipeline.defs.budget_forecasts import with_forecasts
from usage_pipeline.defs.definitions import definitions_of
from usage_pipeline.defs.home import prepare
from usage_pipeline.defs.partitions import daily_tags
from usage_pipeline.defs.run import QUIET
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.demo.world import write_world
from usage_pipeline.periods import Period, inclusive, months_in
from usage_pipeline.storage.home import Home
from usage_pipeline.tables.budgets import LEVELS, Budget, Threshold
from usage_pipeline.tables.day_sums import DaySum

RULES = (BUDGET_THRESHOLD, FORECAST)
USUAL = tuple(Threshold(percent=Decimal(mark), level=level) for mark, level in zip((75, 90, 100), LEVELS, strict=True))
SHARES = (70, 140)
LEARNED_MONTHS = 2
SEED = 9000


def summary(found: Replay) -> dict[str, Any]:
    """What is told in the README. `warnable`: reached later than on the third day of its period."""
    over = [one for one in found.courses if one.is_over]
    return {
        "mails": sum(len(one.mails) for one in found.days),
        "breaches": len(found.breaches),
        "warnable": len(found.warnable),
        "warned_3_days_ahead": len(found.early),
        "unwarned": [[one.budget_id, str(one.period_start), one.days_ahead] for one in found.warnable if one not in found.early],
        "forecasts_told": sum(one.forecast_on is not None for one in over),
        "needless": len(found.needless),
    }


def demo(days: int, folder: Path) -> dict[str, Any]:
    """A year of the demo, unless `folder` holds it, and its replay."""
    home = Home(folder)
    config = home.root / "usage.yaml"
    prepare(home)
    if not config.exists():
        truth = write_world(home.landing, config=config, days=days)
        job = definitions_of(home.root, config).resolve_job_def("daily")
        with dg.DagsterInstance.ephemeral() as instance:
            job.execute_in_process(tags=daily_tags(inclusive(truth.first_day, truth.last_day)), instance=instance, run_config=QUIET)
    known = json.loads((home.landing / "truth.json").read_text("utf-8"))
    asked = inclusive(date.fromisoformat(known["first_day"]), date.fromisoformat(known["last_day"]))
    began = process_time()
    found = replayed(Workplace(home_folder=str(home.root), config_file=str(config)), asked, RULES)
    return {"days": asked.days_count, **summary(found), "cpu_seconds": round(process_time() - began, 1)}


def shape(spent: Mapping[str, Series], seed: int) -> Replay:
    """Each series as a project of its own, with a limit for each month after the first two."""
    budgets = [budget for name, series in spent.items() for budget in _budgets(name, series, seed)]
    sums = [
        DaySum(day=day, project=name, cost=amount, estimated=amount, tokens=None, requests=None, credits=None)
        for name, series in spent.items()
        for day, amount in series.items()
    ]
    known = index(sums, budgets)
    judged = (_judged(day, budgets, known) for day in inclusive(_months()[0].start, YEAR.last).days())
    return replay(judged, budgets, RULES)


def _judged(day: date, budgets: list[Budget], known: Any) -> JudgedDay:
    now = [one for one in budgets if one.in_force(day)]
    return JudgedDay(day, with_forecasts(standing(now, known, day, complete_through=day), now, known, complete_through=day))


def _months() -> list[Period]:
    return list(months_in(YEAR))[LEARNED_MONTHS:]


def _budgets(name: str, series: Series, seed: int) -> Iterator[Budget]:
    chance = random.Random(f"{seed} limits {name}")  # noqa: S311 - chance is for a simulation
    for month in _months():
        whole = sum((series[day] for day in month.days()), Decimal(0))
        limit = (whole * chance.randint(*SHARES) / 100).quantize(Decimal("0.01"))
        if limit > 0:
            yield Budget(budget_id=name, scope="project", project=name, period="monthly", limit=limit, unit="USD", operation=None,
                         thresholds=USUAL, valid_from=month.start, valid_to=month.end)  # fmt: skip


def shapes(seed: int, count: int) -> dict[str, Any]:
    made = {
        "demo projects": demo_spend(seed),
        "office weeks": seasonal_spend(seed, count=count),
        "batch jobs": bursty_spend(seed, count=count),
    }
    return {name: summary(shape(spent, seed)) for name, spent in made.items()}


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("what", choices=("demo", "shapes"))
    asked.add_argument("--days", type=int, default=365)
    asked.add_argument("--home", type=Path, help="where the demo's year is kept.  [a temporary folder]")
    asked.add_argument("--seed", type=int, default=SEED)
    asked.add_argument("--count", type=int, default=36)
    given = asked.parse_args()
    if given.what == "shapes":
        told = shapes(given.seed, given.count)
    elif given.home:
        told = demo(given.days, given.home)
    else:
        with tempfile.TemporaryDirectory() as folder:
            told = demo(given.days, Path(folder) / "home")
    print(json.dumps(told, indent=1))


if __name__ == "__main__":
    main()
