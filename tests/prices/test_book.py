"""The book's tables: declared, deterministic, named by their content."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import ibis
import pyarrow as pa
import pytest
from priced_events import event, events_table

from usage_pipeline.prices.apply import KEY, keys_of
from usage_pipeline.prices.book import PriceBook, PricedKeys, build_book
from usage_pipeline.prices.catalog import installed_catalog
from usage_pipeline.prices.supplements import Supplement
from usage_pipeline.tables.configuration import Agreement, Alias
from usage_pipeline.tables.rates import ALL_TOKENS, Scopes, rate_cards, rates, resolutions

TENTH = Agreement(provider="openai", discount_percent=Decimal(10), valid_from=date(2026, 10, 1), line=3)


CHAT = Alias(name="chat", provider="azure", model="gpt-5", line=7)


def keys(*rows: dict[str, Any]) -> pa.Table:
    schema = resolutions.schema.to_pyarrow()
    return pa.Table.from_pylist(list(rows), schema=pa.schema([schema.field(name) for name in KEY]))


def cards_of(found: PricedKeys) -> list[dict[str, Any]]:
    return found.rate_cards.to_pylist()


def test_the_version_names_catalog_and_agreements_by_content(book: PriceBook):
    assert book.version == book.catalog
    assert book.version.startswith("genai-prices 0.")
    assert "sha256:" in book.version
    agreed = build_book([TENTH])
    assert agreed.version.startswith(f"{book.catalog} + agreements sha256:")
    assert agreed.catalog == book.catalog
    assert build_book([replace(TENTH, line=99)]).version == agreed.version, "where a line stands changes no price"
    assert build_book([replace(TENTH, discount_percent=Decimal(11))]).version != agreed.version


def test_an_alias_changes_the_version_and_its_line_does_not(book: PriceBook):
    version = build_book((), [CHAT]).version
    assert version.startswith(f"{book.catalog} + aliases sha256:")
    assert build_book((), [replace(CHAT, line=99)]).version == version
    assert build_book((), [replace(CHAT, model="gpt-5-mini")]).version != version
    both = build_book([TENTH], [CHAT]).version
    assert both.startswith(build_book([TENTH]).version)
    assert both.endswith(version.removeprefix(book.catalog))


def test_the_order_of_the_file_says_nothing():
    other, another = replace(TENTH, provider="azure"), replace(CHAT, name="chat-2")
    assert build_book([TENTH, other], [CHAT, another]).version == build_book([other, TENTH], [another, CHAT]).version


def test_a_changed_catalog_has_another_name(book: PriceBook):
    catalog = installed_catalog()
    assert PriceBook("x", "x", replace(catalog, providers=catalog.providers[1:])).version != book.version


def test_tables_are_as_declared(book: PriceBook):
    found = book.resolve(keys({"provider": "openai", "model": "gpt-5.5"}, {"provider": "nobody"}))
    for table, rows in ((resolutions, found.resolutions), (rate_cards, found.rate_cards), (rates, found.rates)):
        table.check(ibis.memtable(rows))
    nothing = book.resolve(keys())
    for table, rows in ((resolutions, nothing.resolutions), (rate_cards, nothing.rate_cards), (rates, nothing.rates)):
        table.check(ibis.memtable(rows))
        assert rows.num_rows == 0


def test_order_and_repetition_of_keys_change_nothing(book: PriceBook):
    rows = [{"provider": name, "model": model} for name, model in [("openai", "gpt-5.5"), ("anthropic", "claude-opus-5"), (None, None)]]
    assert book.resolve(keys(*rows)) == book.resolve(keys(*reversed(rows), *rows))


def test_tiers_are_integers_that_leave_no_gap(book: PriceBook):
    cards = cards_of(book.resolve(keys({"provider": "openai", "model": "gpt-5.5"})))
    assert [(card["input_tokens_gt"], card["input_tokens_le"]) for card in cards[-2:]] == [(-1, 272_000), (272_000, ALL_TOKENS)]


def test_times_of_day_cover_the_day(book: PriceBook):
    cards = cards_of(book.resolve(keys({"provider": "deepseek", "model": "deepseek-chat"})))
    assert [(card["utc_from_second"], card["utc_to_second"]) for card in cards] == [(0, 1800), (1800, 59_400), (59_400, 86_400)]


def test_dates_follow_each_other_and_equal_neighbours_are_one(book: PriceBook):
    cards = cards_of(book.resolve(keys({"provider": "openai", "model": "gpt-5.6-terra", "service_tier": "priority"})))
    spans = sorted({(card["valid_from"], card["valid_to"], card["state"]) for card in cards}, key=lambda span: span[0] or date.min)
    assert spans == [
        (None, date(2026, 7, 30), "no_variant"),
        (date(2026, 7, 30), date(2026, 10, 12), "no_variant"),
        (date(2026, 10, 12), None, "priced"),
    ]


def test_every_meter_inside_a_priced_one_has_its_price(book: PriceBook):
    lines = book.resolve(keys({"provider": "openai", "model": "gpt-4-turbo"})).rates.to_pylist()
    as_parent = {line["meter"]: line["priced_as"] for line in lines}
    assert as_parent["input"] is None
    assert as_parent["cache_read"] == as_parent["cache_audio_read"] == "input"
    assert as_parent["output_audio"] == "output"
    assert "images" not in as_parent
    assert {line["source"] for line in lines} == {"genai-prices:openai/gpt-4-turbo"}


def test_equal_content_has_equal_ids_and_other_content_others(book: PriceBook):
    asked = keys({"provider": "openai", "model": "gpt-4.1"}, {"provider": "anthropic", "model": "claude-haiku-4-5"})
    plain, agreed = (one.resolve(asked).rate_cards["rate_card"].to_pylist() for one in (book, build_book([TENTH])))
    assert len(plain) == 2
    assert len(agreed) == 3, "openai's card is split where the agreement begins"
    assert set(plain) & set(agreed) == {name for name in plain if name.startswith("anthropic")}


def test_projects_count_only_where_an_agreement_names_one():
    book = build_book([replace(TENTH, project="search")])
    assert book.scopes == Scopes(projects=("search",))
    events = ibis.memtable(events_table([event(name, "gpt-4o", project=one) for name in ("openai", "azure") for one in ("search", "chat")]))
    asked = ibis.duckdb.connect().to_pyarrow(keys_of(events, book.scopes))
    rows = book.resolve(asked).resolutions.to_pylist()
    assert [(row["provider"], row["project"]) for row in rows] == [
        ("azure", None), ("azure", "search"), ("openai", None), ("openai", "search"),
    ]  # fmt: skip
    assert rows[0]["schedule"] == rows[1]["schedule"]
    assert rows[2]["schedule"] != rows[3]["schedule"]


@pytest.mark.parametrize(
    ("key", "state"),
    [
        ({"provider": "openai", "model": "gpt-4.1"}, "priced"),
        ({"provider": "azure", "model": "gpt-4o", "is_batch": True}, "no_variant"),
        ({"provider": "openai", "model": "gpt-9"}, "unresolved_model"),
        ({"provider": "google", "model": "gemma-3"}, "free_or_unknown"),
    ],
)
def test_states_of_a_resolution(book: PriceBook, key: dict[str, Any], state: str):
    [row] = book.resolve(keys(key)).resolutions.to_pylist()
    assert row["state"] == state


def test_model_ids(book: PriceBook):
    models = {("anthropic", "claude-haiku-4-5-20251001"), ("openai", "gpt-9"), (None, "gpt-4o"), ("openai", None)}
    assert book.model_ids(models) == {("anthropic", "claude-haiku-4-5-20251001"): "claude-haiku-4-5"}


def test_a_dated_alias_has_a_row_for_each_of_its_spans():
    found = build_book((), [replace(CHAT, valid_from=date(2026, 11, 1))]).resolve(keys({"provider": "azure", "model": "chat"}))
    rows = [(row["valid_from"], row["valid_to"], row["model_id"], row["state"]) for row in found.resolutions.to_pylist()]
    assert rows == [(None, date(2026, 11, 1), None, "unresolved_model"), (date(2026, 11, 1), None, "gpt-5", "priced")]


def uplift(region: str, factor: str) -> Supplement:
    return Supplement(
        id=f"uplift/{region}",
        provider="openai",
        context=(("region", region),),
        factor=Decimal(factor),
        source="https://example.org/prices",
        checked_on=date(2026, 11, 1),
    )


UPLIFTS = (uplift("eu", "1.1"), uplift("uk", "1.1"), uplift("us", "1.05"), uplift("home", "1"))


def test_regions_that_price_alike_share_a_schedule():
    book = build_book([], catalog=replace(installed_catalog(), supplements=UPLIFTS))
    regions = (None, "", "mars", "home", "eu", "UK ", "us")
    asked = keys(*({"provider": "openai", "model": "gpt-4.1", "region": region} for region in regions))
    found = book.resolve(asked)
    schedules = {row["region"]: row["schedule"] for row in found.resolutions.to_pylist()}
    assert len(schedules) == len(regions)
    assert {schedules[region] for region in (None, "", "mars")} == {"openai/gpt-4.1"}
    assert schedules["eu"] == schedules["UK "] == "openai/gpt-4.1?region=eu+1"
    assert schedules["us"] == "openai/gpt-4.1?region=us"
    assert {row["state"] for row in found.resolutions.to_pylist()} == {"priced"}
    alone = book.resolve(keys({"provider": "openai", "model": "gpt-4.1", "region": "uk"}))
    assert set(alone.rate_cards["rate_card"].to_pylist()) < set(found.rate_cards["rate_card"].to_pylist()), "whatever else is asked for"


def test_a_region_that_nobody_speaks_of_is_no_variant_and_no_schedule(book: PriceBook):
    asked = keys(*({"provider": "openai", "model": "gpt-4.1", "region": region} for region in (None, "eu-west-1", "us-east-1")))
    found = book.resolve(asked)
    assert {(row["schedule"], row["state"]) for row in found.resolutions.to_pylist()} == {("openai/gpt-4.1", "priced")}
    assert found.rate_cards.num_rows == 1


def test_a_rate_names_the_source_of_its_price():
    book = build_book([], catalog=replace(installed_catalog(), supplements=UPLIFTS))
    lines = book.resolve(keys({"provider": "openai", "model": "gpt-4.1", "region": "us"})).rates.to_pylist()
    own = {line["source"] for line in lines if line["meter"] == "input"}
    assert own == {"genai-prices:openai/gpt-4.1 × 1.05 (https://example.org/prices, checked 2026-11-01)"}
