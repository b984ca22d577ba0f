"""What provider projects, workspaces and API keys were called, and when: names change, and keys vanish from the provider's lists."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import groupby

PROJECTS, WORKSPACES, API_KEYS = "projects", "workspaces", "api_keys"


@dataclass(frozen=True, slots=True, order=True)
class Seen:
    """One line of a day's list: on `day`, the thing `id` of the kind `what` was called `name`."""

    channel: str
    what: str
    id: str
    day: date
    name: str


@dataclass(frozen=True, slots=True)
class KnownName:
    """What a thing was called on the days [since, until); open where None: the first name known holds for all time before."""

    channel: str
    what: str
    id: str
    name: str
    since: date | None
    until: date | None


def known_names(seen: Iterable[Seen]) -> list[KnownName]:
    """The days of every name, out of any number of lists: a name holds from the first list that has it to the first with another one.

    A thing that is in no list any more keeps its last name.
    """
    known: list[KnownName] = []
    for (channel, what, id_), lines in groupby(sorted(set(seen)), key=lambda one: (one.channel, one.what, one.id)):
        by_day = {one.day: one.name for one in lines}
        starts = [(day, name) for (day, name), before in zip(by_day.items(), [None, *by_day.values()], strict=False) if name != before]
        ends = [day for day, _ in starts[1:]]
        known += [
            KnownName(channel, what, id_, name, since if place else None, until)
            for place, ((since, name), until) in enumerate(zip(starts, [*ends, None], strict=True))
        ]
    return known
