"""`python -m benchmarks.small_files --files 10000`: many files of 2 KB into the lake, from a folder and from S3, beside DuckDB.

One LiteLLM payload a file. `ours` is the whole ingest (listing, fingerprints, ledger, shards, rejects), `again` one with nothing new;
`duckdb` merely reads the columns that ours needs. Each in a process of its own; the S3 server is another (`s3_folder`) and not counted.
"""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.measure import Cost, run_child

PLACES = ("local", "s3")


def parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.small_files", description=__doc__)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--place", choices=PLACES, action="append", help="only this one")
    parser.add_argument("--memory-limit", default="2GB", help="DuckDB's limit")
    parser.add_argument("--folder", type=Path, default=Path("/tmp/usage-benchmarks"), help="where inputs are kept")  # noqa: S108
    parser.add_argument("--child", choices=(*PLACES, "prepare", "duckdb"), help=argparse.SUPPRESS)
    parser.add_argument("--endpoint", help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    options = parsed(arguments)
    landed = options.folder / f"small-{options.files}"
    if options.child:
        _run(options, landed)
        return
    shared = ["-m", "benchmarks.small_files", "--files", str(options.files), "--folder", str(options.folder)]
    shared += ["--memory-limit", options.memory_limit, "--child"]
    run_child([*shared, "prepare"])
    costs = {"duckdb": run_child([*shared, "duckdb"])}
    for place in options.place or PLACES:
        shutil.rmtree(options.folder / f"small-home-{place}", ignore_errors=True)
        server, more = _server(landed) if place == "s3" else (None, [])
        try:
            costs[f"ours, {place}"] = run_child([*shared, place, *more])
            costs[f"again, {place}"] = run_child([*shared, place, *more])
        finally:
            if server is not None:
                server.terminate()
    _report(options.files, costs)


def _run(options: argparse.Namespace, landed: Path) -> None:
    """Each child imports only what it measures."""
    if options.child == "duckdb":
        import duckdb  # noqa: PLC0415

        con = duckdb.connect()
        con.execute(f"SET memory_limit = '{options.memory_limit}'")
        con.execute(landed.with_suffix(".sql").read_text()).fetchall()
        return
    from benchmarks import small_files_ours  # noqa: PLC0415

    (small_files_ours.write_files if options.child == "prepare" else small_files_ours.run)(options, landed)


def _server(landed: Path) -> tuple[subprocess.Popen[str], list[str]]:
    server = subprocess.Popen([sys.executable, "-m", "benchmarks.s3_folder", str(landed)], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None  # noqa: S101
    return server, ["--endpoint", f"http://127.0.0.1:{server.stdout.readline().strip()}"]


def _report(files: int, costs: Mapping[str, Cost]) -> None:
    plain = costs["duckdb"]
    print(f"{files:,} files of 2 KB, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n")
    print("| what | wall s | CPU s | peak MB | files per second | wall / duckdb | CPU / duckdb |\n|---|---|---|---|---|---|---|")
    for name, cost in costs.items():
        wall, cpu = cost.wall_seconds, cost.cpu_seconds
        ratios = f"{wall / plain.wall_seconds:.1f} | {cpu / plain.cpu_seconds:.1f}"
        print(f"| {name} | {wall:.1f} | {cpu:.1f} | {cost.peak_mb:,.0f} | {files / wall:,.0f} | {ratios} |")


if __name__ == "__main__":
    main()
