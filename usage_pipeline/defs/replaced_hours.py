"""Days that a source told whole, and tells now by buckets that do not fill them: a page of 12 hours that replaced a day's usage.

In: the ledger's words; buckets shorter than a day have scopes '<what> > <seconds> s > <start>' (see sources/records.py). Out: those days.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from usage_pipeline.periods import Period
from usage_pipeline.settings import Settings
from usage_pipeline.sources.catalog import SOURCES
from usage_pipeline.sources.records import DAY_SECONDS
from usage_pipeline.storage.database import Database
from usage_pipeline.storage.excluded import counted_words
from usage_pipeline.storage.shards import delivery_of, newest_words
from usage_pipeline.tables.ingested_files import IngestedDay

WIDTH = re.compile(r"(\d+) s")


@dataclass(frozen=True, slots=True, order=True)
class PartDay:
    """One day, the seconds that its buckets tell, and the more that other buckets of it told before."""

    source: str
    day: date
    seconds: int
    seconds_before: int

    @property
    def words(self) -> str:
        return f"{self.source}, {self.day}: {_hours(self.seconds)} of the day took the place of {_hours(self.seconds_before)}"


def replaced_hours(settings: Settings, database: Database, days: Period) -> list[PartDay]:
    """All of `days`, by source and day."""
    snapshots = sorted(spec.name for spec in settings.sources if SOURCES[spec.kind].snapshot)
    return part_days(counted_words(database, where={"source": snapshots, "day": days}))


def part_days(spoken: Sequence[IngestedDay]) -> list[PartDay]:
    """Those of these words; each (source, day) once."""
    counting = {delivery_of(one) for one in newest_words(spoken)}
    deliveries: dict[tuple[Any, ...], dict[str, list[IngestedDay]]] = defaultdict(lambda: defaultdict(list))
    for one in spoken:
        what, delivery = delivery_of(one)
        deliveries[what][delivery].append(one)
    found: dict[tuple[str, date], PartDay] = {}
    for what, told in deliveries.items():
        now = next(_seconds(delivery, words) for delivery, words in told.items() if (what, delivery) in counting)
        before = [_seconds(delivery, words) for delivery, words in told.items() if any(one.rows for one in words)]
        if any(WIDTH.fullmatch(delivery) for delivery in told) and now < max(before, default=0):
            source, day = what[0], what[1]
            found.setdefault((source, day), PartDay(source, day, now, max(before)))
    return sorted(found.values())


def _seconds(delivery: str, words: Iterable[IngestedDay]) -> int:
    """How much of the day the buckets of this width fill; a bucket without a width is a day."""
    width = WIDTH.fullmatch(delivery)
    return int(width[1]) * len({one.snapshot_scope for one in words}) if width else DAY_SECONDS


def _hours(seconds: int) -> str:
    hours, rest = divmod(seconds, 3600)
    return f"{hours} h" if not rest else f"{hours} h {rest // 60} min"
