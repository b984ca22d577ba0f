"""The ledger of computed days: written when daily costs are, read when somebody asks why a number changed."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date

from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.periods import Period
from usage_pipeline.storage.long_lines import span_of, spoken_days
from usage_pipeline.tables.computed_days import ComputedDay, computed_days, reason_of
from usage_pipeline.tables.ingested_files import IngestedFile, ingested_files


def note_computed(workplace: Workplace, days: Period, run_id: str) -> Mapping[date, str]:
    """Enter why each of `days` was worked out in this run; the reasons. A step that is tried again in one run replaces its entry."""
    database, settings = workplace.database(), workplace.settings()
    before: dict[date, ComputedDay] = {}
    for one in sorted(database.select(computed_days, where={"day": days}), key=lambda row: row.computed_at):
        if one.run_id != run_id:
            before[one.day] = one
    files = _files_by_day(workplace, days)
    books = {day: book.version for span, book in workplace.books().in_force(days) for day in span.days()}
    rows = [
        ComputedDay(
            day=day,
            run_id=run_id,
            computed_at=workplace.now(),
            because=reason_of(before.get(day), files[day], settings.fingerprint, books[day]),
            settings=settings.fingerprint,
            price_book=books[day],
        )
        for day in days.days()
    ]
    database.upsert(computed_days, rows)
    return {row.day: row.because for row in rows}


def _files_by_day(workplace: Workplace, days: Period) -> dict[date, list[IngestedFile]]:
    database = workplace.database()
    spoken = spoken_days(days, database=database)
    known: dict[tuple[str, str], list[IngestedFile]] = defaultdict(list)
    for file in database.select(ingested_files, where={"source": sorted({one.source for one in spoken})}) if spoken else ():
        known[file.source, file.fingerprint].append(file)
    found: dict[date, list[IngestedFile]] = defaultdict(list)
    about = {(one.source, one.fingerprint, day) for one in spoken for day in span_of(one).days() if day in days}
    for source, fingerprint, day in sorted(about):
        found[day] += known[source, fingerprint]
    return found
