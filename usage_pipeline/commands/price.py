"""`usage-pipeline price`: what would this usage cost."""

import json
from typing import Any, TextIO

from usage_pipeline.commands.output import Output
from usage_pipeline.errors import UsageConfigError
from usage_pipeline.prices.book import build_book
from usage_pipeline.prices.quote import quote
from usage_pipeline.settings import Environment, load

EXIT_FINDINGS = 3


def run_price(environment: Environment, file: TextIO, output: Output) -> int:
    """Price every line of `file`; agreements of usage.yaml count where there is one. Exit code 3 if a line has no price."""
    agreements = load(environment.config_file).agreements if environment.config_file.exists() else ()
    book = build_book(agreements)
    rows = quote(_lines(file), book)
    if output.as_json:
        output.document({"price_book": book.version, "rows": rows})
    else:
        _show(rows, book.version, output)
    return EXIT_FINDINGS if any(row["cost"] is None for row in rows) else 0


def _lines(file: TextIO) -> list[dict[str, Any]]:
    """The objects of the file. Raises UsageConfigError that names the line which is not one."""
    found: list[dict[str, Any]] = []
    for number, line in enumerate(file, start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except ValueError as error:
            raise UsageConfigError(f"{file.name}:{number}: not JSON ({error}): give one object a line") from error
        if not isinstance(value, dict):
            raise UsageConfigError(f"{file.name}:{number}: not an object: give one object a line")
        found.append(value)
    return found


def _show(rows: list[dict[str, Any]], book: str, output: Output) -> None:
    output.table(
        ("id", "model", "meter", "quantity", "unit price", "cost", "state"),
        [line for row in rows for line in _row(row)],
        numbers=("quantity", "unit price", "cost"),
    )
    output.say(f"price book: {book}")


def _row(row: dict[str, Any]) -> list[tuple[object, ...]]:
    parts = [("", "", meter, one["quantity"], one["unit_price"], one["cost"], "") for meter, one in row["meters"].items()]
    return [(row["id"], row["model_id"], "total", "", "", row["cost"], row["state"]), *parts]
