"""The catalog of list prices: genai-prices as installed, offline, with a name that tells its content.

https://github.com/pydantic/genai-prices (MIT). Nothing of it is typed by hand here and no rule of it is repeated.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

import genai_prices
from genai_prices.data import providers as installed_providers
from genai_prices.types import ModelInfo, Provider

HASH_LENGTH = 12


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
    """One version of the catalog. `name` is package, version and content hash, short enough to print."""

    name: str
    providers: Sequence[Provider] = field(repr=False)

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
    """The catalog inside the installed package: prices, variants and matching rules all count towards its hash."""
    content = short_hash(repr(installed_providers))
    return Catalog(f"genai-prices {genai_prices.__version__} sha256:{content}", tuple(installed_providers))
