"""What `channels:` and `routing:` say of each other and of the projects: names that are declared, and once."""

from collections.abc import Collection
from typing import Any

from usage_pipeline.errors import Problem
from usage_pipeline.settings.consistency_book import undeclared_names
from usage_pipeline.settings.document import Document
from usage_pipeline.tables.channels import ORGANISATION


def channel_problems(document: Document, projects: Collection[str]) -> list[Problem]:
    """Every channel declared twice, and every route to a channel or of a project that is not declared."""
    found: list[Problem] = []
    lines: dict[str, int | None] = {}
    for number, channel in _listed(document.content, "channels"):
        place = ("channels", number)
        name = channel.get("name")
        if isinstance(name, str) and name in lines:
            found.append(document.problem((*place, "name"), f"{name!r} is declared twice; the first is on line {lines[name]}"))
        elif isinstance(name, str):
            lines[name] = document.line_of(place)
    for number, route in _listed(document.content, "routing"):
        found += undeclared_names(document, ("routing", number, "channels"), route.get("channels"), lines, "channel")
        found += undeclared_names(document, ("routing", number, "projects"), route.get("projects"), {*projects, ORGANISATION}, "project")
    return found


def _listed(content: Any, section: str) -> list[tuple[int, dict[str, Any]]]:
    """The mappings of a section, as far as it is a list of mappings, with their numbers."""
    listed = content.get(section) if isinstance(content, dict) else None
    return [(number, one) for number, one in enumerate(listed if isinstance(listed, list) else []) if isinstance(one, dict)]
