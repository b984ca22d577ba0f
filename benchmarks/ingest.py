"""`python -m benchmarks.ingest --lines 500000`: files into the lake, lines a second, beside DuckDB merely reading the needed columns.

LiteLLM as JSON lines in gzip, Langfuse as JSON lines, AWS's cost and usage report as Parquet. `ours` is the whole ingest: fingerprints,
parsing, every check, duplicates, the ledger, shards on disk. Each measure is a process of its own. Many small files: `small_files`.
"""

import argparse
import os
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.measure import Cost, run_child

KINDS = ("litellm", "langfuse", "aws_cur")
NOW = datetime(2026, 11, 21, tzinfo=UTC)


def parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ingest", description=__doc__)
    parser.add_argument("--lines", type=int, default=500_000)
    parser.add_argument("--kind", choices=KINDS, action="append", help="only this one")
    parser.add_argument("--repeat", type=int, default=2)
    parser.add_argument("--memory-limit", default="2GB", help="DuckDB's limit")
    parser.add_argument("--folder", type=Path, default=Path("/tmp/usage-benchmarks/ingest"), help="where inputs are kept")  # noqa: S108
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    options = parsed(arguments)
    options.folder.mkdir(parents=True, exist_ok=True)
    if options.child:
        _run(options, *options.child)
        return
    shared = ["-m", "benchmarks.ingest", "--lines", str(options.lines), "--folder", str(options.folder)]
    shared += ["--memory-limit", options.memory_limit, "--child"]
    print(f"{options.lines:,} lines, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n")
    print("| kind | lines per second | wall s | CPU s | peak MB | DuckDB, wall s | DuckDB, CPU s | wall / DuckDB | CPU / DuckDB |")
    print("|---|---|---|---|---|---|---|---|---|")
    for kind in options.kind or KINDS:
        run_child([*shared, "prepare", kind])
        for _ in range(options.repeat):
            ours, plain = run_child([*shared, "ours", kind]), run_child([*shared, "duckdb", kind])
            print(_row(kind, options.lines, ours, plain), flush=True)


def _row(kind: str, lines: int, ours: Cost, plain: Cost) -> str:
    figures = f"{lines / ours.wall_seconds:,.0f} | {ours.wall_seconds:.1f} | {ours.cpu_seconds:.1f} | {ours.peak_mb:,.0f}"
    ratios = f"{ours.wall_seconds / plain.wall_seconds:.1f} | {ours.cpu_seconds / plain.cpu_seconds:.1f}"
    return f"| {kind} | {figures} | {plain.wall_seconds:.1f} | {plain.cpu_seconds:.1f} | {ratios} |"


def _run(options: argparse.Namespace, what: str, kind: str) -> None:
    """Each child imports only what it measures; the query that DuckDB runs is written beside the input."""
    query = options.folder / f"{kind}-{options.lines}.sql"
    if what == "duckdb":
        import duckdb  # noqa: PLC0415

        con = duckdb.connect()
        con.execute(f"SET memory_limit = '{options.memory_limit}'")
        con.execute(query.read_text()).fetchall()
        return
    from benchmarks.ingest_inputs import INPUTS  # noqa: PLC0415

    path = INPUTS[kind](options.folder, options.lines)
    if what == "prepare":
        query.write_text(_sql(kind, path))
    else:
        _ours(options, kind, path)


def _sql(kind: str, path: Path) -> str:
    import pyarrow.parquet as pq  # noqa: PLC0415

    from benchmarks.reading import json_sql, parquet_sql  # noqa: PLC0415

    return parquet_sql(kind, str(path), pq.read_schema(path).names) if path.suffix == ".parquet" else json_sql(kind, str(path))


def _ours(options: argparse.Namespace, kind: str, path: Path) -> None:
    from usage_pipeline.sources.catalog import SOURCES  # noqa: PLC0415
    from usage_pipeline.storage.database import Database  # noqa: PLC0415
    from usage_pipeline.storage.engine import connect  # noqa: PLC0415
    from usage_pipeline.storage.home import Home  # noqa: PLC0415
    from usage_pipeline.storage.ingest import ingest  # noqa: PLC0415
    from usage_pipeline.storage.lake import Lake  # noqa: PLC0415

    home = Home(options.folder / f"home-{kind}")
    shutil.rmtree(home.root, ignore_errors=True)
    home.root.mkdir(parents=True)
    engine = connect(home.scratch, memory_limit=options.memory_limit)
    database = Database(home.database_url)
    database.migrate()
    lake = Lake(home.lake, engine)
    [file] = ingest(kind, SOURCES[kind], str(path), lake=lake, database=database, engine=engine, stage=home.scratch / "stage", now=NOW)
    if file.lines != file.accepted + file.duplicates + file.rejected or file.accepted < options.lines * 9 // 10:
        raise SystemExit(f"{path}: {file}")


if __name__ == "__main__":
    main()
