"""`usage-pipeline price`: what would this usage cost."""

import json
from datetime import datetime
from typing import Any, BinaryIO

from usage_pipeline.commands.output import Output
from usage_pipeline.defs.books import INSTALLED, Books
from usage_pipeline.defs.workplace import open_database
from usage_pipeline.errors import UsageConfigError
from usage_pipeline.prices.book import PriceBook, build_book
from usage_pipeline.prices.catalog import current_catalog
from usage_pipeline.prices.money_range import hint_of
from usage_pipeline.prices.quote import quote_lines
from usage_pipeline.prices.quote_line import read_lines
from usage_pipeline.settings import Environment, load
from usage_pipeline.storage.home import Home
from usage_pipeline.tables.priced_usage import STATES

EXIT_FINDINGS = 3


def run_price(environment: Environment, file: BinaryIO, book_name: str | None, now: datetime, output: Output) -> int:
    """Price every line of `file`; agreements and aliases of usage.yaml count where there is one. Exit code 3 if a line has no price."""
    objects, problems = _objects(file)
    lines = read_lines(objects, problems)
    book = _book(environment, book_name, now)
    rows = [_explained(row, line, book) for row, (_, line) in zip(quote_lines(lines, book), objects, strict=True)]
    if output.as_json:
        output.document({"price_book": book.version, "rows": rows})
    else:
        _show(rows, book.version, output)
    return EXIT_FINDINGS if any(row["cost"] is None for row in rows) else 0


def _explained(row: dict[str, Any], line: dict[str, Any], book: PriceBook) -> dict[str, Any]:
    """The row with its state in words and, where it has no cost, what to do about it."""
    meters = [meter for meter, one in row["meters"].items() if one["cost"] is None]
    hint = None if row["cost"] is not None else hint_of(row["state"], line.get("provider"), line.get("model"), meters, book)
    return {**row, "state_words": STATES[row["state"]], "hint": hint}


def _book(environment: Environment, name: str | None, now: datetime) -> PriceBook:
    """The home's book adopted last, or the one named; where there is no home, the installed one."""
    settings = load(environment.config_file) if environment.config_file.exists() else None
    agreements, aliases = (settings.agreements, settings.aliases) if settings else ((), ())
    home = Home(environment.home)
    if not home.database.exists() and environment.database_url is None:
        if name not in {None, INSTALLED}:
            raise UsageConfigError(f"--book {name}: the home {home.root} has no price books yet; '{INSTALLED}' is the package's own")
        return build_book(agreements, aliases, current_catalog(), file=str(environment.config_file))
    database = open_database(environment.database_url_or(home.database_url))
    books = Books(home.prices, database, now, agreements, aliases, str(environment.config_file))
    return books.named(name) if name else books.current()


def _objects(file: BinaryIO) -> tuple[list[tuple[int, dict[str, Any]]], list[tuple[int, str]]]:
    """The objects of the file and what is wrong with other lines, both with their line numbers; blank lines are nothing."""
    found: list[tuple[int, dict[str, Any]]] = []
    problems: list[tuple[int, str]] = []
    for number, line in enumerate(file, start=1):
        try:
            text = line.decode("utf-8-sig")
            value = json.loads(text) if text.strip() else None
        except UnicodeDecodeError as error:
            problems.append((number, f"not UTF-8 (byte {error.start + 1} is 0x{line[error.start]:02x}): save the file as UTF-8"))
        except (ValueError, RecursionError) as error:
            problems.append((number, f"not JSON ({error}): give one object a line"))
        else:
            if isinstance(value, dict):
                found.append((number, value))
            elif text.strip():
                problems.append((number, "not an object: give one object a line"))
    return found, problems


def _show(rows: list[dict[str, Any]], book: str, output: Output) -> None:
    output.table(
        ("id", "model", "meter", "quantity", "unit price", "cost", "state"),
        [line for row in rows for line in _row(row)],
        numbers=("quantity", "unit price", "cost"),
    )
    for hint in dict.fromkeys(f"to mend {row['id']}: {row['hint']}" for row in rows if row["hint"]):
        output.say(hint)
    output.say(f"price book: {book}")


def _row(row: dict[str, Any]) -> list[tuple[object, ...]]:
    parts = [
        ("", "", meter, one["quantity"], one["unit_price"], one["cost"], "" if one["cost"] is not None else "unpriced")
        for meter, one in row["meters"].items()
    ]
    return [(row["id"], row["model_id"], "total", "", "", row["cost"], row["state_words"]), *parts]
