"""Lists of projects, workspaces and keys → `names/<what>/<day>.json`, complete or not at all.

{"object": "names", "provider": "OpenAI", "what": "api_keys", "day": "2026-10-01", "data": [{"id", "name", "status", "created_at",
"archived_at", "project_id"}]}, times as RFC 3339 in UTC, ordered by id; workspaces and projects belong to nothing, keys of Anthropic have
"workspace_id", null for the default workspace.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import quote

from usage_pipeline.storage.pull_http import Client, PullError
from usage_pipeline.storage.pull_landing import PullLanding
from usage_pipeline.tables.api import Api, NameList, NamePage

PAGES_MAX = 1000
ACTIVE = "active"

Entry = dict[str, str | None]


def pull_names(names: NameList, api: Api, url: str, client: Client, landing: PullLanding, now: datetime) -> None:
    """Pull one list and land it. Raises PullError where a page of it has no answer."""
    parents: list[str | None] = [None] if names.parent is None else _active(landing.names(names.parent, now.date()))
    entries: list[Entry] = []
    for parent in parents:
        entries += _pages(names, api, url, client, parent)
    document = {
        "object": "names",
        "provider": api.provider,
        "what": names.what,
        "day": now.date().isoformat(),
        "data": sorted(entries, key=lambda entry: str(entry["id"])),
    }
    landing.land_names(names.what, now.date(), document, now)


def _active(document: Any) -> list[str | None]:
    """The ids of entries that are in use: an archived project has no keys any more, those of earlier days are in earlier lists."""
    if document is None:
        raise PullError("the list that it depends on has not been pulled")
    return [entry["id"] for entry in document["data"] if entry["status"] == ACTIVE]


def _pages(names: NameList, api: Api, url: str, client: Client, parent: str | None) -> list[Entry]:
    read: Callable[[Any], NamePage] = lambda document: api.name_page(names, document, parent)  # noqa: E731 - typed
    path = names.path.replace("{parent}", quote(parent or "", safe=""))
    entries: dict[str | None, Entry] = {}
    after: str | None = None
    for _ in range(PAGES_MAX):
        page = client.ask(url + path, [*names.parameters, *([(names.after, after)] if after else [])], read)
        known = len(entries)
        entries |= {entry["id"]: entry for entry in page.entries}
        if page.after is None:
            return list(entries.values())
        if len(entries) == known:
            break
        after = page.after
    raise PullError("its pages go in a circle: has_more, and nothing new")
