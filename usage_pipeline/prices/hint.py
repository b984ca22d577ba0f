"""What to do about a model that the price book does not know: a line for usage.yaml, ready to be pasted.

In: the usage's words. Out: one line of text, with the catalog's models that the words come near to.
"""

import json
import re
from collections.abc import Collection, Iterable
from difflib import get_close_matches

from usage_pipeline.prices.aliases import sellers
from usage_pipeline.prices.catalog import Catalog
from usage_pipeline.prices.resolve import Key, find_model, provider_id_of

ANY_MODEL = "<catalog model>"
ANY_PROVIDER = "<catalog provider>"
MOST = 3
LIKE = 0.8
"""From which likeness on a model may be the one that is meant: a slip of the pen, not another model of the family."""
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9._-]*")


def hint_for(provider: str | None, model: str | None, catalog: Catalog) -> str:
    """How to price usage of `model` at `provider`, which `catalog` does not know: the alias to add, with the models it may stand for.

    Where the provider itself is unknown the line also says whose model it is, for the provider of the usage stays as it is.
    """
    if not model:
        return "the usage names no model, so no alias can help: see what its source leaves out"
    known = provider is not None and catalog.provider(provider_id_of(provider)) is not None
    parts = {"name": json.dumps(model, ensure_ascii=False)}
    if provider:
        parts["provider"] = provider if _PLAIN.fullmatch(provider) else json.dumps(provider, ensure_ascii=False)
    if known:
        return _line(parts | {"model": _choice(candidates(provider, model, catalog), ANY_MODEL)})
    found = candidates(None, model, catalog)
    makers = sorted(one.id for one in catalog.providers if any(info.id in found for info in one.models))
    parts["model_provider"] = _choice(makers, ANY_PROVIDER) if len(makers) <= MOST else ANY_PROVIDER
    return _line(parts | {"model": _choice(found, ANY_MODEL)})


def candidates(provider: str | None, model: str, catalog: Catalog) -> list[str]:
    """The catalog's models near the text: what its last part is, else ids that are whole words in it, else like ones."""
    last = re.split(r"[/:]", model)[-1]
    for text in (last, *model.split("/")):
        found = find_model(catalog, Key(provider, text)) if provider else None
        if found is not None:
            return [found.info.id]
    ids = {info.id for one in sellers(catalog, provider) for info in one.models}
    inside = {one for one in ids if _is_inside(one, model)}
    longest = sorted(one for one in inside if not any(one != other and one in other for other in inside))
    if longest:
        return longest[:MOST]
    return get_close_matches(last.lower(), sorted(ids), n=MOST, cutoff=LIKE)


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
