"""The daily amounts of a budget as a picture: a bar a day, what is above the budget's daily line in another colour, days to come pale.

Colours are of middle lightness on a transparent ground, so that they show on white and in dark mode alike; the picture has no text:
what it says is beside it, and in its alternative text.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from usage_pipeline import money
from usage_pipeline.alerts.png import Colour, png

WIDTH, HEIGHT = 528, 88
"""In a mail's own pixels; the picture has twice as many each way, for fine screens."""

CLEAR, INSIDE, ABOVE, COMING, LINE = range(5)
PALETTE: tuple[Colour, ...] = ((128, 128, 128, 0), (28, 143, 134, 255), (219, 96, 36, 255), (128, 143, 160, 255), (125, 135, 150, 255))
SCALE = 2
LINE_HEIGHT, DASH, GAP_MAX = 3, 12, 24
BARS_MAX = 366


@dataclass(frozen=True, slots=True)
class Bar:
    """One day, or a few days together where there are many. `is_expected`: it is still to come."""

    amount: Decimal
    is_expected: bool = False


def picture(bars: Sequence[Bar], line: Decimal) -> bytes:
    """`bars` from left to right as a PNG, with a dashed line at `line`, an amount a bar."""
    width, height = WIDTH * SCALE, HEIGHT * SCALE
    top = max([line, *(bar.amount for bar in bars)])
    limit = _pixels(line, top, height - LINE_HEIGHT)
    columns = [(place * width // len(bars), (place + 1) * width // len(bars), bar) for place, bar in enumerate(bars)]
    stretches = [(left, right - _gap(right - left), bar, _pixels(bar.amount, top, height - LINE_HEIGHT)) for left, right, bar in columns]
    dashes = bytes(LINE if x % DASH < DASH * 2 // 3 else CLEAR for x in range(width))
    lines: list[bytes] = []
    for level in range(height - 1, -1, -1):
        if limit <= level < limit + LINE_HEIGHT:
            lines.append(dashes)
            continue
        row = bytearray(width)
        for left, right, bar, tall in stretches:
            if level < tall:
                row[left:right] = bytes([COMING if bar.is_expected else ABOVE if level > limit else INSIDE]) * (right - left)
        lines.append(bytes(row))
    return png(lines, PALETTE)


def _pixels(amount: Decimal, top: Decimal, height: int) -> int:
    """A day that cost anything shows."""
    if amount <= 0 or top <= 0:
        return 0
    return max(2, int(money.share_of(Decimal(height), amount, top)))


def _gap(width: int) -> int:
    return min(GAP_MAX, max(1, width // 4)) if width > 1 else 0
