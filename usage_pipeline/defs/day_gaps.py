"""Days that sources which speak daily left out of a month, with what they are worth by the days around: judged source by source.

Another source that speaks of the day fills no gap; only usage whose day is billed is not missing from the cost.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.costs.day_gaps import Rhythm, gap_days
from usage_pipeline.costs.finality import days_text
from usage_pipeline.defs.finding import Finding
from usage_pipeline.defs.pulls import gaps_of
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.periods import Period, inclusive, month_of
from usage_pipeline.sources.catalog import SOURCES
from usage_pipeline.storage.excluded import without_excluded
from usage_pipeline.storage.lake import Lake
from usage_pipeline.storage.long_lines import span_of, spoken_days
from usage_pipeline.tables.charges import charges
from usage_pipeline.tables.configuration import SourceSpec
from usage_pipeline.tables.costs import DailyCost
from usage_pipeline.tables.ingested_files import IngestedDay, ingested_files
from usage_pipeline.tables.priced_usage import priced_usage

SOURCE_DAYS_MISSING, SOURCE_DAYS_BILLED = "source_days_missing", "source_days_billed"
AROUND = timedelta(days=35)
"""So far on both sides a source shows its rhythm."""
NEIGHBOURS = 7
"""So many days on each side of the gap say what a day of it is worth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayGap:
    """The days that one source left out. `worth` by the days around, of what no bill has. `is_billed`: a bill has all of it."""

    source: str
    days: tuple[date, ...]
    worth: Decimal
    is_billed: bool


def day_gaps(workplace: Workplace, days: Period, costs: Sequence[DailyCost]) -> list[DayGap]:
    """The gaps of the sources in usage.yaml on `days`, whose cost rows are `costs`; pulled days that another finding tells of are none."""
    database, lake = workplace.database(), workplace.lake(workplace.engine())
    words = spoken_days(Period(days.start - AROUND, days.end + AROUND), database=database)
    counting = without_excluded(words, database.select(ingested_files, where={"source": sorted({one.source for one in words})}))
    by_source: dict[str, list[IngestedDay]] = defaultdict(list)
    for one in counting:
        by_source[one.source].append(one)
    pulled = {(gap.source, day) for gap in gaps_of(workplace, days) if gap.is_missing for day in gap.days}
    billed = {(row.channel, row.day) for row in costs if row.billed_cost is not None}
    found: list[DayGap] = []
    for spec in workplace.settings().sources:
        rhythm = _rhythm(spec, by_source[spec.name])
        missing = [day for day in gap_days(rhythm) if day in days and (spec.name, day) not in pulled]
        if missing:
            found.append(_valued(lake, spec, rhythm, missing, billed))
    return found


def source_days_missing(found: Sequence[DayGap], limit: int, today: date, currency: str) -> Finding | None:
    """What the gaps lack. It blocks where more than `limit` days of months that are over are missing."""
    gaps = [one for one in found if not one.is_billed]
    days = {day for one in gaps for day in one.days}
    over = {day for day in days if month_of(day).end <= today}
    told = "; ".join(f"{one.source} says nothing of {days_text(one.days)}, about {money.text(one.worth)} {currency}" for one in gaps)
    words = (
        f"days are missing from sources that speak of every day: {told}, by the days around. Add the files, then run again; where nothing"
        f" was used, limits.missing_days in usage.yaml says how many such days may stand (now {limit})."
    )
    worth = money.total([one.worth for one in gaps])
    return Finding(code=SOURCE_DAYS_MISSING, blocks=len(over) > limit, count=len(days), amount=worth, words=words) if gaps else None


def source_days_billed(found: Sequence[DayGap]) -> Finding | None:
    """Days that are missing from usage and not from the cost."""
    gaps = [one for one in found if one.is_billed]
    told = "; ".join(f"{one.source} says nothing of {days_text(one.days)}" for one in gaps)
    words = f"days are missing from usage that is otherwise told daily: {told}. The bill has their cost; add the files to see whose it is."
    count = len({day for one in gaps for day in one.days})
    return Finding(code=SOURCE_DAYS_BILLED, blocks=False, count=count, amount=money.ZERO, words=words) if gaps else None


def _rhythm(spec: SourceSpec, words: Sequence[IngestedDay]) -> Rhythm:
    kind = SOURCES[spec.kind]
    return Rhythm(
        spoken=frozenset(day for one in words for day in span_of(one).days()),
        is_log=kind.table is not charges and not kind.snapshot,
        tells_empty=any(not one.rows for one in words),
    )


def _valued(lake: Lake, spec: SourceSpec, rhythm: Rhythm, missing: list[date], billed: set[tuple[str, date]]) -> DayGap:
    """The mean of the days around, a channel at a time; a usage channel's day that is billed lacks nothing."""
    before = sorted(day for day in rhythm.spoken if day < missing[0])[-NEIGHBOURS:]
    after = sorted(day for day in rhythm.spoken if day > missing[-1])[:NEIGHBOURS]
    around = {*before, *after}
    is_bill = SOURCES[spec.kind].table is charges
    sums = _bill_sums(lake, spec.name, around) if is_bill else _usage_sums(lake, spec.name, around)
    lacking = {channel: sum(is_bill or (channel, day) not in billed for day in missing) for channel in sums}
    worth = [money.share_of(amount, lacking[channel], len(around)).quantize(money.CENT) for channel, amount in sums.items()]
    return DayGap(
        source=spec.name,
        days=tuple(missing),
        worth=money.total(worth),
        is_billed=bool(sums) and not any(lacking.values()),
    )


def _bill_sums(lake: Lake, source: str, days: set[date]) -> dict[str, Decimal]:
    rows = lake.read(charges, inclusive(min(days), max(days)))
    chosen = rows.filter((rows.source == source) & rows.period_start.date().isin(sorted(days)))
    found = lake.engine.to_pyarrow(chosen.group_by("channel").agg(amount=chosen.billed_cost.sum())).to_pylist()
    return {row["channel"]: money.exact(row["amount"]) for row in found}


def _usage_sums(lake: Lake, source: str, days: set[date]) -> dict[str, Decimal]:
    """Usage without a price is worth nothing that could be said."""
    rows = lake.read(priced_usage, inclusive(min(days), max(days)))
    chosen = rows.filter((rows.source == source) & rows.started_at.date().isin(sorted(days)))
    found = lake.engine.to_pyarrow(chosen.group_by("channel").agg(amount=chosen.net_cost.sum())).to_pylist()
    return {row["channel"]: money.exact(row["amount"] or money.ZERO) for row in found}
