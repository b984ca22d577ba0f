"""What counts twice, or does not count that should: findings about files, exports and sources that tell of the same days."""

from collections.abc import Collection, Sequence

from usage_pipeline import money
from usage_pipeline.costs.overlaps import overlaps_of
from usage_pipeline.costs.read_twice import BILL, Teller
from usage_pipeline.defs.finding import Finding, files_told, first_of
from usage_pipeline.defs.read_twice import Doubled
from usage_pipeline.defs.replaced_accounts import Replaced
from usage_pipeline.defs.replaced_hours import PartDay
from usage_pipeline.defs.surplus_parts import Surplus
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.errors import StoreError
from usage_pipeline.sources.catalog import SOURCES
from usage_pipeline.storage.excluded import excludes, overruled
from usage_pipeline.storage.landing import Landing
from usage_pipeline.tables.costs import DailyCost
from usage_pipeline.tables.ingested_files import ingested_files

SHOWN = 5
KEEP_ONE = "keep one of them: name all files of the other under its `exclude` in usage.yaml"
"""A source that is taken out of usage.yaml goes on to count what was read of it."""


def accounts_replaced(found: Sequence[Replaced]) -> Finding | None:
    if not found:
        return None
    words = (
        first_of([one.words for one in found], SHOWN)
        + ". A source's newer file replaces the days of an older one whole: give each account (or each partial export) a source of its own,"
        " with a new name and folder, or add one newer export of these days that has all accounts, each named."
    )
    costs = [one.cost for one in found if one.cost is not None]
    amount = money.total(costs) if costs else None
    return Finding(code="replaced_accounts", blocks=True, count=len(found), amount=amount, words=words)


def hours_replaced(found: Sequence[PartDay]) -> Finding | None:
    words = (
        first_of([one.words for one in found], SHOWN)
        + ". A day told as one and the same day told by shorter buckets replace each other: add the pages of the other hours, or a newer"
        " export of the whole day."
    )
    return Finding(code="replaced_hours", blocks=True, count=len(found), amount=None, words=words) if found else None


def parts_left(found: Sequence[Surplus]) -> Finding | None:
    words = (
        first_of([one.words for one in found], SHOWN)
        + ". A newer delivery with fewer parts leaves parts of the older one to count: name the file under `exclude` of its source in"
        " usage.yaml until a delivery writes it again; if it still belongs to the bill, give the file a new time (touch it). Deliveries in"
        " folders of their own leave nothing over."
    )
    cost = money.total([one.cost for one in found])
    return Finding(code="surplus_parts", blocks=True, count=len(found), amount=cost, words=words) if found else None


def not_excluded(workplace: Workplace) -> Finding | None:
    """Files of sources whose files add up that `exclude` names in part: which of their lines others hold, too, nobody knows any more."""
    told: list[str] = []
    count = 0
    for spec in workplace.settings().sources:
        if not SOURCES[spec.kind].snapshot:
            is_out = excludes(spec.exclude, workplace.environment().hash_key_text)
            counted, left = overruled(workplace.database().select(ingested_files, where={"source": spec.name}), is_out)
            told += [f"{spec.name} goes on to count {files_told(counted)}"] if counted else []
            told += [f"{spec.name} goes on to leave out {files_told(left)}, which no pattern names"] if left else []
            count += len(counted) + len(left)
    words = (
        f"`exclude` cannot take apart the files of one source that add up (a log's, or Google's bill) and were read already"
        f" ({count:,}): {'; '.join(told)}. The same lines of other files were left out for theirs, or may have been read since. It can name"
        " all files of the source, and new ones: these are not read. To count some alone, leave all of them out, and let a source with a"
        " new name read those."
    )
    return Finding(code="not_excluded", blocks=False, count=count, amount=None, words=words) if count else None


def nothing_excluded(workplace: Workplace) -> Finding | None:
    """Patterns of `exclude` that match no file: none that lies there, and none that was ever read."""
    landing, database = workplace.landing(), workplace.database()
    told: list[str] = []
    for spec in workplace.settings().sources:
        uris = {row.uri for row in database.select(ingested_files, where={"source": spec.name})} if spec.exclude else set()
        for pattern in spec.exclude:
            is_out = excludes([pattern], landing.hash_key)
            if not any(is_out(uri) for uri in uris) and not _lies_there(landing, pattern):
                told.append(f"{spec.name}: {pattern}")
    words = f"`exclude` names what is not there and was never read: {files_told(told)}. Mend the pattern, or take it out of usage.yaml."
    return Finding(code="nothing_excluded", blocks=False, count=len(told), amount=None, words=words) if told else None


def _lies_there(landing: Landing, pattern: str) -> bool:
    """Whether a file matches; so it may be where the store does not say."""
    try:
        return landing.has_files(pattern)
    except StoreError:
        return True


def counted_twice(costs: Sequence[DailyCost]) -> Finding | None:
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


def read_twice(found: Sequence[Doubled], removed: Collection[str] = ()) -> Finding | None:
    """`removed`: the sources that count on though usage.yaml does not name them any more."""
    if not found:
        return None
    words = "; ".join(_in_words(one) for one in found) + f". {_mend_of_twice(found)}{_put_back_first(found, removed)}"
    cost = money.total([one.cost for one in found])
    return Finding(code="read_twice", blocks=True, count=len(found), amount=cost, words=words)


def _mend_of_twice(found: Sequence[Doubled]) -> str:
    exports = "name the file that is not to count under `exclude` of its source in usage.yaml, or save a new version under the old name"
    mends = [KEEP_ONE] if any(all(one.is_whole for one in twice.read.tellers) for twice in found) else []
    mends += [exports] if any(not one.is_whole for twice in found for one in twice.read.tellers) else []
    told = "; of exports, ".join(mends)
    corrected = " Where the newer one is a correction, exclude the older file, or give the newer one the older's name."
    return f"{told[0].upper()}{told[1:]}." + (corrected if any(twice.read.differs for twice in found) else "")


def _put_back_first(found: Sequence[Doubled], removed: Collection[str]) -> str:
    """What comes before the mend where one of those is not in usage.yaml: only there it can have an `exclude`."""
    gone = sorted({source for one in found for source in one.read.sources} & set(removed))
    if not gone:
        return ""
    if len(gone) == 1:
        return f" {gone[0]} is no longer in usage.yaml and counts on: put it back under its old name for that."
    return f" {', '.join(gone)} are no longer in usage.yaml and count on: put them back under their old names for that."


def logged_twice(found: Sequence[Doubled], removed: Collection[str] = ()) -> Finding | None:
    """No proof: two applications may happen to use the same. Where a bill or the provider's count covers it, that counts, once."""
    told = "; ".join(f"{' and '.join(one.read.sources)} tell the same of {one.read.channel} on {_days(one)}" for one in found)
    words = f"{told}: if they saw the same requests, these are estimated twice. {KEEP_ONE[0].upper()}{KEEP_ONE[1:]}."
    words += _put_back_first(found, removed)
    cost = money.total([one.cost for one in found])
    return Finding(code="logged_twice", blocks=False, count=len(found), amount=cost, words=words) if found else None


def _days(one: Doubled) -> str:
    return f"{len(one.read.days)} {'day' if len(one.read.days) == 1 else 'days'} from {one.read.days[0]}"


def _in_words(one: Doubled) -> str:
    read, is_bill = one.read, one.read.view == BILL
    told = " and ".join(_teller_told(teller, one) + _sum_told(teller, one) for teller in read.tellers)
    where = f"in {read.sources[0]} from {told}" if len(read.sources) == 1 else f"from {told}"
    same = "tell of the same lines with other amounts" if read.differs else "tell the same"
    return (
        f"{read.channel}'s {'bill' if is_bill else 'own count of usage'} is read {where}, which {same}"
        f" ({_days(one)}): {money.text(one.cost)} {'billed' if is_bill else 'estimated'} twice"
    )


def _teller_told(teller: Teller, one: Doubled) -> str:
    """A source; or an export by its name and files."""
    if teller.is_whole:
        return teller.source
    export = f"export {teller.export!r} ({files_told(one.files[teller])})"
    return export if len(one.read.sources) == 1 else f"{teller.source}, {export}"


def _sum_told(teller: Teller, one: Doubled) -> str:
    """What it tells of the days, where others tell another amount."""
    return f" of {money.text(one.sums[teller])}{' (the newest)' if teller == one.newest else ''}" if teller in one.sums else ""
