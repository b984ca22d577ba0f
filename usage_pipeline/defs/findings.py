"""What a run found that people must know before they trust its numbers, each with the money at stake where that is known."""

from collections.abc import Collection, Sequence
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.costs.read_twice import BILL, LOG
from usage_pipeline.defs.counted_contents import counted_contents
from usage_pipeline.defs.day_gaps import DayGap, day_gaps, source_days_billed, source_days_missing
from usage_pipeline.defs.exchange import unconverted
from usage_pipeline.defs.finding import Finding, first_of
from usage_pipeline.defs.finding_unreconciled import unreconciled
from usage_pipeline.defs.findings_counted import (
    accounts_replaced,
    counted_twice,
    hours_replaced,
    logged_twice,
    not_excluded,
    nothing_excluded,
    parts_left,
    read_twice,
)
from usage_pipeline.defs.findings_exchange import without_rate
from usage_pipeline.defs.findings_lines import broken_bills, broken_usage, rejected_bill_lines, rejected_usage_lines
from usage_pipeline.defs.findings_shares import shares_moved
from usage_pipeline.defs.kind_changed import kind_changed
from usage_pipeline.defs.pulls import Gap, gaps_of
from usage_pipeline.defs.read_twice import Doubled, doubled
from usage_pipeline.defs.removed_sources import removed_sources
from usage_pipeline.defs.replaced_accounts import replaced_accounts
from usage_pipeline.defs.replaced_hours import replaced_hours
from usage_pipeline.defs.same_contents import SameContents, same_content, same_contents
from usage_pipeline.defs.source_status import source_statuses
from usage_pipeline.defs.surplus_parts import surplus_parts
from usage_pipeline.defs.unpriced import unpriced_share
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.periods import Period, month_of
from usage_pipeline.prices.catalog import current_catalog
from usage_pipeline.prices.money_range import explainer
from usage_pipeline.sources.catalog import SOURCES
from usage_pipeline.storage.failed_sources import noted_failures
from usage_pipeline.storage.lake import Lake
from usage_pipeline.tables.charges import charges
from usage_pipeline.tables.configuration import Limits
from usage_pipeline.tables.costs import DailyCost
from usage_pipeline.tables.priced_usage import NO_VARIANT, UPPER_BOUND, priced_usage
from usage_pipeline.tables.rejected_lines import SET_ASIDE
from usage_pipeline.tables.source_status import SourceStatus
from usage_pipeline.tables.summary import totals
from usage_pipeline.tables.unpriced import total_range, unpriced_of

__all__ = ["Finding", "findings_of", "rejected_bill_lines"]

GAPS_SHOWN = 12


def findings_of(workplace: Workplace, days: Period, costs: Sequence[DailyCost], silent: Sequence[DayGap] | None = None) -> list[Finding]:
    """All findings about `days`, whose cost rows are `costs`; those that block first. `silent` are its day gaps, where they are known."""
    lake = workplace.lake(workplace.engine())
    settings, database = workplace.settings(), workplace.database()
    gaps, counted = gaps_of(workplace, days), counted_contents(database, days)
    same = same_contents(counted, lake, days)
    twice = [one for one in doubled(lake, database, days) if not _is_told(one, same)]
    removed = {one.source for one in counted} - {spec.name for spec in settings.sources}
    today = workplace.now().date()
    statuses = source_statuses(workplace, min(days.last, today))
    silent = day_gaps(workplace, days, costs) if silent is None else silent
    pulled = {spec.name for spec in settings.sources if spec.api}
    found = [
        _unread_sources(workplace),
        _missing_days([gap for gap in gaps if gap.is_missing]),
        _older_days([gap for gap in gaps if not gap.is_missing]),
        source_days_missing(silent, settings.limits.missing_days, today, settings.organisation.currency),
        source_days_billed(silent),
        _unpriced(costs, workplace, days),
        broken_bills(rejected_bill_lines(settings, database, lake, days)),
        not_excluded(workplace),
        nothing_excluded(workplace),
        shares_moved(lake, days, settings.shared_costs),
        without_rate(unconverted(lake, days), settings.exchange_rates),
        broken_usage(rejected_usage_lines(settings, database, lake, days)),
        accounts_replaced(replaced_accounts(settings, database, lake, days)),
        hours_replaced(replaced_hours(settings, database, days)),
        parts_left(surplus_parts(settings, database, lake, days)),
        kind_changed(settings, counted),
        removed_sources(settings, database, lake, days, same),
        same_content(settings, same),
        counted_twice(costs),
        read_twice([one for one in twice if one.read.view != LOG], removed),
        logged_twice([one for one in twice if one.read.view == LOG], removed),
        unreconciled(database, days, settings.limits),
        _without_variant(lake, days),
        _at_most(lake, days),
        _without_data(statuses, unread=set(noted_failures(workplace.home.failed_sources)), pulled=pulled),
        _stale(statuses, settings.limits, is_over=month_of(days.last).end <= today),
        _newer_catalog(workplace),
    ]
    return sorted((one for one in found if one is not None), key=lambda one: not one.blocks)


def _is_told(one: Doubled, same: Sequence[SameContents]) -> bool:
    """Whether sources tell the same because they have read the same files, of which another finding tells."""
    sources, days = set(one.read.sources), set(one.read.days)
    return len(sources) > 1 and any(
        (each.view == BILL) == (one.read.view == BILL) and sources <= set(each.sources) and days <= each.days for each in same
    )


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
    return first_of(told, GAPS_SHOWN) + "."


def _unpriced(costs: Sequence[DailyCost], workplace: Workplace, days: Period) -> Finding | None:
    """At risk is the most that it may cost beyond what bills have, by the book adopted last."""
    count, limits = totals(costs).unpriced_events, workplace.settings().limits
    if not count:
        return None
    share = unpriced_share(workplace.lake(workplace.engine()), days).percent
    found = unpriced_of(costs, explainer(workplace.books().current()), by_project=False)
    most = money.ZERO if all(one.billed for one in found) else total_range(found)[1]
    words = (
        f"{count:,} requests have no rate: their cost is unknown, not 0. The statement lists them. They are up to {money.text(share)} % of"
        f" the usage; {money.text(limits.unpriced_percent)} % may stand when the period closes (limits.unpriced_percent in usage.yaml)."
    )
    return Finding(code="unpriced", blocks=share > limits.unpriced_percent, count=count, amount=most, words=words)


def _newer_catalog(workplace: Workplace) -> Finding | None:
    adopted, installed = workplace.books().adoptions()[-1], current_catalog()
    if adopted.content_hash == installed.content_hash:
        return None
    words = (
        f"the installed price catalog ({installed.name}) is another than the one adopted last ({adopted.version}), which goes on to count:"
        " `usage-pipeline prices adopt --dry-run` shows what it would change."
    )
    return Finding(code="newer_catalog", blocks=False, count=1, amount=None, words=words)


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
    """Sources that never gave a line; of a pull or a store that failed another finding tells. A bill's rejected lines block anyway.

    What `exclude` left out after it was read is known to be so.
    """
    found = [
        one
        for one in statuses
        if one.source not in unread and ((not one.files and not one.excluded and one.source not in pulled) or _is_all_rejected(one))
    ]
    told = "; ".join(f"{one.source}: {_rejected_words(one.rejected) if one.files else 'there is no file'} at {one.path}" for one in found)
    bills = any(SOURCES[one.kind].table is charges for one in found)
    what = "the billed cost lacks it" if bills else "estimates lack it"
    sources = "1 source" if len(found) == 1 else f"{len(found):,} sources"
    words = f"nothing was ever read of {sources}, so {what}: {told}. Mend the path or the files, or take the source out of usage.yaml."
    return Finding(code="no_data", blocks=False, count=len(found), amount=None, words=words) if found else None


def _rejected_words(count: int) -> str:
    return "its one line was rejected" if count == 1 else f"all {count:,} lines were rejected"


def _is_all_rejected(one: SourceStatus) -> bool:
    return one.rejected >= max(one.lines, 1) and any(reason not in SET_ASIDE for reason, _ in one.rejects)


def _stale(statuses: Sequence[SourceStatus], limits: Limits, *, is_over: bool) -> Finding | None:
    """Sources that gave data once, and none of late. One that never gave any: see _without_data.

    It blocks once the month is over, as its last days may be missing; while it runs, they are still to come.
    """
    stale = [one for one in statuses if one.is_stale and one.newest_day]
    named = ", ".join(f"{one.source} (newest {one.newest_day}, {one.lag_days} days before)" for one in stale)
    words = f"no data for more than {limits.stale_days} days from {named}: `usage-pipeline sources` tells more."
    return Finding(code="stale_source", blocks=is_over, count=len(stale), amount=None, words=words) if stale else None


def _in_state(lake: Lake, days: Period, state: str) -> tuple[int, Decimal]:
    """How many usage records were priced so, and their cost."""
    rows = lake.read(priced_usage, days)
    chosen = rows.filter(rows.price_state == state)
    found = lake.engine.to_pyarrow(chosen.agg(events=chosen.count(), cost=chosen.net_cost.sum())).to_pylist()[0]
    return found["events"], found["cost"] or Decimal(0)
