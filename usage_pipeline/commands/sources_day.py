"""`usage-pipeline sources --day`: what is known of one day: who speaks of it and who counts, what was replaced, how final its bills are,
and why it was computed.
"""

from datetime import date
from decimal import Decimal
from pathlib import PurePath
from typing import Any

from usage_pipeline import money
from usage_pipeline.commands.explain_document import replaced_document
from usage_pipeline.commands.output import Output, dollars
from usage_pipeline.defs.places import Record, places_of
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.periods import inclusive
from usage_pipeline.sources.catalog import SOURCES
from usage_pipeline.storage.places import Place
from usage_pipeline.storage.versions import SupersededRecord, Version, superseded_records, versions
from usage_pipeline.tables.charges import charges
from usage_pipeline.tables.computed_days import ComputedDay, computed_days

FINAL, PROVISIONAL = "final", "provisional"
SHOWN_MOST = 20


def show_day(workplace: Workplace, day: date, output: Output) -> None:
    """Print it."""
    days, database = inclusive(day, day), workplace.database()
    lake = workplace.lake(workplace.engine())
    snapshots = {spec.name for spec in workplace.settings().sources if SOURCES[spec.kind].snapshot}
    spoken = versions(days, snapshots, database=database)
    replaced = superseded_records(days, lake=lake, database=database)
    told = replaced if output.as_json else replaced[:SHOWN_MOST]
    places = places_of(workplace, {end for one in told for end in one.ends})
    bills = _bills(workplace, day)
    computed = sorted(database.select(computed_days, where={"day": days}), key=lambda one: one.computed_at)
    if output.as_json:
        output.document(
            {
                "day": day.isoformat(),
                "versions": [_version(one) for one in spoken],
                "superseded": [_record(one, places) for one in replaced],
                "bills": bills,
                "computed": [_computed(one) for one in computed],
            }
        )
        return
    _show_versions(spoken, day, output)
    _show_records(replaced, places, output)
    output.heading("Bills")
    output.table(
        ("channel", "finality", "lines", "billed"),
        [(one["channel"], one["finality"], one["lines"], dollars(Decimal(one["billed_cost"]))) for one in bills],
        numbers=("lines", "billed"),
    )
    output.heading("Computed")
    output.table(("when (UTC)", "run", "because"), [(f"{one.computed_at:%Y-%m-%d %H:%M}", one.run_id[:8], one.because) for one in computed])


def _show_versions(spoken: list[Version], day: date, output: Output) -> None:
    output.heading(f"Files that speak of {day}")
    output.table(
        ("source", "file", "part of the day", "rows", "modified (UTC)", "read (UTC)", ""),
        [
            (
                *(one.source, PurePath(one.uri).name, one.snapshot_scope or "all", one.rows, f"{one.modified_at:%Y-%m-%d %H:%M}"),
                *(f"{one.ingested_at:%Y-%m-%d %H:%M}", "counts" if one.counts else _replaced(one)),
            )
            for one in spoken
        ],
        numbers=("rows",),
    )


def _replaced(one: Version) -> str:
    if one.excluded_at:
        return f"excluded {one.excluded_at:%Y-%m-%d %H:%M}"
    return f"replaced {one.superseded_since:%Y-%m-%d %H:%M}" if one.superseded_since else "does not count"


def _show_records(replaced: list[SupersededRecord], places: dict[Record, Place], output: Output) -> None:
    if not replaced:
        return
    output.heading("Records that a more complete one replaced")
    output.table(
        ("source", "record", "was", "is"),
        [
            (
                one.source,
                one.record,
                places[one.ends[0]].words(PurePath(one.uri).name),
                places[one.ends[1]].words(PurePath(one.by_uri).name),
            )
            for one in replaced[:SHOWN_MOST]
        ],
    )
    if len(replaced) > SHOWN_MOST:
        output.say(f"{len(replaced) - SHOWN_MOST:,} more with --json")


def _bills(workplace: Workplace, day: date) -> list[dict[str, Any]]:
    """By channel: final where every line of its bill is; provisional while the provider may still restate it."""
    lake = workplace.lake(workplace.engine())
    rows = lake.read(charges, inclusive(day, day))
    grouped = rows.group_by("channel").agg(lines=rows.count(), billed=rows.billed_cost.sum(), final=(rows.finality == FINAL).all())
    return [
        {
            "channel": row["channel"],
            "finality": FINAL if row["final"] else PROVISIONAL,
            "lines": row["lines"],
            "billed_cost": money.text(row["billed"]),
        }
        for row in lake.engine.to_pyarrow(grouped.order_by("channel")).to_pylist()
    ]


def _version(one: Version) -> dict[str, Any]:
    return {
        "source": one.source,
        "file": one.uri,
        "sha256": one.fingerprint,
        "scope": one.snapshot_scope,
        "rows": one.rows,
        "counts": one.counts,
        "modified_at": one.modified_at.isoformat(),
        "read_at": one.ingested_at.isoformat(),
        "superseded_since": one.superseded_since and one.superseded_since.isoformat(),
        "excluded_at": one.excluded_at and one.excluded_at.isoformat(),
    }


def _record(one: SupersededRecord, places: dict[Record, Place]) -> dict[str, Any]:
    return {**replaced_document(one, places), "since": one.since.isoformat()}


def _computed(one: ComputedDay) -> dict[str, Any]:
    return {
        "computed_at": one.computed_at.isoformat(),
        "run_id": one.run_id,
        "because": one.because,
        "settings": one.settings,
        "price_book": one.price_book,
    }
