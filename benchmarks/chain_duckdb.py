"""The same work as one script of plain DuckDB SQL, as somebody would write it by hand who needs this once."""

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.lines import START, Input
from benchmarks.outcome import Outcome, totals_of
from benchmarks.sql import AGGREGATE, DEDUPLICATE, KEEP, NORMALIZE, PRICE, QUARANTINE, READ, WRITE


def run(given: Input, folder: Path, memory_limit: str, step: Callable[..., Any], *, is_keeping: bool = False) -> Outcome:
    """`step(name, function, …)` calls the function and notes what it costs. `is_keeping` writes all three tables that we keep."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "scratch").mkdir(parents=True)
    con = duckdb.connect()
    for name, value in (
        ("TimeZone", "UTC"),
        ("memory_limit", memory_limit),
        ("temp_directory", str(folder / "scratch")),
        ("enable_progress_bar", "false"),
    ):
        con.execute(f"SET {name} = '{value}'")
    names = {"input": given.path, "folder": folder, "prices": given.path.parent / "prices.parquet"}
    latest = START + timedelta(days=given.days + 1)
    step("read", con.execute, READ.format(**names))
    con.execute("SET preserve_insertion_order = false")
    step("normalize", con.execute, NORMALIZE.format(latest=latest, **names))
    step("quarantine", con.execute, QUARANTINE.format(**names))
    step("deduplicate", con.execute, DEDUPLICATE)
    if is_keeping:
        step("keep landed rows and events", con.execute, KEEP.format(**names))
    step("price and write", con.execute, (PRICE + WRITE).format(**names))
    step("aggregate", con.execute, AGGREGATE.format(**names))
    counted = con.execute("SELECT (SELECT count(*) FROM rows_read), (SELECT count(*) FROM accepted)").fetchall()
    lines, accepted = counted[0]
    reasons = dict(con.execute("SELECT reason, count(*) FROM rows_read WHERE reason IS NOT NULL GROUP BY 1 ORDER BY 1").fetchall())
    rejected = sum(reasons.values())
    rows = con.execute(
        f"SELECT day, project, model, meter, quantity, requests, list_cost, net_cost FROM '{folder}/daily.parquet'"
    ).fetchall()
    duplicates = con.execute("SELECT count(*) FROM duplicates").fetchall()[0][0]
    return Outcome(lines, accepted, duplicates, rejected, reasons, totals_of(rows))
