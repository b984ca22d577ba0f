"""What `deliveries:` say of each other and of the projects: names that are used once, projects that are declared."""

from collections.abc import Collection
from typing import Any

from usage_pipeline.errors import Problem
from usage_pipeline.settings.consistency_book import undeclared_names
from usage_pipeline.settings.document import Document


def delivery_problems(document: Document, projects: Collection[str]) -> list[Problem]:
    """Every delivery declared twice, and every one of a project that is not declared."""
    found: list[Problem] = []
    lines: dict[str, int | None] = {}
    listed: Any = document.content.get("deliveries") if isinstance(document.content, dict) else None
    for number, one in enumerate(listed if isinstance(listed, list) else []):
        if not isinstance(one, dict):
            continue
        place = ("deliveries", number)
        name, scope = one.get("name"), one.get("scope")
        if isinstance(name, str) and name in lines:
            found.append(document.problem((*place, "name"), f"{name!r} is declared twice; the first is on line {lines[name]}"))
        elif isinstance(name, str):
            lines[name] = document.line_of(place)
        if isinstance(scope, dict):
            found += undeclared_names(document, (*place, "scope"), [scope.get("project")], projects, "project")
    return found
