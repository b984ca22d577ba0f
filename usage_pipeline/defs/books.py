"""The price books of a home: which catalogs were adopted, and which of them prices which day.

Bitemporal: an adoption says from which day of usage on a catalog counts (`valid_from`) and when that was decided (`adopted_at`). Days
before keep the book they had, so a newer package, or a newer book, changes nothing of the past. The catalogs themselves lie in the
home, `prices/<content hash>/`, beside all their rate cards as Parquet.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from pathlib import Path

import genai_prices
import pyarrow as pa
import pyarrow.parquet as pq

from usage_pipeline.errors import UsageConfigError, UsageError
from usage_pipeline.periods import Period, inclusive
from usage_pipeline.prices.book import FILE, PriceBook, build_book
from usage_pipeline.prices.catalog import PACKAGE, Catalog, current_catalog, dump, short_hash
from usage_pipeline.prices.catalog_file import load
from usage_pipeline.prices.whole import whole
from usage_pipeline.storage.database import Database
from usage_pipeline.tables.configuration import Agreement, Alias
from usage_pipeline.tables.price_books import PriceBookAdoption, price_books

CATALOG = "catalog.json.gz"
RATE_CARDS, RATES = "rate_cards.parquet", "rates.parquet"
INSTALLED = "installed"
FIRST = "the catalog that was installed when usage was first priced"


@dataclass(frozen=True)
class Books:
    """The books of one home, with the agreements and aliases of the configuration `file` on top of each."""

    folder: Path
    database: Database
    now: datetime
    agreements: tuple[Agreement, ...] = ()
    aliases: tuple[Alias, ...] = ()
    file: str = FILE

    def adoptions(self) -> list[PriceBookAdoption]:
        """All of them, oldest first. Where there is none, the installed catalog is adopted now, for usage of any day."""
        return self.known() or [self.adopt(current_catalog(), valid_from=None, note=FIRST)]

    def known(self) -> list[PriceBookAdoption]:
        """Those that were made, oldest first."""
        return self.database.select(price_books, order=("adopted_at", "adoption_id"))

    def current(self) -> PriceBook:
        """The book that prices usage of today."""
        return self.book_on(self.now.date())

    def named(self, name: str) -> PriceBook:
        """The book whose name, or the beginning of whose content hash, is `name`; 'installed' is the package's own.

        Raises UsageConfigError that lists the known ones where there is none, or more than one.
        """
        return self.with_terms(self.catalog_named(name), is_current=False)

    def catalog_named(self, name: str) -> Catalog:
        """As `named`, without agreements and aliases."""
        if name == INSTALLED:
            return current_catalog()
        known = {one.content_hash: one for one in self.adoptions()}
        wanted = name.removeprefix("sha256:")
        found = [one for one in known.values() if name == one.version or (len(wanted) > 3 and one.content_hash.startswith(wanted))]  # noqa: PLR2004
        if len(found) != 1:
            listed = "\n".join(f"  {one.version}" for one in known.values())
            raise UsageConfigError(
                f"{name!r} names {'no' if not found else 'more than one'} price book; give a name, the beginning of a hash (4 letters"
                f" at least), or '{INSTALLED}':\n{listed}"
            )
        return self._catalog(found[0])

    def in_force(self, days: Period) -> list[tuple[Period, PriceBook]]:
        """`days` in order, cut where another book begins to count, each part with its book."""
        adoptions = self.adoptions()
        parts = groupby(days.days(), key=lambda day: adoption_of(day, adoptions))
        spans = [(adoption, list(span)) for adoption, span in parts]
        return [(inclusive(span[0], span[-1]), self.book_of(adoption)) for adoption, span in spans]

    def book_on(self, day: date) -> PriceBook:
        """The book that prices usage of `day`."""
        return self.book_of(adoption_of(day, self.adoptions()))

    def book_of(self, adoption: PriceBookAdoption) -> PriceBook:
        is_current = adoption == adoption_of(self.now.date(), self.known())
        return self.with_terms(self._catalog(adoption), is_current=is_current)

    def adopt(self, catalog: Catalog, *, valid_from: date | None, note: str | None = None) -> PriceBookAdoption:
        """Keep `catalog` in the home and let it price usage from `valid_from` on (None: of any day)."""
        known = self.known()
        counts = self._keep(catalog)
        adoption = PriceBookAdoption(
            adoption_id=short_hash(f"{catalog.content_hash}|{valid_from}|{len(known)}"),
            version=catalog.name,
            content_hash=catalog.content_hash,
            adopted_at=self.now,
            valid_from=valid_from,
            models_count=sum(len(provider.models) for provider in catalog.providers),
            rate_cards_count=counts[0],
            rates_count=counts[1],
            note=note,
        )
        self.database.upsert(price_books, [adoption])
        return adoption

    def with_terms(self, catalog: Catalog, *, is_current: bool) -> PriceBook:
        """The catalog with the agreements and aliases of usage.yaml; `is_current` where it should know all models that they name."""
        return build_book(self.agreements, self.aliases, catalog, file=self.file, is_current=is_current)

    def _keep(self, catalog: Catalog) -> tuple[int, int]:
        """Write the book's files; the numbers of its rate cards and rates."""
        folder = self.folder / catalog.content_hash
        cards, rates = whole(catalog)
        folder.mkdir(parents=True, exist_ok=True)
        for name, table in ((RATE_CARDS, cards), (RATES, rates)):
            temporary = folder / f".{name}.writing"
            pq.write_table(table, temporary)
            temporary.replace(folder / name)
        temporary = folder / f".{CATALOG}.writing"
        temporary.write_bytes(dump(catalog))
        temporary.replace(folder / CATALOG)
        _mark(folder).touch()
        return cards.num_rows, rates.num_rows

    def _catalog(self, adoption: PriceBookAdoption) -> Catalog:
        """The adopted catalog, from the home. Raises UsageError where it is gone, or where this package would read it otherwise."""
        folder = self.folder / adoption.content_hash
        path = folder / CATALOG
        if not path.is_file():
            installed = current_catalog()
            if installed.content_hash != adoption.content_hash:
                raise UsageError(f"the adopted price book {adoption.version} is gone: restore {path} from a backup, then run again")
            self._keep(installed)
            return installed
        try:
            catalog = load(path.read_bytes(), str(path))
        except UsageConfigError as error:
            raise UsageError(_damaged(adoption, path)) from error
        if catalog.content_hash != adoption.content_hash:
            raise UsageError(_damaged(adoption, path))
        if not _mark(folder).exists():
            self._check(catalog, folder, adoption)
            _mark(folder).touch()
        return catalog

    def _check(self, catalog: Catalog, folder: Path, adoption: PriceBookAdoption) -> None:
        """A package of another version must read the same prices out of the catalog as the one that it was adopted with."""
        try:
            kept = [pq.read_table(folder / name) for name in (RATE_CARDS, RATES)]
        except (OSError, pa.ArrowInvalid) as error:
            raise UsageError(_damaged(adoption, folder)) from error
        if kept != list(whole(catalog)):
            raise UsageError(
                f"the installed {PACKAGE} {genai_prices.__version__} reads other prices out of the adopted price book {adoption.version}:"
                f" install the version of {PACKAGE} that it was adopted with, and tell the makers of usage_pipeline"
            )


def spans_of(adoptions: Sequence[PriceBookAdoption]) -> list[tuple[date | None, date | None] | None]:
    """For each adoption, [first, next) of the days that it prices, None for an open end; None where later ones price all of them."""
    spans: list[tuple[date | None, date | None] | None] = []
    for place, one in enumerate(adoptions):
        later = [other.valid_from for other in adoptions[place + 1 :]]
        ends = [day for day in later if day is not None]
        end = min(ends, default=None)
        start = one.valid_from if place else None
        gone = None in later or (end is not None and start is not None and end <= start)
        spans.append(None if gone else (start, end))
    return spans


def adoption_of(day: date, adoptions: Sequence[PriceBookAdoption]) -> PriceBookAdoption:
    """The adoption that prices `day`: the last one made that counts from that day or before; the first where none does."""
    counting = [one for one in adoptions if one.valid_from is None or one.valid_from <= day]
    return counting[-1] if counting else adoptions[0]


def _damaged(adoption: PriceBookAdoption, path: Path) -> str:
    return f"the adopted price book {adoption.version} is damaged: {path} is not what was adopted; restore it from a backup, then run again"


def _mark(folder: Path) -> Path:
    """A file that says: this version of the package reads the book as it was adopted."""
    return folder / f"read-by-{genai_prices.__version__}"
