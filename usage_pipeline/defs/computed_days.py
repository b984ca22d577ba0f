"""The ledger of computed days: written when daily costs are, read when somebody asks why a number changed."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date

from usage_pipeline.defs.exchange import rates_of
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.periods import Period
from usage_pipeline.storage.database import Database
from usage_pipeline.storage.long_lines import span_of, spoken_days
from usage_pipeline.tables.computed_days import ASKED, ComputedDay, computed_days, reason_of
from usage_pipeline.tables.ingested_files import IngestedFile, ingested_files


def note_computed(workplace: Workplace, days: Period, run_id: str) -> Mapping[date, str]:
    """Enter why each of `days` was worked out in this run; the reasons. A step that is tried again in one run replaces its entry."""
    database, settings = workplace.database(), workplace.settings()
    before = _last_computed(database, days, without=run_id)
    files = _files_by_day(workplace, days)
    books = {day: book.version for span, book in workplace.books().in_force(days) for day in span.days()}
    rates = rates_of(workplace, days)
    rows = [
        ComputedDay(
            day=day,
            run_id=run_id,
            computed_at=workplace.now(),
            because=reason_of(before.get(day), files[day], settings.numbers_fingerprint, books[day], rates.get(day)),
            settings=settings.numbers_fingerprint,
            price_book=books[day],
            rates=rates.get(day),
        )
        for day in days.days()
    ]
    database.upsert(computed_days, rows)
    return {row.day: row.because for row in rows}


def changes_since(workplace: Workplace, days: Period) -> dict[date, str]:
    """The days of which something changed since they were worked out last, and what; a day never worked out is none of them."""
    settings = workplace.settings()
    before, files = _last_computed(workplace.database(), days), _files_by_day(workplace, days)
    books = {day: book.version for span, book in workplace.books().in_force(days) for day in span.days()}
    rates = rates_of(workplace, days)
    says = settings.numbers_fingerprint
    told = {day: reason_of(one, files[day], says, books[day], rates.get(day)) for day, one in sorted(before.items())}
    return {day: because for day, because in told.items() if because != ASKED}


def _last_computed(database: Database, days: Period, without: str | None = None) -> dict[date, ComputedDay]:
    """By day, its last working out, but for those of one run."""
    rows = sorted(database.select(computed_days, where={"day": days}), key=lambda row: row.computed_at)
    return {one.day: one for one in rows if one.run_id != without}


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
