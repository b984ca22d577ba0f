"""How far forecasts of a month are off, ours and the straight line's: on the demo's spend and on two generated shapes.

Each forecast of a month is made at the ends of days 5, 10, 15 and 20 with the days before it alone, per project and for all together.
Error: the median of |forecast - actual| / actual. Interval: how often the 80 % interval holds the actual. Seeded: the figures are the
same on every machine.

    python -m benchmarks.forecast [--seed 2026] [--seeds 3]
"""

import argparse
import json
import random
import statistics
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from time import process_time

from usage_pipeline.costs.forecast import forecast, straight_line
from usage_pipeline.demo.organisation import WORKLOADS
from usage_pipeline.demo.requests import requests_of
from usage_pipeline.periods import Period, inclusive, months_in
from usage_pipeline.tables.forecasts import JUDGED_DAYS

YEAR = inclusive(date(2026, 3, 1), date(2027, 2, 28))
"""The demo's organisation grows from August on; its agents run away from 20 to 22 October."""
LEARNED_MONTHS = 2
"""The first months of a year are history alone."""
SEED = 2026
Series = dict[date, Decimal]


@dataclass(frozen=True, slots=True)
class Judged:
    """One forecast, made on a day of the month, and what came of it: relative errors, and how wide the interval was."""

    series: str
    on_day: int
    error: Decimal
    straight_error: Decimal
    is_held: bool
    width: Decimal


def demo_spend(seed: int = SEED, days: Period = YEAR) -> dict[str, Series]:
    """What the demo's organisation spends by day: each project, and all."""
    spent: dict[str, Series] = {"organisation": dict.fromkeys(days.days(), Decimal(0))}
    for workload in WORKLOADS:
        project = spent.setdefault(workload.project or "unattributed", dict.fromkeys(days.days(), Decimal(0)))
        for day in days.days():
            amount = sum((request.cost or Decimal(0) for request in requests_of(workload, day, seed)), Decimal(0))
            project[day] += amount
            spent["organisation"][day] += amount
    return spent


def seasonal_spend(seed: int = SEED, days: Period = YEAR, count: int = 12) -> dict[str, Series]:
    """Office weeks with growth: weekdays at 100, weekends at 10 to 60 percent, 2 to 9 percent a month more, 10 to 25 percent of noise."""
    found = {}
    for number in range(count):
        draw = random.Random(f"seasonal {seed} {number}")  # noqa: S311 - a story, no secret
        level, weekend = draw.uniform(5, 400), draw.uniform(0.1, 0.6)
        growth, noise = 1 + draw.uniform(0.02, 0.09), draw.uniform(0.10, 0.25)
        found[f"seasonal {number}"] = {
            day: _cents(level * growth ** (place / 30) * (weekend if day.weekday() >= 5 else 1) * draw.lognormvariate(0, noise))  # noqa: PLR2004
            for place, day in enumerate(days.days())
        }
    return found


def bursty_spend(seed: int = SEED, days: Period = YEAR, count: int = 12) -> dict[str, Series]:
    """Batch jobs: little on most days, and on one in 4 to 10 days, drawn by chance, 5 to 30 times as much."""
    found = {}
    for number in range(count):
        draw = random.Random(f"bursty {seed} {number}")  # noqa: S311 - a story, no secret
        level, chance, factor = draw.uniform(2, 60), 1 / draw.uniform(4, 10), draw.uniform(5, 30)
        found[f"bursty {number}"] = {
            day: _cents(level * draw.lognormvariate(0, 0.3) * (factor * draw.uniform(0.5, 1.5) if draw.random() < chance else 1))
            for day in days.days()
        }
    return found


def _cents(amount: float) -> Decimal:
    return Decimal(f"{amount:.4f}")


def judged(name: str, amounts: Mapping[date, Decimal]) -> Iterator[Judged]:
    """Every forecast of every month of which enough lies before."""
    for month in months_in(inclusive(min(amounts), max(amounts)))[LEARNED_MONTHS:]:
        actual = sum((amounts[day] for day in month.days()), Decimal(0))
        for on_day in JUDGED_DAYS:
            through = month.start + timedelta(days=on_day - 1)
            known = {day: amount for day, amount in amounts.items() if day <= through}
            ours = forecast(known, month, through)
            if ours is None or not actual:
                continue
            spent = sum((known[day] for day in month.days() if day <= through), Decimal(0))
            yield Judged(
                series=name,
                on_day=on_day,
                error=abs(ours.mean - actual) / actual,
                straight_error=abs(straight_line(spent, on_day, month) - actual) / actual,
                is_held=ours.low <= actual <= ours.high,
                width=(ours.high - ours.low) / actual,
            )


def told(shape: str, rows: list[Judged]) -> None:
    """One line for each day of the month, and one for all."""
    for on_day in (*JUDGED_DAYS, None):
        chosen = [row for row in rows if on_day in (None, row.on_day)]
        ours = statistics.median(row.error for row in chosen)
        straight = statistics.median(row.straight_error for row in chosen)
        held = 100 * sum(row.is_held for row in chosen) / len(chosen)
        width = statistics.median(row.width for row in chosen)
        when = "all days" if on_day is None else f"day {on_day}"
        print(f"{shape:<22} {when:<9} {len(chosen):>6} {ours:>8.1%} {straight:>10.1%} {straight / ours:>7.2f} {held:>9.0f} % {width:>8.0%}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=1, help="how many draws of the generated shapes")
    parser.add_argument("--demo", type=Path, help="keep the demo's spend in this file, or read it from there")
    parser.add_argument("--seed", type=int, default=SEED, help="the first of them")
    asked = parser.parse_args()
    demo = _kept(asked.demo) if asked.demo else demo_spend()
    shapes = {
        "demo, projects": {name: one for name, one in demo.items() if name != "organisation"},
        "demo, organisation": {"organisation": demo["organisation"]},
        "weekly with growth": {f"{s} {n}": one for s in range(asked.seeds) for n, one in seasonal_spend(asked.seed + s).items()},
        "bursty batch jobs": {f"{s} {n}": one for s in range(asked.seeds) for n, one in bursty_spend(asked.seed + s).items()},
    }
    print(f"{'shape':<22} {'made on':<9} {'count':>6} {'ours':>8} {'straight':>10} {'ratio':>7} {'in 80 %':>11} {'width':>8}")
    began, made = process_time(), 0
    for shape, series in shapes.items():
        rows = [row for name, amounts in series.items() for row in judged(name, amounts)]
        made += len(rows)
        told(shape, rows)
    print(f"{1000 * (process_time() - began) / made:.1f} ms of CPU a forecast")


def _kept(path: Path) -> dict[str, Series]:
    if not path.exists():
        plain = {name: {str(day): str(amount) for day, amount in series.items()} for name, series in demo_spend().items()}
        path.write_text(json.dumps(plain))
    read = json.loads(path.read_text())
    return {name: {date.fromisoformat(day): Decimal(amount) for day, amount in series.items()} for name, series in read.items()}


if __name__ == "__main__":
    main()
