"""A source whose `kind` is changed in usage.yaml: what the other kind could not read is read again, what it did read is told."""

import json
from pathlib import Path

from bills_read import OCTOBER, Bills, azure_bill
from sample_world import usage_pipeline

from usage_pipeline.defs.counted_contents import counted_contents
from usage_pipeline.defs.finding import Finding
from usage_pipeline.defs.findings_lines import rejected_bill_lines
from usage_pipeline.defs.kind_changed import kind_changed
from usage_pipeline.defs.rejects import rejects_of
from usage_pipeline.defs.source_status import source_statuses
from usage_pipeline.periods import day_of
from usage_pipeline.storage.ingest import landed_rejects
from usage_pipeline.tables.ingested_files import ingested_days, ingested_files

INPUT = "gpt-4o Inp glbl Tokens"


def bill(kind: str, more: str = "") -> str:
    return f'name: bill, kind: {kind}, path: "in/*.csv"{more}'


def found(bills: Bills) -> Finding | None:
    return kind_changed(bills.settings, counted_contents(bills.database, OCTOBER))


def test_what_the_wrong_kind_rejected_is_read_again(tmp_path: Path) -> None:
    bills = Bills(tmp_path, bill("focus"))
    bills.land("in/a.csv", azure_bill((1, INPUT, "12.5"), (2, INPUT, "oops")), 0)
    bills.land("in/b.csv", azure_bill((1, INPUT, "3"), subscription="sub-2"), 1)
    bills.land("in/same.csv", azure_bill((1, INPUT, "3"), subscription="sub-2"), 2)
    bills.read()
    assert sum(row["lines"] for row in rejects_of(bills.lake, bills.database.select(ingested_files))) == 3

    bills.configure(bill("azure_cost"))
    assert sorted(Path(one.uri).name for one in bills.read()) == ["a.csv", "b.csv", "same.csv"]
    rows = {Path(one.uri).name: one for one in bills.database.select(ingested_files)}
    assert {name: (one.kind, one.accepted, one.duplicates, one.rejected, one.state) for name, one in rows.items()} == {
        "a.csv": ("azure_cost", 1, 0, 1, "read"),
        "b.csv": ("azure_cost", 1, 0, 0, "read"),
        "same.csv": ("azure_cost", 0, 1, 0, "copy"),
    }
    assert bills.billed() == 15.5
    told = [(row["reason"], row["lines"]) for row in rejects_of(bills.lake, list(rows.values()))]
    assert told == [("bad_amount", 1)]
    assert [row["lines"] for row in rejected_bill_lines(bills.settings, bills.database, bills.lake, OCTOBER)] == [1]
    status = source_statuses(bills.workplace, OCTOBER.last)[0]
    assert (status.lines, status.accepted, status.rejects) == (4, 2, (("bad_amount", 1),))
    assert (found(bills), bills.read()) == (None, [])


def test_rejected_lines_of_a_part_that_others_keep_are_not_counted_twice(tmp_path: Path) -> None:
    """Both files are of one batch: the part of the old kind stands, as the other file gave lines in it."""
    bills = Bills(tmp_path, bill("azure_cost"))
    bills.land("in/a.csv", azure_bill((1, INPUT, "12.5"), (2, INPUT, "oops")), 0)
    bills.land("in/none.csv", azure_bill((1, INPUT, "odd"), (2, INPUT, "bad")), 1)
    bills.read()
    bills.configure(bill("focus"))
    assert [Path(one.uri).name for one in bills.read()] == ["none.csv"]
    files = bills.database.select(ingested_files)
    assert len({one.part for one in files}) == 2
    assert sum(row["lines"] for row in rejects_of(bills.lake, files)) == 3 == sum(one.rejected for one in files)
    day = bills.lake.days("rejected_lines")[0]
    arrived = landed_rejects(day_of(day), lake=bills.lake, database=bills.database)
    assert bills.engine.to_pyarrow(arrived.count()).as_py() == 3


def test_what_another_kind_accepted_is_told_and_not_read_again(tmp_path: Path) -> None:
    bills = Bills(tmp_path, bill("azure_cost"))
    bills.land("in/a.csv", azure_bill((1, INPUT, "12.5")), 0)
    bills.read()
    bills.configure(bill("focus"))
    assert bills.read() == []
    told = found(bills)
    assert told is not None
    assert (told.code, told.blocks, told.count, bills.billed()) == ("kind_changed", True, 1, 12.5)
    assert "bill is `kind: focus` in usage.yaml and was read as `kind: azure_cost` before (1 row: " in told.words
    home = ("--home", str(tmp_path / "home"), "--config", str(bills.config))
    run = usage_pipeline("run", "--from", "2026-10-01", "--to", "2026-10-02", "--json", *home)
    assert {one["code"]: one["blocks"] for one in json.loads(run.stdout)["findings"]}["kind_changed"]

    bills.configure(bill("azure_cost", ', exclude: ["in/*.csv"]'), 'name: new-bill, kind: azure_cost, path: "in/*.csv"')
    bills.read()
    assert (found(bills), bills.billed()) == (None, 12.5), "the mend that it names"


def test_a_run_reads_it_again_and_lists_it(tmp_path: Path) -> None:
    bills = Bills(tmp_path, bill("focus"))
    bills.land("in/a.csv", azure_bill((1, INPUT, "12.5")), 0)
    bills.read()
    bills.configure(bill("azure_cost"))
    home = ("--home", str(tmp_path / "home"), "--config", str(bills.config))
    run = usage_pipeline("run", "--from", "2026-10-01", "--to", "2026-10-02", "--json", *home)
    document = json.loads(run.stdout)
    assert (len(document["files"]), document["totals"]["billed_cost"], document["rejects"]) == (1, "12.5", [])
    assert not {"no_data", "rejected_bill_lines", "kind_changed"} & {one["code"] for one in document["findings"]}
    assert {one.fingerprint for one in bills.database.select(ingested_days)} == {
        one.fingerprint for one in bills.database.select(ingested_files)
    }
