"""A month computed once more from its input files, in a folder of its own, with the configuration and the price books of its close.

Files are read in the order and at the times they were read first, so that the same lines count. Nothing of the home is changed.
"""

import hashlib
import hmac
import shutil
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from glob import escape
from pathlib import Path

from usage_pipeline.defs.allocations import allocate_days
from usage_pipeline.defs.costs import cost_rows
from usage_pipeline.defs.inputs import Key, days_around
from usage_pipeline.defs.prices import price_days
from usage_pipeline.defs.progress import tell
from usage_pipeline.defs.usage import attribute_days
from usage_pipeline.defs.workplace import Workplace, open_database
from usage_pipeline.periods import Period
from usage_pipeline.settings import Settings
from usage_pipeline.sources.catalog import SOURCES
from usage_pipeline.storage.database import Database
from usage_pipeline.storage.home import Home
from usage_pipeline.storage.id_hashes import ids_by_key
from usage_pipeline.storage.ingest import ingest
from usage_pipeline.storage.landing import Landing
from usage_pipeline.tables.charges import charges
from usage_pipeline.tables.costs import DailyCost
from usage_pipeline.tables.ingested_files import ingested_days
from usage_pipeline.tables.inputs import NAMES, Input
from usage_pipeline.tables.price_books import PriceBookAdoption, price_books
from usage_pipeline.tables.usage_events import usage_events

STAGE = "computing again"
HOME, INPUTS, CONFIG, RATES = "home", "inputs", "usage.yaml", "exchange_rates"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingredients:
    """What a month is computed of: files where they lie now, usage.yaml's text, price books and where their catalogs lie, the moment.

    `rates` is the file of exchange rates, where there is one; `hashed_ids` the home's note of how it hashes ids.
    """

    month: Period
    inputs: Sequence[Input]
    places: Mapping[Key, Path]
    configuration: str
    books: Sequence[PriceBookAdoption]
    catalogs: Path
    rates: Path | None
    at: datetime
    hashed_ids: Path


class Replayed(Workplace):
    """A workplace whose home is the folder: its own database, local files, the clock of the close.

    `copies`: by fingerprint, where each input lies now.
    """

    at: str
    copies: dict[str, str] = {}  # noqa: RUF012 - a field of the resource, which copies it

    def settings(self) -> Settings:
        """As frozen; the exchange rates are the copy in the folder."""
        found = super().settings()
        rates = Path(self.config_file).parent / RATES
        return replace(found, exchange_rates=rates) if rates.is_file() else found

    def ids_by_key(self) -> bool:
        """As in the home that it is a replay of."""
        return ids_by_key(self.home.hashed_ids, self.environment().hash_key_text, is_new=False, now=self.now())

    def database(self) -> Database:
        """Of the folder, whatever the environment says."""
        return open_database(self.home.database_url)

    def landing(self) -> Landing:
        return Landing(hash_key=self.environment().hash_key_text)

    def now(self) -> datetime:
        return datetime.fromisoformat(self.at)


def replayed(given: Ingredients, folder: Path) -> list[DailyCost]:
    """The month's daily costs, worked out anew in `folder`."""
    workplace = _prepared(given, folder)
    settings = workplace.settings()
    groups = _groups(given)
    for done, (read_at, source, inputs) in enumerate(groups):
        tell(STAGE, done, len(groups) + 2)
        _read(workplace, settings, source, read_at, [(one, given.places[one.source, one.sha256]) for one in inputs], folder)
    _as_they_said(workplace.database(), given.inputs)
    tell(STAGE, len(groups), len(groups) + 2)
    around = days_around(settings, given.month)
    attribute_days(workplace, usage_events, Period(around.start, given.month.end))
    attribute_days(workplace, charges, given.month)
    price_days(workplace, given.month)
    tell(STAGE, len(groups) + 1, len(groups) + 2)
    allocate_days(workplace, given.month)
    rows = cost_rows(workplace, given.month)
    tell(STAGE, len(groups) + 2, len(groups) + 2)
    return rows


def replayed_home(given: Ingredients, folder: Path) -> "Replayed":
    """The workplace in which `replayed` computed, to look at its lake."""
    return Replayed(home_folder=str(folder / HOME), config_file=str(folder / CONFIG), at=given.at.astimezone(UTC).isoformat())


def _prepared(given: Ingredients, folder: Path) -> Replayed:
    """A home with the price books and the lists of names, and the configuration beside it."""
    (folder / CONFIG).write_text(given.configuration, "utf-8")
    if given.rates is not None:
        shutil.copyfile(given.rates, folder / RATES)
    home = Home(folder / HOME).create()
    shutil.copytree(given.catalogs, home.prices, dirs_exist_ok=True)
    if given.hashed_ids.exists():
        shutil.copyfile(given.hashed_ids, home.hashed_ids)
    for one in given.inputs:
        place = given.places.get((one.source, one.sha256))
        if place is not None and one.kind == NAMES:
            target = home.landing / one.source / NAMES / Path(one.uri).parent.name / Path(one.uri).name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(place, target)
    workplace = replayed_home(given, folder)
    workplace.database().upsert(price_books, given.books)
    return workplace


def _groups(given: Ingredients) -> list[tuple[datetime, str, list[Input]]]:
    """Files that were read together, in the order of reading."""
    groups: dict[tuple[datetime, str], list[Input]] = defaultdict(list)
    for one in given.inputs:
        if one.kind != NAMES and (one.source, one.sha256) in given.places:
            groups[one.read_at, one.source].append(one)
    return [(read_at, source, groups[read_at, source]) for read_at, source in sorted(groups)]


def _read(
    workplace: Replayed, settings: Settings, source: str, read_at: datetime, files: Sequence[tuple[Input, Path]], folder: Path
) -> None:
    """One group into the lake of the folder, by links that have the files' own names. A source may have been taken out of usage.yaml."""
    spec = next((one for one in settings.sources if one.name == source), None)
    links = folder / INPUTS / source / f"{read_at:%Y%m%dT%H%M%S%f}"
    for one, place in files:
        link = links / one.uri.replace("://", "/").lstrip("/")
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(place.absolute())
    engine = workplace.reading_engine()
    ingest(
        source,
        SOURCES[spec.kind if spec else files[0][0].kind],
        f"{escape(str(links))}/**/*",
        lake=workplace.lake(engine),
        database=workplace.database(),
        engine=engine,
        stage=workplace.home.scratch,
        now=read_at,
        tags=spec.tags if spec else None,
        landing=workplace.landing(),
    )


def _as_they_said(database: Database, inputs: Sequence[Input]) -> None:
    """Let every file be as new as it was: a copy of it may have another time."""
    times = {(one.source, one.sha256): one.modified_at for one in inputs}
    words = database.select(ingested_days)
    database.upsert(ingested_days, [replace(one, modified_at=times[one.source, one.fingerprint]) for one in words])


def key_of_hashes(workplace: Workplace) -> str | None:
    """What tells one key of hashes from another, without telling the key; None where there is none."""
    engine_key = workplace.environment().hash_key_text
    if engine_key is None:
        return None
    return hmac.new(engine_key.encode(), b"which key", hashlib.sha256).hexdigest()[:16]
