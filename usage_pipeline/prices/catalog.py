"""The catalog of list prices: genai-prices, offline, with a name that tells its content.

https://github.com/pydantic/genai-prices (MIT). Nothing of it is typed by hand here and no rule of it is repeated.
"""

import gzip
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date, time
from decimal import Decimal
from functools import cache, cached_property
from typing import Any

import genai_prices
from genai_prices.types import ModelInfo, ModelPrice, Provider

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
    """One version of the catalog: what the package of that `version` holds. Prices, variants and matching rules all count."""

    version: str
    providers: Sequence[Provider] = field(repr=False)

    @cached_property
    def content_hash(self) -> str:
        return short_hash(canonical(self.providers))

    @property
    def name(self) -> str:
        """Package, version and content, short enough to print."""
        return f"{PACKAGE} {self.version} sha256:{self.content_hash}"

    def provider(self, provider_id: str) -> Provider | None:
        return next((one for one in self.providers if one.id == provider_id), None)

    def find(self, provider: Provider, model: str) -> CatalogModel | None:
        """The library's own matching of `model` among the provider's models and those of its fallback providers."""
        found = provider.find_model(model, all_providers=list(self.providers))
        if found is None:
            return None
        owners = (one.id for one in (provider, *self.providers) if any(found is candidate for candidate in one.models))
        return CatalogModel(provider, next(owners), found)


def short_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:HASH_LENGTH]


@cache
def installed_catalog() -> Catalog:
    """The catalog inside the installed package."""
    from genai_prices.data import providers  # noqa: PLC0415 - a second of work, which a stored book does not need

    return Catalog(genai_prices.__version__, tuple(providers))


def dump(catalog: Catalog) -> bytes:
    """The catalog as a file, so that a book outlives the package it came from: gzip of one JSON document, equal for equal content.

    {"package", "version", "providers": [...]}, providers in the library's own published form.
    """
    document = f'{{"package":"{PACKAGE}","version":{json.dumps(catalog.version)},"providers":{canonical(catalog.providers)}}}'
    return gzip.compress(document.encode(), mtime=0)


def canonical(providers: Sequence[Provider]) -> str:
    """The providers as JSON text, always the same for the same content: what is hashed and what is stored."""
    return json.dumps(_plain(list(providers)), ensure_ascii=False, separators=(",", ":"), sort_keys=True)


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
