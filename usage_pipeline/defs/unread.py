"""Files that lie where sources of usage.yaml have theirs and were not read yet. Looked at by name, size and time; nothing is opened."""

from dataclasses import dataclass
from typing import Any

from usage_pipeline.defs.finding import files_told
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.errors import StoreError
from usage_pipeline.periods import Period
from usage_pipeline.storage.excluded import excludes
from usage_pipeline.storage.ingest import files_to_read
from usage_pipeline.storage.kinds import as_read
from usage_pipeline.tables.ingested_files import ingested_files


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadFiles:
    """`files` are (source, uri); `problems` say which stores do not tell what lies there."""

    files: tuple[tuple[str, str], ...]
    problems: tuple[str, ...]

    def words(self, days: Period) -> list[str]:
        count = len(self.files)
        named = files_told([f"{source} {uri.rsplit('/', 1)[-1]}" for source, uri in self.files])
        what = f"{count:,} {'file' if count == 1 else 'files'} not yet read ({named})"
        reads = f"`usage-pipeline run --from {days.start} --to {days.last}` reads {'it' if count == 1 else 'them'}"
        told = [f"not in this plan: {what}; {reads}, and `--plan` then counts what {'it says' if count == 1 else 'they say'}"]
        return [*(told if count else []), *(f"not in this plan: what lies unread where {one}" for one in self.problems)]

    def document(self) -> dict[str, Any]:
        files = [{"source": source, "file": uri} for source, uri in self.files]
        return {"unread": len(files), "unread_files": files, "unread_unknown": list(self.problems)}


def unread_files(workplace: Workplace) -> UnreadFiles:
    """Of every source: of what days a file speaks is known once it is read."""
    database, landing = workplace.database(), workplace.landing()
    files: list[tuple[str, str]] = []
    problems: list[str] = []
    for spec in workplace.settings().sources:
        ledger = as_read(database.select(ingested_files, where={"source": spec.name}), spec.kind)
        try:
            found = files_to_read(spec.path, landing, ledger, excludes(spec.exclude, landing.hash_key))
        except StoreError as error:
            problems.append(f"source {spec.name} has its files: {error}")
            continue
        files += [(spec.name, file.told) for file in found]
    return UnreadFiles(files=tuple(files), problems=tuple(problems))
