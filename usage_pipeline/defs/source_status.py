"""Every source's status on a day, out of the ledger and the rejected lines."""

from collections import defaultdict
from datetime import date

from usage_pipeline.defs.rejects import rejects_of
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.storage.excluded import counted_words
from usage_pipeline.tables.ingested_files import IngestedDay, IngestedFile, ingested_files
from usage_pipeline.tables.source_status import SourceStatus, source_status


def source_statuses(workplace: Workplace, as_of: date) -> list[SourceStatus]:
    """In the order of usage.yaml."""
    settings, database = workplace.settings(), workplace.database()
    names = [spec.name for spec in settings.sources]
    files: dict[str, list[IngestedFile]] = defaultdict(list)
    for file in database.select(ingested_files, where={"source": names}):
        files[file.source].append(file)
    days: dict[str, list[IngestedDay]] = defaultdict(list)
    for day in counted_words(database, where={"source": names}):
        days[day.source].append(day)
    rejects: dict[str, dict[str, int]] = defaultdict(dict)
    counting = [file for group in files.values() for file in group if file.excluded_at is None]
    for row in rejects_of(workplace.lake(workplace.engine()), counting):
        rejects[row["source"]][row["reason"]] = row["lines"]
    return [
        source_status(spec, files[spec.name], days[spec.name], rejects[spec.name], as_of, settings.limits.stale_days)
        for spec in settings.sources
    ]
