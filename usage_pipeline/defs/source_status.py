"""Every source's status on a day, out of the ledger and the rejected lines."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from usage_pipeline.defs.rejects import rejects_of
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.storage.excluded import counted_words
from usage_pipeline.tables.configuration import SourceSpec
from usage_pipeline.tables.ingested_files import IngestedDay, IngestedFile, ingested_files
from usage_pipeline.tables.source_status import SourceStatus, source_status


def source_statuses(workplace: Workplace, as_of: date) -> list[SourceStatus]:
    """In the order of usage.yaml."""
    return _statuses(workplace, workplace.settings().sources, as_of)


def removed_statuses(workplace: Workplace, as_of: date) -> list[SourceStatus]:
    """Those that usage.yaml no longer names and of which something counts on, by name: of their last kind, with no path."""
    known = {spec.name for spec in workplace.settings().sources}
    files = [one for one in workplace.database().select(ingested_files) if one.source not in known and one.excluded_at is None]
    kinds = {one.source: one.kind for one in sorted(files, key=lambda one: one.ingested_at)}
    gone = _statuses(workplace, [SourceSpec(name=name, kind=kind, path="") for name, kind in sorted(kinds.items())], as_of)
    return [replace(one, is_configured=False) for one in gone if one.accepted]


def _statuses(workplace: Workplace, specs: Sequence[SourceSpec], as_of: date) -> list[SourceStatus]:
    settings, database = workplace.settings(), workplace.database()
    names = [spec.name for spec in specs]
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
    return [source_status(spec, files[spec.name], days[spec.name], rejects[spec.name], as_of, settings.limits.stale_days) for spec in specs]
