"""The chain as our assets run it, without Dagster: the same functions in the same order, a fresh engine for each step."""

import shutil
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import ibis
from ibis.backends.duckdb import Backend

from benchmarks.lines import START, Input
from benchmarks.outcome import Outcome, totals_of
from benchmarks.terms import COMPANY, DISCOUNT, RULES, SOURCE
from usage_pipeline.costs.daily import daily_costs_of
from usage_pipeline.costs.usage import usage_rows_of
from usage_pipeline.periods import Period
from usage_pipeline.prices.apply import keys_of, price_events
from usage_pipeline.prices.book import build_book
from usage_pipeline.prices.daily import usage_costs
from usage_pipeline.sources.attribution import attribute
from usage_pipeline.sources.catalog import SOURCES
from usage_pipeline.sources.siblings import with_siblings
from usage_pipeline.storage.database import Database
from usage_pipeline.storage.engine import connect
from usage_pipeline.storage.home import Home
from usage_pipeline.storage.ingest import ingest, landed_rejects, landed_rows
from usage_pipeline.storage.lake import Lake
from usage_pipeline.tables.configuration import SourceSpec
from usage_pipeline.tables.costs import DailyCost
from usage_pipeline.tables.ingested_files import IngestedFile
from usage_pipeline.tables.priced_usage import priced_usage
from usage_pipeline.tables.usage_costs import UsageCost
from usage_pipeline.tables.usage_events import usage_events

DIMENSIONS = ("view", "project", "team", "user", "channel", "provider", "model", "api_type", "operation", "status")
SPEC = SourceSpec(name=SOURCE, kind="litellm", path="")


class OurChain:
    """The steps, each over files of a home folder. `landed` is the input file."""

    def __init__(self, home: Home, landed: Path, days: Period, memory_limit: str) -> None:
        self._home = home
        self._landed = landed
        self._days = days
        self._memory_limit = memory_limit
        self._database = Database(home.database_url)

    def migrate(self) -> None:
        self._database.migrate()

    def ingest(self) -> list[IngestedFile]:
        engine = self._engine()
        return ingest(
            SOURCE,
            SOURCES["litellm"],
            str(self._landed),
            lake=Lake(self._home.lake, engine),
            database=self._database,
            engine=engine,
            stage=self._home.scratch,
            now=datetime.combine(self._days.end, datetime.min.time(), tzinfo=UTC),
        )

    def attribute(self) -> None:
        lake = self._lake()
        landed = landed_rows(usage_events, self._days, lake=lake, database=self._database)
        rules = with_siblings(RULES, [SPEC], SOURCES)
        lake.replace(usage_events, attribute(landed, rules, COMPANY), list(self._days.days()), day_column="started_at")

    def price(self) -> None:
        lake, book = self._lake(), build_book([DISCOUNT])
        events = lake.read(usage_events, self._days)
        keys = book.resolve(lake.engine.to_pyarrow(keys_of(events, book.scopes)))
        book_tables = (ibis.memtable(rows) for rows in (keys.resolutions, keys.rate_cards, keys.rates))
        priced = price_events(events, *book_tables, price_book=book.version, scopes=book.scopes)
        lake.replace(priced_usage, priced, list(self._days.days()), day_column="started_at")

    def sum_usage(self) -> dict[date, list[UsageCost]]:
        lake, book = self._lake(), build_book([DISCOUNT])
        priced = lake.read(priced_usage, self._days)
        keys = book.resolve(lake.engine.to_pyarrow(keys_of(priced, book.scopes)))
        named = priced.mutate(day=priced.started_at.date(), model=priced.model_id.fill_null(priced.model))
        answer = lake.engine.to_pyarrow(usage_costs(named, ibis.memtable(keys.rates), ("day", *DIMENSIONS)))
        by_day: dict[date, list[UsageCost]] = defaultdict(list)
        for day, row in zip(answer["day"].to_pylist(), usage_rows_of(answer), strict=True):
            by_day[day].append(row)
        return by_day

    def sum_days(self, usage: dict[date, list[UsageCost]]) -> list[DailyCost]:
        teams = {project.id: project.team for project in COMPANY if project.team}
        return [row for day in self._days.days() for row in daily_costs_of(day, usage[day], [], model_ids={}, teams=teams)]

    def reasons(self) -> dict[str, int]:
        arrived = Period(self._days.end, self._days.end + timedelta(days=1))
        lake = self._lake()
        rejects = landed_rejects(arrived, lake=lake, database=self._database)
        return dict(sorted(Counter(lake.engine.to_pyarrow(rejects.select("reason"))["reason"].to_pylist()).items()))

    def _engine(self) -> Backend:
        return connect(self._home.scratch, memory_limit=self._memory_limit)

    def _lake(self) -> Lake:
        return Lake(self._home.lake, self._engine())


def run(given: Input, folder: Path, memory_limit: str, step: Callable[..., Any]) -> Outcome:
    """`step(name, function, …)` calls the function and notes what it costs."""
    shutil.rmtree(folder, ignore_errors=True)
    days = Period(START.date(), START.date() + timedelta(days=given.days))
    chain = OurChain(Home(folder).create(), given.path, days, memory_limit)
    step("database", chain.migrate)
    files = step("ingest", chain.ingest)
    step("attribute", chain.attribute)
    step("price", chain.price)
    usage = step("usage costs", chain.sum_usage)
    daily = step("daily costs", chain.sum_days, usage)
    rows = ((row.day, row.project, row.model, row.meter, row.quantity, row.requests, row.list_cost, row.estimated_cost) for row in daily)
    return Outcome(
        lines=sum(file.lines for file in files),
        accepted=sum(file.accepted for file in files),
        duplicates=sum(file.duplicates for file in files),
        rejected=sum(file.rejected for file in files),
        reasons=chain.reasons(),
        totals=totals_of(rows),
    )
