"""Which line of usage.yaml gave bill lines and usage their project, by the rules as they are now. For the few rows that are shown."""

from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.settings.document import read_document
from usage_pipeline.sources.attribution import OWN_VALUE, first_rule
from usage_pipeline.sources.catalog import SOURCES
from usage_pipeline.sources.siblings import place_of, with_siblings
from usage_pipeline.storage.compiled import rows_of
from usage_pipeline.storage.lake import Lake
from usage_pipeline.tables.configuration import AttributionRule


class Rules:
    """The attribution rules of a home's usage.yaml, with where they stand in it."""

    def __init__(self, workplace: Workplace, lake: Lake) -> None:
        self._settings, self._engine = workplace.settings(), lake.engine
        self._written = list(self._settings.attribution)
        self._rules = with_siblings(self._written, self._settings.sources, SOURCES)
        self._document = read_document(self._settings.file)

    def of(self, rows: pa.Table) -> list[dict[str, Any] | None]:
        """For each row: the file and line of the first rule that matches, what it looks at and gives; None where no rule does."""
        if not rows.num_rows or not self._rules:
            return [None] * rows.num_rows
        table = ibis.memtable(rows.append_column("row_number", pa.array(range(rows.num_rows), pa.int64())))
        facts = tuple(self._rules), tuple(project.id for project in self._settings.projects)
        found = {one["row_number"]: one for one in rows_of(self._engine, _numbered, table, facts=facts)}
        return [self._words(found[number]) for number in range(rows.num_rows)]

    def _words(self, one: dict[str, Any]) -> dict[str, Any] | None:
        number = one["rule_number"]
        if number is None:
            return None
        rule, place = self._rules[number], place_of(number, self._rules, self._written)
        return {
            "file": str(self._settings.file),
            "line": self._document.line_of(("attribution", place)),
            "field": rule.field,
            "value": one["rule_value"],
            "project": one["rule_value"] if rule.project == OWN_VALUE else rule.project,
        }


def _numbered(rows: ir.Table, rules: tuple[AttributionRule, ...], own_ids: tuple[str, ...]) -> ir.Table:
    return first_rule(rows, rules, own_ids).select("row_number", "rule_number", "rule_value")
