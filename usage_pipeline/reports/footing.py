"""Do the files of one statement say the same? Reads the rendered files back, so that a rendering mistake cannot hide. A blocking check."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from usage_pipeline import money
from usage_pipeline.reports.formats.csv import unguarded
from usage_pipeline.reports.formats.json import DIMENSIONS
from usage_pipeline.reports.snapshot import Snapshot

AMOUNTS = ("cost", "billed_cost", "estimated_cost")


def differences(json_bytes: bytes, csv_bytes: bytes, snapshot: Snapshot, pdf_text: str | None = None) -> list[str]:
    """Every place where statement.json, statement.csv, the snapshot and (given its text) the PDF disagree, in words; empty when all agree.

    Compared to the last digit: totals, totals per project, and the sum of each `by_` list.
    """
    document = json.loads(json_bytes)
    lines = list(csv.DictReader(io.StringIO(csv_bytes.decode("utf-8-sig"), newline="")))
    found = [
        *_whole(document, lines, snapshot),
        *_lists(document),
        *_projects(document, lines, snapshot),
    ]
    return found if pdf_text is None else found + list(_printed(document, pdf_text))


def _whole(document: dict[str, Any], lines: Sequence[dict[str, str]], snapshot: Snapshot) -> Iterator[str]:
    totals = document["totals"]
    for name in AMOUNTS:
        yield from _unequal(f"total {name}", snapshot=getattr(snapshot.totals, name), json=Decimal(totals[name]), csv=_sum(lines, name))
    requests = sum(int(line["requests"]) for line in lines)
    yield from _unequal("requests", snapshot=snapshot.totals.requests, json=totals["requests"], csv=requests)


def _lists(document: dict[str, Any]) -> Iterator[str]:
    for dimension in DIMENSIONS:
        rows = document[f"by_{dimension}"]
        cost = money.total([Decimal(row["cost"]) for row in rows if row["cost"] is not None])
        yield from _unequal(f"cost by {dimension}", total=Decimal(document["totals"]["cost"]), parts=cost)
        requests = sum(row["requests"] for row in rows)
        yield from _unequal(f"requests by {dimension}", total=document["totals"]["requests"], parts=requests)


def _projects(document: dict[str, Any], lines: Sequence[dict[str, str]], snapshot: Snapshot) -> Iterator[str]:
    in_json = {row["key"]: row for row in document["by_project"]}
    in_csv: dict[str, list[dict[str, str]]] = {}
    for line in lines:
        in_csv.setdefault(unguarded(line["project"]), []).append(line)
    groups = {str(group.key): group for group in snapshot.by_project}
    yield from _unequal("projects", snapshot=sorted(groups), json=sorted(in_json), csv=sorted(in_csv))
    for project in sorted(set(groups) & set(in_json) & set(in_csv)):
        for name in AMOUNTS:
            yield from _unequal(
                f"{name} of project {project!r}",
                snapshot=getattr(groups[project], name) or money.ZERO,
                json=Decimal(in_json[project][name] or 0),
                csv=_sum(in_csv[project], name),
            )


def _printed(document: dict[str, Any], pdf_text: str) -> Iterator[str]:
    """The PDF's control totals carry the exact digits of the total and of each project."""
    words = set(pdf_text.split())
    for name, cost in [("total", document["totals"]["cost"]), *((row["key"], row["cost"]) for row in document["by_project"])]:
        if cost is not None and cost not in words:
            yield f"cost of {name!r}: {cost} is not printed in the PDF's control totals"


def _sum(lines: Sequence[dict[str, str]], name: str) -> Decimal:
    return money.total([Decimal(line[name]) for line in lines if line[name]])


def _unequal(what: str, **values: object) -> Iterator[str]:
    first, *others = values.values()
    if any(other != first for other in others):
        yield f"{what}: " + ", ".join(f"{place} {_shown(value)}" for place, value in values.items())


def _shown(value: object) -> object:
    return money.text(value) if isinstance(value, Decimal) else value
