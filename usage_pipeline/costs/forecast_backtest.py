"""What projects spent by day in, a month's forecasts out: as of the last day known, and as they would have been on days of the past."""

import statistics
from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date, timedelta
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.costs.forecast import forecast, straight_line
from usage_pipeline.costs.forecast_series import Series, last_whole_day
from usage_pipeline.periods import Period
from usage_pipeline.tables.forecasts import JUDGED_DAYS, ORGANISATION, PROJECT, Forecasted, ForecastError

_PLACES = Decimal("0.0001")


def month_forecasts(series: Sequence[Series], month: Period, holidays: Collection[date] = ()) -> list[Forecasted]:
    """Of every project and the organisation: made on days 5, 10, 15 and 20 of `month` and, while it runs, on the last day known."""
    last = max((day for one in series for day in (*one.known, *one.partly)), default=None)
    if last is None:
        return []
    whole = last_whole_day(series)
    is_over = whole is not None and whole >= month.last
    judged = {month.start + timedelta(days=number - 1) for number in JUDGED_DAYS} | (set() if is_over else {last})
    days = sorted(day for day in judged if day in month and day <= last)
    found = [_forecasted(one, month, day, holidays, is_over=is_over) for one in series for day in days]
    return [row for row in found if row is not None]


def _forecasted(series: Series, month: Period, as_of: date, holidays: Collection[date], *, is_over: bool) -> Forecasted | None:
    then = series.through(as_of)
    made = forecast(then.known, month, as_of, holidays=holidays, partly=then.partly)
    if made is None:
        return None
    actual = money.total([amount for day, amount in series.known.items() if day in month]) if is_over else None
    straight = straight_line(made.spent, (as_of - month.start).days + 1, month)
    return Forecasted(
        scope=ORGANISATION if series.project is None else PROJECT,
        project=series.project,
        period_start=month.start,
        period_end=month.end,
        as_of=as_of,
        spent=made.spent,
        forecast=made.mean,
        low=made.low,
        high=made.high,
        method=made.method,
        straight_line=straight,
        history_days=made.history_days,
        missing_days=made.missing_days,
        actual=actual,
        error=_error(made.mean, actual),
        straight_line_error=_error(straight, actual),
    )


def _error(expected: Decimal, actual: Decimal | None) -> Decimal | None:
    return None if actual is None or actual <= 0 else money.percent(abs(money.total([expected, -actual])), actual)


def errors_of(rows: Sequence[Forecasted]) -> list[ForecastError]:
    """The median errors by project and day of the month, over the months that are over."""
    groups: dict[tuple[str, str | None, int], list[tuple[Forecasted, Decimal, Decimal]]] = defaultdict(list)
    for row in rows:
        if row.as_of.day in JUDGED_DAYS and row.error is not None and row.straight_line_error is not None:
            groups[row.scope, row.project, row.as_of.day].append((row, row.error, row.straight_line_error))
    return [
        ForecastError(
            scope=scope,
            project=project,
            day_of_month=number,
            months=len(members),
            error=_median([error for _, error, _ in members]),
            straight_line_error=_median([error for _, _, error in members]),
            in_interval=sum(row.actual is not None and row.low <= row.actual <= row.high for row, _, _ in members),
        )
        for (scope, project, number), members in sorted(groups.items(), key=lambda group: (group[0][0], group[0][1] or "", group[0][2]))
    ]


def _median(values: Sequence[Decimal]) -> Decimal:
    return statistics.median(values).quantize(_PLACES)
