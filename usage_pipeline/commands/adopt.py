"""`usage-pipeline prices adopt`: what another price book would change, in prices and in money, and then taking it on."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from usage_pipeline import money
from usage_pipeline.commands.adopt_months import MonthEffect, effect_of, month_document, show_months
from usage_pipeline.commands.output import Output
from usage_pipeline.commands.prices import SHOWN_MOST, change_document, million, show_changes, show_models
from usage_pipeline.defs.books import adoption_of
from usage_pipeline.defs.catalogs import catalog_in
from usage_pipeline.defs.home import prepare
from usage_pipeline.defs.prices import volumes_known
from usage_pipeline.defs.progress import Progress
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.periods import Period, inclusive, months_in
from usage_pipeline.prices.book import PriceBook
from usage_pipeline.prices.catalog import Catalog, current_catalog
from usage_pipeline.prices.compare import Comparison, PriceChange, compare
from usage_pipeline.prices.one_view import one_view
from usage_pipeline.prices.second import Disagreement, disagreements
from usage_pipeline.prices.second_map import read_second
from usage_pipeline.prices.what_if import compare as priced_again
from usage_pipeline.prices.what_if import events_of
from usage_pipeline.settings import Environment
from usage_pipeline.storage.home import Home
from usage_pipeline.tables.priced_usage import priced_usage
from usage_pipeline.tables.rates import NO_TOKENS


def run_prices_adopt(
    environment: Environment,
    valid_from: date,
    today: date,
    output: Output,
    *,
    file: Path | None,
    second_file: Path | None,
    note: str | None,
    dry_run: bool,
) -> int:
    """Show what the catalog of `file` (the installed one if None) changes, and adopt it unless `dry_run`.

    `second_file` is a price map of litellm to compare with, the shipped extract if None.
    """
    home = prepare(Home(environment.home))
    workplace = Workplace(home_folder=str(home.root), config_file=str(environment.config_file))
    books, catalog = workplace.books(), current_catalog() if file is None else catalog_in(file)
    adoptions = books.adoptions()
    last = adoption_of(valid_from, adoptions)
    if last == adoptions[-1] and last.content_hash == catalog.content_hash:
        return _nothing_new(catalog, output)
    months = _months(workplace)
    with output.progress() as listener:
        listener("comparing prices", 0, 0)
        told = compare(books.book_of(last).prices, catalog, [*(month.start for month in months), today])
        effects = _effects(workplace, books.with_terms(catalog, is_current=False), months, listener)
        second = read_second() if second_file is None else read_second(second_file)
        doubts = disagreements(catalog, second, today)
    adopted = None if dry_run else books.adopt(catalog, valid_from=valid_from, note=note)
    if output.as_json:
        opinion = {"second_opinion": {"catalog": second.name, "prices": [_doubt(one) for one in doubts]}}
        output.document(_document(told, effects, valid_from, adopted=adopted is not None) | opinion)
        return 0
    _show(told, effects, output)
    _show_doubts(doubts, second.name, _models_used(workplace, months), output)
    _say(told, effects, valid_from, output, dry_run=dry_run)
    return 0


def _nothing_new(catalog: Catalog, output: Output) -> int:
    if output.as_json:
        output.document({"old": catalog.name, "new": catalog.name, "adopted": False, "added": [], "gone": [], "repriced": [], "months": []})
    else:
        output.say(f"{catalog.name} is the price book already: nothing to adopt.")
    return 0


def _months(workplace: Workplace) -> list[Period]:
    """The months that have priced usage."""
    days = workplace.lake(workplace.engine()).days(priced_usage.name)
    return months_in(inclusive(days[0], days[-1])) if days else []


def _effects(workplace: Workplace, book: PriceBook, months: Sequence[Period], listener: Progress) -> list[MonthEffect]:
    effects: list[MonthEffect] = []
    for done, month in enumerate(months):
        listener("pricing past months", done, len(months))
        engine = workplace.engine()
        lake = workplace.lake(engine)
        events = events_of(one_view(lake.read(priced_usage, month)))
        effects.append(effect_of(month, priced_again(events, book, engine, volumes_known(lake, book, month))))
    if months:
        listener("pricing past months", len(months), len(months))
    return effects


def _models_used(workplace: Workplace, months: Sequence[Period]) -> set[str]:
    """The catalog's ids of the models in the usage of the last month."""
    if not months:
        return set()
    engine = workplace.engine()
    rows = workplace.lake(engine).read(priced_usage, months[-1])
    return set(engine.to_pyarrow(rows.select("model_id").distinct())["model_id"].to_pylist())


def _show_doubts(doubts: Sequence[Disagreement], name: str, used: set[str], output: Output) -> None:
    """Of models in use; the others are only counted."""
    ours = [one for one in doubts if one.model in used]
    if ours:
        output.table(
            ("provider", "model", "context", "meter", "input tokens", "this book, million", "theirs, million"),
            [
                (
                    one.provider,
                    one.model,
                    ", ".join(f"{key}={value}" for key, value in one.context) or "standard",
                    one.meter,
                    "all" if one.input_tokens_gt == NO_TOKENS else f"above {one.input_tokens_gt:,}",
                    million(one.ours),
                    million(one.theirs),
                )
                for one in ours[:SHOWN_MOST]
            ],
            numbers=("this book, million", "theirs, million"),
            title=f"Where a second catalog, {name}, says otherwise of models in use (it is never priced by)",
        )
    output.say(f"{name} disagrees on {len(doubts):,} prices, {len(ours):,} of them of models used last month: `--json` lists them all")


def _doubt(one: Disagreement) -> dict[str, Any]:
    return {
        "provider": one.provider,
        "model": one.model,
        "context": dict(one.context),
        "meter": one.meter,
        "input_tokens_gt": one.input_tokens_gt,
        "ours": None if one.ours is None else money.text(one.ours),
        "theirs": money.text(one.theirs),
        "kind": one.kind,
    }


def _show(told: Comparison, effects: Sequence[MonthEffect], output: Output) -> None:
    show_changes(told.changes, output)
    show_models("added", told.added, output)
    show_models("gone", told.gone, output)
    show_months(effects, output)


def _say(told: Comparison, effects: Sequence[MonthEffect], valid_from: date, output: Output, *, dry_run: bool) -> None:
    output.say(f"{told.old} -> {told.new}: {len(told.added):,} models added, {len(told.gone):,} gone, {len(told.repriced):,} re-priced")
    touched = [one.month for one in effects if one.month >= f"{valid_from:%Y-%m}"]
    past = f" Run {' and '.join(touched)} again to have it there; months before stay as they are." if touched else ""
    if dry_run:
        output.say(f"Nothing was adopted (--dry-run). Adopted now it would price usage from {valid_from} on.{past}")
    else:
        output.say(
            f"Adopted: it prices usage from {valid_from} on. Usage before keeps its book, and statements of it stay as they are.{past}"
        )


def _document(told: Comparison, effects: Sequence[MonthEffect], valid_from: date, *, adopted: bool) -> dict[str, Any]:
    changes: Sequence[PriceChange] = told.changes
    return {
        "old": told.old,
        "new": told.new,
        "adopted": adopted,
        "valid_from": valid_from.isoformat(),
        "added": list(told.added),
        "gone": list(told.gone),
        "repriced": [change_document(one) for one in changes],
        "months": [month_document(one) for one in effects],
    }
