"""How statements looked when a month was closed, as a part of what the close keeps: nothing where nothing was set."""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from usage_pipeline.tables.looks import PLAIN, Logo, Looks


def looks_document(looks: Looks) -> dict[str, Any]:
    """{'looks': ...}; {} for plain ones. A logo is kept whole, because its file may change."""
    if looks == PLAIN:
        return {}
    logo = None if looks.logo is None else {"kind": looks.logo.kind, "content": b64encode(looks.logo.content).decode()}
    return {"looks": asdict(looks) | {"logo": logo}}


def looks_from(told: Mapping[str, Any] | None) -> Looks:
    """What `looks_document` wrote down."""
    if told is None:
        return PLAIN
    logo = told["logo"] and Logo(kind=told["logo"]["kind"], content=b64decode(told["logo"]["content"]))
    return Looks(**{**told, "logo": logo})
