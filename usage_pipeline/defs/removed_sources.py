"""Sources that usage.yaml no longer names: what was read of them goes on to count, and so must be told.

Taking a source out ends its reading, as when a gateway is retired: its past stays in the book. Where it was one of two that told the same,
or was given a new name, its past counts beside the other's. That is certain, and blocks, where both have read the same files.
"""

from collections.abc import Sequence

from usage_pipeline import money
from usage_pipeline.defs.finding import Finding
from usage_pipeline.defs.same_contents import SameContents, put_back, total_of
from usage_pipeline.periods import Period
from usage_pipeline.settings import Settings
from usage_pipeline.storage.database import Database
from usage_pipeline.storage.excluded import counted_words
from usage_pipeline.storage.lake import Lake
from usage_pipeline.tables.charges import charges


def removed_sources(settings: Settings, database: Database, lake: Lake, days: Period, same: Sequence[SameContents]) -> Finding | None:
    """The finding about those that speak of `days`, with what their bills say. `same`: all contents that count twice on these days.

    It blocks if some of these are theirs, and `amount` is then what counts twice.
    """
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
        f" ({count:,} {'row' if count == 1 else 'rows'} of these days{told})."
    )
    doubled = [each for each in same if not known.issuperset(each.sources)]
    if doubled:
        words += f" {'; '.join(_in_words(each, known) for each in doubled)}. {_mend_of(doubled, known, database)}"
        return Finding(code="source_removed", blocks=True, count=len(names), amount=total_of(doubled), words=words)
    words += (
        " That is right for a source that has ended. If it was renamed, or another source tells the same, put it back under its old name"
        " with `exclude` and a pattern of all its files."
    )
    return Finding(code="source_removed", blocks=False, count=len(names), amount=amount, words=words)


def _in_words(one: SameContents, known: set[str]) -> str:
    gone = [source for source in one.sources if source not in known]
    others = [source for source in one.sources if source in known]
    return f"{' and '.join([*others, *gone])} have each read {one.words}"


def _mend_of(doubled: Sequence[SameContents], known: set[str], database: Database) -> str:
    """One of several sources that hold the same is to count on: if none of them is in usage.yaml, the last by name."""
    gone = [[source for source in one.sources if source not in known] for one in doubled]
    back = {
        source for one, among in zip(doubled, gone, strict=True) for source in (among[:-1] if len(among) == len(one.sources) else among)
    }
    lines = ", ".join(put_back(database, source) for source in sorted(back))
    return f"So that it counts once, put {'it' if len(back) == 1 else 'them'} back under the old name with all files left out: {lines}."
