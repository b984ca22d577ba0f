"""Files that two sources have both read, to the byte, into the same table: what is in them certainly counts twice.

Two sources of usage.yaml may read one folder; or one was given a new name, and what was read under the old one counts on.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from glob import escape
from typing import Any

import ibis.expr.types as ir

from usage_pipeline import money
from usage_pipeline.defs.counted_contents import Content
from usage_pipeline.defs.finding import Finding, files_told
from usage_pipeline.periods import Period
from usage_pipeline.settings import Settings
from usage_pipeline.sources.catalog import SOURCES
from usage_pipeline.storage.database import Database
from usage_pipeline.storage.lake import Lake
from usage_pipeline.tables.charges import charges
from usage_pipeline.tables.ingested_files import ingested_files
from usage_pipeline.tables.priced_usage import priced_usage

SHOWN = 5
BILL = "bill"


@dataclass(frozen=True, slots=True)
class SameContents:
    """Sources that count the same contents. `view`: BILL, or that of usage. `rows` and `cost`: beyond what the fullest of them tells."""

    view: str
    sources: tuple[str, ...]
    uris: tuple[str, ...]
    days: frozenset[date]
    rows: int
    cost: Decimal | None

    @property
    def words(self) -> str:
        """What is told twice."""
        amount = "" if self.cost is None else f", {money.text(self.cost)} {'billed' if self.view == BILL else 'estimated'} twice"
        return f"the same {len(self.uris):,} file{'' if len(self.uris) == 1 else 's'} ({files_told(self.uris)}; {_rows(self.rows)}{amount})"


def _rows(count: int) -> str:
    return f"{count:,} {'row' if count == 1 else 'rows'}"


def same_contents(counted: Sequence[Content], lake: Lake, days: Period) -> list[SameContents]:
    """Of the contents that count on `days`, by view and sources. Two views of usage are compared with each other, not added."""
    held: dict[tuple[str, str], list[Content]] = defaultdict(list)
    for one in counted:
        held[SOURCES[one.kind].table.name, one.fingerprint].append(one)
    shared = [one for several in held.values() if len(several) > 1 for one in several]
    if not shared:
        return []
    uris = {(one.source, one.fingerprint): one.uris for one in shared}
    prints = sorted({one.fingerprint for one in shared})
    told: dict[tuple[str, str], dict[str, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    for row in (*_bill_rows(lake, days, prints), *_usage_rows(lake, days, prints)):
        if (row["source"], row["source_file"]) in uris:
            told[row["view"], row["source_file"]][row["source"]].append(row)
    groups: dict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
    for (view, fingerprint), sources in told.items():
        if len(sources) > 1:
            groups[view, tuple(sorted(sources))].append(fingerprint)
    return [
        _group(view, sources, [(one, told[view, one]) for one in sorted(prints_)], uris)
        for (view, sources), prints_ in sorted(groups.items())
    ]


def _group(
    view: str,
    sources: tuple[str, ...],
    contents: Sequence[tuple[str, dict[str, list[dict[str, Any]]]]],
    uris: dict[tuple[str, str], tuple[str, ...]],
) -> SameContents:
    rows, costs = 0, []
    for _, told in contents:
        counts = [sum(row["rows"] for row in told[source]) for source in sources]
        known = [[money.exact(row["cost"]) for row in told[source] if row["cost"] is not None] for source in sources]
        sums = [money.total(one) for one in known if one]
        rows += sum(counts) - max(counts)
        costs += [money.total([*sums, -max(sums)])] if sums else []
    return SameContents(
        view=view,
        sources=sources,
        uris=tuple(sorted({uri for one, _ in contents for source in sources for uri in uris[source, one]})),
        days=frozenset(row["day"] for _, told in contents for of_source in told.values() for row in of_source),
        rows=rows,
        cost=money.total(costs) if costs else None,
    )


def _bill_rows(lake: Lake, days: Period, prints: Collection[str]) -> list[dict[str, Any]]:
    rows = lake.read(charges, days)
    rows = rows.filter(rows.source_file.isin(prints))
    return [row | {"view": BILL} for row in _by_day(lake, rows, ["source", "source_file"], rows.period_start.date(), rows.billed_cost)]


def _usage_rows(lake: Lake, days: Period, prints: Collection[str]) -> list[dict[str, Any]]:
    rows = lake.read(priced_usage, days)
    rows = rows.filter(rows.source_file.isin(prints))
    return _by_day(lake, rows, ["source", "source_file", "view"], rows.started_at.date(), rows.net_cost)


def _by_day(lake: Lake, rows: ir.Table, by: list[str], day: ir.DateValue, cost: ir.DecimalValue) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = lake.engine.to_pyarrow(rows.group_by(*by, day=day).agg(rows=rows.count(), cost=cost.sum())).to_pylist()
    return found


def same_content(settings: Settings, found: Sequence[SameContents]) -> Finding | None:
    """The finding about sources that are all in usage.yaml; of others removed_sources.py tells."""
    known = {spec.name for spec in settings.sources}
    among = [one for one in found if known.issuperset(one.sources)]
    if not among:
        return None
    told = "; ".join(f"{' and '.join(one.sources)} have each read {one.words}" for one in among[:SHOWN])
    more = f"; and {len(among) - SHOWN} more" if len(among) > SHOWN else ""
    words = (
        f"{told}{more}. Each counts them. Keep one source for each file: name it under `exclude` of the other in usage.yaml (of a source"
        " whose files add up, such as a log, all its files), or narrow the other's path and name what it has read under its `exclude`."
    )
    return Finding(code="same_content", blocks=True, count=len(among), amount=total_of(among), words=words)


def total_of(found: Sequence[SameContents]) -> Decimal | None:
    """What counts twice in all; None where nothing of it has a known cost."""
    costs = [one.cost for one in found if one.cost is not None]
    return money.total(costs) if costs else None


def put_back(database: Database, source: str) -> str:
    """The line of usage.yaml that puts a source back with all that was ever read of it left out."""
    files = database.select(ingested_files, where={"source": source})
    folders = [file.uri.split("/")[:-1] for file in files]
    common = folders[0]
    for folder in folders:
        common = common[
            : next((place for place, (one, other) in enumerate(zip(common, folder, strict=False)) if one != other), len(folder))
        ]
    pattern = json.dumps(escape("/".join(common)) + "/**", ensure_ascii=False)
    return f"{{name: {json.dumps(source, ensure_ascii=False)}, kind: {files[-1].kind}, path: {pattern}, exclude: [{pattern}]}}"
