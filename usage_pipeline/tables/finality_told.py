"""How final the figures of a mail are: the state of their month, and why, in a sentence."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalityTold:
    """`state` as in `revisions.STATES` ('open' …); `words` a whole sentence."""

    state: str
    words: str
