"""How statements look: `reports:` of usage.yaml, with the logo read. Numbers are the same however they look."""

from dataclasses import dataclass

A4, LETTER = "A4", "Letter"
PAPERS = {"a4": A4, "letter": LETTER}
PNG, SVG = "png", "svg"


@dataclass(frozen=True, slots=True, kw_only=True)
class Logo:
    """A picture's bytes, and its kind: 'png' or 'svg'."""

    content: bytes
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """`locale` None writes numbers and dates as '1,234.50' and '31 October 2026'. `colour` is '#rrggbb', None for the template's own.

    `excel_bom`: statement.csv begins with a byte order mark, so that Excel takes it for UTF-8.
    """

    locale: str | None = None
    paper: str = A4
    colour: str | None = None
    logo: Logo | None = None
    excel_bom: bool = True


PLAIN = Looks()
