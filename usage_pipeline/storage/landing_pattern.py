"""Path patterns for stores that have keys and no folders: the language of `glob`. In: a pattern. Out: the prefix to list, and a test.

`*`, `?` and `[…]` stay within a name, `**` goes over folders; a name that begins with a dot is matched only by a leading dot.
"""

import fnmatch
import re
from collections.abc import Callable

ANY_FOLDERS = "**"
_MAGIC = re.compile(r"[*?\[]")
_NameTest = Callable[[str], bool]


def literal_prefix(pattern: str) -> str:
    """What every match begins with."""
    return _MAGIC.split(pattern, maxsplit=1)[0]


def matcher(pattern: str) -> Callable[[str], bool]:
    """Whether a key matches. `**` between slashes stands for any number of folders, none included; at the end for whatever lies below."""
    steps = [None if step == ANY_FOLDERS else name_test(step) for step in pattern.split("/")]

    def matches(key: str) -> bool:
        *folders, name = key.split("/")
        places = _without_folders(steps, {0})
        for folder in folders:
            places = _without_folders(steps, _after(steps, places, folder))
            if not places:
                return False
        last = len(steps) - 1
        return last in places and _passes(steps[last], name)

    return matches


def _after(steps: list[_NameTest | None], places: set[int], folder: str) -> set[int]:
    """Where in the pattern one may stand after this folder. The last step is for the file's name, unless it is `**`."""
    last = len(steps) - 1
    return {
        place if steps[place] is None else place + 1
        for place in places
        if (place < last or steps[place] is None) and _passes(steps[place], folder)
    }


def _without_folders(steps: list[_NameTest | None], places: set[int]) -> set[int]:
    """The places, and those behind a `**` that stands for nothing."""
    reached = set(places)
    for place in sorted(places):
        following = place
        while following < len(steps) - 1 and steps[following] is None:
            following += 1
            reached.add(following)
    return reached


def _passes(step: _NameTest | None, name: str) -> bool:
    return not name.startswith(".") if step is None else step(name)


def is_literal(step: str) -> bool:
    """Whether a step of a pattern is just a name."""
    return not _MAGIC.search(step)


def name_test(step: str) -> _NameTest:
    """Whether a name matches one step of a pattern."""
    if not _MAGIC.search(step):
        return step.__eq__
    found = re.compile(fnmatch.translate(step)).match
    if step.startswith("."):
        return lambda name: found(name) is not None
    return lambda name: not name.startswith(".") and found(name) is not None
