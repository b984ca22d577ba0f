"""Which prices a unit may have had: of every processing, tier and agreement that a book knows for a model, whatever the usage says.

In: books with the days they are asked about, and the words that bills and usage use for models. Out: rows of `KnownPrice`, and above how
many input tokens each rate card holds, by its id.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import pyarrow as pa

from usage_pipeline.periods import Period
from usage_pipeline.prices.apply import KEY
from usage_pipeline.prices.book import PriceBook
from usage_pipeline.tables.priced_usage import PRICED
from usage_pipeline.tables.rates import REASONING
from usage_pipeline.tables.reconciled_usage import BATCH, STANDARD, KnownPrice

MODES: Mapping[str, tuple[bool | None, str | None]] = {
    STANDARD: (None, None),
    BATCH: (True, None),
    "flex": (None, "flex"),
    "priority": (None, "priority"),
}
_KEY_TYPE = pa.schema([(name, pa.bool_() if name == "is_batch" else pa.string()) for name in KEY])


@dataclass(frozen=True, slots=True)
class Words:
    """What a bill or usage says of a model: who bills, the provider's and the model's name, where it ran, and the catalog's id if known."""

    channel: str
    provider: str | None
    named: str
    region: str | None
    model: str


@dataclass
class Prices:
    """Prices found so far, without repetition, in the order in which they are looked for first."""

    prices: dict[KnownPrice, None] = field(default_factory=dict)
    tiers: dict[str, int] = field(default_factory=dict)

    def add(self, book: PriceBook, words: Collection[Words], days: Period | None, *, name: str | None = None) -> None:
        """The prices of `book`, on `days` if it is in force then; `name` is that of a book which is not."""
        asked = [_Asked(one, *scope) for scope in _scopes(book) for one in sorted(set(words), key=repr)]
        keys = [(one, mode, _key(one, mode)) for one in asked for mode in MODES]
        found = book.resolve(pa.Table.from_pylist([key for _, _, key in keys], schema=_KEY_TYPE))
        resolved = {tuple(row[part] for part in KEY): row for row in found.resolutions.to_pylist()}
        cards: dict[str, list[dict[str, object]]] = {}
        for card in found.rate_cards.to_pylist():
            cards.setdefault(card["schedule"], []).append(card)
            self.tiers[card["rate_card"]] = card["input_tokens_gt"]
        rates: dict[object, list[dict[str, object]]] = {}
        for rate in found.rates.to_pylist():
            rates.setdefault(rate["rate_card"], []).append(rate)
        for one, mode, key in keys:
            row = resolved[tuple(key[part] for part in KEY)]
            for card in cards.get(row["schedule"] or "", ()):
                if mode == STANDARD or card["state"] == PRICED:
                    for rate in rates.get(card["rate_card"], ()):
                        self._add(one.words, row["provider_id"], mode, card, rate, days, name)

    def _add(
        self,
        words: Words,
        provider: str | None,
        mode: str,
        card: Mapping[str, object],
        rate: Mapping[str, object],
        days: Period | None,
        name: str | None,
    ) -> None:
        if rate["meter"] == REASONING:
            return
        price = KnownPrice(
            channel=words.channel,
            provider=provider,
            model=words.model,
            meter=rate["meter"],  # type: ignore[arg-type]
            processing=mode,
            region=words.region,
            tier=card["input_tokens_gt"],  # type: ignore[arg-type]
            book=name,
            agreement=rate["agreement"],  # type: ignore[arg-type]
            list_unit_price=rate["list_unit_price"],  # type: ignore[arg-type]
            net_unit_price=rate["net_unit_price"],  # type: ignore[arg-type]
            valid_from=_later(card["valid_from"], days and days.start),  # type: ignore[arg-type]
            valid_to=_earlier(card["valid_to"], days and days.end),  # type: ignore[arg-type]
        )
        if price.valid_from is None or price.valid_to is None or price.valid_from < price.valid_to:
            self.prices.setdefault(price)


@dataclass(frozen=True, slots=True)
class _Asked:
    words: Words
    project: str | None
    account: str | None


def _scopes(book: PriceBook) -> Sequence[tuple[str | None, str | None]]:
    """No project and account first, then each one that an agreement names."""
    return [(None, None), *((one, None) for one in book.scopes.projects), *((None, one) for one in book.scopes.accounts)]


def _key(one: _Asked, mode: str) -> dict[str, object]:
    is_batch, tier = MODES[mode]
    words = one.words
    return {
        "provider": words.provider or words.channel,
        "model": words.named,
        "is_batch": is_batch,
        "service_tier": tier,
        "speed": None,
        "region": words.region,
        "project": one.project,
        "account": one.account,
    }


def _later(first: date | None, second: date | None) -> date | None:
    return second if first is None else first if second is None else max(first, second)


def _earlier(first: date | None, second: date | None) -> date | None:
    return second if first is None else first if second is None else min(first, second)
