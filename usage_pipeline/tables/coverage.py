"""Attribution coverage: every value by which a line could be given to a project, with its money and its owner. Made when asked for."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

NOTHING = "nothing"
"""Field of the lines that name nothing at all that a rule could test."""

MANY_VALUES = 200
"""A tag with more values than this (a request's id, say) is told as one row, its value left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """One value of one attribution field in one source.

    A line stands under each of its values, so sums are to be made within one field. `estimated` is our price, `billed` what a bill
    says; `unowned_…` the part of lines without a project. `value` None: more than MANY_VALUES of them, `values_count` says how many.
    """

    source: str
    field: str
    value: str | None
    values_count: int
    name: str | None
    projects: tuple[str, ...]
    lines: int
    requests: int
    estimated: Decimal | None
    billed: Decimal | None
    unowned_estimated: Decimal | None
    unowned_billed: Decimal | None
    unowned_lines: int
    first_day: date
    last_day: date

    @property
    def is_owned(self) -> bool:
        return not self.unowned_lines
