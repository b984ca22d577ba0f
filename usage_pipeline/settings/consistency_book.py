"""What the rules of `allocation:` say of the rest of usage.yaml: projects, sources and names that are declared, and once."""

from collections.abc import Collection, Iterator
from difflib import get_close_matches
from typing import Any

from usage_pipeline.errors import Problem
from usage_pipeline.settings.document import Document, Place


def shared_cost_problems(document: Document, projects: Collection[str], sources: Collection[str]) -> list[Problem]:
    """Every problem of `allocation:` with `projects` and `sources`, and of two rules of one name."""
    listed = document.content.get("allocation") if isinstance(document.content, dict) else None
    found: list[Problem] = []
    names: dict[str, int | None] = {}
    for number, rule in enumerate(listed if isinstance(listed, list) else []):
        if not isinstance(rule, dict):
            continue
        place: Place = ("allocation", number)
        name = rule.get("name")
        if isinstance(name, str) and name in names:
            found.append(document.problem((*place, "name"), f"{name!r} is declared twice; the first is on line {names[name]}"))
        elif isinstance(name, str):
            names[name] = document.line_of(place)
        found += undeclared_names(document, (*place, "projects"), rule.get("projects"), projects, "project")
        weights = rule.get("weights")
        found += undeclared_names(document, (*place, "weights"), list(weights) if isinstance(weights, dict) else None, projects, "project")
        lines = rule.get("lines")
        if isinstance(lines, dict):
            found += undeclared_names(document, (*place, "lines", "project"), lines.get("project"), projects, "project")
            found += undeclared_names(document, (*place, "lines", "source"), lines.get("source"), sources, "source")
    return found


def undeclared_names(document: Document, place: Place, named: Any, known: Collection[str], what: str) -> Iterator[Problem]:
    """A problem for each of `named` (a name or a list of names) that is not among `known`."""
    for one in named if isinstance(named, list) else [named]:
        if isinstance(one, str) and one not in known:
            near = get_close_matches(one, sorted(known), n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            yield document.problem(place, f"no {what} {one!r} is declared{hint}")
