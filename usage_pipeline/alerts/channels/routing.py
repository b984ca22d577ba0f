"""Routes in, names of channels out: who hears of a notice besides those whom the mail goes to."""

from collections.abc import Sequence

from usage_pipeline.tables.channels import ORGANISATION, Route


def channels_for(routes: Sequence[Route], *, level: str, rule: str, project: str | None) -> tuple[str, ...]:
    """The channels of every route that holds, each once, in the order of the routes. `project` None: about no single project."""
    about = ORGANISATION if project is None else project
    holding = [route for route in routes if _holds(route.levels, level) and _holds(route.rules, rule) and _holds(route.projects, about)]
    return tuple(dict.fromkeys(name for route in holding for name in route.channels))


def _holds(listed: Sequence[str], value: str) -> bool:
    return not listed or value in listed
