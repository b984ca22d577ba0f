"""What the page needs of how it looks: a style of its own where something is set, and the logo's address. Checked values only."""

import hashlib
from typing import Any

from usage_pipeline.tables.looks import LETTER, Logo, Looks

SCHEME = "asset:"
MARK_COLOUR = "#14213a"
LETTER_STYLE = "@page{size:letter;margin:17mm 19.95mm 19mm} @page :first{margin-top:14mm}"
"""The same width of text as on A4, so that every table fits as it does there."""
LOGO_STYLE = ".brand img{max-width:40mm;max-height:14mm;margin-right:3mm;flex:none} .brand span{width:auto;max-width:78mm}"


def looks_page(looks: Looks) -> dict[str, Any]:
    """`own_style`, `logo` ('' without) and `mark_colour`."""
    styles = [
        LETTER_STYLE if looks.paper == LETTER else "",
        LOGO_STYLE if looks.logo else "",
        _colour_style(looks.colour) if looks.colour else "",
    ]
    return {
        "own_style": " ".join(filter(None, styles)),
        "logo": logo_address(looks.logo) if looks.logo else "",
        "mark_colour": looks.colour or MARK_COLOUR,
    }


def logo_address(logo: Logo) -> str:
    """'asset:logo-0123456789abcdef.svg': another picture, another address."""
    return f"{SCHEME}logo-{hashlib.sha256(logo.content).hexdigest()[:16]}.{logo.kind}"


def _colour_style(colour: str) -> str:
    pill = ".pill:not(.open):not(.provisional)"
    return (
        f".total{{background:{colour}}} .mast{{border-bottom-color:{colour}}} .title h1{{color:{colour}}}"
        f" {pill}{{border-color:{colour};color:{colour}}}"
    )
