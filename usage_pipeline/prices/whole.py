"""A whole catalog as rate cards and rates, at list prices: what a book keeps beside the catalog, to be read, compared and proven."""

from collections.abc import Iterator

import pyarrow as pa

from usage_pipeline.prices.book import schedule_cards
from usage_pipeline.prices.catalog import Catalog
from usage_pipeline.prices.compare import models_of, modes_of
from usage_pipeline.tables.rates import Rate, RateCard, rate_cards, rates

Tables = tuple[pa.Table, pa.Table]

_last: list[tuple[Catalog, Tables]] = []
"""The catalog asked for last, and its tables: a process that makes several homes works them out once (3 CPU seconds)."""


def whole(catalog: Catalog) -> Tables:
    """`rate_cards` and `rates` of every model in every context that it has a variant for, in the order of the catalog.

    Meters without a price of their own (`priced_as`) are left out: they follow the meter that has one.
    """
    if not (_last and _last[0][0] is catalog):
        _last[:] = [(catalog, _tables(catalog))]
    return _last[0][1]


def _tables(catalog: Catalog) -> Tables:
    cards = list(_cards(catalog))
    return rate_cards.arrow([card for card, _ in cards]), rates.arrow(
        [rate for _, lines in cards for rate in lines if rate.priced_as is None]
    )


def _cards(catalog: Catalog) -> Iterator[tuple[RateCard, list[Rate]]]:
    for model in models_of(catalog).values():
        for context, _ in modes_of((model, catalog)):
            yield from schedule_cards(catalog, model, context)
