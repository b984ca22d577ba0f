"""What a chain found, in a form that can be compared to the last digit: accounting, reasons, daily totals."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from benchmarks.lines import Truth

Totals = dict[str, list[str]]
"""'day|project|model|meter' → quantity, requests, list cost, net cost ('' where unpriced)."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one chain."""

    lines: int
    accepted: int
    duplicates: int
    rejected: int
    reasons: dict[str, int]
    totals: Totals

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), sort_keys=True))


def load(path: Path) -> Outcome:
    return Outcome(**json.loads(path.read_text()))


def totals_of(rows: Iterable[tuple[Any, ...]]) -> Totals:
    """Rows (day, project, model, meter, quantity, requests, list cost, net cost) summed by the first four; null costs stay apart."""
    sums: dict[tuple[str, bool], list[Decimal]] = {}
    for day, project, model, meter, quantity, requests, list_cost, net_cost in rows:
        place = "|".join(str(part) for part in (day, project, model, meter)), net_cost is None
        one = sums.setdefault(place, [Decimal(0)] * 4)
        for number, value in enumerate((quantity, requests, list_cost or 0, net_cost or 0)):
            one[number] += Decimal(value or 0)
    return {
        f"{place}|unpriced" if unpriced else place: [f"{value.normalize():f}" for value in one]
        for (place, unpriced), one in sorted(sums.items())
        if any(one)
    }


def differences(name: str, found: Outcome, expected: Outcome, truth: Truth) -> list[str]:
    """What two chains do not agree on, and what does not meet the truth; empty where all is well."""
    wrong: list[str] = []
    if found.lines != found.accepted + found.duplicates + found.rejected:
        wrong.append(f"{name}: {found.lines} lines are not {found.accepted} + {found.duplicates} + {found.rejected}")
    for field, want in (("lines", truth.lines), ("duplicates", truth.duplicates), ("reasons", truth.rejected)):
        if getattr(found, field) != want:
            wrong.append(f"{name}: {field} {getattr(found, field)} instead of {want}")
    places = {place for place in found.totals.keys() | expected.totals.keys() if found.totals.get(place) != expected.totals.get(place)}
    wrong += [f"{name}: {place}: {found.totals.get(place)} instead of {expected.totals.get(place)}" for place in sorted(places)[:5]]
    return [*wrong, f"{name}: {len(places)} totals differ"] if places else wrong
