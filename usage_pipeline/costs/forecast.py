"""Daily amounts so far in, the amount at the period's end out: mean, 80 % interval, and the day on which a limit is reached.

`amounts` holds the days on which the amount is known, those before the period too, in any order; a day that is not there is not known,
which is not 0: what it will come to is expected like a day ahead. The forecast is never below what is spent already.
With less than two weeks of history it is a straight line with a wide interval, and says so.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, Context, Decimal, localcontext

from usage_pipeline import money
from usage_pipeline.costs.forecast_model import HISTORY_DAYS, Model, learn
from usage_pipeline.periods import Period
from usage_pipeline.tables.forecasts import COMPLETE, STRAIGHT, WEEKLY

SHORTEST_HISTORY_DAYS, DAYS_OF_WEEK = 14, 7

_ESTIMATE = Context(prec=28)
_STEP = Decimal("0.000001")
_EIGHTY_PERCENT = Decimal("1.2816")
"""Standard deviations on each side that hold 80 % of a normal distribution."""
_UNKNOWN_SHAPE = Decimal("1.25")
"""The interval is so much wider than the fit says, for what a fit cannot know; benchmarks/forecast.py measures the coverage."""
_WIDE, _WIDER = Decimal("0.35"), Decimal("0.7")
"""The least relative deviation of what is ahead with less than two weeks of history, and with less than one: it may be all weekend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What a period is expected to come to. `path` holds the running total at the end of each day that is not over, rising.

    `missing_days` are days through `through` of which nothing is known; `history_days` those that it rests on.
    """

    mean: Decimal
    low: Decimal
    high: Decimal
    method: str
    spent: Decimal
    history_days: int
    missing_days: int
    path: tuple[tuple[date, Decimal], ...]

    def crossing_date(self, limit: Decimal) -> date | None:
        """The first day to come at whose end the expected total reaches `limit`; null if none of the period does."""
        return next((day for day, total in self.path if total > 0 and total >= limit), None)


def forecast(
    amounts: Mapping[date, Decimal],
    period: Period,
    through: date,
    *,
    holidays: Collection[date] = (),
    partly: Mapping[date, Decimal] | None = None,
) -> Forecast | None:
    """The forecast of `period` with what is known through `through`; null where nothing is, or nothing of the last months.

    `partly` holds amounts of days that are not wholly known, such as today's: they are spent, and may grow.
    """
    begun = {day: amount for day, amount in (partly or {}).items() if day in period and day not in amounts}
    known = _since_first({day: amount for day, amount in amounts.items() if day <= through})
    if not known:
        return None
    inside = {day: amount for day, amount in known.items() if day in period}
    spent = money.total([*inside.values(), *begun.values()])
    rest = [day for day in period.days() if day not in inside and (day > through or day >= min(known))]
    if not rest:
        return Forecast(mean=spent, low=spent, high=spent, method=COMPLETE, spent=spent, history_days=len(inside), missing_days=0, path=())
    recent = {day: amount for day, amount in known.items() if (through - day).days < HISTORY_DAYS}
    if not recent:
        return None
    is_short = len(recent) < SHORTEST_HISTORY_DAYS
    each, deviation = _line(recent, rest) if is_short else _weekly(learn(recent, through, holidays), rest)
    ahead = [max(amount, begun.get(day, money.ZERO)) for day, amount in zip(rest, each, strict=True)]
    low, high = _interval(money.total(ahead), deviation)
    over = money.total(list(inside.values()))
    mean = max(spent, money.total([over, *ahead]))
    return Forecast(
        mean=mean,
        low=min(mean, max(spent, money.total([over, low]))),
        high=max(mean, money.total([over, high])),
        method=STRAIGHT if is_short else WEEKLY,
        spent=spent,
        history_days=len(recent),
        missing_days=sum(day <= through for day in rest),
        path=_path(over, rest, ahead, through),
    )


def straight_line(spent: Decimal, elapsed_days: int, period: Period) -> Decimal:
    """What `spent` in the first days of the period comes to at its end at the same pace."""
    return max(spent, money.share_of(spent, period.days_count, elapsed_days))


def _since_first(amounts: Mapping[date, Decimal]) -> dict[date, Decimal]:
    """Without the days before anything was spent: they are no history."""
    first = min((day for day, amount in amounts.items() if amount), default=None)
    return {} if first is None else {day: amounts[day] for day in sorted(amounts) if day >= first}


def _weekly(model: Model, rest: list[date]) -> tuple[list[Decimal], Decimal]:
    with localcontext(_ESTIMATE):
        return [_rounded(one) for one in model.expected(rest)], _UNKNOWN_SHAPE * model.variance(rest).sqrt()


def _line(recent: Mapping[date, Decimal], rest: list[date]) -> tuple[list[Decimal], Decimal]:
    """The same amount every day. Its deviation is that of the few days known, and never small: they share one week's mood."""
    with localcontext(_ESTIMATE):
        mean = max(money.ZERO, sum(recent.values(), money.ZERO) / len(recent))
        spread = sum(((amount - mean) ** 2 for amount in recent.values()), money.ZERO) / max(1, len(recent) - 1)
        count = Decimal(len(rest))
        of_days = spread * count * (1 + count / len(recent))
        least = _WIDE if len(recent) >= DAYS_OF_WEEK else _WIDER
        return [_rounded(mean)] * len(rest), (of_days + (least * mean * count) ** 2).sqrt()


def _interval(mean: Decimal, deviation: Decimal) -> tuple[Decimal, Decimal]:
    """The 80 % interval of an amount that cannot be negative and leans to the right (log-normal)."""
    with localcontext(_ESTIMATE):
        if mean <= 0:
            return money.ZERO, _rounded(_EIGHTY_PERCENT * deviation)
        relative = (1 + (deviation / mean) ** 2).ln()
        middle, width = mean / (relative / 2).exp(), (_EIGHTY_PERCENT * relative.sqrt()).exp()
        return _rounded(middle / width), _rounded(middle * width)


def _path(over: Decimal, rest: list[date], ahead: list[Decimal], through: date) -> tuple[tuple[date, Decimal], ...]:
    """Running totals at the ends of the days after `through`; what is missing until then is in all of them."""
    running = money.total([over, *(amount for day, amount in zip(rest, ahead, strict=True) if day <= through)])
    found = []
    for day, amount in zip(rest, ahead, strict=True):
        if day > through:
            running = money.total([running, amount])
            found.append((day, running))
    return tuple(found)


def _rounded(estimate: Decimal) -> Decimal:
    """An estimate as an amount: where it leaves this room's arithmetic, at a millionth."""
    return estimate.quantize(_STEP, rounding=ROUND_CEILING)
