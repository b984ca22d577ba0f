"""A month's FOCUS files: of the organisation and each project, billed and estimated apart, in every version. Rendered once, when asked.

In: the month's charges and allocations as tables, its daily costs, the projects. Out: files by name, whose sums are checked: BilledCost
is the statement's billed cost, and that and the estimated file's EffectiveCost are its cost.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import tee

import pyarrow as pa

from usage_pipeline import money
from usage_pipeline.errors import AccountingError
from usage_pipeline.periods import Period, month_name
from usage_pipeline.reports.focus_columns import VERSIONS
from usage_pipeline.reports.focus_lines import billed_lines, estimated_lines, unpriced_events
from usage_pipeline.reports.focus_rows import Line, row_of
from usage_pipeline.reports.formats.focus import file_of, focus_name, lines_of
from usage_pipeline.tables.configuration import Project
from usage_pipeline.tables.costs import DailyCost

FILES = tuple(focus_name(version, is_estimated=is_estimated) for version in VERSIONS for is_estimated in (False, True))


@dataclass(frozen=True, slots=True)
class _Row:
    """One row as its line in each version's file, whose it is, and the amount that it counts."""

    project: str
    amount: Decimal
    lines: tuple[bytes, ...]


@dataclass(frozen=True, kw_only=True)
class FocusBook:
    """`charges` and `allocations` are the month's rows of these tables."""

    month: Period
    currency: str
    projects: Sequence[Project]
    daily: Sequence[DailyCost]
    charges: pa.Table
    allocations: pa.Table

    def files(self, project: str | None, billed_cost: Decimal, cost: Decimal) -> dict[str, bytes]:
        """The files of a project, or of the organisation (None). Raises AccountingError where they are not its statement's amounts."""
        billed, estimated = self._billed.of(project), self._estimated.of(project)
        sums = [money.total([row.amount for row in rows]) for rows in (billed, estimated)]
        if sums[0] != billed_cost or money.total(sums) != cost:
            raise AccountingError(
                f"the FOCUS files of {month_name(self.month)}, {project or 'organisation'}: BilledCost is {money.text(sums[0])} and"
                f" the estimated file's EffectiveCost {money.text(sums[1])}, but the statement's billed cost is"
                f" {money.text(billed_cost)} and its cost {money.text(cost)}"
            )
        return {
            focus_name(version, is_estimated=is_estimated): file_of((row.lines[place] for row in rows), version)
            for place, version in enumerate(VERSIONS)
            for is_estimated, rows in ((False, billed), (True, estimated))
        }

    @property
    def left_out(self) -> int:
        """Events whose usage no file has, as nobody knows their price."""
        return unpriced_events(self.daily)

    @cached_property
    def _billed(self) -> "_Rows":
        names = {one.id: one.name for one in self.projects}
        charges, allocations = self.charges.to_pylist(), self.allocations.to_pylist()
        return self._written(billed_lines(charges, allocations, self.month, names), lambda line: line.billed)

    @cached_property
    def _estimated(self) -> "_Rows":
        return self._written(estimated_lines(self.daily), lambda line: line.effective)

    def _written(self, lines: Iterable[Line], counted: Callable[[Line], Decimal]) -> "_Rows":
        ours, theirs = tee(lines)
        written = lines_of(row_of(line, self.month, self.currency) for line in theirs)
        return _Rows([_Row(str(line.project), counted(line), text) for line, text in zip(ours, written, strict=True)])


class _Rows:
    """All rows, and by project."""

    def __init__(self, rows: Sequence[_Row]) -> None:
        self._all, self._by_project = rows, defaultdict[str, list[_Row]](list)
        for row in rows:
            self._by_project[row.project].append(row)

    def of(self, project: str | None) -> Sequence[_Row]:
        return self._all if project is None else self._by_project.get(project, ())
