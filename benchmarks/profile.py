"""Where our chain spends its CPU seconds, by our own functions. Run by `python -m benchmarks.chain --profile`.

Every function is charged with what all threads of the process burn while it runs, the engine's among them. Figures include what
a function calls, so they do not add up; Python itself is slower under the profiler than it is.
"""

import argparse
import cProfile
import pstats
import time
from pathlib import Path

from benchmarks import chain_ours
from benchmarks.lines import prepare

LEAST_SECONDS = 0.15
ENGINE_CALLS = ("compile", "to_parquet", "to_pyarrow", "create_table", "_register_in_memory_tables", "read_parquet")


def main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("--lines", "--days", "--seed"):
        parser.add_argument(name, type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--memory-limit", required=True)
    options = parser.parse_args()
    given = prepare(options.folder, lines=options.lines, days=options.days, seed=options.seed)
    profile = cProfile.Profile(timer=time.process_time)
    chain_ours.run(given, options.folder / "ours", options.memory_limit, lambda _, function, *rest: profile.runcall(function, *rest))
    report(pstats.Stats(profile))


def report(stats: pstats.Stats) -> None:
    """The dearest functions of the pipeline, and of the engine with who called them."""
    timed = stats.stats  # type: ignore[attr-defined]
    print("| CPU s | calls | function |\n|---|---|---|")
    for (file, line, name), (_, calls, _, seconds, _) in sorted(timed.items(), key=lambda one: -one[1][3]):
        if seconds >= LEAST_SECONDS and "usage_pipeline" in file:
            print(f"| {seconds:.2f} | {calls} | {Path(file).stem}.{name}:{line} |")
    print("\n| CPU s | calls | engine call | by |\n|---|---|---|---|")
    for (file, _, name), (_, _, _, _, callers) in timed.items():
        if name in ENGINE_CALLS and "ibis" in file:
            for (caller_file, line, caller), (_, calls, _, seconds) in callers.items():
                if seconds >= LEAST_SECONDS and "usage_pipeline" in caller_file:
                    print(f"| {seconds:.2f} | {calls} | {name} | {Path(caller_file).stem}.{caller}:{line} |")


if __name__ == "__main__":
    main()
