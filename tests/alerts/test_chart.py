"""The picture in a mail: that it is what a picture program reads, what its bars are, and that it shows on white and on black."""

from decimal import Decimal
from io import BytesIO

import pytest
from PIL import Image

from usage_pipeline.alerts.chart import ABOVE, CLEAR, COMING, HEIGHT, INSIDE, LINE, PALETTE, SCALE, WIDTH, Bar, picture
from usage_pipeline.alerts.png import png

WHITE, DARK_CARD = (255, 255, 255), (24, 32, 46)


def shown(bars: list[Bar], line: str) -> Image.Image:
    found = Image.open(BytesIO(picture(bars, Decimal(line))))
    found.load()
    return found


def column(image: Image.Image, x: int) -> list[int]:
    """How many pixels of each colour number stand in a column."""
    numbers = [image.getpixel((x, y)) for y in range(image.height)]
    return [numbers.count(number) for number in range(len(PALETTE))]


def test_bars_by_hand() -> None:
    """Of 173 pixels (176 less the line): 20 is all, 10 is 86 and a half, of which 86 show; 5 above the line at 10 are orange."""
    image = shown([Bar(Decimal(20)), Bar(Decimal(5)), Bar(Decimal(0)), Bar(Decimal(10), is_expected=True)], "10")
    assert image.size == (WIDTH * SCALE, HEIGHT * SCALE)
    full, small, none, coming = (column(image, place * 264 + 2) for place in range(4))
    assert (full[INSIDE], full[ABOVE], full[LINE], full[CLEAR]) == (86, 84, 3, 3)
    assert (small[INSIDE], small[ABOVE]) == (43, 0)
    assert (none[INSIDE], none[ABOVE], none[LINE]) == (0, 0, 3)
    assert (coming[COMING], coming[INSIDE]) == (86, 0)


def test_a_day_that_cost_anything_shows_and_a_credit_does_not() -> None:
    image = shown([Bar(Decimal("0.0001")), Bar(Decimal(100)), Bar(Decimal(-5))], "50")
    assert column(image, 2)[INSIDE] == 2
    assert column(image, 1056 // 3 * 2 + 2)[INSIDE] == 0


def test_nothing_at_all_is_a_picture_too() -> None:
    assert shown([Bar(Decimal(0))], "0").size == (1056, 176)


def test_a_year_fits() -> None:
    image = shown([Bar(Decimal(1))] * 366, "2")
    assert column(image, 0)[INSIDE] > 80
    assert len(picture([Bar(Decimal(n % 7)) for n in range(366)], Decimal(4))) < 5000


def test_same_days_same_bytes_and_few() -> None:
    bars = [Bar(Decimal(n % 7 + 3)) for n in range(31)]
    assert picture(bars, Decimal(5)) == picture(list(bars), Decimal(5))
    assert len(picture(bars, Decimal(5))) < 2000


def luminance(colour: tuple[int, ...]) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-relative-luminance"""
    linear = [part / 255 / 12.92 if part / 255 <= 0.04045 else ((part / 255 + 0.055) / 1.055) ** 2.4 for part in colour[:3]]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("number", [INSIDE, ABOVE, COMING, LINE])
@pytest.mark.parametrize("ground", [WHITE, DARK_CARD], ids=["light", "dark"])
def test_every_colour_stands_out_on_white_and_on_dark(number: int, ground: tuple[int, ...]) -> None:
    """At least 3 to 1, as WCAG 2.2 asks of graphics (1.4.11)."""
    one, other = sorted((luminance(PALETTE[number]), luminance(ground)))
    assert (other + 0.05) / (one + 0.05) >= 3


def test_lines_of_two_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="lines of one length"):
        png([b"\0\0", b"\0"], PALETTE)


def test_an_odd_width() -> None:
    image = Image.open(BytesIO(png([b"\1\2\3"], PALETTE)))
    assert [image.getpixel((x, 0)) for x in range(3)] == [1, 2, 3]
