"""Daily amounts in, what a day to come is expected to cost: a level with a damped trend × a profile of the week, and how far off it may be.

Small and open on purpose. All of it is an estimate: decimals at 28 digits, so that equal input gives equal digits on every machine; what
is exact (what was spent) is added outside. Recent days count more, the profile is drawn towards an even week where little is known, the
trend towards none where it may be chance. An outburst counts in full only if one came before or after it, some days apart. Where days
scatter by more than their mean (batch jobs), that is how they are: all counts in full, the memory is longer, and there is no trend.

The constants were chosen by the error of forecasts of past months (benchmarks/forecast.py). Holt-Winters and Theta of statsmodels, tried
on the same months, were worse (as good for batch jobs), 15 times slower, and bring 200 MB.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Context, Decimal, localcontext
from statistics import median

HISTORY_DAYS = 112
"""Days looked back on. The oldest count a fourth or less of the newest."""
HALF_LIFE_DAYS, LONG_HALF_LIFE_DAYS = 21, 56
"""In so many days the weight of a day halves: for level and trend, and for what changes slowly or drowns in noise."""
WEEKEND_DAY = 6
"""What a holiday is like: a Sunday."""

_ESTIMATE = Context(prec=28)
_ZERO, _ONE = Decimal(0), Decimal(1)
_EVEN_WEEK, _EVEN_WEEK_IN_NOISE = Decimal(1), Decimal(12)
"""How many days of its kind the belief in an even week is worth."""
_SMALLEST_SHARE = Decimal("0.02")
_DAMPED = Decimal("0.97")
"""What is left of the trend from one day to the next."""
_APART_DAYS = 3
_LONGEST_MEMORY = Decimal("0.8")
_LEARNED = 8
"""Level, trend and six shares of the week are taken out of the same days."""


@dataclass(frozen=True, slots=True)
class Model:
    """What was learned through `origin`. `covariance` is that of level and trend; `noise` the variance of a plain day's amount."""

    origin: date
    profile: tuple[Decimal, ...]
    level: Decimal
    trend: Decimal
    covariance: tuple[Decimal, Decimal, Decimal]
    noise: Decimal
    memory: Decimal
    holidays: frozenset[date]

    def expected(self, days: Sequence[date]) -> list[Decimal]:
        """The mean of each of `days`, never negative."""
        with localcontext(_ESTIMATE):
            return [self._share(day) * max(_ZERO, self.level + self.trend * _steps(self._ahead(day))) for day in days]

    def variance(self, days: Sequence[date]) -> Decimal:
        """That of the sum of `days`: of the days themselves, and of what is not known about level and trend."""
        with localcontext(_ESTIMATE):
            shares = [self._share(day) for day in days]
            whole = sum(shares, _ZERO)
            steps = sum((share * _steps(self._ahead(day)) for share, day in zip(shares, days, strict=True)), _ZERO)
            of_level, of_both, of_trend = self.covariance
            unknown = whole * whole * of_level + 2 * whole * steps * of_both + steps * steps * of_trend
            return max(_ZERO, unknown) + self.noise * whole * (1 + self.memory) / (1 - self.memory)

    def _share(self, day: date) -> Decimal:
        return self.profile[kind_of(day, self.holidays)]

    def _ahead(self, day: date) -> int:
        return (day - self.origin).days


def kind_of(day: date, holidays: Collection[date]) -> int:
    """Monday 0 to Sunday 6; a holiday is like a Sunday."""
    return WEEKEND_DAY if day in holidays else day.weekday()


def learn(amounts: Mapping[date, Decimal], origin: date, holidays: Collection[date] = ()) -> Model:
    """The model of the days through `origin` on which the amount is known; there must be one. Days that are not known are left out."""
    known = sorted((day, amount) for day, amount in amounts.items() if 0 <= (origin - day).days < HISTORY_DAYS)
    with localcontext(_ESTIMATE):
        days, values = [day for day, _ in known], [amount for _, amount in known]
        ages = [(origin - day).days for day in days]
        kinds = [kind_of(day, holidays) for day in days]
        calm = _without_lone_outbursts(days, values, kinds)
        profile = _profile(calm, kinds, ages)
        shares = [profile[kind] for kind in kinds]
        line = _line(calm, shares, ages, HALF_LIFE_DAYS)
        if line.noise > line.level * line.level:
            calm, profile = values, _profile(values, kinds, ages, _EVEN_WEEK_IN_NOISE)
            shares = [profile[kind] for kind in kinds]
            line = _line(values, shares, ages, LONG_HALF_LIFE_DAYS, is_flat=True)
        rests = [value - share * (line.level - line.trend * age) for value, share, age in zip(calm, shares, ages, strict=True)]
        return Model(
            origin, profile, line.level, line.trend, line.covariance, line.noise, _memory(rests, shares, ages), frozenset(holidays)
        )


def _weight(age: int, half_life: int) -> Decimal:
    return _WEIGHTS[half_life][age]


def _profile(values: Sequence[Decimal], kinds: Sequence[int], ages: Sequence[int], even: Decimal = _EVEN_WEEK) -> tuple[Decimal, ...]:
    """What share of a plain day each day of the week is; 1 on average."""
    sums, counts = [_ZERO] * 7, [_ZERO] * 7
    for value, kind, age in zip(values, kinds, ages, strict=True):
        weight = _weight(age, LONG_HALF_LIFE_DAYS)
        sums[kind] += weight * value
        counts[kind] += weight
    means = [total / count for total, count in zip(sums, counts, strict=True) if count]
    plain = sum(means, _ZERO) / len(means)
    if plain <= 0:
        return (_ONE,) * 7
    drawn = [(total + even * plain) / (count + even) for total, count in zip(sums, counts, strict=True)]
    shares = [max(_SMALLEST_SHARE, one / plain) for one in drawn]
    whole = sum(shares, _ZERO)
    return tuple(7 * share / whole for share in shares)


def _without_lone_outbursts(days: Sequence[date], values: Sequence[Decimal], kinds: Sequence[int]) -> list[Decimal]:
    """Each amount at most as high, for its kind of day, as the highest of the days that are more than some days apart."""
    usual = _medians(values, kinds)
    plain = [value / usual[kind] for value, kind in zip(values, kinds, strict=True)]
    highest = sorted(range(len(plain)), key=lambda place: (-plain[place], place))
    kept = []
    for place, day in enumerate(days):
        apart = (other for other in highest if abs((days[other] - day).days) > _APART_DAYS)
        rival = next(apart, None)
        kept.append(values[place] if rival is None else min(values[place], plain[rival] * usual[kinds[place]]))
    return kept


def _medians(values: Sequence[Decimal], kinds: Sequence[int]) -> dict[int, Decimal]:
    """What a day of each kind is beside the others, outbursts or not."""
    middles = {kind: median([value for value, one in zip(values, kinds, strict=True) if one == kind]) for kind in set(kinds)}
    plain = sum((middles[kind] for kind in sorted(middles)), _ZERO) / len(middles)
    return {kind: max(_SMALLEST_SHARE, middle / plain) if plain > 0 else _ONE for kind, middle in middles.items()}


@dataclass(frozen=True, slots=True)
class _Line:
    """Amount = share × (level + trend × days from the origin)."""

    level: Decimal
    trend: Decimal
    covariance: tuple[Decimal, Decimal, Decimal]
    noise: Decimal


def _line(values: Sequence[Decimal], shares: Sequence[Decimal], ages: Sequence[int], half_life: int, *, is_flat: bool = False) -> _Line:
    """Least squares by age, an amount's variance being as its share. The trend is believed as far as it is no chance, `is_flat`: not."""
    x0, x1 = _ZERO, _ZERO
    f, g = [_ZERO] * 3, [_ZERO] * 3
    for share, age, value in zip(shares, ages, values, strict=True):
        weight = _weight(age, half_life)
        x0, x1 = x0 + weight * value, x1 - weight * value * age
        for power in range(3):
            f[power] += weight * share * (-age) ** power
            g[power] += weight * weight * share * (-age) ** power
    determinant = f[0] * f[2] - f[1] * f[1]
    slope = (f[0] * x1 - f[1] * x0) / determinant if determinant > 0 else _ZERO
    level = (x0 - slope * f[1]) / f[0]
    noise = _noise([value - share * (level - slope * age) for value, share, age in zip(values, shares, ages, strict=True)], shares, ages)
    of_slope = noise * (f[0] * f[0] * g[2] - 2 * f[0] * f[1] * g[1] + f[1] * f[1] * g[0]) / determinant**2 if determinant > 0 else _ZERO
    believed = slope * slope / (slope * slope + of_slope) if slope and not is_flat else _ZERO
    trend = slope * believed
    level = max(_ZERO, (x0 - trend * f[1]) / f[0])
    return _Line(level, trend, _covariance(noise, f, g, determinant, believed), noise)


def _noise(rests: Sequence[Decimal], shares: Sequence[Decimal], ages: Sequence[int]) -> Decimal:
    """The variance of a plain day, by a long memory: outbursts are rare."""
    weights = [_weight(age, LONG_HALF_LIFE_DAYS) for age in ages]
    squares = sum((weight * rest * rest / share for weight, rest, share in zip(weights, rests, shares, strict=True)), _ZERO)
    return squares / sum(weights) * len(rests) / max(1, len(rests) - _LEARNED)


def _covariance(
    noise: Decimal, f: Sequence[Decimal], g: Sequence[Decimal], determinant: Decimal, believed: Decimal
) -> tuple[Decimal, Decimal, Decimal]:
    """Of level and trend, the latter as far as it is believed."""
    flat = noise * g[0] / (f[0] * f[0])
    if determinant <= 0:
        return flat, _ZERO, _ZERO
    scale = noise / (determinant * determinant)
    of_level = scale * (f[2] * f[2] * g[0] - 2 * f[2] * f[1] * g[1] + f[1] * f[1] * g[2])
    of_both = scale * (f[0] * f[2] * g[1] - f[1] * f[2] * g[0] - f[0] * f[1] * g[2] + f[1] * f[1] * g[1])
    of_trend = scale * (f[0] * f[0] * g[2] - 2 * f[0] * f[1] * g[1] + f[1] * f[1] * g[0])
    return flat + (of_level - flat) * believed * believed, of_both * believed * believed, of_trend * believed * believed


def _memory(rests: Sequence[Decimal], shares: Sequence[Decimal], ages: Sequence[int]) -> Decimal:
    """How much of a day's surprise is left on the next: what makes sums vary more than their days."""
    scaled = [rest / share.sqrt() for rest, share in zip(rests, shares, strict=True)]
    pairs = [(one, other) for one, other, age, next_age in zip(scaled, scaled[1:], ages, ages[1:], strict=False) if age - next_age == 1]
    alone = sum((one * one for one, _ in pairs), _ZERO)
    together = sum((one * other for one, other in pairs), _ZERO)
    return min(max(together / alone, _ZERO), _LONGEST_MEMORY) if alone else _ZERO


def _steps(ahead: int) -> Decimal:
    """How far the trend carries on the day so far ahead."""
    return _STEPS[min(ahead, len(_STEPS) - 1)] if ahead > 0 else Decimal(ahead)


def _halves(half_life: int) -> tuple[Decimal, ...]:
    with localcontext(_ESTIMATE):
        kept = Decimal("0.5") ** (_ONE / half_life)
        return tuple(kept**age for age in range(HISTORY_DAYS))


def _damped() -> tuple[Decimal, ...]:
    with localcontext(_ESTIMATE):
        return tuple((1 - _DAMPED**ahead) / (1 - _DAMPED) * _DAMPED for ahead in range(400))


_WEIGHTS = {half_life: _halves(half_life) for half_life in (HALF_LIFE_DAYS, LONG_HALF_LIFE_DAYS)}
_STEPS = _damped()
