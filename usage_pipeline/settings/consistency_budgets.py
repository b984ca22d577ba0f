"""What budgets and limits on one request say of the rest of usage.yaml: known units, projects and clients, and nothing twice."""

from collections.abc import Collection, Iterator
from difflib import get_close_matches
from typing import Any

from usage_pipeline.errors import Problem
from usage_pipeline.settings.document import Document, Place
from usage_pipeline.tables.budgets import COUNTED_UNITS

HOLDERS = ("project", "team", "user", "client")
MEASURED = ("period", "from", "to", "operation", "model", "channel")


def budget_problems(document: Document, projects: Collection[str]) -> list[Problem]:
    """Every problem of budgets, wherever they stand, with the rest of the file. `projects` are the declared ids."""
    content = document.content if isinstance(document.content, dict) else {}
    organisation = _mapping(content.get("organisation"))
    clients = {one["client"] for _, one in _listed(content, (), "projects") if isinstance(one.get("client"), str)}
    currency = organisation.get("currency") or "USD"
    found: list[Problem] = []
    seen: dict[tuple[Any, ...], list[tuple[Place, str, str]]] = {}
    for holder, place, budget in _budgets(content):
        unit = budget.get("unit") or currency
        if unit not in {currency, *COUNTED_UNITS}:
            words = f"{unit!r} is neither {currency} (the organisation's currency) nor tokens, credits or requests"
            found.append(document.problem((*place, "unit"), words))
        if place[0] == "budgets":
            found += _unknown(document, place, budget, "project", projects, "no project {!r} is declared")
            found += _unknown(document, place, budget, "client", clients, "no project has the client {!r}")
        measured = (holder, str(unit), *(str(budget.get(name)) for name in MEASURED))
        start, end = _validity(budget)
        for other, from_day, to_day in seen.setdefault(measured, []):
            if max(start, from_day) < min(end, to_day):
                line = document.line_of(other)
                when = "" if (start, end, from_day, to_day) == (*_validity({}), *_validity({})) else ", valid at the same time"
                narrow = " of the same scope" if place[0] == "budgets" else ""
                found.append(document.problem(place, f"same period, unit and operation as the budget{narrow} on line {line}{when}"))
                break
        seen[measured].append((place, start, end))
    for place, limit in _listed(content, (), "request_limits"):
        found += _unknown(document, place, limit, "project", projects, "no project {!r} is declared")
    return found


def _budgets(content: dict[str, Any]) -> Iterator[tuple[tuple[Any, ...], Place, dict[str, Any]]]:
    """Whose, where and what: every budget as far as it is a mapping."""
    for place, budget in _listed(_mapping(content.get("organisation")), ("organisation",), "budgets"):
        yield (), place, budget
    for place, project in _listed(content, (), "projects"):
        for inner, budget in _listed(project, place, "budgets"):
            yield ("project", str(project.get("id"))), inner, budget
    for place, budget in _listed(content, (), "budgets"):
        yield next(((name, str(budget[name])) for name in HOLDERS if budget.get(name) is not None), ()), place, budget


def _listed(content: dict[str, Any], around: Place, section: str) -> Iterator[tuple[Place, dict[str, Any]]]:
    listed = content.get(section)
    for number, entry in enumerate(listed if isinstance(listed, list) else []):
        if isinstance(entry, dict):
            yield (*around, section, number), entry


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _validity(entry: dict[str, Any]) -> tuple[str, str]:
    return str(entry.get("valid_from") or "0000"), str(entry.get("valid_to") or "9999")


def _unknown(document: Document, place: Place, entry: dict[str, Any], key: str, known: Collection[str], words: str) -> Iterator[Problem]:
    name = entry.get(key)
    if isinstance(name, str) and name not in known:
        near = get_close_matches(name, sorted(known), n=1)
        yield document.problem((*place, key), words.format(name) + (f"; did you mean {near[0]!r}?" if near else ""))
