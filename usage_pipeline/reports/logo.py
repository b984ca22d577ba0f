"""A logo's file, checked: a PNG or an SVG that draws only itself. In: bytes and the file's name. Out: a `Logo`, or what is wrong."""

import struct
from xml.etree import ElementTree as ET

from usage_pipeline.errors import UsageConfigError
from usage_pipeline.tables.looks import PNG, SVG, Logo

LARGEST = 500_000
LARGEST_SIDE = 4_000
SIGNATURE = b"\x89PNG\r\n\x1a\n"
HEADER = 24
SVG_ROOT = "{http://www.w3.org/2000/svg}svg"
MEND = "mend reports: logo in usage.yaml"


def logo_from(content: bytes, name: str) -> Logo:
    """Raises UsageConfigError that names the file and the mend."""
    if len(content) > LARGEST:
        raise UsageConfigError(f"{name} has {len(content):,} bytes, and a logo at most {LARGEST:,}: make it smaller, or {MEND}")
    if content.startswith(SIGNATURE):
        return _png(content, name)
    return _svg(content, name)


def _png(content: bytes, name: str) -> Logo:
    if len(content) < HEADER:
        raise UsageConfigError(f"{name} is no whole PNG: {MEND}")
    width, height = struct.unpack(">II", content[16:HEADER])
    if not (0 < width <= LARGEST_SIDE and 0 < height <= LARGEST_SIDE):
        raise UsageConfigError(f"{name} is {width:,} by {height:,} points, and a logo at most {LARGEST_SIDE:,}: make it smaller, or {MEND}")
    return Logo(content=content, kind=PNG)


def _svg(content: bytes, name: str) -> Logo:
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise UsageConfigError(f"{name} declares a document type or entities, which a logo may not: save it as plain SVG, or {MEND}")
    try:
        root = ET.fromstring(content)  # noqa: S314 — no entities, and no larger than a logo may be
    except ET.ParseError as error:
        raise UsageConfigError(f"{name} is neither a PNG nor an SVG ({error}): {MEND}") from error
    if root.tag != SVG_ROOT:
        raise UsageConfigError(f"{name} is no SVG, its root is {root.tag!r}: {MEND}")
    return Logo(content=content, kind=SVG)
