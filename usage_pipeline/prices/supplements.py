"""A supplement: one dated fact that the catalog lacks, with the page it was read on. A row, and its form in a file.

Batch and tiers at resellers, regional uplifts, media, tools: the files are in `data/`, their rules in supplement_files.py.
How a row acts on the catalog's prices is told in supply.py: it fills gaps and never overrides.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from itertools import product
from typing import Any

from usage_pipeline.tables.meters import TOKEN_METERS
from usage_pipeline.tables.rates import REASONING

TOKENS = "tokens"
"""In a file: every meter that counts tokens, and their reasoning part."""

GROUPS: dict[str, tuple[str, ...]] = {TOKENS: (*TOKEN_METERS, REASONING)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Supplement:
    """One fact: what `models` of `provider` cost in `context`, from `valid_from` (None: since ever) until before `valid_to`.

    `provider`, `models` and `owner` are ids of the catalog; no models means all that the provider sells (those of one `owner`).
    `context` is the exact pairs of a request's context, none for standard; no meters means all that have a price.
    Exactly one of: `factor` of the standard list price; `unit_price` of one unit, in USD (in a file also a mapping of meters to
    prices, instead of `meters`); `same_as_later`: the catalog's own variant for this context, of a later date, held already while
    the standard prices were what they were on its first day.
    """

    id: str
    provider: str
    models: tuple[str, ...] | None = None
    owner: str | None = None
    meters: tuple[str, ...] | None = None
    context: tuple[tuple[str, str], ...] = ()
    factor: Decimal | None = None
    unit_price: Decimal | None = None
    same_as_later: bool = False
    valid_from: date | None = None
    valid_to: date | None = None
    source: str
    checked_on: date
    note: str | None = None

    @property
    def citation(self) -> str:
        return f"{self.source}, checked {self.checked_on}"


KEYS = tuple(field.name for field in fields(Supplement))


def as_mapping(row: Supplement) -> dict[str, Any]:
    """The row in the form of a file: what a stored book keeps. `of_mapping` reads it back."""
    values = {
        "models": row.models and list(row.models),
        "meters": row.meters and list(row.meters),
        "context": dict(row.context),
        "same_as_later": "true" if row.same_as_later else None,
    }
    plain = {key: values[key] if key in values else getattr(row, key) for key in KEYS}
    return {key: one if isinstance(one, dict | list) else str(one) for key, one in plain.items() if one not in (None, {})}


def of_mapping(values: Mapping[str, Any]) -> Supplement:
    """The one row of `as_mapping`."""
    [row] = rows_of(values)
    return row


def rows_of(values: Mapping[str, Any]) -> Iterator[Supplement]:
    """A row for every combination of the values of its context and of its unit prices; those of a list are told apart in the id."""
    given: Mapping[str, Any] = values.get("context") or {}
    choices = [[(key, value) for value in _many(one)] for key, one in sorted(given.items())]
    for pairs, (meters, unit_price) in product(product(*choices), _unit_prices(values)):
        told = [value for key, value in pairs if not isinstance(given[key], str)]
        yield Supplement(
            id="/".join([values["id"], *told, *(meters or () if isinstance(values.get("unit_price"), dict) else ())]),
            provider=values["provider"],
            models=tuple(_many(values["models"])) if values.get("models") else None,
            owner=values.get("owner"),
            meters=meters,
            context=pairs,
            factor=Decimal(values["factor"]) if values.get("factor") else None,
            unit_price=unit_price,
            same_as_later=bool(values.get("same_as_later")),
            valid_from=_day(values.get("valid_from")),
            valid_to=_day(values.get("valid_to")),
            source=values["source"],
            checked_on=date.fromisoformat(values["checked_on"]),
            note=values.get("note"),
        )


def _unit_prices(values: Mapping[str, Any]) -> list[tuple[tuple[str, ...] | None, Decimal | None]]:
    """(meters, price of one unit): one for each of a mapping of meters, else the one of the row."""
    price = values.get("unit_price")
    if isinstance(price, dict):
        return [((meter,), Decimal(one)) for meter, one in price.items()]
    return [(meters_of(values.get("meters")), Decimal(price) if price else None)]


def _many(value: str | Sequence[str]) -> Sequence[str]:
    return [value] if isinstance(value, str) else value


def meters_of(value: str | Sequence[str] | None) -> tuple[str, ...] | None:
    return None if value is None else tuple(meter for word in _many(value) for meter in GROUPS.get(word, (word,)))


def _day(value: str | None) -> date | None:
    return None if value is None else date.fromisoformat(value)
