"""Lines of bills and of usage that could not be read, or are of another export than the source's: what they are, and the finding."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from usage_pipeline.defs.finding import Finding, files_told
from usage_pipeline.defs.rejects import rejecting_files, rejects_of
from usage_pipeline.periods import Period
from usage_pipeline.settings import Settings
from usage_pipeline.sources.catalog import SOURCES
from usage_pipeline.storage.database import Database
from usage_pipeline.storage.excluded import counted_words
from usage_pipeline.storage.lake import Lake
from usage_pipeline.storage.shards import newest_words
from usage_pipeline.tables.charges import charges
from usage_pipeline.tables.ingested_files import IngestedDay, IngestedFile, ingested_files
from usage_pipeline.tables.rejected_lines import SET_ASIDE
from usage_pipeline.tables.schema import Table
from usage_pipeline.tables.usage_events import usage_events

WRONG_EXPORT = frozenset({"grouping_mixed", "estimated_cost", "amortized_cost"})
"""Reasons that are about a file as a whole: it is another export than the source's."""
UNREADABLE = "unreadable"


def broken_bills(rows: Sequence[dict[str, Any]]) -> Finding | None:
    count = sum(int(str(row["lines"])) for row in rows)
    wrong, broken = ([row for row in rows if (row["reason"] in WRONG_EXPORT) is told] for told in (True, False))
    told = [
        _lines_told(broken, "could not be read", "the billed cost lacks them"),
        _lines_told(wrong, "are of an export that is no bill or is not grouped as needed", _mend_of(wrong)),
    ]
    words = "; ".join(one for one in told if one) + "."
    return Finding(code="rejected_bill_lines", blocks=True, count=count, amount=None, words=words) if count else None


def _mend_of(wrong: Sequence[dict[str, Any]]) -> str:
    """What clears it: that the file is not there any more does not, for what was read counts on."""
    uris = sorted({uri for row in wrong for uri in row["files"]})
    return f"name the file under `exclude` of its source in usage.yaml, or export it again under the same name: {files_told(uris)}"


def _lines_told(rows: Sequence[dict[str, Any]], what: str, mend: str) -> str:
    """'' where there are none."""
    count = sum(int(str(row["lines"])) for row in rows)
    reasons = ", ".join(sorted({f"{row['source']}: {row['reason']}" for row in rows}))
    are = what.replace("are", "is", 1) if count == 1 and what.startswith("are ") else what
    return f"{count:,} {'line of a bill' if count == 1 else 'lines of bills'} {are} ({reasons}): {mend}" if count else ""


def broken_usage(rows: Sequence[dict[str, Any]]) -> Finding | None:
    count = sum(int(str(row["lines"])) for row in rows)
    reasons = ", ".join(sorted({f"{row['source']}: {row['reason']}" for row in rows}))
    what = "line of usage" if count == 1 else "lines of usage"
    words = f"{count:,} {what} could not be read ({reasons}): estimates lack them; they are kept, `usage-pipeline sources` counts them."
    return Finding(code="rejected_usage_lines", blocks=False, count=count, amount=None, words=words) if count else None


def rejected_bill_lines(settings: Settings, database: Database, lake: Lake, days: Period) -> list[dict[str, Any]]:
    """Lines of bills that could not be read, by source and reason, in files that speak of `days` or of no day at all."""
    return _rejected_lines(charges, settings, database, lake, days)


def rejected_usage_lines(settings: Settings, database: Database, lake: Lake, days: Period) -> list[dict[str, Any]]:
    """The same of usage."""
    return _rejected_lines(usage_events, settings, database, lake, days)


def _rejected_lines(table: Table[Any], settings: Settings, database: Database, lake: Lake, days: Period) -> list[dict[str, Any]]:
    """The same of the sources that give rows of `table`, without files that are left out, or of which newer ones replaced all they said.

    Of a wrong export also the `files`.
    """
    names = {spec.name for spec in settings.sources if SOURCES[spec.kind].table is table}
    ledger = database.select(ingested_files, where={"source": sorted(names), "excluded_at": None})
    files = [one for one in _current(ledger) if one.rejected]
    if not files:
        return []
    spoken: dict[tuple[str, str], list[IngestedDay]] = {}
    for day in counted_words(database, where={"source": sorted(names)}):
        spoken.setdefault((day.source, day.fingerprint), []).append(day)
    snapshots = {spec.name for spec in settings.sources if SOURCES[spec.kind].snapshot}
    counting = set(newest_words(day for told in spoken.values() for day in told if day.source in snapshots))
    about = []
    for one in files:
        told = spoken.get((one.source, one.fingerprint), [])
        counts = one.source not in snapshots or not counting.isdisjoint(told)
        if one.rejected >= one.lines or (counts and any(day.day in days for day in told)):
            about.append(one)
    rows = [row for row in rejects_of(lake, about) if row["reason"] not in SET_ASIDE]
    named = rejecting_files(lake, about, WRONG_EXPORT) if any(row["reason"] in WRONG_EXPORT for row in rows) else {}
    return [row | {"files": named.get((row["source"], row["reason"]), [])} for row in rows]


def _current(files: Sequence[IngestedFile]) -> list[IngestedFile]:
    """The newest version of each file. What could not be read counts no more once it was, or, for a folder, once something in it was."""
    newest: dict[tuple[str, str], tuple[datetime, bool]] = {}
    for one in files:
        newest[one.source, one.uri] = max(newest.get((one.source, one.uri), _age(one)), _age(one))
    current = [one for one in files if _age(one) == newest[one.source, one.uri]]
    read = [one for one in current if one.state != UNREADABLE]
    return read + [one for one in current if one.state == UNREADABLE and not any(_opened(one, other) for other in read)]


def _age(file: IngestedFile) -> tuple[datetime, bool]:
    return file.modified_at, file.state != UNREADABLE


def _opened(folder: IngestedFile, file: IngestedFile) -> bool:
    """Whether `file` was read in what could not be listed before."""
    return file.source == folder.source and file.uri.startswith(f"{folder.uri}/") and file.ingested_at > folder.ingested_at
