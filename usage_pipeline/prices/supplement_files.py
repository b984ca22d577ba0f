"""Files of supplements, grouped by topic: read and checked like code. In: a folder of YAML. Out: `Supplement` rows.

Every row names the page it was read on and the day. Two rows that speak of the same place contradict each other.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from itertools import combinations
from pathlib import Path
from typing import Any

from usage_pipeline.errors import Problem, UsageConfigError
from usage_pipeline.prices.lined_yaml import Entry, read_entries
from usage_pipeline.prices.supplements import KEYS, TOKENS, Supplement, meters_of, rows_of
from usage_pipeline.tables.meters import METER_NAMES, REQUESTS
from usage_pipeline.tables.rates import REASONING

SHIPPED = Path(__file__).parent / "data"
"""The rows that come with the package."""

KNOWN_METERS = frozenset({*METER_NAMES, REASONING, REQUESTS})
TERMS = ("factor", "unit_price", "same_as_later")


def load_supplements(folder: Path, provider_ids: Collection[str]) -> tuple[Supplement, ...]:
    """The rows of every `*.yaml` in `folder`, in order of file and line; a context with a list of values is a row for each.

    Raises UsageConfigError that names file, line and mend of every mistake and of every two rows that speak of the same place.
    """
    entries, problems = read_entries(sorted(folder.glob("*.yaml")))
    rows: list[tuple[Entry, Supplement]] = []
    for entry in entries:
        wrong = [entry.problem(key, message) for key, message in _mistakes(entry.values, provider_ids)]
        problems += wrong
        rows += [] if wrong else [(entry, row) for row in rows_of(entry.values)]
    problems += _clashes(rows)
    if problems:
        raise UsageConfigError("\n".join(str(problem) for problem in problems))
    return tuple(row for _, row in rows)


def _mistakes(values: Mapping[str, Any], provider_ids: Collection[str]) -> Iterator[tuple[str, str]]:
    """(key, what is wrong with it and how to mend it)."""
    yield from ((key, f"unknown; a supplement has {', '.join(KEYS)}") for key in values if key not in KEYS)
    for key in ("id", "provider", "source", "checked_on"):
        if not values.get(key):
            yield key, "missing; a supplement names its id, provider, source (a URL) and checked_on (the day it was read)"
    yield from _wrong_shapes(values)
    yield from _wrong_terms(values)
    if values.get("provider") and values["provider"] not in provider_ids:
        yield "provider", f"{values['provider']!r} is not in the price catalog"
    prices = values.get("unit_price")
    named = [("meters", meter) for meter in meters_of(values.get("meters")) or ()]
    for key, meter in [*named, *(("unit_price", meter) for meter in (prices if isinstance(prices, dict) else ()))]:
        if meter not in KNOWN_METERS:
            yield key, f"{meter!r} is none of {TOKENS}, {', '.join(sorted(KNOWN_METERS))}"
    if isinstance(values.get("source"), str) and not values["source"].startswith("https://"):
        yield "source", "is not a URL; write the page's https:// address"


MANY = frozenset({"models", "meters"})
BY_KEY = frozenset({"context", "unit_price"})
"""What may be several words, and what may be words by key."""


def _wrong_shapes(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in values.items():
        inside = list(value.values()) if key in BY_KEY and isinstance(value, dict) else [value]
        texts = [one for word in inside for one in (word if key in {*MANY, "context"} and isinstance(word, list) and word else [word])]
        if (key == "context" and not isinstance(value, dict)) or not texts or not all(isinstance(one, str) and one for one in texts):
            yield key, "is a mapping of words" if key == "context" else f"is {'a list of words' if key in MANY else 'one word or number'}"
    for key in ("valid_from", "valid_to", "checked_on"):
        if isinstance(values.get(key), str) and not _is(date.fromisoformat, values[key]):
            yield key, f"{values[key]!r} is not a day; write YYYY-MM-DD"
    for key in ("factor", "unit_price"):
        given = values.get(key)
        for number in given.values() if isinstance(given, dict) else [given]:
            if isinstance(number, str) and not (_is(Decimal, number) and Decimal(number).is_finite() and Decimal(number) >= 0):
                yield key, f"{number!r} is not a number of 0 or more"
    days = [values.get(key) for key in ("valid_from", "valid_to")]
    if all(isinstance(day, str) and _is(date.fromisoformat, day) for day in days) and str(days[1]) <= str(days[0]):
        yield "valid_to", f"{days[1]} is not after valid_from {days[0]}"


def _wrong_terms(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    given = [key for key in TERMS if values.get(key) is not None]
    if len(given) != 1:
        yield given[-1] if given else "id", f"needs exactly one of {', '.join(TERMS)}"
    if values.get("same_as_later") not in {None, "true"}:
        yield "same_as_later", "is 'true' or left out"
    if "unit_price" in given and bool(values.get("meters")) == isinstance(values["unit_price"], dict):
        yield "unit_price", "needs meters: the price of one unit of what? Name them in meters, or write a price for each meter here"
    if {"factor", "same_as_later"} & set(given) and not values.get("context"):
        yield given[0], "needs a context; the catalog's standard price is never changed"
    if "same_as_later" in given and values.get("meters"):
        yield "meters", "the catalog's own variant says which meters it has; leave them out"


def _is(read: Any, value: str) -> bool:
    try:
        read(value)
    except (ValueError, InvalidOperation):
        return False
    return True


def _clashes(rows: Iterable[tuple[Entry, Supplement]]) -> Iterator[Problem]:
    for (first, one), (second, other) in combinations(rows, 2):
        if one.id == other.id:
            yield second.problem("id", f"{other.id!r} is taken by {first.place}; ids are unique")
        elif _same_place(one, other):
            yield second.problem("id", f"{other.id!r} speaks of what {one.id!r} ({first.place}) speaks of at the same time: leave one out")


def _same_place(one: Supplement, other: Supplement) -> bool:
    days = [max(row.valid_from or date.min for row in (one, other)), min(row.valid_to or date.max for row in (one, other))]
    return (
        (one.provider, one.context, one.same_as_later) == (other.provider, other.context, other.same_as_later)
        and (None in {one.owner, other.owner} or one.owner == other.owner)
        and _meet(one.models, other.models)
        and _meet(one.meters, other.meters)
        and days[0] < days[1]
    )


def _meet(one: tuple[str, ...] | None, other: tuple[str, ...] | None) -> bool:
    return one is None or other is None or not set(one).isdisjoint(other)
