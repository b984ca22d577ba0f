"""A YAML file as plain values, each with the line it stands on.

Every scalar stays the text that was written (null is None), so `0.000020` reaches Decimal as it is and `no` can be a name;
what a text means is the business of the field it is for. Two equal keys, and what YAML itself refuses, are problems.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from usage_pipeline.errors import Problem

Place = tuple[str | int, ...]
"""Where a value is: keys and positions from the top."""

_NULL = "tag:yaml.org,2002:null"
_MERGE = "tag:yaml.org,2002:merge"


@dataclass(slots=True)
class Document:
    """What a file says. `lines` holds the line of every key and item; problems of the file itself are in `problems`."""

    file: str
    content: Any = None
    lines: dict[Place, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def line_of(self, place: Place) -> int | None:
        """The line of `place`, else of the nearest thing around it that is there."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place)

    def problem(self, place: Place, message: str) -> Problem:
        return Problem(self.file, self.line_of(place), name_of(place), message)


def name_of(place: Place) -> str:
    """`projects[0].budgets[1].limit`; the file as a whole is `usage.yaml`'s top."""
    name = ""
    for step in place:
        name += f"[{step}]" if isinstance(step, int) else f".{step}" if name else step
    return name or "(top)"


def read_document(path: Path) -> Document:
    """Read `path`; what is wrong with the file as a whole is among the document's problems, with the mend."""
    content, problem = content_of(path)
    return Document(str(path), problems=[problem]) if problem else document_of(path, content)


def content_of(path: Path) -> tuple[bytes, Problem | None]:
    """The bytes of `path`, or why there are none, with the mend."""
    try:
        return path.read_bytes(), None
    except FileNotFoundError:
        message = "there is no such file; name another with --config or USAGE_CONFIG, or have `usage-pipeline init` write one"
    except IsADirectoryError:
        message = "this is a folder; name the usage.yaml inside it"
    except OSError as error:
        message = f"it cannot be read ({error.strerror}); check its permissions"
    return b"", Problem(str(path), None, "(file)", message)


def document_of(path: Path, content: bytes) -> Document:
    """What `content`, the bytes of `path`, says."""
    document = Document(str(path))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        message = f"byte {content[error.start]:#04x} is not UTF-8; save the file in the encoding UTF-8"
        document.problems.append(Problem(document.file, line, "(file)", message))
        return document
    try:
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
        if node is not None:
            document.content = _Walk(document, loader).value(node, (), ())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        message = " ".join(part for part in (error.context, error.problem) if part)
        document.problems.append(Problem(document.file, mark.line + 1 if mark else None, "YAML", message))
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        document.problems.append(Problem(document.file, line, "YAML", f"character U+{ord(text[error.position]):04X} is not allowed"))
    if document.content is None and not document.problems:
        document.problems.append(
            Problem(document.file, None, "(file)", "it is empty; it needs at least organisation, projects and sources")
        )
    return document


@dataclass(slots=True)
class _Walk:
    """From nodes to values, noting lines."""

    document: Document
    loader: yaml.SafeLoader

    def value(self, node: Node, place: Place, around: tuple[Node, ...]) -> Any:
        self.document.lines.setdefault(place, node.start_mark.line + 1)
        if any(node is one for one in around):
            self.document.problems.append(self.document.problem(place, "it contains itself"))
            return None
        inside = (*around, node)
        if isinstance(node, MappingNode):
            return {key: self.value(one, (*place, key), inside) for key, one in self.entries(node, place)}
        if isinstance(node, SequenceNode):
            return [self.value(one, (*place, number), inside) for number, one in enumerate(node.value)]
        return None if node.tag == _NULL else str(node.value)

    def entries(self, node: MappingNode, place: Place) -> Iterator[tuple[str, Node]]:
        """Keys with their nodes; merged ones (`<<`) first, so that the mapping's own win."""
        first: dict[str, Node] = {}
        for key, _ in node.value:
            if not isinstance(key, ScalarNode):
                self.complain(key, place, "a key is a plain word")
            elif key.tag != _MERGE and first.setdefault(key.value, key) is not key:
                self.complain(key, (*place, key.value), f"given twice; the first is on line {first[key.value].start_mark.line + 1}")
        self.loader.flatten_mapping(node)
        for key, one in node.value:
            if isinstance(key, ScalarNode):
                self.document.lines[*place, key.value] = key.start_mark.line + 1
                yield key.value, one

    def complain(self, node: Node, place: Place, message: str) -> None:
        self.document.problems.append(Problem(self.document.file, node.start_mark.line + 1, name_of(place), message))
