"""A walk through local folders. In: a path pattern in `glob`'s language. Out: the paths that match, and the folders that cannot be listed.

`glob` follows a link to a folder above it until the path is too long, and says nothing of a folder that it may not list.
"""

import os
import stat
from collections.abc import Iterator, Sequence
from itertools import takewhile
from pathlib import Path
from typing import TypeAlias

from usage_pipeline.storage.landing_pattern import ANY_FOLDERS, is_literal, name_test

Found: TypeAlias = tuple[str, bool]
"""A path, and whether it is a folder that cannot be listed."""
_Identity: TypeAlias = tuple[int, int]
_NOWHERE: frozenset[_Identity] = frozenset()


def walk(pattern: str) -> Iterator[Found]:
    """What matches, in no order; through some patterns twice. Links are followed, save to a folder that the walk is in already."""
    *folders, name = pattern.split("/")
    steps = [step for place, step in enumerate(folders) if step != ANY_FOLDERS or folders[place - 1 : place] != [ANY_FOLDERS]]
    start, steps = ("/", steps[1:]) if pattern.startswith("/") else ("", steps)
    yield from _below(start, [*(step for step in steps if step), name], _NOWHERE)


def _below(folder: str, steps: Sequence[str], above: frozenset[_Identity]) -> Iterator[Found]:
    """What matches `steps` below `folder`; `above` are the folders that the walk is in, from the first `**` on."""
    names = list(takewhile(is_literal, steps[:-1]))
    folder, steps = os.path.join(folder, *names), steps[len(names) :]  # noqa: PTH118 - 100,000 files: no Path objects
    step, rest = steps[0], steps[1:]
    if step == ANY_FOLDERS:
        yield from _anywhere(folder, steps, above or _folders_of(folder))
        return
    if is_literal(step):
        path = os.path.join(folder, step)  # noqa: PTH118 - 100,000 files: no Path objects
        if _may_be(path):
            yield path, False
        return
    matches = name_test(step)
    for path, name, cannot in _listed(folder):
        if cannot:
            yield path, True
        elif matches(name):
            if not rest:
                yield path, False
            elif _identity(path):
                yield from _below(path, rest, above)


def _anywhere(folder: str, steps: Sequence[str], above: frozenset[_Identity]) -> Iterator[Found]:
    """`**`: what follows it here, and in every folder below."""
    rest = steps[1:]
    if rest:
        yield from _below(folder, rest, above)
    for path, name, cannot in _listed(folder):
        if cannot:
            yield path, True
        elif not name.startswith("."):
            identity = _identity(path)
            if identity is None:
                if not rest:
                    yield path, False
            elif identity not in above:
                yield from _below(path, steps, above | {identity})


def _listed(folder: str) -> Iterator[tuple[str, str, bool]]:
    """Path and name of what lies in a folder; or the folder itself, True, where it cannot be listed."""
    try:
        with os.scandir(folder or ".") as entries:
            names = [entry.name for entry in entries]
    except (FileNotFoundError, NotADirectoryError, ValueError):  # ValueError: no path at all
        return
    except OSError:
        yield folder, "", True
        return
    for name in names:
        yield os.path.join(folder, name), name, False  # noqa: PTH118 - 100,000 files: no Path objects


def _may_be(path: str) -> bool:
    """Whether something lies there, or nobody lets us know."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return False
    except OSError:
        return True
    return True


def _identity(path: str) -> _Identity | None:
    """What a folder is told by, whatever it is called; None for what is none or cannot be looked at."""
    try:
        facts = os.stat(path)  # noqa: PTH116 - 100,000 files: no Path objects
    except (OSError, ValueError):
        return None
    return (facts.st_dev, facts.st_ino) if stat.S_ISDIR(facts.st_mode) else None


def _folders_of(folder: str) -> frozenset[_Identity]:
    """A folder and those that it lies in."""
    real = Path(os.path.realpath(folder or "."))
    return frozenset(one for one in map(_identity, map(str, (real, *real.parents))) if one)
