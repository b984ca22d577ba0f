"""Families of models, most capable first: which models of the same maker are smaller than one. Reviewed data (families.yaml), no prices."""

from collections import Counter
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

import yaml

from usage_pipeline.errors import UsageConfigError

FILE = "families.yaml"
Families = Mapping[tuple[str, str], tuple[str, ...]]
"""By the catalog's ids of provider and model: the smaller models, the next smaller one first."""


@cache
def shipped_families() -> Families:
    """Those of the file beside this module."""
    return families_of(resources.files("usage_pipeline.prices").joinpath(FILE).read_text("utf-8"))


def families_of(text: str) -> Families:
    """The families of a file's text. Raises UsageConfigError that names every model with two ways down and every list that is none."""
    document = yaml.safe_load(text)
    lists = [(one["provider"], tuple(models)) for one in document["families"] for models in one["models"]]
    pairs = [((provider, model), models[place + 1 :]) for provider, models in lists for place, model in enumerate(models[:-1])]
    twice = sorted(f"{provider}/{model}" for (provider, model), count in Counter(pair for pair, _ in pairs).items() if count > 1)
    single = sorted(f"{provider}: {list(models)}" for provider, models in lists if _is_no_family(models))
    problems = [f"{FILE}: {name} is followed by others in two families: leave it in one" for name in twice]
    problems += [f"{FILE}: {name} is no family: name at least two models, each once" for name in single]
    if problems:
        raise UsageConfigError("\n".join(problems))
    return dict(pairs)


def _is_no_family(models: tuple[Any, ...]) -> bool:
    return len(models) < 2 or len(set(models)) < len(models) or not all(isinstance(one, str) for one in models)  # noqa: PLR2004
