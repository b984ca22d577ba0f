"""What computes and renders, by name and version: kept with every close, so that a later look knows whether it compares like with like.

Beside the versions of packages stands a hash of our own code and templates, which change between two releases.
"""

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import usage_pipeline
from usage_pipeline.defs.workplace import TEMPLATES

PACKAGES = ("usage-pipeline", "weasyprint", "xlsxwriter", "genai-prices", "duckdb")
CODE = "code"
NOT_NOTED = "not noted"


def versions() -> dict[str, str]:
    """Of the packages that the numbers and pages depend on, and of our own code."""
    return {name: version(name) for name in PACKAGES} | {CODE: _code()}


def other_versions(then: Mapping[str, str]) -> str:
    """'weasyprint 70.0 then, 71.0 now'; '' where all are the same."""
    now = versions()
    told = {name: (then.get(name, NOT_NOTED), now.get(name, "none")) for name in {**then, **now}}
    return ", ".join(f"{name} {before} then, {today} now" for name, (before, today) in told.items() if before != today)


def lost_of(then: Any, now: Any, place: str = "") -> str | None:
    """The first value of a document that a newer version tells otherwise, or no longer; None where it only tells more."""
    if isinstance(then, dict) and isinstance(now, dict):
        missing = next((key for key in then if key not in now), None)
        if missing is not None:
            return f"{place}.{missing}".lstrip(".")
        return next((found for key in then if (found := lost_of(then[key], now[key], f"{place}.{key}".lstrip(".")))), None)
    if isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        pairs = enumerate(zip(then, now, strict=True))
        return next((found for number, (one, other) in pairs if (found := lost_of(one, other, f"{place}[{number}]"))), None)
    return None if then == now else place


@cache
def _code() -> str:
    """12 hex digits of every file of the package and of the templates."""
    digest = hashlib.sha256()
    for folder, pattern in ((Path(usage_pipeline.__file__).parent, "*.py"), (TEMPLATES, "*")):
        for path in sorted(path for path in folder.rglob(pattern) if path.is_file()):
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:12]
