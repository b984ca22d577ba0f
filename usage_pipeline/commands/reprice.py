"""`usage-pipeline reprice`: what a past period would have cost. Reads the lake, writes one CSV, changes nothing else."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import ibis.expr.types as ir

from usage_pipeline.commands.output import Output
from usage_pipeline.commands.reprice_words import Answer, csv_of, document_of, notes_of, show
from usage_pipeline.defs.prices import volumes_known
from usage_pipeline.defs.progress import Progress
from usage_pipeline.defs.reports import write_if_changed
from usage_pipeline.defs.workplace import Workplace
from usage_pipeline.errors import UsageConfigError
from usage_pipeline.periods import Period
from usage_pipeline.prices.book import PriceBook
from usage_pipeline.prices.one_view import one_view
from usage_pipeline.prices.stand_in import stand_in
from usage_pipeline.prices.what_if import Change, added_up, as_batch, as_model, changed, compare, events_of, without_cache
from usage_pipeline.reports.snapshot import ORGANISATION
from usage_pipeline.settings import Environment
from usage_pipeline.storage.home import Home
from usage_pipeline.tables.costs import UNATTRIBUTED
from usage_pipeline.tables.priced_usage import priced_usage

CURRENT = "current"
KINDS = ("project", "channel", "provider", "model", "model_id", "price_book")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The options of the command: what to change, and whose usage."""

    book: str | None = None
    as_model: str | None = None
    as_batch: bool = False
    without_cache: bool = False
    project: str | None = None
    model: str | None = None
    channel: str | None = None

    @property
    def name(self) -> str:
        """The scenario as it stands in a file's name: 'as-model-claude-haiku-4-5+as-batch'."""
        parts = [
            *([f"as-model-{self.as_model}"] if self.as_model else []),
            *(["as-batch"] if self.as_batch else []),
            *(["without-cache"] if self.without_cache else []),
        ]
        if self.book or not parts:
            parts.insert(0, f"book-{self.book or CURRENT}")
        parts += [f"{name}-{value}" for name, value in self.filters.items()]
        return "+".join(re.sub(r"[^a-z0-9.]+", "-", part.lower()).strip("-.") for part in parts)

    @property
    def filters(self) -> dict[str, str]:
        given = {"project": self.project, "model": self.model, "channel": self.channel}
        return {name: value for name, value in given.items() if value is not None}


def run_reprice(environment: Environment, days: Period, asked: Asked, output: Output) -> int:
    """Price the period's usage once more, as asked; print, and write the CSV beside the period's reports."""
    home = Home(environment.home)
    if not home.lake.is_dir():
        raise UsageConfigError(f"{home.root} holds no usage yet: `usage-pipeline run` reads and prices it, or name another with --home")
    workplace = Workplace(home_folder=str(home.root), config_file=str(environment.config_file))
    currency = workplace.settings().organisation.currency
    with output.progress() as listener:
        answer = answer_of(workplace, days, asked, listener)
    path = home.reports / f"{days.start}_{days.last}" / ORGANISATION / f"reprice-{asked.name}.csv"
    write_if_changed(path, csv_of(answer.rows))
    if output.as_json:
        output.document(document_of(answer, days, currency, path.relative_to(home.root).as_posix()))
    else:
        show(answer, days, currency, path, output)
    return 0


def answer_of(workplace: Workplace, days: Period, asked: Asked, listener: Progress) -> Answer:
    """The period's usage, counted once, as booked and as asked. Raises UsageConfigError for a book, model or filter that is not there."""
    listener("reading usage", 0, 0)
    engine = workplace.engine()
    lake = workplace.lake(engine)
    usage = one_view(lake.read(priced_usage, days))
    kinds = engine.to_pyarrow(usage.select(*KINDS).distinct()).to_pylist()
    _check(asked, kinds, days)
    providers = {kind["provider"] or kind["channel"] for kind in kinds}
    parts = _parts(workplace, days, asked)
    rows = []
    for done, (part, book) in enumerate(parts):
        listener("pricing it again", done, len(parts))
        events = events_of(_of(one_view(lake.read(priced_usage, part)), asked))
        rows += compare(changed(events, _changes(asked, book, providers)), book, engine, volumes_known(lake, book, part))
    listener("pricing it again", len(parts), len(parts))
    present = set(lake.days(priced_usage.name))
    totalled = added_up(rows)
    return Answer(
        rows=totalled,
        days_missing=[day for day in days.days() if day not in present],
        book="; ".join(dict.fromkeys(book.version for _, book in parts)),
        scenario=asked.name,
        notes=notes_of(totalled, booked_by={kind["price_book"] for kind in kinds}, priced_by={book.version for _, book in parts}),
    )


def _parts(workplace: Workplace, days: Period, asked: Asked) -> list[tuple[Period, PriceBook]]:
    """Which book prices which days: the one asked for; with only the usage changed, each day's own; else the newest."""
    books = workplace.books()
    if asked.book is not None and asked.book != CURRENT:
        return [(days, books.named(asked.book))]
    if asked.book is None and (asked.as_model or asked.as_batch or asked.without_cache):
        return books.in_force(days)
    return [(days, books.current())]


def _changes(asked: Asked, book: PriceBook, providers: Iterable[str]) -> list[Change]:
    changes: list[Change] = []
    if asked.as_model is not None:
        changes.append(as_model(stand_in(book, asked.as_model, providers)))
    if asked.as_batch:
        changes.append(as_batch)
    if asked.without_cache:
        changes.append(without_cache)
    return changes


FILTERS: dict[str, Callable[[ir.Table, str], ir.BooleanValue]] = {
    "project": lambda usage, value: usage.project.fill_null(UNATTRIBUTED) == value,
    "model": lambda usage, value: (usage.model == value) | (usage.model_id.fill_null("") == value),
    "channel": lambda usage, value: usage.channel == value,
}


def _of(usage: ir.Table, asked: Asked) -> ir.Table:
    for name, value in asked.filters.items():
        usage = usage.filter(FILTERS[name](usage, value))
    return usage


def _check(asked: Asked, kinds: list[dict[str, Any]], days: Period) -> None:
    """Raises UsageConfigError where a filter names what no usage of the period has, with what there is."""
    known = {
        "project": {kind["project"] or UNATTRIBUTED for kind in kinds},
        "model": {name for kind in kinds for name in (kind["model_id"], kind["model"]) if name},
        "channel": {kind["channel"] for kind in kinds},
    }
    problems = [
        f"--{name} {value}: no usage of it from {days.start} to {days.last}; there is {', '.join(sorted(known[name])) or 'no usage at all'}"
        for name, value in asked.filters.items()
        if value not in known[name]
    ]
    if problems:
        raise UsageConfigError("\n".join(problems))
