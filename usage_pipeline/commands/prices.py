"""`usage-pipeline prices`: which price books there are, what they say, how they differ, and taking on a new one."""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

import pyarrow as pa

from usage_pipeline import money
from usage_pipeline.commands.output import Output
from usage_pipeline.defs.books import Books, spans_of
from usage_pipeline.defs.home import prepare
from usage_pipeline.defs.prices import volumes_known
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.errors import UsageConfigError
from usage_pipeline.periods import inclusive
from usage_pipeline.prices.apply import KEY
from usage_pipeline.prices.book import PriceBook
from usage_pipeline.prices.catalog import CatalogModel, current_catalog
from usage_pipeline.prices.compare import PriceChange, compare, modes_of
from usage_pipeline.prices.tiers import Volumes
from usage_pipeline.settings import Environment
from usage_pipeline.settings.consistency import suggestion
from usage_pipeline.storage.home import Home
from usage_pipeline.tables.price_books import PriceBookAdoption
from usage_pipeline.tables.rates import ALL_TOKENS, DAY_SECONDS, NO_TOKENS, resolutions

SHOWN_MOST = 40
PER_MILLION = ("list, million", "contracted, million")


class Found(NamedTuple):
    """A model as asked for, of a provider, and the catalog's model that is meant."""

    provider: str
    model: str
    meant: CatalogModel


MILLION = Decimal(1_000_000)


def run_prices_list(environment: Environment, output: Output) -> int:
    """Every adoption, oldest first, and whether the installed catalog is another one than the last."""
    books = books_of(environment)
    adoptions, installed = books.adoptions(), current_catalog()
    is_new = adoptions[-1].content_hash != installed.content_hash
    if output.as_json:
        told = [_adoption(one, span) for one, span in zip(adoptions, spans_of(adoptions), strict=True)]
        output.document({"books": told, "installed": installed.name, "installed_is_adopted": not is_new})
        return 0
    output.table(
        ("price book", "adopted (UTC)", "prices usage", "models", "rate cards", "rates", "note"),
        [
            (
                one.version,
                f"{one.adopted_at:%Y-%m-%d %H:%M}",
                _span_words(span),
                one.models_count,
                one.rate_cards_count,
                one.rates_count,
                one.note,
            )
            for one, span in zip(adoptions, spans_of(adoptions), strict=True)
        ],
        numbers=("models", "rate cards", "rates"),
    )
    if is_new:
        output.warn(
            f"the installed catalog is another: {installed.name}. `usage-pipeline prices adopt --dry-run` shows what it would change."
        )
    return 0


def run_prices_show(environment: Environment, model: str, provider: str | None, day: date, book_name: str | None, output: Output) -> int:
    """Every rate of a model on a day: list and contracted price side by side, with its source."""
    workplace = workplace_of(environment)
    books = workplace.books()
    book = books.named(book_name) if book_name else books.book_on(day)
    volumes = volumes_known(workplace.lake(workplace.engine()), book, inclusive(day, day))
    rows = [row for one in _found(book, model, provider, day) for row in _rates(book, one, day, volumes)]
    if output.as_json:
        output.document({"price_book": book.version, "at": day.isoformat(), "rates": [_texts(row) for row in rows]})
        return 0
    sources = list(dict.fromkeys(row["source"] for row in rows))
    output.table(
        (
            "provider",
            "model",
            "for",
            "context",
            "when",
            "meter",
            "list, unit",
            "list, million",
            "contracted, million",
            "agreement",
            "source",
        ),
        [
            (
                row["provider"],
                row["model"],
                row["for"] or "all",
                row["context"] or "standard",
                _when(row),
                row["meter"],
                row["list_unit_price"],
                million(row["list_unit_price"]),
                million(row["net_unit_price"]),
                row["agreement"],
                f"[{sources.index(row['source']) + 1}]",
            )
            for row in rows
        ],
        numbers=("list, unit", *PER_MILLION),
    )
    for number, source in enumerate(sources, start=1):
        output.say(f"[{number}] {source}")
    output.say(f"price book: {book.version}, on {day} (UTC)")
    return 0


def run_prices_diff(environment: Environment, old: str, new: str, day: date, output: Output) -> int:
    """What the catalog of one book says otherwise than another's, on a day."""
    books = books_of(environment)
    told = compare(books.catalog_named(old), books.catalog_named(new), [day])
    if output.as_json:
        output.document(
            {
                "old": told.old,
                "new": told.new,
                "at": day.isoformat(),
                "added": list(told.added),
                "gone": list(told.gone),
                "repriced": [change_document(one) for one in told.changes],
            }
        )
        return 0
    show_changes(told.changes, output)
    show_models("added", told.added, output)
    show_models("gone", told.gone, output)
    output.say(
        f"{told.old} -> {told.new}, on {day}: {len(told.added):,} models added, {len(told.gone):,} gone, {len(told.repriced):,} re-priced"
    )
    return 0


def workplace_of(environment: Environment) -> Workplace:
    """The home, made where there is none, with its configuration."""
    home = prepare(Home(environment.home))
    return Workplace(home_folder=str(home.root), config_file=str(environment.config_file))


def books_of(environment: Environment) -> Books:
    return workplace_of(environment).books()


def show_changes(changes: Sequence[PriceChange], output: Output) -> None:
    if not changes:
        return
    output.table(
        ("provider", "model", "context", "meter", "input tokens", "from", "old, million", "new, million", "change"),
        [
            (
                one.provider,
                one.model,
                one.context or "standard",
                one.meter,
                "all" if one.input_tokens_gt == NO_TOKENS else f"above {one.input_tokens_gt:,}",
                one.day,
                million(one.old),
                million(one.new),
                _ratio(one),
            )
            for one in changes[:SHOWN_MOST]
        ],
        numbers=("old, million", "new, million", "change"),
        title="Re-priced",
    )
    if len(changes) > SHOWN_MOST:
        output.say(f"and {len(changes) - SHOWN_MOST:,} prices more: `--json` lists them all")


def show_models(what: str, models: Sequence[str], output: Output) -> None:
    if models:
        more = f" and {len(models) - SHOWN_MOST:,} more" if len(models) > SHOWN_MOST else ""
        output.say(f"{what}: {', '.join(models[:SHOWN_MOST])}{more}")


def change_document(one: PriceChange) -> dict[str, Any]:
    return {
        "provider": one.provider,
        "model": one.model,
        "context": one.context,
        "meter": one.meter,
        "from": one.day.isoformat(),
        "utc_from_second": one.utc_from_second,
        "input_tokens_gt": one.input_tokens_gt,
        "old_unit_price": _text(one.old),
        "new_unit_price": _text(one.new),
    }


def _span_words(span: tuple[date | None, date | None] | None) -> str:
    """'from 2026-10-01', 'before 2026-10-01', 'of any day'; 'none: a later book does'."""
    if span is None:
        return "none: a later book does"
    words = [f"{word} {day}" for word, day in zip(("from", "before"), span, strict=True) if day is not None]
    return " and ".join(words) or "of any day"


def _adoption(one: PriceBookAdoption, span: tuple[date | None, date | None] | None) -> dict[str, Any]:
    return {
        "price_book": one.version,
        "content_hash": one.content_hash,
        "adopted_at": one.adopted_at.isoformat(),
        "valid_from": one.valid_from.isoformat() if one.valid_from else None,
        "prices_usage": span is not None,
        "prices_usage_before": span[1].isoformat() if span and span[1] else None,
        "models": one.models_count,
        "rate_cards": one.rate_cards_count,
        "rates": one.rates_count,
        "note": one.note,
    }


def _found(book: PriceBook, model: str, provider: str | None, day: date) -> list[Found]:
    """The model as each provider sells it under its own name, or as the named provider does, by aliases first.

    Raises UsageConfigError with near names where there is none.
    """
    named, slash, rest = model.partition("/")
    if provider is None and slash and book.prices.provider(named) is not None:
        provider, model = named, rest
    words = [provider] if provider else [one.id for one in book.prices.providers]
    found = [
        Found(word, model, reading.model)
        for word in words
        for reading in book.readings(word, model)
        if reading.holds_on(day) and reading.model is not None and (provider or reading.model.is_own)
    ]
    if not found:
        ids = {info.id for one in book.prices.providers if provider in {None, one.id} for info in one.models}
        where = f" of {provider}" if provider else ""
        raise UsageConfigError(f"{book.version} knows no model {model!r}{where} on {day}{suggestion(model, ids)}")
    return found


def _rates(book: PriceBook, found: Found, day: date, volumes: Volumes) -> list[dict[str, Any]]:
    """The rates of one model on a day, in every context that has its own; of a project or account those that differ from the others'."""
    everyone: dict[str, Any] = {"project": None, "account": None}
    scopes = [everyone, *({**everyone, "project": one} for one in book.scopes.projects)]
    scopes += [{**everyone, "account": one} for one in book.scopes.accounts]
    rows: list[dict[str, Any]] = []
    for context, words in modes_of((found.meant, book.prices)):
        usual: dict[tuple[Any, ...], Any] = {}
        for scope in scopes:
            whose = " ".join(f"{name} {value}" for name, value in scope.items() if value is not None)
            for row in _rates_in(book, found, context, scope, day, volumes):
                place = (row["meter"], row["input_tokens_gt"], row["utc_from_second"])
                if not whose or usual.get(place) != row["net_unit_price"]:
                    rows.append({"provider": found.meant.provider.id, "model": found.meant.info.id, "for": whose, "context": words, **row})
                usual.setdefault(place, row["net_unit_price"])
    return rows


def _rates_in(
    book: PriceBook, found: Found, context: dict[str, str], scope: dict[str, Any], day: date, volumes: Volumes
) -> Iterator[dict[str, Any]]:
    """Rates with their cards, of meters that have a price of their own."""
    key = dict.fromkeys(KEY) | {"provider": found.provider, "model": found.model} | scope
    schema = resolutions.schema.to_pyarrow()
    keys = pa.Table.from_pylist([key], schema=pa.schema([schema.field(name) for name in KEY]))
    told = book.resolve(keys, context, volumes=volumes)
    cards = {card["rate_card"]: card for card in told.rate_cards.to_pylist() if _holds(card, day)}
    for rate in told.rates.to_pylist():
        if rate["rate_card"] in cards and rate["priced_as"] is None:
            yield {**cards[rate["rate_card"]], **rate}


def _holds(card: dict[str, Any], day: date) -> bool:
    return (card["valid_from"] is None or card["valid_from"] <= day) and (card["valid_to"] is None or day < card["valid_to"])


def _when(row: dict[str, Any]) -> str:
    """The tier and the time of day for which a rate holds, in words."""
    parts = []
    if row["input_tokens_gt"] != NO_TOKENS:
        parts.append(f"input above {row['input_tokens_gt']:,}")
    if row["input_tokens_le"] != ALL_TOKENS:
        parts.append(f"input up to {row['input_tokens_le']:,}")
    if (row["utc_from_second"], row["utc_to_second"]) != (0, DAY_SECONDS):
        parts.append(f"{_clock(row['utc_from_second'])}-{_clock(row['utc_to_second'])} UTC")
    return ", ".join(parts) or "always"


def _clock(second: int) -> str:
    return f"{second // 3600:02}:{second % 3600 // 60:02}"


def million(price: Decimal | None) -> Decimal | None:
    """The price of a million units, as price lists have it."""
    return None if price is None else price * MILLION


def _ratio(one: PriceChange) -> str:
    if one.old is None:
        return "new"
    if one.new is None:
        return "gone"
    return f"{money.percent(one.new - one.old, one.old):+.1f} %" if one.old else "was free"


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else money.text(amount)


def _texts(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: money.text(one) if isinstance(one, Decimal) else one.isoformat() if isinstance(one, date) else one
        for name, one in row.items()
    }
