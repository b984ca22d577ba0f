"""One more line of usage.yaml, tried: the settings as they would be with it. Nothing is written."""

import tempfile
from pathlib import Path
from typing import Any

from usage_pipeline.errors import UsageConfigError
from usage_pipeline.settings.document import Document, Place, read_document
from usage_pipeline.settings.load import Settings, load, settings_of

SCOPES = {
    "prices": ("provider", "model", "meter", "project", "account"),
    "aliases": ("name", "provider"),
    "attribution": ("source", "field", "equals"),
}
"""What the lines of a section are for: of two with the same, the one that is tried counts."""
SECTIONS = tuple(SCOPES)
_HINT = (
    "give a line as it would stand in usage.yaml: an agreement {provider: …, discount_percent: …}, an alias {name: …, model: …} or an"
    " attribution rule {field: …, equals: …, project: …}"
)


def with_line(config: Path, text: str, *, landing: Path | None = None) -> Settings:
    """The settings of `config` and `text`: an agreement, an alias or an attribution rule, which is then the first of its section,
    in the place of lines for the same thing.

    Raises UsageConfigError in words where the line is none of them, or does not fit the rest.
    """
    load(config, landing=landing)
    document, added = read_document(config), _read(text)
    for section, entries in _sections(added, text).items():
        kept = [(number, one) for number, one in enumerate(document.content.get(section) or []) if not _is_same(section, one, entries)]
        document.content[section] = [*entries, *(one for _, one in kept)]
        places = {number: place for place, (number, _) in enumerate(kept, len(entries))}
        document.lines = {
            _moved(place, section, places): line
            for place, line in document.lines.items()
            if len(place) < 2 or place[0] != section or place[1] in places  # noqa: PLR2004 - an item of the section
        }
    try:
        return settings_of(document, config, landing=landing)
    except UsageConfigError as error:
        raise UsageConfigError(f"--try {text}: it does not fit the rest of usage.yaml:\n{error}") from error


def _is_same(section: str, one: Any, entries: list[Any]) -> bool:
    """Whether a line of usage.yaml is for the same thing as one that is tried, which then takes its place."""
    keys = SCOPES[section]
    return any(isinstance(one, dict) and isinstance(new, dict) and all(one.get(key) == new.get(key) for key in keys) for new in entries)


def _moved(place: Place, section: str, places: dict[int, int]) -> Place:
    """Where an item of `section` stands now."""
    is_item = len(place) > 1 and place[0] == section
    return (section, places[int(place[1])], *place[2:]) if is_item else place


def _read(text: str) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "line.yaml"
        file.write_text(text, "utf-8")
        document: Document = read_document(file)
    if document.problems:
        raise UsageConfigError(f"--try {text}: {'; '.join(one.message for one in document.problems)}; {_HINT}")
    return document.content


def _sections(added: Any, text: str) -> dict[str, list[Any]]:
    """Entries by section: a section with its entries, a list of entries, or one entry."""
    if isinstance(added, dict) and added and set(added) <= set(SECTIONS):
        return {section: entries if isinstance(entries, list) else [entries] for section, entries in added.items()}
    entries = added if isinstance(added, list) else [added]
    found: dict[str, list[Any]] = {}
    for entry in entries:
        keys = set(entry) if isinstance(entry, dict) else set()
        section = "attribution" if "field" in keys else "aliases" if {"name", "model"} <= keys else "prices" if "provider" in keys else None
        if section is None:
            raise UsageConfigError(f"--try {text}: this is no line that can be tried; {_HINT}")
        found.setdefault(section, []).append(entry)
    return found
