"""`python -m benchmarks.chain --lines 1000000`: our chain beside the same work in plain DuckDB SQL and in pandas.

Each engine runs in a process of its own, in turn, `--repeat` times; all must find the same to the last digit.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.measure import Cost, run_child

ENGINES = ("ours", "duckdb", "pandas", "duckdb_keeping")
USUAL = ENGINES[:3]
RATIOS = (
    ("ours", "duckdb", "goal: at most 1.3"),
    ("pandas", "ours", "goal: at least 2.5"),
    ("ours", "duckdb_keeping", "plain SQL that keeps the same three tables"),
)


@dataclass
class Steps:
    """CPU and wall seconds of each step of a chain, in order; what came before the first is 'start'."""

    cpu: dict[str, float] = field(default_factory=lambda: {"start": time.process_time()})
    wall: dict[str, float] = field(default_factory=dict)

    def __call__(self, name: str, function: Callable[..., Any], *arguments: Any) -> Any:
        wall, cpu = time.monotonic(), time.process_time()
        try:
            return function(*arguments)
        finally:
            self.cpu[name] = self.cpu.get(name, 0.0) + time.process_time() - cpu
            self.wall[name] = self.wall.get(name, 0.0) + time.monotonic() - wall


def parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.chain", description=__doc__)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--days", type=int, default=31, help="days over which the lines are spread")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--repeat", type=int, default=1, help="how often each engine runs, in turn")
    parser.add_argument("--engine", choices=ENGINES, action="append", help="only this one; may be given again")
    parser.add_argument("--memory-limit", default="2GB", help="DuckDB's limit, in our chain and in plain SQL")
    parser.add_argument("--folder", type=Path, default=Path("/tmp/usage-benchmarks"), help="where inputs are kept")  # noqa: S108
    parser.add_argument("--child", choices=ENGINES, help=argparse.SUPPRESS)
    parser.add_argument("--profile", action="store_true", help="our chain only: CPU seconds by our functions, in this process")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    options = parsed(arguments)
    if options.child:
        _run_engine(options)
        return
    shared = ["--lines", str(options.lines), "--days", str(options.days), "--seed", str(options.seed)]
    shared += ["--folder", str(options.folder), "--memory-limit", options.memory_limit]
    run_child(["-m", "benchmarks.prepare", *shared[:-2]])
    if options.profile:
        run_child(["-m", "benchmarks.profile", *shared])
        return
    engines = tuple(options.engine or USUAL)
    costs: dict[str, list[Cost]] = {engine: [] for engine in engines}
    for turn in range(options.repeat):
        for engine in engines:
            print(f"run {turn + 1} of {options.repeat}: {engine} …", file=sys.stderr, flush=True)
            costs[engine].append(run_child(["-m", "benchmarks.chain", *shared, "--child", engine]))
    run_child(["-m", "benchmarks.compare", str(options.folder), str(options.lines), str(options.days), str(options.seed), *engines])
    _report(options.lines, costs, options.folder)


def _run_engine(options: argparse.Namespace) -> None:
    from benchmarks.lines import prepare  # noqa: PLC0415

    given = prepare(options.folder, lines=options.lines, days=options.days, seed=options.seed)
    steps = Steps()
    chain = steps("imports", import_module, f"benchmarks.chain_{options.child}")
    outcome = chain.run(given, options.folder / options.child, options.memory_limit, steps)
    outcome.save(options.folder / f"{options.child}.outcome.json")
    (options.folder / f"{options.child}.steps.json").write_text(json.dumps({"cpu": steps.cpu, "wall": steps.wall}))


def _report(lines: int, costs: dict[str, list[Cost]], folder: Path) -> None:
    count = len(next(iter(costs.values())))
    print(f"{lines:,} lines, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores, least of {count}: what disturbs a run only adds\n")
    print("| engine | CPU s | wall s | peak MB | lines per CPU second | lines per second |\n|---|---|---|---|---|---|")
    cpu: dict[str, float] = {}
    for engine, runs in costs.items():
        cpu[engine] = min(run.cpu_seconds for run in runs)
        wall = min(run.wall_seconds for run in runs)
        peak = max(run.peak_mb for run in runs)
        print(f"| {engine} | {cpu[engine]:.1f} | {wall:.1f} | {peak:,.0f} | {lines / cpu[engine]:,.0f} | {lines / wall:,.0f} |")
    print()
    for first, second, meaning in RATIOS:
        if first in cpu and second in cpu:
            print(f"{first} / {second}: {cpu[first] / cpu[second]:.2f} of CPU ({meaning})")
    for engine in costs:
        steps = json.loads((folder / f"{engine}.steps.json").read_text())["cpu"]
        print(f"{engine}, last run, CPU s by step: " + ", ".join(f"{name} {seconds:.1f}" for name, seconds in steps.items()))


if __name__ == "__main__":
    main()
