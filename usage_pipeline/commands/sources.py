"""`usage-pipeline sources`: how every source stands, and which file versions speak of a day."""

from datetime import date
from typing import Any

from usage_pipeline.commands.output import Output
from usage_pipeline.commands.sources_day import show_day
from usage_pipeline.defs.home import prepare
from usage_pipeline.defs.source_status import removed_statuses, source_statuses
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.settings import Environment
from usage_pipeline.storage.home import Home
from usage_pipeline.tables.rejected_lines import REASONS
from usage_pipeline.tables.source_status import SourceStatus

SHOWN_DAYS = 5
NOT_NAMED = "not in usage.yaml: counts on"


def run_sources(environment: Environment, as_of: date, day: date | None, output: Output) -> int:
    """The status of each source on `as_of`, also of those gone from usage.yaml that count on; or all that is known of one day."""
    home = prepare(Home(environment.home))
    workplace = Workplace(home_folder=str(home.root), config_file=str(environment.config_file))
    if day is not None:
        show_day(workplace, day, output)
        return 0
    statuses = source_statuses(workplace, as_of) + removed_statuses(workplace, as_of)
    if output.as_json:
        output.document({"as_of": as_of.isoformat(), "sources": [_document(one) for one in statuses]})
    else:
        _show(statuses, as_of, workplace.settings().limits.stale_days, output)
    return 0


def _document(one: SourceStatus) -> dict[str, Any]:
    return {
        "source": one.source,
        "kind": one.kind,
        "path": one.path or None,
        "in_usage_yaml": one.is_configured,
        "files": one.files,
        "excluded": one.excluded,
        "unreadable": one.unreadable,
        "lines": one.lines,
        "accepted": one.accepted,
        "duplicates": one.duplicates,
        "rejected": one.rejected,
        "rejects": [{"reason": reason, "lines": lines, "meaning": REASONS[reason]} for reason, lines in one.rejects],
        "first_day": one.first_day and one.first_day.isoformat(),
        "newest_day": one.newest_day and one.newest_day.isoformat(),
        "lag_days": one.lag_days,
        "missing_days": [day.isoformat() for day in one.missing_days],
        "newest_file": one.newest_file and one.newest_file.isoformat(),
        "last_read": one.last_read and one.last_read.isoformat(),
        "stale": one.is_stale,
    }


def _show(statuses: list[SourceStatus], as_of: date, stale_days: int, output: Output) -> None:
    output.heading(f"Sources on {as_of}")
    output.table(
        ("source", "kind", "files", "lines", "accepted", "duplicates", "rejected", "newest day", "lag, days", "last read (UTC)", ""),
        [
            (
                *(one.source, one.kind, one.files, one.lines, one.accepted, one.duplicates, one.rejected, one.newest_day, one.lag_days),
                f"{one.last_read:%Y-%m-%d %H:%M}" if one.last_read else None,
                _standing(one),
            )
            for one in statuses
        ],
        numbers=("files", "lines", "accepted", "duplicates", "rejected", "lag, days"),
    )
    for one in statuses:
        _tell(one, stale_days, output)


def _standing(one: SourceStatus) -> str:
    if not one.is_configured:
        return NOT_NAMED
    return "stale" if one.is_stale else ""


def _tell(one: SourceStatus, stale_days: int, output: Output) -> None:
    """What of a source needs a look."""
    for reason, lines in one.rejects:
        output.say(f"{one.source}: {lines:,} rejected, {REASONS[reason]} ({reason})")
    if one.unreadable:
        output.say(f"{one.source}: {one.unreadable:,} files could not be opened; they are tried again with every run")
    if one.excluded:
        output.say(
            f"{one.source}: {one.excluded:,} {'file' if one.excluded == 1 else 'files'} read before, left out now (exclude in usage.yaml)"
        )
    if one.missing_days:
        days = ", ".join(map(str, one.missing_days[:SHOWN_DAYS]))
        more = f" and {len(one.missing_days) - SHOWN_DAYS} more" if len(one.missing_days) > SHOWN_DAYS else ""
        output.say(f"{one.source}: no file speaks of {days}{more}")
    if not one.files:
        output.say(f"{one.source}: nothing was read yet; it is looked for at {one.path}")
    elif one.is_stale and one.is_configured:
        output.say(f"{one.source}: stale, its newest data is more than {stale_days} days old (limits.stale_days in usage.yaml)")
