"""The statement as one HTML page: what the PDF is made of. Names from outside are text, never markup."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from usage_pipeline.reports import words
from usage_pipeline.reports.formats.letters import printable
from usage_pipeline.reports.page import page_of
from usage_pipeline.reports.snapshot import Snapshot


def html_of(snapshot: Snapshot, templates: Path) -> str:
    """`statement.html.j2` filled. Same snapshot, same text."""
    with words.written_in(snapshot.looks.locale):
        page = _environment(templates).get_template("statement.html.j2").render(page_of(snapshot))
    return printable(page, templates)


def page_from(template: str, values: dict[str, Any], templates: Path) -> str:
    """Another page in the same looks, such as a bridge."""
    return printable(_environment(templates).get_template(template).render(values), templates)


@lru_cache(maxsize=4)
def _environment(templates: Path) -> Environment:
    return Environment(
        loader=FileSystemLoader(templates),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
