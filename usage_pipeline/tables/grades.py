"""How far a statement's numbers can be trusted, as a grade: what is measured, how much of it each grade allows, and the grade itself.

The grade is the worst of its measures', so that no good figure hides a bad one.
"""

from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

LETTERS = ("A", "B", "C", "D")
MEANINGS = {
    "A": "good for the books",
    "B": "good for the books, with small gaps that are named",
    "C": "good for steering, not yet for the books",
    "D": "not to be relied on before the gaps are closed",
}

UNPRICED, UNEXPLAINED, UNATTRIBUTED, ESTIMATED = "unpriced", "unexplained", "unattributed", "estimated"
TWICE, MISSING_DAYS, REJECTED, STALE = "counted_twice", "missing_days", "rejected_lines", "stale_sources"

Steps = tuple[Decimal, Decimal, Decimal]
"""Up to how many per cent a statement is A, B and C; above the last it is D."""


def _steps(*percents: int) -> Steps:
    first, second, third = map(Decimal, percents)
    return first, second, third


STEPS = MappingProxyType(
    {
        UNPRICED: _steps(0, 1, 5),
        UNEXPLAINED: _steps(1, 3, 10),
        UNATTRIBUTED: _steps(2, 5, 20),
        ESTIMATED: _steps(5, 25, 100),
        TWICE: _steps(0, 1, 5),
        MISSING_DAYS: _steps(0, 5, 15),
        REJECTED: _steps(0, 1, 5),
        STALE: _steps(0, 25, 50),
    }
)
"""Where usage.yaml says nothing else (limits.grades). Of the cost; of days, lines and sources where these are measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One measure: `percent` of what it is measured in, null where that is not known; `amount` of money, null where it is not known."""

    name: str
    percent: Decimal | None
    amount: Decimal | None
    letter: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade:
    """A statement's grade and all that it was made of, in the order of STEPS."""

    letter: str
    measures: tuple[Measure, ...]

    @property
    def reasons(self) -> tuple[str, ...]:
        """What keeps the statement from an A, the worst first."""
        worse = [one for one in self.measures if one.letter != LETTERS[0]]
        return tuple(one.words for one in sorted(worse, key=lambda one: one.letter, reverse=True))


def letter_of(percent: Decimal | None, steps: Steps) -> str:
    """The grade of one measure; of one that is not known, the last."""
    if percent is None:
        return LETTERS[-1]
    return next((letter for letter, most in zip(LETTERS, steps, strict=False) if percent <= most), LETTERS[-1])
