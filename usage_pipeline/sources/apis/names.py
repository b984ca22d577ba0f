"""Lists of projects, workspaces and API keys: what they are called today. Names change and keys vanish, so a day's list is kept.

Kept are id, name, status, times, and what a key belongs to; never a key's value, redacted or not, and no person.
"""

from datetime import UTC, datetime
from typing import Any

from usage_pipeline.sources.apis.privacy import without_personal
from usage_pipeline.tables.api import NameList, NamePage, WrongAnswerError

TIMES = ("created_at", "archived_at")


def name_page(names: NameList, document: Any, parent: str | None) -> NamePage:
    """One page of the list. Raises WrongAnswerError where it is none."""
    listed = document.get("data") if isinstance(document, dict) else None
    if not isinstance(listed, list) or not all(isinstance(one, dict) and _is_id(one.get("id")) for one in listed):
        raise WrongAnswerError("the answer is no list of things with ids")
    more = document.get("has_more")
    if more and not listed:
        raise WrongAnswerError("the answer says that there is more after nothing")
    last = document.get("last_id") or (listed[-1]["id"] if listed else None)
    return NamePage(tuple(_entry(names, one, parent) for one in listed), str(last) if more else None)


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _entry(names: NameList, one: dict[str, Any], parent: str | None) -> dict[str, str | None]:
    public = without_personal(one)
    times = {name: _moment(public.get(name)) for name in TIMES}
    status = public.get("status") or ("archived" if times["archived_at"] else "active")
    entry = {"id": one["id"], "name": _text(public.get("name")), "status": _text(status), **times}
    if names.parent_field is not None:
        entry[names.parent_field] = parent if parent is not None else _text(public.get(names.parent_field))
    return entry


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _moment(value: Any) -> str | None:
    """Unix seconds or RFC 3339 as RFC 3339 in UTC; null where it is neither."""
    if value is None:
        return None
    try:
        moment = datetime.fromtimestamp(int(value), UTC) if str(value).isdigit() else datetime.fromisoformat(str(value))
    except (ValueError, OverflowError, OSError):
        return None
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
