"""The heat strip: requests by day of the week and hour of the day as coordinates and shades, which stay apart in grey too."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from usage_pipeline.reports.charts import Box, Mark, at
from usage_pipeline.tables.logged_use import UsedInHour

SHADES = ("#f1f4f8", "#d5e0ea", "#aac3d6", "#7ba1bf", "#48799f", "#1d4f74", "#0c2c47")
"""From nothing to the most: evenly apart in lightness."""
LEFT, TOP, WIDTH, ROW, GAP = Decimal(44), Decimal(2), Decimal(700), Decimal(12), Decimal("1.2")
HOURS, WEEKDAYS = 24, 7
EVERY = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Heat:
    """`cells` are a path for each shade; `hours` and `weekdays` are the texts beside them."""

    height: str
    cells: tuple[tuple[str, str], ...]
    hours: tuple[Mark, ...]
    weekdays: tuple[Mark, ...]


def heat_of(found: Sequence[UsedInHour], names: Sequence[str]) -> Heat:
    """`names` of the days of the week, Monday first."""
    requests = {(one.weekday, one.hour): one.requests for one in found}
    most = max(requests.values(), default=0)
    column = (WIDTH - LEFT) / HOURS
    bottom = TOP + ROW * WEEKDAYS
    boxes = [
        Box(
            x=at(LEFT + column * hour),
            y=at(TOP + ROW * weekday),
            width=at(column - GAP),
            height=at(ROW - GAP),
            colour=shade(requests.get((weekday, hour), 0), most),
        )
        for weekday in range(WEEKDAYS)
        for hour in range(HOURS)
    ]
    return Heat(
        height=str(bottom + 14),
        cells=tuple((one, outline([box for box in boxes if box.colour == one])) for one in SHADES),
        hours=tuple(
            Mark(x=at(LEFT + column * hour + (column - GAP) / 2), y=at(bottom + 10), text=f"{hour:02d}") for hour in range(0, HOURS, EVERY)
        ),
        weekdays=tuple(Mark(x=at(LEFT - 6), y=at(TOP + ROW * place + 9), text=name) for place, name in enumerate(names)),
    )


def outline(boxes: Sequence[Box]) -> str:
    """Rectangles as one path: a page draws it far faster than each by itself."""
    return "".join(f"M{box.x} {box.y}h{box.width}v{box.height}h-{box.width}z" for box in boxes)


def shade(requests: int, most: int) -> str:
    """The first shade for none, the last for the most."""
    if not requests or not most:
        return SHADES[0]
    steps = len(SHADES) - 1
    return SHADES[min(steps, -(-requests * steps // most))]
