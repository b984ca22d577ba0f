"""A statement's grade, out of its numbers and of what is known about their making. In: cost rows of one scope, facts. Out: a grade.

Each measure is a share of the statement's cost (of days, lines or sources where it is about these), and says what that is in money.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.tables.costs import DailyCost
from usage_pipeline.tables.grades import (
    ESTIMATED,
    LETTERS,
    MISSING_DAYS,
    REJECTED,
    STALE,
    STEPS,
    TWICE,
    UNATTRIBUTED,
    UNEXPLAINED,
    UNPRICED,
    Grade,
    Measure,
    Steps,
    letter_of,
)
from usage_pipeline.tables.summary import totals
from usage_pipeline.tables.unpriced import Unpriced, total_range

NOTHING = {
    UNPRICED: "all usage has a price",
    UNEXPLAINED: "every difference between bill, the provider’s count and logs has a cause",
    UNATTRIBUTED: "all cost has a project",
    ESTIMATED: "a bill covers all of it",
    TWICE: "nothing may be counted twice",
    MISSING_DAYS: "no day is missing",
    REJECTED: "every line could be read",
    STALE: "every source has data of late",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """How the numbers of one scope came about. `unexplained` and `twice` are amounts; `missing` of `days`, `rejected` of `lines`, `stale`
    of `sources` are counts. `unpriced` are its own rows, with their ranges.
    """

    unpriced: Sequence[Unpriced]
    unexplained: Decimal
    twice: Decimal
    missing: int
    days: int
    rejected: int
    lines: int
    stale: int
    sources: int
    partly_missing: int = 0
    """Further days of which other sources speak, and not one that speaks daily; `partly_worth` is what they lack, where it is known."""
    partly_worth: Decimal | None = None


def grade_of(rows: Sequence[DailyCost], made: Making, currency: str, steps: Mapping[str, Steps] = STEPS) -> Grade | None:
    """The worst of the measures; None for a scope without anything to grade."""
    if not rows:
        return None
    sums = totals(rows)
    cost = sums.cost

    def of_cost(name: str, amount: Decimal, what: str) -> Measure:
        percent = _of(amount, cost)
        return _measure(name, percent, amount, _of_money(percent, amount, currency, what), steps)

    measures = (
        _unpriced(made, cost, currency, steps),
        of_cost(UNEXPLAINED, made.unexplained, "differs between bill, the provider’s count and logs for no cause that is known"),
        of_cost(UNATTRIBUTED, sums.cost_unattributed, "belongs to no project"),
        of_cost(ESTIMATED, sums.cost_estimated, "is estimated: no bill covers it"),
        of_cost(TWICE, made.twice, "may be counted twice"),
        _missing(made, cost, currency, steps),
        _counted(REJECTED, made.rejected, made.lines, "lines could not be read", None, currency, steps),
        _counted(STALE, made.stale, made.sources, "sources have no data of late", None, currency, steps),
    )
    return Grade(letter=max(one.letter for one in measures), measures=measures)


def _unpriced(made: Making, cost: Decimal, currency: str, steps: Mapping[str, Steps]) -> Measure:
    """The most that usage without a rate may cost beyond the bills; where nobody can say, it is not known, which is the worst."""
    still = [one for one in made.unpriced if not one.billed]
    most = money.ZERO if not still else total_range(still)[1]
    what = "is the most that usage without a price may cost; it is in no total"
    if most is None:
        requests, tokens = sum(one.events for one in still), money.total([one.tokens for one in still])
        words = f"what usage without a price costs is not known ({requests:,} requests, {tokens:,.0f} tokens); it is in no total"
        return _measure(UNPRICED, None, None, words, steps)
    percent = _of(most, money.total([cost, most]))
    return _measure(UNPRICED, percent, most, _of_money(percent, most, currency, what), steps)


def _missing(made: Making, cost: Decimal, currency: str, steps: Mapping[str, Steps]) -> Measure:
    """Days of which no source speaks, and those of which one that speaks daily does not."""
    worth = made.partly_worth if made.partly_missing else _about(made.missing, made.days, cost)
    missing = made.missing + made.partly_missing
    what = "days of the month are missing" + (", in whole or of a source that speaks of every day" if made.partly_missing else "")
    return _counted(MISSING_DAYS, missing, made.days, what, worth, currency, steps)


def _counted(name: str, part: int, whole: int, what: str, amount: Decimal | None, currency: str, steps: Mapping[str, Steps]) -> Measure:
    """Of days, lines and sources; their money is not known, save that days cost about what the others did."""
    percent = _of(Decimal(part), Decimal(whole))
    worth = f", about {money.text(amount)} {currency} by the other days" if amount else ", in money not known" if part else ""
    told = what.replace(" are ", " is ").replace(" have ", " has ") if part == 1 else what
    return _measure(name, percent, amount if part else money.ZERO, f"{part:,} of {whole:,} {told}{worth}", steps)


def _about(missing: int, days: int, cost: Decimal) -> Decimal | None:
    """What the missing days would cost if each cost what the others did, to the cent; None where there are no others."""
    there = days - missing
    return money.share_of(cost, missing, there).quantize(money.CENT) if missing and there > 0 else None


def _of(part: Decimal, whole: Decimal) -> Decimal | None:
    """`part` in percent of `whole`; None for something of nothing."""
    if not part:
        return money.ZERO
    return money.percent(abs(part), abs(whole)) if whole else None


def _of_money(percent: Decimal | None, amount: Decimal, currency: str, what: str) -> str:
    share = "" if percent is None else f"{percent.quantize(Decimal('0.1'))}% of the cost, "
    shown = money.text(amount) if abs(amount) < money.CENT else f"{amount:,.2f}"
    return f"{share}{shown} {currency}, {what}"


def _measure(name: str, percent: Decimal | None, amount: Decimal | None, words: str, steps: Mapping[str, Steps]) -> Measure:
    letter = letter_of(percent, steps[name])
    most = steps[name][LETTERS.index(letter)] if letter != LETTERS[-1] else steps[name][-1]
    limit = f"above {money.text(most)}%" if letter == LETTERS[-1] else f"up to {money.text(most)}%"
    words = words if percent is None or percent else NOTHING[name]
    told = f" ({letter}: {'not known' if percent is None else limit})" if letter != LETTERS[0] else ""
    return Measure(name=name, percent=percent, amount=amount, letter=letter, words=words + told)
