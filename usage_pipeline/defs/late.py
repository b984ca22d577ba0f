"""What came after a month was closed and speaks of its days: it counts nowhere until the month is revised, and is told each time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import PurePath
from typing import Any

import ibis.expr.types as ir

from usage_pipeline import money
from usage_pipeline.defs.changed_since import Effect, changed_finding, effect_of
from usage_pipeline.defs.closed import Closed, closed_months, folder_of
from usage_pipeline.defs.finding import Finding
from usage_pipeline.defs.usage import rows_for
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.periods import Period, inclusive
from usage_pipeline.reports.frozen import DAILY, rows_of
from usage_pipeline.reports.manifest import manifest_from
from usage_pipeline.sources.catalog import SOURCES
from usage_pipeline.storage.closed_folder import MANIFEST, hash_of
from usage_pipeline.storage.lake import Lake
from usage_pipeline.storage.long_lines import span_of, spoken_days
from usage_pipeline.storage.shards import STARTED
from usage_pipeline.tables.charges import charges
from usage_pipeline.tables.costs import daily_costs
from usage_pipeline.tables.ingested_files import IngestedFile, ingested_files
from usage_pipeline.tables.schema import Table
from usage_pipeline.tables.unconverted_charges import unconverted_charges
from usage_pipeline.tables.usage_events import usage_events

LATE, REVISED = "late_for_closed", "closed_month_revised"
SHOWN = 5
TOKENS = ("input", "cache_read", "cache_write", "cache_write_1h", "output")


@dataclass(frozen=True, slots=True, kw_only=True)
class Late:
    """What would change in a closed month: files, the days they speak of, by how much the bill and usage records and tokens differ."""

    closed: Closed
    files: tuple[IngestedFile, ...]
    days: Period
    billed: Decimal
    foreign: Decimal
    bill_lines: int
    records: int
    units: Decimal

    @property
    def words(self) -> str:
        named = [f"{one.source} {PurePath(one.uri).name} ({one.lines:,} {'line' if one.lines == 1 else 'lines'})" for one in self.files]
        more = f" and {len(named) - SHOWN} more" if len(named) > SHOWN else ""
        when = f"on {self.days.start}" if self.days.days_count == 1 else f"between {self.days.start} and {self.days.last}"
        told = [
            *([f"{self.bill_lines:+,} bill lines, {money.text(self.billed)} billed"] if self.bill_lines or self.billed else []),
            *([f"{money.text(self.foreign)} in other currencies"] if self.foreign else []),
            *([f"{self.records:+,} usage records and {self.units:+,} tokens, not priced yet"] if self.records or self.units else []),
        ]
        month, revision = self.closed.month, self.closed.revision.revision + 1
        return (
            f"{self.closed.words}; what came later speaks of its days ({when}: {'; '.join(told)}) and counts nowhere:"
            f" {', '.join(named[:SHOWN])}{more}. To take it in: `usage-pipeline run --from {month.start} --to {month.last} --revise`, then"
            f" `usage-pipeline close {self.closed.name} --approve NAME` makes revision {revision}."
        )


def late_findings(workplace: Workplace) -> list[Finding]:
    """One a closed month that something came late for, or was changed for (both block), or that is being revised (does not)."""
    found: list[Finding] = []
    for closed in closed_months(workplace.database()).values():
        late = late_of(workplace, closed)
        if closed.is_draft:
            found.append(_draft(workplace, closed))
        elif late is not None:
            amount = abs(late.billed) if late.billed else None
            found.append(Finding(code=LATE, blocks=True, count=len(late.files), amount=amount, words=late.words))
        changed = changed_finding(workplace, closed)
        found += [changed] if changed else []
    return found


def late_of(workplace: Workplace, closed: Closed) -> Late | None:
    """What of the ledger changed since the month's inputs were frozen, if it says anything else than what was closed."""
    path = folder_of(workplace.home, closed.month).of(closed.revision.revision) / MANIFEST
    if closed.is_draft or not path.is_file():
        return None
    inputs = manifest_from(path.read_bytes(), str(path)).inputs
    known = {(one.source, one.sha256) for one in inputs}
    database = workplace.database()
    words = [one for one in spoken_days(closed.month, database=database) if _when(one.day, one.last_day, closed.month)]
    ledger = {(one.source, one.fingerprint): one for one in database.select(ingested_files) if one.state != "copy"}
    changed = [one for one in words if (one.source, one.fingerprint) in ledger and _is_late(one, ledger, known)]
    if not changed:
        return None
    days = sorted(day for one in changed for day in span_of(one).days() if day in closed.month)
    files = {(one.source, one.fingerprint): ledger[one.source, one.fingerprint] for one in changed}
    late = _compared(workplace, closed, tuple(files[key] for key in sorted(files)), inclusive(days[0], days[-1]))
    return late if any((late.bill_lines, late.billed, late.foreign, late.records, late.units)) else None


def _is_late(word: Any, ledger: dict[tuple[str, str], IngestedFile], known: set[tuple[str, str]]) -> bool:
    """A file that was no input; or one that was, and is left out since."""
    key = (word.source, word.fingerprint)
    return (key not in known) == (ledger[key].excluded_at is None)


def _when(day: date, last: date | None, month: Period) -> bool:
    return day in month or day < month.start <= (last or day)


def _draft(workplace: Workplace, closed: Closed) -> Finding:
    """Its amount: by how much the draft's cost is another than the closed one, or what moves between projects, if that is more."""
    folder = folder_of(workplace.home, closed.month).of(closed.revision.revision)
    effect: Effect | None = None
    if hash_of(folder / MANIFEST) == closed.revision.manifest_hash and (folder / DAILY).is_file():
        drafted = workplace.database().select(daily_costs, where={"day": closed.month})
        effect = effect_of(rows_of(daily_costs, (folder / DAILY).read_bytes()), drafted)
    costs = f" ({money.text(effect.after)} instead of {money.text(effect.before)})" if effect and effect.after != effect.before else ""
    words = (
        f"{closed.words}; it is being revised: reports/{closed.name} shows the draft of revision {closed.revision.revision + 1}{costs},"
        f" which counts once `usage-pipeline close {closed.name} --approve NAME` closes it."
    )
    amount = None if effect is None else max(effect.moved, abs(effect.after - effect.before))
    return Finding(code=REVISED, blocks=False, count=1, amount=amount, words=words)


def _compared(workplace: Workplace, closed: Closed, files: tuple[IngestedFile, ...], days: Period) -> Late:
    """What lands for `days` now, beside what the closed month was computed of: of the sources of `files` alone."""
    lake, database = workplace.lake(workplace.engine()), workplace.database()
    count = partial(_counted, lake, sorted({one.source for one in files}), days)
    own = workplace.settings().organisation.currency
    nothing = (0, money.ZERO)
    bills, foreign, usage = nothing, nothing, nothing
    if any(SOURCES[one.kind].table is charges for one in files):
        landed = rows_for(days, charges, lake=lake, database=database)
        booked, waiting = lake.read(charges, days), lake.read(unconverted_charges, days)
        at_home = booked.original_currency.isnull()
        bills = _less(count(charges, landed.filter(landed.currency == own)), count(charges, booked.filter(at_home)))
        converted = count(charges, booked.filter(~at_home), ("original_cost",))
        foreign = _less(_less(count(charges, landed.filter(landed.currency != own)), converted), count(charges, waiting))
    if any(SOURCES[one.kind].table is usage_events for one in files):
        landed = rows_for(days, usage_events, lake=lake, database=database)
        usage = _less(count(usage_events, landed, TOKENS), count(usage_events, lake.read(usage_events, days), TOKENS))
    return Late(
        closed=closed,
        files=files,
        days=days,
        billed=bills[1],
        foreign=foreign[1],
        bill_lines=bills[0] + foreign[0],
        records=usage[0],
        units=usage[1],
    )


def _counted(
    lake: Lake, sources: Sequence[str], days: Period, table: Table[Any], rows: ir.Table, columns: Sequence[str] = ("billed_cost",)
) -> tuple[int, Decimal]:
    """How many rows of the sources there are on the days, and the sum of `columns`."""
    ours = rows.filter(rows.source.isin(sources), rows[STARTED[table.name]].date().between(days.start, days.last))
    answer = lake.engine.to_pyarrow(ours.agg(rows=ours.count(), **{name: ours[name].sum() for name in columns})).to_pylist()[0]
    return answer["rows"], money.total([None if answer[name] is None else Decimal(answer[name]) for name in columns])


def _less(now: tuple[int, Decimal], then: tuple[int, Decimal]) -> tuple[int, Decimal]:
    return now[0] - then[0], money.total([now[1], then[1].copy_negate()])
