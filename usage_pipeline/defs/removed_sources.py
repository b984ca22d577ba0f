"""Sources that usage.yaml no longer names: what was read of them goes on to count, and so must be told.

Taking a source out ends its reading, as when a gateway is retired: its past stays in the book. Where it was one of two that told the same,
or was given a new name, its past counts beside the other's.
"""

from usage_pipeline import money
from usage_pipeline.defs.finding import Finding
from usage_pipeline.periods import Period
from usage_pipeline.settings import Settings
from usage_pipeline.storage.database import Database
from usage_pipeline.storage.excluded import counted_words
from usage_pipeline.storage.lake import Lake
from usage_pipeline.tables.charges import charges


def removed_sources(settings: Settings, database: Database, lake: Lake, days: Period) -> Finding | None:
    """The finding about those that speak of `days`, with what their bills say; it does not block."""
    known = {spec.name for spec in settings.sources}
    spoken = [one for one in counted_words(database, where={"day": days}) if one.source not in known and one.rows]
    if not spoken:
        return None
    names = sorted({one.source for one in spoken})
    rows = lake.read(charges, days)
    billed = lake.engine.to_pyarrow(rows.filter(rows.source.isin(names)).agg(billed=rows.billed_cost.sum())).to_pylist()[0]["billed"]
    amount = None if billed is None else money.exact(billed)
    one, count = len(names) == 1, sum(row.rows for row in spoken)
    told = "" if amount is None else f", {money.text(amount)} billed among it"
    words = (
        f"{', '.join(names)} {'is' if one else 'are'} no longer in usage.yaml, and what was read of {'it' if one else 'them'} counts on"
        f" ({count:,} {'row' if count == 1 else 'rows'} of these days{told}). That is right for a source that has ended. If it was renamed,"
        " or another source tells the same, put it back under its old name with `exclude` and a pattern of all its files."
    )
    return Finding(code="source_removed", blocks=False, count=len(names), amount=amount, words=words)
