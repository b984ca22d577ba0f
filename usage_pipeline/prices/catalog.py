"""The catalog of list prices: genai-prices, offline, with our supplements for what it lacks and a name that tells its content.

https://github.com/pydantic/genai-prices (MIT). Nothing of it is typed by hand here and no rule of it is repeated.
"""

import gzip
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import date, time
from decimal import Decimal
from functools import cache, cached_property
from typing import Any

import genai_prices
from genai_prices.types import ModelInfo, ModelPrice, Provider

from usage_pipeline.prices.supplement_files import SHIPPED, load_supplements
from usage_pipeline.prices.supplements import Supplement, as_mapping

HASH_LENGTH = 12
PACKAGE = "genai-prices"
UNUSED = frozenset({"extractors"})
"""What the library keeps beside its prices: how to read a provider's responses."""


@dataclass(frozen=True, slots=True)
class CatalogModel:
    """A model as one provider sells it. `owner` is the provider whose catalog entry it is, another one after a fallback."""

    provider: Provider
    owner: str
    info: ModelInfo

    @property
    def is_own(self) -> bool:
        """Whether the entry is the provider's own: the library gives a fallback's prices without their variants."""
        return self.owner == self.provider.id

    @property
    def name(self) -> str:
        """`openai/gpt-5`, or `azure/openai/gpt-5` where azure sells it at openai's prices."""
        return f"{self.provider.id}/{self.info.id}" if self.is_own else f"{self.provider.id}/{self.owner}/{self.info.id}"


@dataclass(frozen=True)
class Catalog:
    """One version of the catalog: what the package of that `version` holds, and the supplements that fill its gaps.

    Prices, variants, matching rules and supplements all count towards the content.
    """

    version: str
    providers: Sequence[Provider] = field(repr=False)
    supplements: tuple[Supplement, ...] = field(repr=False, default=())
    stored_hash: str | None = field(repr=False, compare=False, default=None)

    @cached_property
    def content_hash(self) -> str:
        """Of a catalog out of a file, that of the file: whatever a newer package would make of it, its name stays."""
        return self.stored_hash or hash_of(json.loads(canonical(self.providers)), [as_mapping(row) for row in self.supplements])

    @property
    def label(self) -> str:
        """What it is made of: package, version, supplements."""
        return f"{PACKAGE} {self.version}" + (f" + {len(self.supplements)} supplements" if self.supplements else "")

    @property
    def name(self) -> str:
        """What it is made of, and its content, short enough to print."""
        return f"{self.label} sha256:{self.content_hash}"

    def provider(self, provider_id: str) -> Provider | None:
        return next((one for one in self.providers if one.id == provider_id), None)

    def find(self, provider: Provider, model: str) -> CatalogModel | None:
        """The library's own matching of `model` among the provider's models and those of its fallback providers."""
        found = provider.find_model(model, all_providers=list(self.providers))
        if found is None:
            return None
        owners = (one.id for one in (provider, *self.providers) if any(found is candidate for candidate in one.models))
        return CatalogModel(provider, next(owners), found)

    def named(self, provider: Provider, name: str) -> CatalogModel | None:
        """The provider's own model of that display name ('Claude Haiku 4.5'), letter for letter; None where none or several have it."""
        found = [model for model in provider.models if model.name == name]
        return CatalogModel(provider, provider.id, found[0]) if len(found) == 1 else None


def hash_of(providers: Any, supplements: Sequence[Any]) -> str:
    """The hash of a catalog's content in JSON's types, as `dump` writes them."""
    return short_hash(_json(providers) + (_json(supplements) if supplements else ""))


def short_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:HASH_LENGTH]


@cache
def installed_catalog() -> Catalog:
    """The catalog inside the installed package, and nothing else."""
    from genai_prices.data import providers  # noqa: PLC0415 - a second of work, which a stored book does not need

    return Catalog(genai_prices.__version__, tuple(providers))


@cache
def current_catalog() -> Catalog:
    """The installed catalog with the supplements that come with us: what a home adopts."""
    return supplemented(installed_catalog())


def supplemented(catalog: Catalog) -> Catalog:
    """The catalog with our supplements for its providers. Raises UsageConfigError where a file of them is wrong."""
    known = {provider.id for provider in installed_catalog().providers}
    rows = load_supplements(SHIPPED, known)
    own = {provider.id for provider in catalog.providers}
    return replace(catalog, supplements=tuple(row for row in rows if row.provider in own))


def dump(catalog: Catalog) -> bytes:
    """The catalog as a file, so that a book outlives the package it came from: gzip of one JSON document, equal for equal content.

    {"package", "version", "supplements": [...], "providers": [...]}: supplements as in their files, providers in the library's own
    published form.
    """
    head = _json({"package": PACKAGE, "version": catalog.version, "supplements": [as_mapping(row) for row in catalog.supplements]})
    return gzip.compress(f'{head[:-1]},"providers":{canonical(catalog.providers)}}}'.encode(), mtime=0)


def canonical(providers: Sequence[Provider]) -> str:
    """The providers as JSON text, always the same for the same content: what is hashed and what is stored."""
    return _json(_plain(list(providers)))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def _plain(value: Any) -> Any:
    """JSON's own types, in the form that the library reads: it has `or` and `and` for its fields `or_` and `and_`."""
    match value:
        case None | bool() | int() | str():
            return value
        case Decimal():
            return str(value)
        case date() | time():
            return value.isoformat()
        case list() | tuple():
            return [_plain(one) for one in value]
        case _:
            return {name.rstrip("_"): _plain(one) for name, one in _entries(value) if one is not None and name not in UNUSED}


def _entries(value: Any) -> list[tuple[str, Any]]:
    """Names and values of a mapping, of a price set (whose prices are no declared fields) or of a dataclass."""
    if isinstance(value, Mapping):
        return [(str(name), one) for name, one in value.items()]
    if is_dataclass(value) and not isinstance(value, ModelPrice):
        return [(one.name, getattr(value, one.name)) for one in fields(value)]
    return [(name, one) for name, one in vars(value).items() if not name.startswith("_")]
