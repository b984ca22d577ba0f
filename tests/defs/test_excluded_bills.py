"""`exclude` of a source, seen from outside: a run's numbers and findings, a day's versions, the sensor, a wrong export cleared."""

import json
from pathlib import Path
from typing import Any

import dagster as dg
from bills_read import OCTOBER, Bills, azure_bill
from sample_world import usage_pipeline

from usage_pipeline.defs.findings_counted import nothing_excluded
from usage_pipeline.defs.findings_lines import broken_bills, rejected_bill_lines
from usage_pipeline.defs.sensors import new_files

BILL = 'name: bill, kind: azure_cost, path: "in/*.csv"'
LOG = 'name: log, kind: tracker, path: "log/*.jsonl"'
INPUT = "gpt-4o Inp glbl Tokens"


def two_exports(folder: Path, *sources: str) -> Bills:
    """A bill, and a file beside it that is none of it."""
    bills = Bills(folder, BILL, *sources)
    bills.land("in/right.csv", azure_bill((1, INPUT, "12.5")), 0)
    bills.land("in/wrong.csv", azure_bill((1, INPUT, "900"), (2, INPUT, "90")), 1)
    return bills


def test_a_run_leaves_out_what_was_read_before(tmp_path: Path) -> None:
    bills = two_exports(tmp_path, LOG)
    line = {"id": "r1", "started_at": "2026-10-01T09:00:00Z", "provider": "openai", "model": "gpt-4o", "meters": {"input": 1}}
    bills.land("log/app.jsonl", json.dumps(line) + "\n", 0)
    bills.land("log/rest.jsonl", json.dumps(line | {"id": "r2"}) + "\n", 0)
    bills.read()
    assert bills.billed() == 1002.5
    (tmp_path / "in" / "wrong.csv").unlink()
    bills.configure(BILL + ', exclude: ["in/wron*"]', LOG + ', exclude: ["log/app*"]')
    home = ("--home", str(tmp_path / "home"), "--config", str(bills.config))
    result = usage_pipeline("run", "--from", "2026-10-01", "--to", "2026-10-02", "--json", *home)
    assert result.exit_code in {0, 3}, result.stderr
    document = json.loads(result.stdout)
    assert document["totals"]["billed_cost"] == "12.5"
    told = {one["code"]: one for one in document["findings"]}["not_excluded"]
    assert (told["blocks"], told["count"]) == (False, 1)
    assert f"read already (1): log goes on to count {tmp_path}/log/app.jsonl. The same lines of other files" in told["words"]
    day = json.loads(usage_pipeline("sources", "--day", "2026-10-01", "--json", *home).stdout)
    assert [(Path(one["file"]).name, one["counts"], one["excluded_at"] is not None) for one in day["versions"]] == [
        ("right.csv", True, False),
        ("wrong.csv", False, True),
        ("app.jsonl", True, False),
        ("rest.jsonl", True, False),
    ]
    assert " excluded 20" in usage_pipeline("sources", "--day", "2026-10-01", *home).stdout
    status = json.loads(usage_pipeline("sources", "--json", *home).stdout)["sources"]
    assert [(one["files"], one["excluded"], one["lines"]) for one in status] == [(1, 1, 1), (2, 0, 2)]


def test_the_sensor_reads_the_patterns_and_asks_for_the_days(tmp_path: Path) -> None:
    bills = two_exports(tmp_path)
    bills.read()
    with dg.DagsterInstance.ephemeral() as instance:

        def tick(cursor: str | None) -> tuple[list[tuple[str, str | None]], str]:
            context = dg.build_sensor_context(instance=instance, cursor=cursor, resources={"workplace": bills.workplace})
            answer: Any = new_files(context)
            tags = [one.tags.get("dagster/asset_partition_range_start") for one in answer.run_requests or ()]
            return [(str(one.job_name), tag) for one, tag in zip(answer.run_requests or (), tags, strict=True)], answer.cursor

        asked, cursor = tick(None)
        assert asked == [("daily", "2026-10-01")]
        asked, cursor = tick(cursor)
        assert asked == [("monthly", "2026-10-01")]
        assert tick(cursor)[0] == []
        bills.configure(BILL + ', exclude: ["in/wrong.csv"]')
        asked, cursor = tick(cursor)
        assert asked == [("ingest", None)]
        assert bills.read() == []
        assert tick(cursor)[0] == [("daily", "2026-10-01")]
        bills.configure(BILL)
        asked, cursor = tick(cursor)
        assert asked == [("ingest", None), ("daily", "2026-10-01")]
        assert bills.read() == []
        assert tick(cursor)[0] == [("monthly", "2026-10-01"), ("daily", "2026-10-01")]


def test_a_wrong_export_is_cleared_by_leaving_it_out(tmp_path: Path) -> None:
    bills = Bills(tmp_path, BILL)
    bills.land("in/right.csv", azure_bill((1, INPUT, "12.5")), 0)
    bills.land("in/amortized.csv", azure_bill((1, INPUT, "11"), (2, INPUT, "1")), 1)
    bills.read()
    told = broken_bills(rejected_bill_lines(bills.settings, bills.database, bills.lake, OCTOBER))
    assert told is not None
    assert (told.blocks, told.count) == (True, 2)
    assert "(bill: amortized_cost): name the file under `exclude` of its source in usage.yaml, or export it again" in told.words
    assert told.words.endswith(f" under the same name: {tmp_path}/in/amortized.csv.")
    (tmp_path / "in" / "amortized.csv").unlink()
    bills.read()
    assert broken_bills(rejected_bill_lines(bills.settings, bills.database, bills.lake, OCTOBER)) is not None, "gone is not left out"
    bills.configure(BILL + ', exclude: ["in/amortized.csv"]')
    bills.read()
    assert rejected_bill_lines(bills.settings, bills.database, bills.lake, OCTOBER) == []
    assert bills.billed() == 12.5


def test_a_pattern_that_names_nothing_is_told(tmp_path: Path) -> None:
    bills = two_exports(tmp_path)
    bills.configure(BILL + ', exclude: ["in/wrong.csv"]')
    assert nothing_excluded(bills.workplace) is None, "it lies there and was not read"
    bills.configure(BILL + ', exclude: ["in/wrong.csv", "in/wrongg.csv", "out/**"]')
    told = nothing_excluded(bills.workplace)
    assert told is not None
    assert (told.blocks, told.count) == (False, 2)
    assert f"never read: bill: {tmp_path}/in/wrongg.csv, bill: {tmp_path}/out/**. Mend the pattern" in told.words
