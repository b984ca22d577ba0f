"""What of usage.yaml decides a month's costs and is another than when it was closed, in words. In: both files, read. Pure."""

from collections.abc import Mapping
from datetime import date
from pathlib import PurePath
from typing import Any

from usage_pipeline.periods import Period
from usage_pipeline.settings.document import Document
from usage_pipeline.settings.load import of_numbers


def changed_settings(then: Document, now: Document, month: Period) -> list[str]:
    """One an item that is new, was taken out, or stands elsewhere; what was never in force in the month is left out."""
    before, after = of_numbers(then.content or {}), of_numbers(now.content or {})
    found: list[str] = []
    for section in sorted({*before, *after}):
        old, new = before.get(section), after.get(section)
        if old != new:
            found += _items(section, old or [], new or [], (then, now), month) if _are_lists(old, new) else [_whole(section, now)]
    return found


def _are_lists(old: object, new: object) -> bool:
    return all(one is None or isinstance(one, list) for one in (old, new))


def _whole(section: str, now: Document) -> str:
    line = now.line_of((section,))
    return f"{PurePath(now.file).name}{f':{line}' if line else ''} ({section}) says something else"


def _items(section: str, old: list[Any], new: list[Any], files: tuple[Document, Document], month: Period) -> list[str]:
    then, now = files
    name = PurePath(now.file).name
    come = [
        f"{name}:{now.line_of((section, place))} ({section}) is new" for place, one in enumerate(new) if one not in old and _in(one, month)
    ]
    gone = [
        f"line {then.line_of((section, place))} of the closed {name} ({section}) is gone"
        for place, one in enumerate(old)
        if one not in new and _in(one, month)
    ]
    kept = [[one for one in rows if one in others and _in(one, month)] for rows, others in ((old, new), (new, old))]
    return [*come, *gone, *([f"{name} ({section}) has another order"] if kept[0] != kept[1] else [])]


def _in(one: object, month: Period) -> bool:
    """Whether it may have been in force in the month: what has no dates always is."""
    if not isinstance(one, Mapping):
        return True
    first, last = (_day(one.get(name)) for name in ("valid_from", "valid_to"))
    return not (first and first > month.last) and not (last and last < month.start)


def _day(value: object) -> date | None:
    """Read or as it is written."""
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        return None
