"""Letters of names that the text's own font lacks: other fonts of the template folder have most of them, the rest is visibly marked.

In: a page's text. Out: the same, with each run of characters that no shipped font has as its code points, such as [U+0E01 U+0E02]. So no
name is ever blank, and a page looks the same on every machine: fonts that are installed there are never needed.
"""

import re
import unicodedata
from functools import lru_cache
from pathlib import Path

from fontTools.ttLib import TTFont

FONTS = "fonts"
LETTERS = "fonts/letters"
TEXT_FONT = "Inter-Regular.ttf"
POINTS_MOST = 4
INVISIBLE = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})
"""Spaces, controls and joiners: nothing is drawn for them, so no font is needed."""
VARIATIONS = range(0xFE00, 0xFE10)
"""They choose between two forms of the character before."""


def printable(page: str, templates: Path) -> str:
    """`page` with what cannot be printed as code points."""
    lacking = _lacking(page, templates)
    if not lacking or not (unknown := lacking - _characters(str(templates / LETTERS))):
        return page
    return re.sub("[" + "".join(map(re.escape, sorted(unknown))) + "]+", _marked, page)


def needs_letters(page: str, templates: Path) -> bool:
    """Whether `page` has letters that the text's own font lacks."""
    return bool(_lacking(page, templates))


def letter_fonts(templates: Path) -> tuple[Path, ...]:
    """The files of the other fonts."""
    return tuple(sorted((templates / LETTERS).glob("*.ttf")))


def _marked(found: re.Match[str]) -> str:
    """'[U+0E01 U+0E02]', '[U+0E01 U+0E02 U+0E03 U+0E04 +7]'."""
    points = [f"U+{ord(one):04X}" for one in found[0][:POINTS_MOST]]
    left = len(found[0]) - len(points)
    return "[" + " ".join([*points, *([f"+{left}"] if left else [])]) + "]"


def _lacking(page: str, templates: Path) -> set[str]:
    if page.isascii():
        return set()
    return {one for one in set(page) - _characters(str(templates / FONTS)) if _is_drawn(one)}


def _is_drawn(one: str) -> bool:
    return unicodedata.category(one) not in INVISIBLE and ord(one) not in VARIATIONS


@lru_cache(maxsize=8)
def _characters(folder: str) -> frozenset[str]:
    """What the fonts in `folder` have; of the text's own font one weight, as all have the same."""
    own = Path(folder) / TEXT_FONT
    paths = [own] if own.is_file() else sorted(Path(folder).glob("*.ttf"))
    points: set[str] = set()
    for path in paths:
        with TTFont(path, lazy=True) as font:
            points.update(map(chr, font.getBestCmap()))
    return frozenset(points)
