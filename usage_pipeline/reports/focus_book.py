"""A month's FOCUS files: of the organisation and each project, billed and estimated apart, in every version. Rendered once, when asked.

In: the month's charges and allocations as tables, its daily costs, the projects. Out: files by name, whose sums are checked: BilledCost
is the statement's billed cost, and that and the estimated file's EffectiveCost are its cost.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

import pyarrow as pa

from usage_pipeline import money
from usage_pipeline.errors import AccountingError
from usage_pipeline.periods import Period, month_name
from usage_pipeline.reports.focus_columns import VERSIONS
from usage_pipeline.reports.focus_lines import billed_lines, estimated_lines
from usage_pipeline.reports.focus_rows import Line, row_of
from usage_pipeline.reports.formats.focus import fields_of, file_of, focus_name
from usage_pipeline.tables.configuration import Project
from usage_pipeline.tables.costs import DailyCost

FILES = tuple(focus_name(version, is_estimated=is_estimated) for version in VERSIONS for is_estimated in (False, True))


@dataclass(frozen=True, slots=True)
class _Written:
    """Rows as fields, each with its project and the amount that it counts."""

    rows: Sequence[tuple[str, tuple[str, ...], Decimal]]

    @property
    def by_project(self) -> dict[str, "_Written"]:
        found: dict[str, list[tuple[str, tuple[str, ...], Decimal]]] = defaultdict(list)
        for row in self.rows:
            found[row[0]].append(row)
        return {project: _Written(rows) for project, rows in found.items()}

    @property
    def amount(self) -> Decimal:
        return money.total([amount for _, _, amount in self.rows])


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
        billed, estimated = self._of(self._billed, project), self._of(self._estimated, project)
        if billed.amount != billed_cost or money.total([billed.amount, estimated.amount]) != cost:
            raise AccountingError(
                f"the FOCUS files of {month_name(self.month)}, {project or 'organisation'}: BilledCost is {money.text(billed.amount)} and"
                f" the estimated file's EffectiveCost {money.text(estimated.amount)}, but the statement's billed cost is"
                f" {money.text(billed_cost)} and its cost {money.text(cost)}"
            )
        return {
            focus_name(version, is_estimated=is_estimated): file_of((fields for _, fields, _ in written.rows), version)
            for version in VERSIONS
            for is_estimated, written in ((False, billed), (True, estimated))
        }

    def _of(self, whole: tuple[_Written, dict[str, _Written]], project: str | None) -> _Written:
        return whole[0] if project is None else whole[1].get(project, _Written(()))

    @cached_property
    def _billed(self) -> tuple[_Written, dict[str, _Written]]:
        names = {one.id: one.name for one in self.projects}
        charges, allocations = self.charges.to_pylist(), self.allocations.to_pylist()
        return self._written((line, line.billed) for line in billed_lines(charges, allocations, self.month, names))

    @cached_property
    def _estimated(self) -> tuple[_Written, dict[str, _Written]]:
        return self._written((line, line.effective) for line in estimated_lines(self.daily))

    def _written(self, lines: Iterable[tuple[Line, Decimal]]) -> tuple[_Written, dict[str, _Written]]:
        whole = _Written([(str(line.project), fields_of(row_of(line, self.month, self.currency)), amount) for line, amount in lines])
        return whole, whole.by_project
