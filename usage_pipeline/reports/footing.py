"""Do the files of one statement say the same? Reads the rendered files back, so that a rendering mistake cannot hide. A blocking check."""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from usage_pipeline import money
from usage_pipeline.reports import words
from usage_pipeline.reports.footing_more import more_differences
from usage_pipeline.reports.footing_sheets import sheet_differences
from usage_pipeline.reports.formats.guards import unguarded
from usage_pipeline.reports.formats.json import DIMENSIONS
from usage_pipeline.reports.snapshot import Snapshot
from usage_pipeline.tables.meters import TOKEN_METERS
from usage_pipeline.tables.summary import known_total

AMOUNTS = ("cost", "billed_cost", "estimated_cost", "list_cost")


def differences(
    json_bytes: bytes,
    csv_bytes: bytes,
    snapshot: Snapshot,
    pdf_text: str | None = None,
    *,
    workbook: bytes | None = None,
    more: Mapping[str, bytes] | None = None,
) -> list[str]:
    """Every place where statement.json, statement.csv, the snapshot and (where given) PDF's text and `workbook` (statement.xlsx) disagree.

    In words; empty when all agree. Compared to the last digit: totals, totals per project, the sum of each `by_` list, and what has no
    price; of the workbook every cell, to the digits that a cell has. `more` are the further CSV files by name: None where nobody knows.
    """
    document = json.loads(json_bytes)
    lines = list(csv.DictReader(io.StringIO(csv_bytes.decode("utf-8-sig"), newline="")))
    found = [
        *_whole(document, lines, snapshot),
        *_unpriced(document, lines, snapshot),
        *_lists(document),
        *_projects(document, lines, snapshot),
    ]
    if more is not None:
        found += more_differences(document, more)
    if workbook is not None:
        found += sheet_differences(workbook, document, lines)
    if pdf_text is None:
        return found
    with words.written_in(snapshot.looks.locale):
        return found + list(_printed(document, pdf_text))


def _whole(document: dict[str, Any], lines: Sequence[dict[str, str]], snapshot: Snapshot) -> Iterator[str]:
    totals = document["totals"]
    for name in AMOUNTS:
        yield from _unequal(f"total {name}", snapshot=getattr(snapshot.totals, name), json=Decimal(totals[name]), csv=_sum(lines, name))
    requests = sum(int(line["requests"]) for line in lines)
    yield from _unequal("requests", snapshot=snapshot.totals.requests, json=totals["requests"], csv=requests)
    credited = _known(totals["credits"])
    yield from _unequal("credits", snapshot=snapshot.totals.credits, json=credited, csv=_known_sum(line["credits"] for line in lines))


def _unpriced(document: dict[str, Any], lines: Sequence[dict[str, str]], snapshot: Snapshot) -> Iterator[str]:
    """What has no price: the same count in the totals, in the list of it and in the rows."""
    listed, totals = document["unpriced"], document["totals"]
    yield from _unequal(
        "unpriced events",
        snapshot=snapshot.totals.unpriced_events,
        json=totals["unpriced_events"],
        listed=sum(one["events"] for one in listed),
        csv=sum(int(line["unpriced_events"]) for line in lines),
    )
    yield from _unequal(
        "unpriced tokens",
        snapshot=snapshot.totals.unpriced_tokens,
        json=Decimal(totals["unpriced_tokens"]),
        listed=money.total([Decimal(one["tokens"]) for one in listed]),
        csv=money.total([Decimal(line["unpriced_quantity"]) for line in lines if line["meter"] in TOKEN_METERS]),
    )


def _lists(document: dict[str, Any]) -> Iterator[str]:
    for dimension in DIMENSIONS:
        rows = document[f"by_{dimension}"]
        for name in ("cost", "list_cost"):
            parts = money.total([Decimal(row[name]) for row in rows if row[name] is not None])
            yield from _unequal(f"{name} by {dimension}", total=Decimal(document["totals"][name]), parts=parts)
        credited = _known_sum(row["credits"] for row in rows)
        yield from _unequal(f"credits by {dimension}", total=_known(document["totals"]["credits"]), parts=credited)
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
        yield from _unequal(
            f"credits of project {project!r}",
            snapshot=groups[project].credits,
            json=_known(in_json[project]["credits"]),
            csv=_known_sum(line["credits"] for line in in_csv[project]),
        )


def _printed(document: dict[str, Any], pdf_text: str) -> Iterator[str]:
    """The PDF's control totals carry the exact digits of the total and of each project; other exact digits where it has their section."""
    printed = set(pdf_text.split()) | set(re.split(r"[ \n]+", pdf_text))  # some locales group digits by a narrow space
    for name, cost in [("total", document["totals"]["cost"]), *((row["key"], row["cost"]) for row in document["by_project"])]:
        if cost is not None and cost not in printed:
            yield f"cost of {name!r}: {cost} is not printed in the PDF's control totals"
    totals = document["totals"]
    exact = {"credits": totals["credits"]} if totals["credits"] is not None else {}
    if document["agreements"]:
        exact |= {"list cost": totals["list_cost"], "contracted cost": totals["estimated_cost"]}
    if totals["unpriced_events"]:
        exact["unpriced requests"] = words.count(totals["unpriced_events"])
    for name, value in exact.items():
        if value not in printed:
            yield f"{name}: {value} is not printed in the PDF"


def _known(value: str | None) -> Decimal | None:
    return Decimal(value) if value else None


def _known_sum(values: Iterable[str | None]) -> Decimal | None:
    """The sum of what is known; null, as an empty field, where nothing is."""
    return known_total(_known(value) for value in values)


def _sum(lines: Sequence[dict[str, str]], name: str) -> Decimal:
    return money.total([Decimal(line[name]) for line in lines if line[name]])


def _unequal(what: str, **values: object) -> Iterator[str]:
    first, *others = values.values()
    if any(other != first for other in others):
        yield f"{what}: " + ", ".join(f"{place} {_shown(value)}" for place, value in values.items())


def _shown(value: object) -> object:
    return money.text(value) if isinstance(value, Decimal) else value
