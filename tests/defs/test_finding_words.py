"""What is wrong with lines of bills, in words: lines that do not read, and exports that are no bill of the source."""

from usage_pipeline.defs.findings_lines import broken_bills


def test_a_wrong_export_is_told_as_one() -> None:
    rows = [("grouping_mixed", ["in/b.csv", "in/a.csv"]), ("amortized_cost", ["in/c.csv", "in/d.csv"])]
    found = broken_bills([{"source": "bill", "reason": reason, "lines": 2, "files": files} for reason, files in rows])
    assert found is not None
    assert (found.blocks, found.count) == (True, 4)
    assert found.words == (
        "4 lines of bills are of an export that is no bill or is not grouped as needed (bill: amortized_cost, bill: grouping_mixed):"
        " name the file under `exclude` of its source in usage.yaml, or export it again under the same name:"
        " in/a.csv, in/b.csv, in/c.csv and 1 more."
    )


def test_both_are_told_beside_each_other() -> None:
    broken = {"source": "a", "reason": "bad_amount", "lines": 1, "files": []}
    wrong = {"source": "b", "reason": "estimated_cost", "lines": 1, "files": ["s3://bills/b.csv"]}
    found = broken_bills([broken, wrong])
    assert found is not None
    assert found.words == (
        "1 line of a bill could not be read (a: bad_amount): the billed cost lacks them;"
        " 1 line of a bill is of an export that is no bill or is not grouped as needed (b: estimated_cost):"
        " name the file under `exclude` of its source in usage.yaml, or export it again under the same name: s3://bills/b.csv."
    )


def test_nothing_is_told_of_nothing() -> None:
    assert broken_bills([]) is None
