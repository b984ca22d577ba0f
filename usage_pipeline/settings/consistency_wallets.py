"""What wallets say of the rest of usage.yaml and of each other: known units, projects and clients, no id twice, no usage paid twice."""

from collections.abc import Collection
from difflib import get_close_matches
from typing import Any

from usage_pipeline.errors import Problem
from usage_pipeline.settings.document import Document
from usage_pipeline.settings.shape_wallets import HOLDERS
from usage_pipeline.tables.wallets import CREDITS


def wallet_problems(document: Document, projects: Collection[str]) -> list[Problem]:
    """Every problem of wallets with the rest of the file. `projects` are the declared ids."""
    content = document.content if isinstance(document.content, dict) else {}
    organisation = content.get("organisation")
    currency = (organisation.get("currency") if isinstance(organisation, dict) else None) or "USD"
    clients = {one["client"] for _, one in _listed(content, "projects") if isinstance(one.get("client"), str)}
    known = {"project": (projects, "no project {!r} is declared"), "client": (clients, "no project has the client {!r}")}
    found: list[Problem] = []
    ids: dict[str, int | None] = {}
    paid: dict[tuple[str, ...], int | None] = {}
    for number, wallet in _listed(content, "wallets"):
        place = ("wallets", number)
        line = document.line_of(place)
        unit = wallet.get("unit")
        if isinstance(unit, str) and unit not in {currency, CREDITS}:
            found.append(document.problem((*place, "unit"), f"{unit!r} is neither {currency} (the organisation's currency) nor {CREDITS}"))
        for key, (names, words) in known.items():
            name = wallet.get(key)
            if isinstance(name, str) and name not in names:
                near = get_close_matches(name, sorted(names), n=1)
                found.append(document.problem((*place, key), words.format(name) + (f"; did you mean {near[0]!r}?" if near else "")))
        if (name := str(wallet.get("id"))) in ids:
            found.append(document.problem((*place, "id"), f"{name!r} is declared twice; the first is on line {ids[name]}"))
        ids.setdefault(name, line)
        scope = (str(unit), *(f"{key}={wallet[key]}" for key in HOLDERS if wallet.get(key) is not None))
        if scope in paid:
            found.append(document.problem(place, f"the wallet on line {paid[scope]} is for the same usage: it would be paid for twice"))
        paid.setdefault(scope, line)
    return found


def _listed(content: dict[str, Any], section: str) -> list[tuple[int, dict[str, Any]]]:
    """The mappings of a section, as far as it is a list of mappings, with their numbers."""
    listed = content.get(section)
    return [(number, one) for number, one in enumerate(listed if isinstance(listed, list) else []) if isinstance(one, dict)]
