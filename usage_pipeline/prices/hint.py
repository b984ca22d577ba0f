"""What to do about a model that the price book does not know: a line for usage.yaml, ready to be pasted.

In: the usage's words. Out: one line of text, with the catalog's models that the words come near to.
"""

import json
import re
from collections.abc import Collection, Iterable
from difflib import get_close_matches

from usage_pipeline.prices.aliases import is_of, sellers, sold
from usage_pipeline.prices.catalog import Catalog
from usage_pipeline.prices.resolve import Key, find_model, provider_id_of
from usage_pipeline.tables.configuration import Alias

ANY_MODEL = "<catalog model>"
ANY_PROVIDER = "<catalog provider>"
MOST = 3
LEAST = 5
"""Letters that a text must have to be looked for inside the catalog's ids: 'pro' is in too many."""
LIKE = 0.8
"""From which likeness on a model may be the one that is meant: a slip of the pen, not another model of the family."""
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9._-]*")


def hint_for(provider: str | None, model: str | None, catalog: Catalog, aliases: Iterable[Alias] = ()) -> str:
    """How to price usage of `model` at `provider`, which `catalog` does not know: the alias to add, with the models it may stand for.

    Where the provider itself is unknown the line also says whose model it is, for the provider of the usage stays as it is. Where
    one of `aliases` speaks of the model already, what is wrong with it: the provider does not sell what it stands for, or not then.
    """
    if not model:
        return "the usage names no model, so no alias can help: see what its source leaves out"
    known = provider is not None and catalog.provider(provider_id_of(provider)) is not None
    said = next((one for one in aliases if one.name == model and is_of(one, provider)), None)
    if said is not None:
        return _mend(said, provider, catalog)
    parts = {"name": json.dumps(model, ensure_ascii=False)}
    if provider:
        parts["provider"] = provider if _PLAIN.fullmatch(provider) else json.dumps(provider, ensure_ascii=False)
    if known:
        return _line(parts | {"model": _choice(candidates(provider, model, catalog), ANY_MODEL)})
    found = candidates(None, model, catalog)
    makers = sorted(one.id for one in catalog.providers if any(info.id in found for info in one.models))
    parts["model_provider"] = _choice(makers, ANY_PROVIDER) if len(makers) <= MOST else ANY_PROVIDER
    return _line(parts | {"model": _choice(found, ANY_MODEL)})


def _mend(alias: Alias, provider: str | None, catalog: Catalog) -> str:
    """What to change about an alias that leaves the provider's usage unresolved."""
    where = f"the alias of {alias.name!r}" + (f" in line {alias.line} of usage.yaml" if alias.line else " in usage.yaml")
    seller = alias.model_provider or provider
    if sold(catalog, seller, alias.model) is not None:
        return f"{where} does not hold on that day: give it other dates, or add one for that day"
    choice = _choice(candidates(seller, alias.model, catalog), ANY_MODEL)
    return f"{where} says {alias.model!r}, which {seller or 'nobody'} does not sell: say model: {choice}, or add model_provider"


def candidates(provider: str | None, model: str, catalog: Catalog) -> list[str]:
    """The catalog's models near the text: what its last part is, else ids that are whole words in it, or it in them, else like ones."""
    last = re.split(r"[/:]", model)[-1]
    for text in (last, *model.split("/")):
        found = find_model(catalog, Key(provider, text)) if provider else None
        if found is not None:
            return [found.info.id]
    ids = {info.id for one in sellers(catalog, provider) for info in one.models}
    inside = {one for one in ids if _is_inside(one, model)}
    longest = sorted(one for one in inside if not any(one != other and one in other for other in inside))
    around = sorted(one for one in ids if _is_inside(last, one)) if len(last) >= LEAST else []
    if longest or around:
        return (longest or around)[:MOST]
    return get_close_matches(last.lower(), sorted(ids), n=MOST, cutoff=LIKE)


def near_models(provider: str | None, model: str, catalog: Catalog) -> str:
    """'; near: a, b' of the models that the provider sells, or any where it is None."""
    found = candidates(provider, model, catalog)
    return f"; near: {', '.join(found)}" if found else near(model, [info.id for one in sellers(catalog, provider) for info in one.models])


def near(word: str, known: Collection[str]) -> str:
    """'; near: a, b', or nothing where nothing is."""
    found = get_close_matches(word, sorted(set(known)), n=MOST)
    return f"; near: {', '.join(found)}" if found else ""


def _is_inside(one: str, text: str) -> bool:
    """Whether the id stands in the text as whole words: 'gpt-5' in 'prod-gpt-5-eu', not in 'gpt-55'."""
    return re.search(rf"(?<![a-z0-9]){re.escape(one.lower())}(?![a-z0-9]|\.\d)", text.lower()) is not None


def _choice(names: Iterable[str], otherwise: str) -> str:
    found = list(names)
    if len(found) == 1:
        return found[0]
    return f"<one of {', '.join(found)}>" if found else otherwise


def _line(parts: dict[str, str]) -> str:
    return "add to usage.yaml, under aliases: - {" + ", ".join(f"{name}: {value}" for name, value in parts.items()) + "}"
