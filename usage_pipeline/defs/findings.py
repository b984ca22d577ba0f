"""What a run found that people must know before they trust its numbers, each with the money at stake where that is known."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from usage_pipeline import money
from usage_pipeline.costs.overlaps import overlaps_of
from usage_pipeline.costs.read_twice import BILL, LOG, Teller
from usage_pipeline.defs.pulls import Gap, gaps_of
from usage_pipeline.defs.read_twice import Doubled, doubled
from usage_pipeline.defs.rejects import rejecting_files, rejects_of
from usage_pipeline.defs.replaced_accounts import Replaced, replaced_accounts
from usage_pipeline.defs.replaced_hours import PartDay, replaced_hours
from usage_pipeline.defs.source_status import source_statuses
from usage_pipeline.defs.surplus_parts import Surplus, surplus_parts
from usage_pipeline.defs.unpriced import unpriced_share
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.periods import Period
from usage_pipeline.prices.catalog import current_catalog
from usage_pipeline.settings import Settings
from usage_pipeline.sources.catalog import SOURCES
from usage_pipeline.storage.database import Database
from usage_pipeline.storage.excluded import counted_words, excludes, overruled
from usage_pipeline.storage.failed_sources import noted_failures
from usage_pipeline.storage.lake import Lake
from usage_pipeline.storage.shards import newest_words
from usage_pipeline.tables.charges import charges
from usage_pipeline.tables.configuration import Limits
from usage_pipeline.tables.costs import DailyCost
from usage_pipeline.tables.ingested_files import IngestedDay, IngestedFile, ingested_files
from usage_pipeline.tables.priced_usage import NO_VARIANT, UPPER_BOUND, priced_usage
from usage_pipeline.tables.rejected_lines import SET_ASIDE
from usage_pipeline.tables.schema import Table
from usage_pipeline.tables.source_status import SourceStatus
from usage_pipeline.tables.summary import totals
from usage_pipeline.tables.usage_events import usage_events

GAPS_SHOWN = 12
WRONG_EXPORT = frozenset({"grouping_mixed", "estimated_cost", "amortized_cost"})
"""Reasons that are about a file as a whole: it is another export than the source's."""
REPLACED_SHOWN = 5
FILES_SHOWN = 3
KEEP_ONE = "keep one of them: name all files of the other under its `exclude` in usage.yaml"
"""A source that is taken out of usage.yaml goes on to count what was read of it."""
UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One finding in words. `blocks`: the period cannot be closed with it; exit code 3. `amount` in the reporting currency."""

    code: str
    blocks: bool
    count: int
    amount: Decimal | None
    words: str


def findings_of(workplace: Workplace, days: Period, costs: Sequence[DailyCost]) -> list[Finding]:
    """All findings about `days`, whose cost rows are `costs`; those that block first."""
    lake = workplace.lake(workplace.engine())
    settings, database = workplace.settings(), workplace.database()
    gaps, twice = gaps_of(workplace, days), doubled(lake, database, days)
    statuses = source_statuses(workplace, min(days.last, workplace.now().date()))
    pulled = {spec.name for spec in settings.sources if spec.api}
    found = [
        _unread_sources(workplace),
        _missing_days([gap for gap in gaps if gap.is_missing]),
        _older_days([gap for gap in gaps if not gap.is_missing]),
        _unpriced(costs, lake, days, workplace.settings().limits),
        _broken_bills(rejected_bill_lines(settings, database, lake, days)),
        _not_excluded(workplace),
        _broken_usage(_rejected_lines(usage_events, settings, database, lake, days)),
        _replaced_accounts(replaced_accounts(settings, database, lake, days)),
        _replaced_hours(replaced_hours(settings, database, days)),
        _surplus_parts(surplus_parts(settings, database, lake, days)),
        _counted_twice(costs),
        _read_twice([one for one in twice if one.read.view != LOG]),
        _logged_twice([one for one in twice if one.read.view == LOG]),
        _without_variant(lake, days),
        _at_most(lake, days),
        _without_data(statuses, unread=set(noted_failures(workplace.home.failed_sources)), pulled=pulled),
        _stale(statuses, workplace.settings().limits),
        _newer_catalog(workplace),
    ]
    return sorted((one for one in found if one is not None), key=lambda one: not one.blocks)


def _unread_sources(workplace: Workplace) -> Finding | None:
    """Sources whose store gave nothing when files were read last."""
    failures, specs = noted_failures(workplace.home.failed_sources), workplace.settings().sources
    named = [f"{one.name}: {failures[one.name]}" for one in specs if one.name in failures]
    what = "source could not be read, and what is new in it" if len(named) == 1 else "sources could not be read, and what is new in them"
    words = f"{len(named):,} {what} is missing; another run reads again. {'; '.join(named)}."
    return Finding(code="source_unreadable", blocks=True, count=len(named), amount=None, words=words) if named else None


def _missing_days(gaps: Sequence[Gap]) -> Finding | None:
    count = len({(gap.source, day) for gap in gaps for day in gap.days})
    words = (
        f"{count:,} {'day of a source that is pulled is' if count == 1 else 'days of sources that are pulled are'} missing, and so is what"
        f" was used or billed then; another run asks for them again. {_reasons(gaps)}"
    )
    return Finding(code="missing_days", blocks=True, count=count, amount=None, words=words) if gaps else None


def _older_days(gaps: Sequence[Gap]) -> Finding | None:
    count = len({(gap.source, day) for gap in gaps for day in gap.days})
    words = (
        f"{count:,} {'day' if count == 1 else 'days'} could not be read anew, and what was pulled before counts; another run asks again."
        f" {_reasons(gaps)}"
    )
    return Finding(code="days_not_read_anew", blocks=False, count=count, amount=None, words=words) if gaps else None


def _reasons(gaps: Sequence[Gap]) -> str:
    """One reason a source if all its endpoints have the same, as a refused key is; else each endpoint's."""
    sources = dict.fromkeys(gap.source for gap in gaps)
    told: list[str] = []
    for source in sources:
        own = [gap for gap in gaps if gap.source == source]
        if len({(gap.reason, gap.days) for gap in own}) == 1:
            told.append(own[0].words if len(own) == 1 else own[0].words_of_all)
        else:
            told += [gap.words for gap in own]
    more = len(told) - GAPS_SHOWN
    return "; ".join(told[:GAPS_SHOWN]) + (f"; and {more} more" if more > 0 else "") + "."


def rejected_bill_lines(settings: Settings, database: Database, lake: Lake, days: Period) -> list[dict[str, Any]]:
    """Lines of bills that could not be read, by source and reason, in files that speak of `days` or of no day at all."""
    return _rejected_lines(charges, settings, database, lake, days)


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


def _unpriced(costs: Sequence[DailyCost], lake: Lake, days: Period, limits: Limits) -> Finding | None:
    count = totals(costs).unpriced_events
    if not count:
        return None
    share = unpriced_share(lake, days).percent
    words = (
        f"{count:,} requests have no rate: their cost is unknown, not 0. The statement lists them. They are up to {money.text(share)} % of"
        f" the usage; {money.text(limits.unpriced_percent)} % may stand when the period closes (limits.unpriced_percent in usage.yaml)."
    )
    return Finding(code="unpriced", blocks=share > limits.unpriced_percent, count=count, amount=None, words=words)


def _newer_catalog(workplace: Workplace) -> Finding | None:
    adopted, installed = workplace.books().adoptions()[-1], current_catalog()
    if adopted.content_hash == installed.content_hash:
        return None
    words = (
        f"the installed price catalog ({installed.name}) is another than the one adopted last ({adopted.version}), which goes on to count:"
        " `usage-pipeline prices adopt --dry-run` shows what it would change."
    )
    return Finding(code="newer_catalog", blocks=False, count=1, amount=None, words=words)


def _broken_bills(rows: Sequence[dict[str, Any]]) -> Finding | None:
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
    return f"name the file under `exclude` of its source in usage.yaml, or export it again under the same name: {_files_told(uris)}"


def _lines_told(rows: Sequence[dict[str, Any]], what: str, mend: str) -> str:
    """'' where there are none."""
    count = sum(int(str(row["lines"])) for row in rows)
    reasons = ", ".join(sorted({f"{row['source']}: {row['reason']}" for row in rows}))
    are = what.replace("are", "is", 1) if count == 1 and what.startswith("are ") else what
    return f"{count:,} {'line of a bill' if count == 1 else 'lines of bills'} {are} ({reasons}): {mend}" if count else ""


def _not_excluded(workplace: Workplace) -> Finding | None:
    """Files of logs that `exclude` names in part: which of their lines other files hold, too, nobody knows any more."""
    told: list[str] = []
    count = 0
    for spec in workplace.settings().sources:
        if not SOURCES[spec.kind].snapshot:
            is_out = excludes(spec.exclude, workplace.environment().hash_key_text)
            counted, left = overruled(workplace.database().select(ingested_files, where={"source": spec.name}), is_out)
            told += [f"{spec.name} goes on to count {_files_told(counted)}"] if counted else []
            told += [f"{spec.name} goes on to leave out {_files_told(left)}"] if left else []
            count += len(counted) + len(left)
    words = (
        f"`exclude` cannot take apart files of a log that were read already ({count:,}): {'; '.join(told)}. The same lines of other files"
        " were left out for theirs, or may have been read since. It can name all files of the log, and new ones: these are not read."
    )
    return Finding(code="not_excluded", blocks=False, count=count, amount=None, words=words) if count else None


def _files_told(uris: Sequence[str]) -> str:
    more = len(uris) - FILES_SHOWN
    return ", ".join(uris[:FILES_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _broken_usage(rows: Sequence[dict[str, Any]]) -> Finding | None:
    count = sum(int(str(row["lines"])) for row in rows)
    reasons = ", ".join(sorted({f"{row['source']}: {row['reason']}" for row in rows}))
    what = "line of usage" if count == 1 else "lines of usage"
    words = f"{count:,} {what} could not be read ({reasons}): estimates lack them; they are kept, `usage-pipeline sources` counts them."
    return Finding(code="rejected_usage_lines", blocks=False, count=count, amount=None, words=words) if count else None


def _replaced_accounts(found: Sequence[Replaced]) -> Finding | None:
    if not found:
        return None
    more = len(found) - REPLACED_SHOWN
    words = (
        "; ".join(one.words for one in found[:REPLACED_SHOWN])
        + (f"; and {more} more" if more > 0 else "")
        + ". A source's newer file replaces the days of an older one whole: give each account (or each partial export) a source of its own,"
        " with a new name and folder, or add one newer export of these days that has all accounts, each named."
    )
    costs = [one.cost for one in found if one.cost is not None]
    amount = money.total(costs) if costs else None
    return Finding(code="replaced_accounts", blocks=True, count=len(found), amount=amount, words=words)


def _replaced_hours(found: Sequence[PartDay]) -> Finding | None:
    more = len(found) - REPLACED_SHOWN
    words = (
        "; ".join(one.words for one in found[:REPLACED_SHOWN])
        + (f"; and {more} more" if more > 0 else "")
        + ". A day told as one and the same day told by shorter buckets replace each other: add the pages of the other hours, or a newer"
        " export of the whole day."
    )
    return Finding(code="replaced_hours", blocks=True, count=len(found), amount=None, words=words) if found else None


def _surplus_parts(found: Sequence[Surplus]) -> Finding | None:
    more = len(found) - REPLACED_SHOWN
    words = (
        "; ".join(one.words for one in found[:REPLACED_SHOWN])
        + (f"; and {more} more" if more > 0 else "")
        + ". A newer delivery with fewer parts leaves parts of the older one to count: name the file under `exclude` of its source in"
        " usage.yaml until a delivery writes it again; if it still belongs to the bill, give the file a new time (touch it). Deliveries in"
        " folders of their own leave nothing over."
    )
    cost = money.total([one.cost for one in found])
    return Finding(code="surplus_parts", blocks=True, count=len(found), amount=cost, words=words) if found else None


def _counted_twice(costs: Sequence[DailyCost]) -> Finding | None:
    overlaps = overlaps_of(costs)
    if not overlaps:
        return None
    amount = money.total([min(one.provider_cost, one.logged_cost) for one in overlaps])
    one = overlaps[0]
    words = (
        f"up to {money.text(amount)} may be counted twice: {one.model} on {one.day} is billed under {', '.join(one.provider_projects)}"
        f" and logged under {', '.join(one.logged_projects)}"
        + (f", and {len(overlaps) - 1} more" if len(overlaps) > 1 else "")
        + ". Give both the same project by an attribution rule."
    )
    return Finding(code="counted_twice", blocks=True, count=len(overlaps), amount=amount, words=words)


def _read_twice(found: Sequence[Doubled]) -> Finding | None:
    if not found:
        return None
    words = "; ".join(_in_words(one) for one in found) + f". {_mend_of_twice(found)}"
    cost = money.total([one.cost for one in found])
    return Finding(code="read_twice", blocks=True, count=len(found), amount=cost, words=words)


def _mend_of_twice(found: Sequence[Doubled]) -> str:
    exports = "name the file that is not to count under `exclude` of its source in usage.yaml, or save a new version under the old name"
    mends = [KEEP_ONE] if any(all(one.is_whole for one in twice.read.tellers) for twice in found) else []
    mends += [exports] if any(not one.is_whole for twice in found for one in twice.read.tellers) else []
    told = "; of exports, ".join(mends)
    return f"{told[0].upper()}{told[1:]}."


def _logged_twice(found: Sequence[Doubled]) -> Finding | None:
    """No proof: two applications may happen to use the same. Where a bill or the provider's count covers it, that counts, once."""
    told = "; ".join(f"{' and '.join(one.read.sources)} tell the same of {one.read.channel} on {_days(one)}" for one in found)
    words = f"{told}: if they saw the same requests, these are estimated twice. {KEEP_ONE[0].upper()}{KEEP_ONE[1:]}."
    cost = money.total([one.cost for one in found])
    return Finding(code="logged_twice", blocks=False, count=len(found), amount=cost, words=words) if found else None


def _days(one: Doubled) -> str:
    return f"{len(one.read.days)} {'day' if len(one.read.days) == 1 else 'days'} from {one.read.days[0]}"


def _in_words(one: Doubled) -> str:
    read, is_bill = one.read, one.read.view == BILL
    told = " and ".join(_teller_told(teller, one) for teller in read.tellers)
    where = f"in {read.sources[0]} from {told}" if len(read.sources) == 1 else f"from {told}"
    return (
        f"{read.channel}'s {'bill' if is_bill else 'own count of usage'} is read {where}, which tell the same"
        f" ({_days(one)}): {money.text(one.cost)} {'billed' if is_bill else 'estimated'} twice"
    )


def _teller_told(teller: Teller, one: Doubled) -> str:
    """A source; or an export by its name and files."""
    if teller.is_whole:
        return teller.source
    export = f"export {teller.export!r} ({_files_told(one.files[teller])})"
    return export if len(one.read.sources) == 1 else f"{teller.source}, {export}"


def _without_variant(lake: Lake, days: Period) -> Finding | None:
    events, cost = _in_state(lake, days, NO_VARIANT)
    words = (
        f"{events:,} usage records ask for a tier or mode (batch, flex, priority) that the price book has no rate for on"
        f" their day: estimated at the standard rate, {money.text(cost)} in all. Where a bill covers them, the bill counts."
    )
    return Finding(code=NO_VARIANT, blocks=False, count=events, amount=cost, words=words) if events else None


def _at_most(lake: Lake, days: Period) -> Finding | None:
    events, cost = _in_state(lake, days, UPPER_BOUND)
    words = (
        f"{events:,} usage records come from a source that does not tell cached tokens from other input: estimated as if none were"
        f" cached, at most {money.text(cost)} in all. A log of the gateway or a bill of the same usage tells them apart."
    )
    return Finding(code=UPPER_BOUND, blocks=False, count=events, amount=cost, words=words) if events else None


def _without_data(statuses: Sequence[SourceStatus], unread: Collection[str], pulled: Collection[str]) -> Finding | None:
    """Sources that never gave a line; of a pull or a store that failed another finding tells. A bill's rejected lines block anyway."""
    found = [
        one for one in statuses if one.source not in unread and ((not one.files and one.source not in pulled) or _is_all_rejected(one))
    ]
    told = "; ".join(
        f"{one.source}: {f'all {one.rejected:,} lines were rejected' if one.files else 'there is no file'} at {one.path}" for one in found
    )
    bills = any(SOURCES[one.kind].table is charges for one in found)
    what = "the billed cost lacks it" if bills else "estimates lack it"
    sources = "1 source" if len(found) == 1 else f"{len(found):,} sources"
    words = f"nothing was ever read of {sources}, so {what}: {told}. Mend the path or the files, or take the source out of usage.yaml."
    return Finding(code="no_data", blocks=False, count=len(found), amount=None, words=words) if found else None


def _is_all_rejected(one: SourceStatus) -> bool:
    return one.rejected >= max(one.lines, 1) and any(reason not in SET_ASIDE for reason, _ in one.rejects)


def _stale(statuses: Sequence[SourceStatus], limits: Limits) -> Finding | None:
    """Sources that gave data once, and none of late. One that never gave any: see _without_data."""
    stale = [one for one in statuses if one.is_stale and one.newest_day]
    named = ", ".join(f"{one.source} (newest {one.newest_day}, {one.lag_days} days before)" for one in stale)
    words = f"no data for more than {limits.stale_days} days from {named}: `usage-pipeline sources` tells more."
    return Finding(code="stale_source", blocks=False, count=len(stale), amount=None, words=words) if stale else None


def _in_state(lake: Lake, days: Period, state: str) -> tuple[int, Decimal]:
    """How many usage records were priced so, and their cost."""
    rows = lake.read(priced_usage, days)
    chosen = rows.filter(rows.price_state == state)
    found = lake.engine.to_pyarrow(chosen.agg(events=chosen.count(), cost=chosen.net_cost.sum())).to_pylist()[0]
    return found["events"], found["cost"] or Decimal(0)
