"""The exports that a source reads, where it reads several: which bill lines are of which, their accounts, sums and files.

What an export says of one account's billing period is compared with what others say. Those of accounts apart, which may be hundreds, are
left out before anything is summed.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime

import ibis
import ibis.expr.types as ir

from usage_pipeline.costs.read_twice import ACCOUNTS, BILL, DaySum, Key, Teller, comparable
from usage_pipeline.sources.deliveries import export_of
from usage_pipeline.storage.database import Database
from usage_pipeline.storage.lake import Lake
from usage_pipeline.tables.ingested_files import ingested_files

CENTS = "decimal(38, 2)"
EXPORT = {"source": "string", "snapshot_scope": "string", "export": "string", "share": "string"}
TELLER = {"channel": "string", "source": "string", "export": "string", "share": "string"}


def exports_told(lake: Lake, rows: ir.Table) -> ir.Table | None:
    """The bill lines of sources that read several exports of a channel, with `export` and `share`; None if there are none."""
    told = lake.engine.to_pyarrow(rows.select("channel", "source", "snapshot_scope").distinct()).to_pylist()
    known = [(row, named) for row in told if (named := export_of(row["snapshot_scope"]))]
    exports: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row, (export, _) in known:
        exports[row["channel"], row["source"]].add(export)
    several = [(row, named) for row, named in known if len(exports[row["channel"], row["source"]]) > 1]
    if not several:
        return None
    names = sorted({(row["source"], row["snapshot_scope"], *named) for row, named in several})
    channels = sorted({row["channel"] for row, _ in several})
    mapped = ibis.memtable(names, schema=ibis.schema(EXPORT))
    return rows.filter(rows.channel.isin(channels)).inner_join(mapped, ["source", "snapshot_scope"])


def accounts_of(lake: Lake, view: str, rows: ir.Table) -> dict[Key, dict[str, frozenset[str]]]:
    """The values of each of ACCOUNTS, for every source as a whole."""
    return _accounts(lake, view, rows, ["channel", "source"])


def export_accounts(lake: Lake, rows: ir.Table) -> dict[Key, dict[str, frozenset[str]]]:
    """The same for every share of every export; `rows` come from `exports_told`."""
    return _accounts(lake, BILL, rows, list(TELLER))


def _accounts(lake: Lake, view: str, rows: ir.Table, by: list[str]) -> dict[Key, dict[str, frozenset[str]]]:
    tellers = lake.engine.to_pyarrow(rows.select(by).distinct()).to_pylist()
    named: dict[Key, dict[str, frozenset[str]]] = {(view, row["channel"], _teller(row)): {} for row in tellers}
    for column in (name for name in ACCOUNTS if name in rows.columns):
        values: dict[Key, set[str]] = defaultdict(set)
        distinct = rows.filter(rows[column].notnull()).select(*by, column).distinct()
        for row in lake.engine.to_pyarrow(distinct).to_pylist():
            values[view, row["channel"], _teller(row)].add(row[column])
        for key, found in values.items():
            named[key][column] = frozenset(found)
    return named


def _teller(row: Mapping[str, str]) -> Teller:
    return Teller(row["source"], row.get("export", ""), row.get("share", ""))


def export_sums(lake: Lake, rows: ir.Table, accounts: Mapping[Key, Mapping[str, frozenset[str]]]) -> list[DaySum]:
    """Per day and meter, of the shares that may tell what another one tells. `accounts`: of all, the sources as wholes among them."""
    by_channel: dict[str, dict[Teller, Mapping[str, frozenset[str]]]] = defaultdict(dict)
    for (_, channel, teller), named in accounts.items():
        by_channel[channel][teller] = named
    wanted = sorted(
        {(channel, *one) for channel, tellers in by_channel.items() for pair in comparable(tellers) for one in pair if not one.is_whole}
    )
    if not wanted:
        return []
    chosen = rows.semi_join(ibis.memtable(wanted, schema=ibis.schema(TELLER)), list(TELLER))
    grouped = chosen.group_by(*TELLER, "day", "meter").agg(
        size=chosen.billed_cost.sum(), lines=chosen.count(), is_rounded=(chosen.billed_cost.cast(CENTS) == chosen.billed_cost).all()
    )
    return [DaySum(view=BILL, **row) for row in lake.engine.to_pyarrow(grouped).to_pylist()]


def files_of(
    lake: Lake, database: Database, rows: ir.Table, tellers: Sequence[Teller], days: Sequence[date]
) -> dict[Teller, tuple[str, ...]]:
    """Where the lines of these exports, whatever their share, come from on `days`; `rows` come from `exports_told`."""
    told = rows.filter(rows.day.isin(days)).select("source", "export", "source_file").distinct()
    prints = [(row["source"], row["export"], row["source_file"]) for row in lake.engine.to_pyarrow(told).to_pylist()]
    ledger = database.select(ingested_files, where={"source": sorted({one.source for one in tellers}), "excluded_at": None})
    uris = {(file.source, file.fingerprint): file.uri for file in sorted(ledger, key=lambda file: file.ingested_at, reverse=True)}
    return {
        one: tuple(
            sorted({uris[source, file] for source, export, file in prints if (source, export) == one[:2] and (source, file) in uris})
        )
        for one in tellers
    }


def written_at(lake: Lake, database: Database, rows: ir.Table, tellers: Sequence[Teller], days: Sequence[date]) -> dict[Teller, datetime]:
    """When the newest file of each that has bill lines on `days` was written; `rows` are all bill lines."""
    sources = sorted({one.source for one in tellers})
    told = rows.filter(rows.day.isin(days) & rows.source.isin(sources)).select("source", "snapshot_scope", "source_file").distinct()
    times: dict[tuple[str, str], datetime] = {}
    for file in database.select(ingested_files, where={"source": sources, "excluded_at": None}):
        place = file.source, file.fingerprint
        times[place] = max(times.get(place, file.modified_at), file.modified_at)
    found: dict[Teller, datetime] = {}
    for row in lake.engine.to_pyarrow(told).to_pylist():
        named = export_of(row["snapshot_scope"])
        for one in tellers:
            is_its = one.source == row["source"] and (one.is_whole or (named is not None and named[0] == one.export))
            if is_its and (time := times.get((row["source"], row["source_file"]))):
                found[one] = max(found.get(one, time), time)
    return found
