"""YAML files that hold lists of rows: each row as plain texts, with the line of every key. Nothing is guessed: `0.50` stays a text."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from usage_pipeline.errors import Problem


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of a file: texts, lists of texts and mappings of them."""

    file: str
    line: int
    values: dict[str, Any]
    lines: dict[str, int]

    @property
    def place(self) -> str:
        return f"{self.file}:{self.line}"

    def problem(self, key: str, message: str) -> Problem:
        return Problem(self.file, self.lines.get(key, self.line), key, message)


def read_entries(paths: Iterable[Path]) -> tuple[list[Entry], list[Problem]]:
    """The rows of all files in order, and what is no row."""
    entries: list[Entry] = []
    problems: list[Problem] = []
    for path in paths:
        try:
            node = yaml.compose(path.read_text("utf-8"), Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else None
            problems.append(Problem(path.name, line, "YAML", error.problem or "cannot be read"))
            continue
        if node is None:
            continue
        if not isinstance(node, SequenceNode):
            problems.append(Problem(path.name, 1, "(top)", "is not a list; every row starts with '- id:'"))
            continue
        for one in node.value:
            line = one.start_mark.line + 1
            if isinstance(one, MappingNode):
                lines = {key.value: key.start_mark.line + 1 for key, _ in one.value}
                problems += _twice(path.name, one)
                entries.append(Entry(path.name, line, _plain(one), lines))
            else:
                problems.append(Problem(path.name, line, "(row)", "is not a mapping; every row starts with '- id:'"))
    return entries, problems


def _plain(node: Node) -> Any:
    if isinstance(node, MappingNode):
        return {key.value: _plain(value) for key, value in node.value}
    if isinstance(node, SequenceNode):
        return [_plain(one) for one in node.value]
    return node.value if isinstance(node, ScalarNode) else None


def _twice(file: str, node: MappingNode) -> list[Problem]:
    seen: set[str] = set()
    again = [key for key, _ in node.value if key.value in seen or seen.add(key.value)]  # type: ignore[func-returns-value]
    return [Problem(file, key.start_mark.line + 1, key.value, "given twice in one row") for key in again]
