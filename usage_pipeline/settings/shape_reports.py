"""The shape of usage.yaml's section `reports`: how statements look."""

import re
from importlib import import_module
from typing import Annotated, Any

from pydantic import BeforeValidator

from usage_pipeline.settings.shape import Section
from usage_pipeline.settings.shape_words import word, wrong
from usage_pipeline.tables.looks import A4, PAPERS, PNG, SVG

COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
LEAST_CONTRAST = 4.5
"""Of white text on the colour, as WCAG 2 asks for (level AA)."""
ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")


def _locale(value: Any) -> str:
    """Languages and countries that Babel (CLDR) knows; loaded only where one is set."""
    locale = word(value).replace("-", "_")
    if not re.fullmatch(r"[A-Za-z0-9_]+", locale) or not import_module("babel.localedata").exists(locale):
        raise wrong(f"{value!r} is no locale that is known: a language and a country, such as de_DE, en_US or fr_CH")
    return locale


def _paper(value: Any) -> str:
    paper = PAPERS.get(word(value).lower())
    if paper is None:
        raise wrong(f"{value!r} is no paper: a4 or letter")
    return paper


def _colour(value: Any) -> str:
    colour = word(value).lower()
    if not COLOUR.fullmatch(colour):
        raise wrong(f"{value!r} is no colour: # and six digits of 0-9 and a-f in quotes, such as '#14213a'")
    contrast = contrast_with_white(colour)
    if contrast < LEAST_CONTRAST:
        raise wrong(f"{colour} is too light beside white: a contrast of {contrast:.1f}, and {LEAST_CONTRAST} is needed; take a darker one")
    return colour


def _logo(value: Any) -> str:
    path = word(value)
    if ADDRESS.match(path):
        raise wrong(f"{path!r} is an address; the logo is a local file, such as logo.svg")
    if not path.lower().endswith((f".{PNG}", f".{SVG}")):
        raise wrong(f"{path!r} is no .{PNG} or .{SVG} file")
    return path


def _flag(value: Any) -> bool:
    if value not in {"true", "false"}:
        raise wrong(f"{value!r} is neither true nor false")
    return bool(value == "true")


def contrast_with_white(colour: str) -> float:
    """The contrast of '#rrggbb' with white, 1 to 21 (WCAG 2, relative luminance)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)  # noqa: PLR2004 — sRGB's own
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)


class ReportsShape(Section):
    """How statements look."""

    locale: Annotated[str, BeforeValidator(_locale)] | None = None
    paper: Annotated[str, BeforeValidator(_paper)] = A4
    colour: Annotated[str, BeforeValidator(_colour)] | None = None
    logo: Annotated[str, BeforeValidator(_logo)] | None = None
    excel_bom: Annotated[bool, BeforeValidator(_flag)] = True
