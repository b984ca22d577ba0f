"""Writes the input, and the price table that plain SQL and pandas join: our book for this mix of models, one wide row a card."""

import argparse
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.lines import prepare
from benchmarks.mix import Model, streams
from benchmarks.terms import DISCOUNT
from usage_pipeline.money import MONEY
from usage_pipeline.prices.book import build_book
from usage_pipeline.sources.channels import CHANNELS

METERS = ("input", "cache_read", "cache_write", "cache_write_1h", "output", "output_image", "images", "web_searches")
"""Meters that this mix uses."""


def price_table() -> pa.Table:
    """provider, model, service_tier → model_id, and the cards: valid_from, valid_to, seconds, tokens, list_<meter>, net_<meter>."""
    models = {(stream.model.gateway, stream.model.name, stream.model.tier): stream.model for stream in streams()}
    keys = build_book([DISCOUNT]).resolve(pa.Table.from_pylist([_key(model) for model in models.values()]))
    prices: dict[str, dict[str, Any]] = {}
    for rate in keys.rates.to_pylist():
        if rate["meter"] in METERS:
            one = prices.setdefault(rate["rate_card"], {})
            one |= {f"list_{rate['meter']}": rate["list_unit_price"], f"net_{rate['meter']}": rate["net_unit_price"]}
    rows = [
        {name: known[name] for name in ("provider", "model", "service_tier", "model_id")} | _card(card) | prices.get(card["rate_card"], {})
        for known in keys.resolutions.to_pylist()
        for card in keys.rate_cards.to_pylist()
        if card["schedule"] == known["schedule"]
    ]
    money = pa.decimal128(MONEY.precision, MONEY.scale)
    texts = [(name, pa.string()) for name in ("provider", "model", "service_tier", "model_id", "card")]
    limits = [(name, pa.int64()) for name in ("utc_from_second", "utc_to_second", "input_tokens_gt", "input_tokens_le")]
    days = [("valid_from", pa.date32()), ("valid_to", pa.date32())]
    return pa.Table.from_pylist(
        rows, schema=pa.schema([*texts, *days, *limits, *((f"{part}_{meter}", money) for part in ("list", "net") for meter in METERS)])
    )


def _key(model: Model) -> dict[str, Any]:
    provider = CHANNELS[model.gateway].provider
    return {"provider": provider, "model": model.name, "is_batch": False, "service_tier": model.tier} | dict.fromkeys(
        ("speed", "region", "project")
    )


def _card(card: dict[str, Any]) -> dict[str, Any]:
    names = ("utc_from_second", "utc_to_second", "input_tokens_gt", "input_tokens_le")
    return {name: card[name] for name in names} | {
        "card": card["rate_card"],
        "valid_from": card["valid_from"] or date.min,
        "valid_to": card["valid_to"] or date.max,
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("--lines", "--days", "--seed"):
        parser.add_argument(name, type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    options = parser.parse_args()
    prepare(options.folder, lines=options.lines, days=options.days, seed=options.seed)
    pq.write_table(price_table(), options.folder / "prices.parquet")


if __name__ == "__main__":
    main()
