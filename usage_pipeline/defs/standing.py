"""What stands against the close of a month, each with the money at risk: nothing of it may stand when the month closes."""

from collections.abc import Sequence
from datetime import date

from usage_pipeline import money
from usage_pipeline.costs.finality import MonthFinality, days_text
from usage_pipeline.costs.monthly import footing
from usage_pipeline.defs.computed_days import changes_since
from usage_pipeline.defs.finality import missing_days, not_reconciled
from usage_pipeline.defs.finding import Finding
from usage_pipeline.defs.findings import findings_of
from usage_pipeline.defs.inputs import Gone
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.periods import Period, month_name
from usage_pipeline.storage.database import Database
from usage_pipeline.tables.costs import DailyCost, daily_costs, monthly_costs
from usage_pipeline.tables.revisions import OPEN

NOT_UP_TO_DATE = "not_up_to_date"
SHOWN = 5


def standing(workplace: Workplace, month: Period, finality: MonthFinality, gone: Sequence[Gone]) -> list[Finding]:
    """All findings about the month; those that block the close come first."""
    database = workplace.database()
    daily = database.select(daily_costs, where={"day": month})
    found = findings_of(workplace, month, daily)
    found += [
        one
        for one in (
            _not_over(month, workplace.now().date()),
            _nothing(daily),
            _missing(missing_days(database, month, daily), workplace.settings().limits.missing_days),
            *_unbilled(finality, daily),
            not_reconciled(database, month, daily),
            _not_computed(workplace, month, daily),
            _not_summed(database, month, daily),
            _gone(gone),
        )
        if one is not None
    ]
    return sorted(found, key=lambda one: not one.blocks)


def differs(frozen: Sequence[DailyCost], again: Sequence[DailyCost]) -> list[str]:
    """How the month computed once more differs, row by row, in words; [] where every row is the same."""
    before, after = set(frozen), set(again)
    if before == after:
        return []
    days = sorted({row.day for row in before ^ after})
    amounts = [money.total([row.cost for row in rows]) for rows in (frozen, again)]
    rows = f"{len(before - after):,} of {len(before):,} rows come out otherwise and {len(after - before):,} in their place"
    return [f"{rows}, on {days_text(days)}: {money.text(amounts[0])} became {money.text(amounts[1])}"]


def not_again(differences: Sequence[str], month: Period) -> Finding | None:
    """The numbers cannot be had again from the inputs as they are."""
    words = (
        f"computed once more from its input files, {'; '.join(differences)}: `usage-pipeline run --from {month.start} --to {month.last}`"
        " computes all of it at once; what it does not mend is a file whose earlier version is gone."
    )
    return Finding(code="not_reproducible", blocks=True, count=len(differences), amount=None, words=words) if differences else None


def _not_over(month: Period, today: date) -> Finding | None:
    words = f"{month_name(month)} is not over: it can close from {month.end} (UTC) on."
    return Finding(code="month_not_over", blocks=True, count=1, amount=None, words=words) if today < month.end else None


def _nothing(daily: Sequence[DailyCost]) -> Finding | None:
    words = "no cost of the month was ever computed: `usage-pipeline run` does."
    return None if daily else Finding(code="no_costs", blocks=True, count=1, amount=None, words=words)


def _missing(days: Sequence[date], limit: int) -> Finding | None:
    words = (
        f"no source speaks of {days_text(days)}: what was used and billed then is missing. Add the files, then run again; where nothing was"
        f" used, limits.missing_days in usage.yaml says how many such days may stand (now {limit})."
    )
    return Finding(code="days_missing", blocks=len(days) > limit, count=len(days), amount=None, words=words) if days else None


def _unbilled(finality: MonthFinality, daily: Sequence[DailyCost]) -> list[Finding]:
    """Channels whose bill ends early block; what is estimated for want of any bill is told."""
    found: list[Finding] = []
    for one in finality.channels:
        if not one.reasons:
            continue
        blocks = one.finality == OPEN
        waiting = [row.cost for row in daily if row.channel == one.channel and row.billed_cost is None and row.day in set(one.unbilled)]
        amount = money.total(waiting) if blocks else one.estimated
        mend = " Wait for the bill and run again." if blocks else ""
        words = f"{one.channel}: {'; '.join(one.reasons)}.{mend}"
        found.append(Finding(code="bill_missing" if blocks else "estimated", blocks=blocks, count=1, amount=amount, words=words))
    return found


def _not_computed(workplace: Workplace, month: Period, daily: Sequence[DailyCost]) -> Finding | None:
    """Days whose files, configuration or price book changed since they were computed."""
    changed = changes_since(workplace, month)
    reasons = list(dict.fromkeys(changed.values()))
    more = f" and {len(reasons) - SHOWN} more reasons" if len(reasons) > SHOWN else ""
    words = (
        f"the numbers of {days_text(sorted(changed))} are older than what they are made of ({'; '.join(reasons[:SHOWN])}{more}):"
        f" `usage-pipeline run --from {month.start} --to {month.last}` computes them, with --revise where the month was closed before."
    )
    cost = money.total([abs(row.cost) for row in daily if row.cost is not None and row.day in changed])
    return Finding(code=NOT_UP_TO_DATE, blocks=True, count=len(changed), amount=cost, words=words) if changed else None


def _not_summed(database: Database, month: Period, daily: Sequence[DailyCost]) -> Finding | None:
    found = footing(daily, database.select(monthly_costs, where={"month": month.start}))
    words = f"the month is not the sum of its days ({found[0] if found else ''}): run the monthly job again."
    return Finding(code="not_summed", blocks=True, count=len(found), amount=None, words=words) if found else None


def _gone(gone: Sequence[Gone]) -> Finding | None:
    more = f"; and {len(gone) - SHOWN} more" if len(gone) > SHOWN else ""
    words = "; ".join(one.words for one in gone[:SHOWN]) + f"{more}. Without it nobody can verify the close."
    return Finding(code="input_missing", blocks=True, count=len(gone), amount=None, words=words) if gone else None
