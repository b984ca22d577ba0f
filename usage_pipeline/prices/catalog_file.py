"""A catalog from the bytes that `catalog.dump` made."""

import gzip
import json
import zlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from genai_prices.types import _providers_from_raw  # the library reads its published catalogs with it; it has no public name
from pydantic import ValidationError

from usage_pipeline.errors import UsageConfigError
from usage_pipeline.prices.catalog import Catalog, hash_of
from usage_pipeline.prices.supplements import of_mapping


@lru_cache(maxsize=4)
def load(packed: bytes, file: str) -> Catalog:
    """The catalog of a file that `dump` made. Raises UsageConfigError that names `file` where it is none.

    A run asks for its book at every step: the same bytes are read once (0.2 seconds).
    """
    try:
        document: Mapping[str, Any] = json.loads(gzip.decompress(packed))
        rows = document.get("supplements", [])
        content = hash_of(document["providers"], rows)
        providers = tuple(_providers_from_raw(document["providers"]))
        return Catalog(str(document["version"]), providers, tuple(of_mapping(row) for row in rows), content)
    except (OSError, EOFError, zlib.error, ValueError, TypeError, KeyError, ValidationError) as error:
        words = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UsageConfigError(f"{file}: it is no price catalog that can be read here ({words})") from error
