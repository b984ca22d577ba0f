"""Text of files that spreadsheets open: what one would run as a formula gets a leading apostrophe (OWASP, CSV injection)."""

GUARD = "'"
DANGER = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
UNSEEN = " \u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u200b\u200c\u200d\u2060\u3000\ufeff"
"""Spaces of all widths, none included: a formula behind them looks like one to whoever trims it."""


def guarded(value: str) -> str:
    """`value` so that no spreadsheet takes it for a formula."""
    return GUARD + value if _is_dangerous(value) else value


def unguarded(field: str) -> str:
    """What `guarded` was given."""
    return field[1:] if field.startswith(GUARD) and _is_dangerous(field[1:]) else field


def _is_dangerous(value: str) -> bool:
    """Whether it starts like a formula, leading spaces and apostrophes aside (the latter so that guarding can be undone)."""
    bare = value.lstrip(GUARD)
    return bare.startswith(DANGER) or bare.lstrip(UNSEEN).startswith(DANGER)
