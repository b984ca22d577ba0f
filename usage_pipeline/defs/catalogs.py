"""Catalogs that a person names by a file: a wheel of genai-prices, or the catalog of a book in another home."""

import subprocess
import sys
from pathlib import Path

from usage_pipeline.errors import UsageConfigError
from usage_pipeline.prices.catalog import PACKAGE, Catalog, supplemented
from usage_pipeline.prices.catalog_file import load

WHEEL = ".whl"
_FROM_WHEEL = """
import sys
sys.path.insert(0, sys.argv[1])
from usage_pipeline.prices.catalog import dump, installed_catalog
sys.stdout.buffer.write(dump(installed_catalog()))
"""


def catalog_in(path: Path) -> Catalog:
    """The catalog of a genai-prices wheel, read by its own code in a process of its own and supplemented, or of a file of a book.

    Raises UsageConfigError that names `path` where it is neither.
    """
    if not path.is_file():
        raise UsageConfigError(f"{path}: there is no such file: name a genai-prices wheel or another book's catalog.json.gz")
    if path.suffix != WHEEL:
        return load(path.read_bytes(), f"{path}: neither a genai-prices wheel nor a book's catalog.json.gz")
    command = [sys.executable, "-c", _FROM_WHEEL, str(path.absolute())]
    made = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - our own interpreter
    if made.returncode or not path.name.startswith(PACKAGE.replace("-", "_")):
        words = made.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["it is another package's"]
        raise UsageConfigError(f"{path}: it is no genai-prices wheel that can be read here ({words[0]})")
    return supplemented(load(made.stdout, str(path)))
