"""`price_books`: which book was adopted when, and for usage from which day on. In the database, append-only."""

from dataclasses import dataclass
from datetime import date, datetime

from usage_pipeline.tables.schema import Table, column


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceBookAdoption:
    """One adoption of a version of the price book. A newer one adds a row; none is ever changed."""

    adoption_id: str = column("Hash that names this adoption", key=True)
    version: str = column("Version of the catalog, as priced rows name it")
    content_hash: str = column("SHA-256 of the book's content")
    adopted_at: datetime = column("When it was adopted (UTC)")
    valid_from: date | None = column("First UTC day whose usage it prices; null: from ever")
    models_count: int = column("Models in the book")
    rate_cards_count: int = column("Rate cards in the book")
    rates_count: int = column("Rates in the book")
    note: str | None = column("What the adopter said of it")


price_books = Table("price_books", PriceBookAdoption)
