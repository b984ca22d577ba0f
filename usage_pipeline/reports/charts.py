"""Charts as coordinates: the daily stacked bars, the budget gauge, the sparkline. The template only draws what stands here.

Coordinates are texts with two decimals, so that equal data gives equal bytes on every machine.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from usage_pipeline.money import CENT, ZERO
from usage_pipeline.reports import words

COLOURS = ("#14506b", "#35aba0", "#f3c75f", "#95487f", "#8aabd8")
"""Of a stack: also in grey each is told from its neighbours."""
OTHER_COLOUR = "#cfd6e0"
LEFT, TOP, BOTTOM = Decimal(44), Decimal(18), Decimal(18)
WIDTH = Decimal(700)
MOST_STEPS = 5
SATURDAY = 5
LABEL_EVERY = 5
SPARK_HEIGHT = Decimal(18)
SPARK_STEP = Decimal(4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A rectangle."""

    x: str
    y: str
    width: str
    height: str
    colour: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A text at a place; for a tick also where its line runs."""

    x: str
    y: str
    text: str
    line: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyChart:
    """Stacked bars of a month. `pace` is the height of the budget's even daily share, '' where there is no budget."""

    height: str
    right: str
    weekends: tuple[Box, ...]
    ticks: tuple[Mark, ...]
    zero: str
    bars: tuple[Box, ...]
    days: tuple[Mark, ...]
    gaps: tuple[Mark, ...]
    peak: Mark | None
    pace: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauge:
    """How much of a budget is used. The scale ends at the limit, or at what was spent where that is more."""

    used: str
    limit: str
    forecast: str
    over: bool


def daily_chart(
    days: Sequence[date],
    stacks: Sequence[Sequence[Decimal]],
    colours: Sequence[str],
    *,
    peak_text: str | None,
    pace: Decimal | None,
    missing: Sequence[date],
    height: int,
) -> DailyChart:
    """Bars for `days` (a whole month), each a stack in the order of `colours`; credits (negative) hang below the line.

    `peak_text` is written over the highest day; `missing` days are marked as having no data.
    """
    ups = [sum((part for part in stack if part > 0), ZERO) for stack in stacks]
    downs = [sum((part for part in stack if part < 0), ZERO) for stack in stacks]
    step = nice_step(max([*ups, pace or ZERO]) - min([*downs, ZERO]))
    top = max((max([*ups, pace or ZERO]) / step).to_integral_value(ROUND_CEILING), Decimal(1)) * step
    low = (min([*downs, ZERO]) / step).to_integral_value(ROUND_FLOOR) * step
    unit, suffix = axis_unit(top - low)
    plot = height - TOP - BOTTOM
    column = (WIDTH - LEFT) / len(days)

    def y_of(value: Decimal) -> Decimal:
        return TOP + plot * (top - value) / (top - low)

    def x_of(place: int) -> Decimal:
        return LEFT + place * column

    bars = [
        Box(
            x=at(x_of(place) + column * Decimal("0.16")),
            y=at(y_of(upper)),
            width=at(column * Decimal("0.68")),
            height=at(tall),
            colour=colour,
        )
        for place, stack in enumerate(stacks)
        for lower, upper, colour in _layers(stack, colours)
        if (tall := y_of(lower) - y_of(upper)) > Decimal("0.04")
    ]
    peak = max(range(len(days)), key=lambda place: (ups[place], -place))
    return DailyChart(
        height=str(height),
        right=at(WIDTH),
        weekends=tuple(
            Box(x=at(x_of(place)), y=at(TOP), width=at(column), height=at(plot))
            for place, day in enumerate(days)
            if day.weekday() >= SATURDAY
        ),
        ticks=tuple(
            Mark(x=at(LEFT - 6), y=at(y_of(value) + 3), text=tick_text(value / unit, step / unit) + suffix, line=at(y_of(value)))
            for number in range(int((top - low) / step) + 1)
            for value in [low + number * step]
        ),
        zero=at(y_of(ZERO)),
        bars=tuple(bars),
        days=tuple(
            Mark(x=at(x_of(place) + column / 2), y=at(Decimal(height) - 6), text=str(day.day))
            for place, day in enumerate(days)
            if place == 0 or day.day % LABEL_EVERY == 0
        ),
        gaps=tuple(
            Mark(x=at(x_of(place) + column / 2), y=at(y_of(ZERO) - 4), text="×") for place, day in enumerate(days) if day in set(missing)
        ),
        peak=None if peak_text is None else Mark(x=at(x_of(peak) + column / 2), y=at(y_of(ups[peak]) - 5), text=peak_text),
        pace="" if pace is None else at(y_of(pace)),
    )


def gauge(spent: Decimal, limit: Decimal, forecast: Decimal | None) -> Gauge:
    """The gauge of one budget on a scale of 400."""
    top = max(spent, limit, forecast or ZERO) or Decimal(1)
    width = Decimal(400)
    return Gauge(
        used=at(max(spent, ZERO) / top * width),
        limit=at(limit / top * width),
        forecast="" if forecast is None or forecast <= spent else at(forecast / top * width),
        over=spent > limit,
    )


def spark(values: Sequence[Decimal]) -> tuple[Box, ...]:
    """Thin bars, one a day; the highest fills the height."""
    largest = max([*values, ZERO]) or Decimal(1)
    heights = [max(value, ZERO) / largest * (SPARK_HEIGHT - 1) + Decimal("0.4") for value in values]
    return tuple(
        Box(x=str(place * SPARK_STEP), y=at(SPARK_HEIGHT - tall), width="2.8", height=at(tall)) for place, tall in enumerate(heights)
    )


def nice_step(span: Decimal) -> Decimal:
    """A round step (1, 2, 2.5 or 5 times a power of ten) that divides `span` in at most five."""
    if span <= 0:
        return Decimal(1)
    power = Decimal(1).scaleb((span / MOST_STEPS).adjusted())
    return next(
        power * factor
        for factor in (Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5), Decimal(10))
        if power * factor * MOST_STEPS >= span
    )


def tick_text(value: Decimal, step: Decimal) -> str:
    """The axis's number, with as many decimals as the step has."""
    exponent = step.normalize().as_tuple().exponent
    places = max(0, -exponent) if isinstance(exponent, int) else 0
    return words.number(value, places)


def axis_unit(top: Decimal) -> tuple[Decimal, str]:
    """What an axis up to `top` counts in: ones, or millions where the digits would not fit beside it."""
    return (Decimal(10**6), " m") if top >= 10**6 else (Decimal(1), "")


def at(value: Decimal) -> str:
    """A coordinate: two decimals, always."""
    return f"{value.quantize(CENT):f}"


def _layers(stack: Sequence[Decimal], colours: Sequence[str]) -> list[tuple[Decimal, Decimal, str]]:
    """(lower, upper, colour) of each part: costs pile up from zero, credits down from it."""
    up, down = ZERO, ZERO
    layers: list[tuple[Decimal, Decimal, str]] = []
    for part, colour in zip(stack, colours, strict=True):
        if part >= 0:
            layers.append((up, up + part, colour))
            up += part
        else:
            layers.append((down + part, down, colour))
            down += part
    return layers
