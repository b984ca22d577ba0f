"""Which model usage is priced as: a name that someone gives by hand, looked up as usage itself is, or refused with the names near it.

The usage's own provider is kept where it sells that model (an Azure request stays on Azure); else the model's maker sells it.
"""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

import pyarrow as pa

from usage_pipeline.errors import UsageConfigError
from usage_pipeline.prices.apply import KEY
from usage_pipeline.prices.book import PriceBook
from usage_pipeline.prices.resolve import provider_id_of
from usage_pipeline.prices.what_if import StandIn

MAKERS = ("anthropic", "openai", "google", "mistral", "x-ai", "deepseek", "cohere", "moonshotai", "zai", "meta", "perplexity", "voyageai")
"""Providers that sell models of their own: where several sell one of the same id, the first of these does."""

NEAR = 5


def stand_in(book: PriceBook, text: str, providers: Iterable[str]) -> StandIn:
    """The model that `text` names, for usage of `providers` (words of the usage): 'claude-haiku-4-5', 'azure/gpt-4o', or an alias.

    A provider before the slash moves all usage there. Raises UsageConfigError with near names where nobody sells such a model, and with
    the sellers where several do and none of them made it.
    """
    prefix, slash, rest = text.partition("/")
    if slash and (found := model_id_of(book, provider_id_of(prefix), rest)):
        return StandIn(rest, found, provider_id_of(prefix))
    known = {word: found for word in sorted(set(providers)) if (found := model_id_of(book, word, text))}
    sellers = [one.id for one in book.prices.providers if any(model.id == text for model in one.models)]
    home = _home(book, text, sellers)
    if home is None and not known and not sellers:
        raise UsageConfigError(f"no model {text!r} in the price book {book.version}{_near(book, text)}")
    if home is None and set(providers) - set(known):
        listed = sorted(sellers or known)
        raise UsageConfigError(f"{text!r} is sold by {', '.join(listed)}: say which one, such as --as-model {listed[0]}/{text}")
    seller = home or min(known)
    return StandIn(text, known.get(seller) or model_id_of(book, seller, text) or text, seller, tuple(known))


def model_id_of(book: PriceBook, provider: str, model: str) -> str | None:
    """The catalog's id of the model as this provider's usage would name it; aliases count."""
    words = dict.fromkeys(KEY) | {"provider": provider, "model": model}
    return next((row["model_id"] for row in book.resolve(pa.Table.from_pylist([words])).resolutions.to_pylist() if row["model_id"]), None)


def _home(book: PriceBook, text: str, sellers: Sequence[str]) -> str | None:
    """The provider to go to: the first maker with a model of exactly this id, or that knows the text; else the only provider with one."""
    makers = [maker for maker in MAKERS if maker in sellers or (not sellers and model_id_of(book, maker, text))]
    if makers:
        return makers[0]
    return sellers[0] if len(sellers) == 1 else None


def _near(book: PriceBook, text: str) -> str:
    """': near: a, b', of the makers' models first."""
    own = {model.id for provider in book.prices.providers if provider.id in MAKERS for model in provider.models}
    others = {f"{provider.id}/{model.id}" for provider in book.prices.providers for model in provider.models}
    near = get_close_matches(text, sorted(own), n=NEAR) or get_close_matches(text, sorted(others), n=NEAR)
    return f"; near: {', '.join(near)}" if near else "; `usage-pipeline prices list` shows its models"
