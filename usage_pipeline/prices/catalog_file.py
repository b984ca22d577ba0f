"""Catalogs from files: those that `catalog.dump` made, and wheels of the package. In: a path or bytes. Out: a Catalog."""

import gzip
import json
import os
import subprocess
import sys
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from genai_prices.types import _providers_from_raw  # the library reads its published catalogs with it; it has no public name
from pydantic import ValidationError

from usage_pipeline.errors import UsageConfigError
from usage_pipeline.prices.catalog import PACKAGE, Catalog, supplemented
from usage_pipeline.prices.supplements import of_mapping

WHEEL = ".whl"
_FROM_WHEEL = "import sys; from usage_pipeline.prices import catalog as c; sys.stdout.buffer.write(c.dump(c.installed_catalog()))"


def load(content: bytes, file: str) -> Catalog:
    """The catalog of a file that `dump` made. Raises UsageConfigError that names `file` where it is none."""
    try:
        document: Mapping[str, Any] = json.loads(gzip.decompress(content))
        supplements = tuple(of_mapping(row) for row in document.get("supplements", ()))
        return Catalog(str(document["version"]), tuple(_providers_from_raw(document["providers"])), supplements)
    except (OSError, EOFError, zlib.error, ValueError, TypeError, KeyError, ValidationError) as error:
        words = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UsageConfigError(f"{file}: it is no price catalog that can be read here ({words}): name a genai-prices wheel") from error


def catalog_in(path: Path) -> Catalog:
    """The catalog of a genai-prices wheel, read by its own code in a process of its own and supplemented, or of a file that `dump` made.

    Raises UsageConfigError that names `path` where it is neither.
    """
    if not path.is_file():
        raise UsageConfigError(f"{path}: there is no such file: name a genai-prices wheel or another book's catalog.json.gz")
    if path.suffix != WHEEL:
        return load(path.read_bytes(), str(path))
    environment = {**os.environ, "PYTHONPATH": str(path.absolute())}
    made = subprocess.run([sys.executable, "-c", _FROM_WHEEL], env=environment, capture_output=True, check=False)  # noqa: S603 - our own interpreter
    if made.returncode or not path.name.startswith(PACKAGE.replace("-", "_")):
        words = made.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["it is another package's"]
        raise UsageConfigError(f"{path}: it is no genai-prices wheel that can be read here ({words[0]})")
    return supplemented(load(made.stdout, str(path)))
