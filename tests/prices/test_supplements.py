"""What the catalog lacks: every shipped row has its source, each kind gives the price that its page says, and nothing is overridden."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from priced_events import Price as AskPrice
from priced_events import event

from usage_pipeline.errors import UsageConfigError
from usage_pipeline.prices.book import build_book
from usage_pipeline.prices.catalog import CatalogModel, current_catalog, installed_catalog
from usage_pipeline.prices.cells import Cell, Price
from usage_pipeline.prices.flatten import flatten
from usage_pipeline.prices.supplement_files import SHIPPED, load_supplements
from usage_pipeline.prices.supplements import Supplement, as_mapping, of_mapping
from usage_pipeline.prices.supply import added_model, told_apart
from usage_pipeline.tables.rates import NO_TOKENS

CATALOG = installed_catalog()
PROVIDERS = {provider.id for provider in CATALOG.providers}
ROWS = load_supplements(SHIPPED, PROVIDERS)
ROW = {row.id: row for row in ROWS}
DAY = date(2026, 10, 2)
MILLION = Decimal(1_000_000)
OWNED = {provider.id: provider.models for provider in CATALOG.providers}


def found(provider_id: str, model: str) -> CatalogModel:
    provider = CATALOG.provider(provider_id)
    assert provider is not None
    known = CATALOG.find(provider, model) or added_model(ROWS, provider, model)
    assert known is not None
    return known


def cell_of(provider: str, model: str, context: dict[str, str], day: date = DAY, rows: tuple[Supplement, ...] = ROWS) -> Cell:
    """The cell of a short request."""
    return next(cell for cell in flatten(found(provider, model), context, (), rows, only=day) if cell.input_tokens_gt == NO_TOKENS)


def prices_of(provider: str, model: str, context: dict[str, str], day: date = DAY, rows: tuple[Supplement, ...] = ROWS) -> dict[str, Price]:
    """By meter, of a cell that is priced."""
    cell = cell_of(provider, model, context, day, rows)
    assert cell.state == "priced"
    return {price.meter: price for price in cell.prices}


def per_million(prices: dict[str, Price], *meters: str) -> list[Decimal]:
    return [prices[meter].unit_price * MILLION for meter in meters]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_every_shipped_row_tells_where_it_was_read_and_when(row: Supplement):
    assert row.source.startswith("https://")
    assert date(2026, 11, 1) <= row.checked_on <= date(2026, 11, 21)
    assert row.note
    assert of_mapping(as_mapping(row)) == row


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_every_shipped_row_changes_something_for_every_model_that_it_names(row: Supplement):
    """A name that the catalog spells otherwise would be a row without effect; a row of all models has an example here."""
    context = dict(row.context)
    examples = {"openai": "gpt-5", "azure": "gpt-5", "anthropic": "claude-opus-4-5", "google": "gemini-2.5-pro"}
    for model in row.models or (examples[row.provider],):
        known = by_id(row, model)
        alone, bare = list(flatten(known, context, (), (row,))), list(flatten(known, context))
        assert alone != bare, f"{row.id} does nothing for {model}"


def by_id(row: Supplement, model: str) -> CatalogModel:
    """The entry of exactly this id, the row's owner's or the provider's own; else the one that the row adds."""
    provider = CATALOG.provider(row.provider)
    assert provider is not None
    owners = [row.owner] if row.owner else [row.provider, "openai", "anthropic"]
    entries = [(owner, info) for owner in owners for info in OWNED[owner] if info.id == model]
    if entries:
        return CatalogModel(provider, *entries[0])
    added = added_model(ROWS, provider, model)
    assert added is not None, f"{row.id} names {model}, which nobody knows"
    return added


def own_contexts() -> Iterator[tuple[CatalogModel, dict[str, str]]]:
    """Every model of the providers that rows speak of, as standard and in each context that it has a variant for."""
    for provider in CATALOG.providers:
        for info in provider.models if provider.id in {row.provider for row in ROWS} else ():
            model = CatalogModel(provider, provider.id, info)
            yield from ((model, context) for context in ({}, *(dict(variant.when) for variant in info.price_variants or ())))


def test_no_supplements_no_change():
    for model, context in own_contexts():
        assert all(price.source is None for cell in flatten(model, context, only=DAY) for price in cell.prices)


@pytest.mark.parametrize("day", [date(2024, 6, 1), DAY, date(2026, 11, 20)], ids=str)
def test_a_price_of_the_catalog_is_never_overridden(day: date):
    """Standard prices stay; so do those of every context that the catalog serves on that day."""
    for model, context in own_contexts():
        bare, filled = (list(flatten(model, context, (day,), rows, only=day)) for rows in ((), ROWS))
        if bare[0].state == "priced":
            own = [{price for price in cell.prices if price.priced_as is None} for cell in bare]
            assert all(prices <= set(cell.prices) for prices, cell in zip(own, filled, strict=True)), model.name


def test_openai_batch_is_half_since_its_launch():
    context = {"processing": "batch"}
    assert per_million(prices_of("openai", "gpt-4o-mini", context), "input", "output") == [Decimal("0.075"), Decimal("0.3")]
    cell = cell_of("openai", "gpt-4o-mini", context, date(2024, 4, 14))
    assert (cell.state, cell.prices[0].unit_price * MILLION) == ("no_variant", Decimal("0.15"))
    assert cell_of("openai", "gpt-4o-mini", context, date(2024, 4, 15)).state == "priced"


def test_openai_priority_held_before_the_catalog_noted_it():
    """https://openai.com/api-fast-mode/: GPT-5.6 Terra 4.00, 0.40, 24.00 per million."""
    prices = prices_of("openai", "gpt-5.6-terra", {"service_tier": "priority"})
    assert per_million(prices, "input", "cache_read", "output") == [4, Decimal("0.4"), 24]
    assert prices["input"].source == (
        "genai-prices:openai/gpt-5.6-terra as of 2026-10-12 (https://openai.com/api-fast-mode/, checked 2026-11-21)"
    )
    assert prices_of("openai", "gpt-5.6-terra", {"service_tier": "priority"}, date(2026, 10, 12))["input"].source is None


def test_a_later_variant_is_not_dated_back_over_a_change_of_the_standard_price():
    """gpt-5.6-terra became cheaper on 2026-07-30: what priority cost before is not what it cost after."""
    only_later = tuple(row for row in ROWS if row.same_as_later)
    states = {cell_of("openai", "gpt-5.6-terra", {"service_tier": "priority"}, day, only_later).state for day in (date(2026, 7, 29),)}
    assert states == {"no_variant"}
    assert cell_of("openai", "gpt-5.6-terra", {"service_tier": "priority"}, date(2026, 7, 30), only_later).state == "priced"


def test_openai_batch_before_a_price_cut_is_half_of_the_price_before():
    standard = prices_of("openai", "gpt-5.6-terra", {}, date(2026, 7, 1))
    batch = prices_of("openai", "gpt-5.6-terra", {"processing": "batch"}, date(2026, 7, 1))
    assert batch["output"].unit_price == standard["output"].unit_price / 2
    assert standard["output"].unit_price > prices_of("openai", "gpt-5.6-terra", {})["output"].unit_price


def test_anthropic_batch_is_half_since_its_launch():
    context = {"processing": "batch"}
    assert per_million(prices_of("anthropic", "claude-haiku-4-5", context), "input", "output") == [Decimal("0.5"), Decimal("2.5")]
    assert per_million(prices_of("anthropic", "claude-3-5-sonnet", context, date(2024, 10, 8)), "input", "output") == [
        Decimal("1.5"),
        Decimal("7.5"),
    ]
    assert cell_of("anthropic", "claude-3-5-sonnet", context, date(2024, 10, 7)).state == "no_variant"


def test_a_batch_does_not_halve_the_fee_of_a_search():
    prices = prices_of("anthropic", "claude-opus-4-1", {"processing": "batch"})
    assert (prices["web_searches"].unit_price, prices["web_searches"].source) == (Decimal("0.01"), None)


def test_us_inference_costs_a_tenth_more_on_top_of_batch():
    """Opus 5 is 5 and 25 per million: × 0.5 × 1.1. The catalog's own batch price from 2026-10-14 on multiplies as well."""
    context = {"processing": "batch", "region": "us"}
    for day in (DAY, date(2026, 11, 20)):
        prices = prices_of("anthropic", "claude-opus-5", context, day)
        assert per_million(prices, "input", "cache_read", "output") == [Decimal("2.75"), Decimal("0.275"), Decimal("13.75")]
        assert "× 1.1 (https://platform.claude.com/docs/en/about-claude/pricing, checked 2026-11-21)" in str(prices["input"].source)


def test_fast_opus_4_6_is_six_times_the_standard():
    assert per_million(prices_of("anthropic", "claude-opus-4-6", {"speed": "fast"}), "input", "output") == [30, 150]


@pytest.mark.parametrize(
    ("provider", "model"), [("anthropic", "claude-haiku-4-5"), ("azure", "gpt-4o"), ("aws", "amazon.nova-pro-v1:0"), ("openai", "gpt-4o")]
)
def test_a_region_that_nobody_speaks_of_changes_nothing(provider: str, model: str):
    for context in ({}, {"processing": "batch"}, {"service_tier": "unheard_of"}):
        here, anywhere = cell_of(provider, model, context | {"region": "us"}), cell_of(provider, model, context)
        assert here == anywhere
        assert told_apart(ROWS, found(provider, model), context | {"region": "us"}) == context


def test_a_region_that_a_row_speaks_of_is_told_apart():
    claude = found("google", "claude-opus-5")
    assert told_apart(ROWS, claude, {"region": "us-east5"}) == {"region": "us-east5"}
    assert told_apart(ROWS, claude, {"region": "global", "processing": "batch"}) == {"processing": "batch"}


def test_azure_batch_is_half():
    prices = prices_of("azure", "gpt-4o", {"processing": "batch"})
    assert per_million(prices, "input", "cache_read", "output") == [Decimal("1.25"), Decimal("1.25"), 5]
    assert per_million(prices_of("azure", "gpt-5", {"processing": "batch"}), "cache_read") == [Decimal("0.0625")]


def test_azure_priority_is_twice():
    assert per_million(prices_of("azure", "gpt-5", {"service_tier": "priority"}), "input", "output") == [Decimal("2.5"), 20]


def test_bedrock_batch_flex_and_priority():
    for context, factor in (({"processing": "batch"}, "0.5"), ({"service_tier": "flex"}, "0.5"), ({"service_tier": "priority"}, "1.75")):
        prices = prices_of("aws", "amazon.nova-pro-v1:0", context)
        assert per_million(prices, "input", "output") == [Decimal("0.8") * Decimal(factor), Decimal("3.2") * Decimal(factor)]
    day_before = cell_of("aws", "amazon.nova-pro-v1:0", {"service_tier": "flex"}, date(2025, 11, 17))
    assert (day_before.state, day_before.prices[0].unit_price * MILLION) == ("no_variant", Decimal("0.8"))


def test_bedrock_prices_that_aws_rounds():
    """Gemma 3 12B is 0.09 and 0.29 per million, in a batch 0.05 and 0.15."""
    prices = prices_of("aws", "google.gemma-3-12b-it", {"processing": "batch"})
    assert per_million(prices, "input", "output") == [Decimal("0.05"), Decimal("0.15")]


def test_vertex_batch_and_regional_endpoint():
    """Sonnet 4.5 is 3 and 15 per million at the global endpoint."""
    batch, regional = {"processing": "batch"}, {"region": "us-east5"}
    assert per_million(prices_of("google", "claude-sonnet-4-5", batch), "input", "output") == [Decimal("1.5"), Decimal("7.5")]
    assert per_million(prices_of("google", "claude-sonnet-4-5", regional), "input", "output") == [Decimal("3.3"), Decimal("16.5")]
    assert per_million(prices_of("google", "claude-sonnet-4-5", batch | regional), "input", "output") == [Decimal("1.65"), Decimal("8.25")]
    assert per_million(prices_of("google", "gemini-2.5-flash", batch), "input", "output") == [Decimal("0.15"), Decimal("1.25")]


def test_gemini_flex_and_priority():
    assert per_million(prices_of("google", "gemini-2.5-pro", {"service_tier": "flex"}), "input", "output") == [Decimal("0.625"), 5]
    assert per_million(prices_of("google", "gemini-2.5-pro", {"service_tier": "priority"}), "input", "output") == [Decimal("2.25"), 18]


def test_long_requests_keep_their_tier_in_a_batch():
    """https://platform.claude.com/docs/en/about-claude/pricing: the discount applies to long context prices."""
    cells = list(flatten(found("google", "claude-sonnet-4-5"), {"processing": "batch"}, (), ROWS, only=DAY))
    assert [cell.prices[0].unit_price * MILLION for cell in cells] == [Decimal("1.5"), 3]


def test_whisper_by_the_second_and_speech_by_the_character_come_from_the_catalog():
    """0.006 a minute; 15 and 30 per million characters, on Azure too: no row is needed."""
    for provider in ("openai", "azure"):
        assert prices_of(provider, "whisper-1", {})["audio_seconds"].unit_price == Decimal("0.0001")
        assert prices_of(provider, "tts-1", {})["characters"].unit_price == Decimal("0.000015")
        assert prices_of(provider, "tts-1-hd", {})["characters"].unit_price == Decimal("0.00003")


def test_audio_tokens_that_the_catalog_prices_as_text():
    prices = prices_of("openai", "gpt-4o-audio-preview", {})
    assert per_million(prices, "input", "input_audio", "output_audio") == [Decimal("2.5"), 40, 80]
    assert prices["input_audio"].priced_as is None
    before = prices_of("openai", "gpt-4o-audio-preview", {}, ROW["gpt-4o-audio/input_audio"].valid_from - timedelta(days=1))  # type: ignore[operator]
    assert (before["input_audio"].priced_as, before["input_audio"].unit_price * MILLION) == ("input", Decimal("2.5"))


def test_cached_audio_without_a_price_follows_the_supplements_audio():
    """The catalog prices text alone, 2.50 and 10 (0.15 and 0.60): cached audio is audio before it is input."""
    for provider in ("openai", "azure"):
        for model, input_, audio in (("gpt-4o-audio-preview", Decimal("2.5"), 40), ("gpt-4o-mini-audio-preview", Decimal("0.15"), 10)):
            prices = prices_of(provider, model, {})
            meters = ("input", "cache_read", "input_audio", "cache_audio_read", "output_audio")
            assert per_million(prices, *meters) == [input_, input_, audio, audio, 2 * audio]
            assert [prices[meter].priced_as for meter in meters] == [None, "input", None, "input_audio", None]
            assert prices["cache_audio_read"].source == prices["input_audio"].source
            before = prices_of(provider, model, {}, date(2024, 12, 16))["cache_audio_read"]
            assert (before.priced_as, before.unit_price * MILLION, before.source) == ("input", input_, None)


def test_an_image_of_a_model_that_the_catalog_does_not_know():
    google = CATALOG.provider("google")
    assert google is not None
    assert CATALOG.find(google, "imagen-3.0-generate-001") is None
    assert [price.unit_price for price in prices_of("google", "imagen-3.0-generate-001", {}).values()] == [Decimal("0.04")]
    assert added_model(ROWS, google, "imagen-3.0") is None


def test_tool_fees():
    assert prices_of("google", "claude-opus-5", {})["web_searches"].unit_price == Decimal("0.01")
    assert prices_of("openai", "o3-pro", {})["web_searches"].unit_price == Decimal("0.01")
    assert prices_of("openai", "gpt-5", {})["code_sessions"].unit_price == Decimal("0.03")
    assert prices_of("azure", "gpt-5", {})["code_sessions"].unit_price == Decimal("0.033")


def test_requests_are_priced_by_supplements(price: AskPrice):
    """The whole way, from an event to its money: batch, tier, region, image and tool."""
    at = "2026-10-02T09:00:00"
    rows = [
        event("openai", "gpt-5.6-terra", at=at, service_tier="priority", input=1000, output=500),
        event("anthropic", "claude-opus-5", at=at, is_batch=True, region="us", input=1_000_000, output=0),
        event("anthropic", "claude-haiku-4-5-20251001", at=at, is_batch=True, region="not_available", input=1000, output=500),
        event("azure", "gpt-4o", at=at, is_batch=True, region="eastus", input=1000, output=500),
        event("vertex_ai", "vertex_ai/imagen-3.0-generate-001", at=at, images=3),
        event("vertex_ai", "claude-opus-5", at=at, region="global", input=0, output=0, web_searches=7),
    ]
    priced = price(rows, build_book(catalog=current_catalog()))
    assert {row["price_state"] for row in priced} == {"priced"}
    costs = ["0.016", "2.75", "0.00175", "0.00375", "0.12", "0.07"]
    assert [row["list_cost"] for row in priced] == [Decimal(cost) for cost in costs]


def test_a_rate_names_its_source():
    keys = {"provider": "azure", "model": "gpt-4o", "is_batch": True, "service_tier": None, "speed": None}
    table = pa.Table.from_pylist([keys | dict.fromkeys(("region", "project", "account"))])
    sources = {rate["meter"]: rate["source"] for rate in build_book(catalog=current_catalog()).resolve(table).rates.to_pylist()}
    page = "https://learn.microsoft.com/en-us/azure/ai-foundry/openai/how-to/batch, checked 2026-11-21"
    assert (sources["input"], sources["cache_read"]) == (f"genai-prices:openai/gpt-4o × 0.5 ({page})", "genai-prices:openai/gpt-4o")


def test_a_fee_of_all_models_does_not_make_a_free_model_priced():
    cell = cell_of("openai", "omni-moderation-latest", {})
    assert (cell.state, cell.prices) == ("free_or_unknown", ())


def test_a_context_of_which_a_part_is_unknown_has_no_variant():
    assert cell_of("azure", "gpt-4o", {"processing": "batch", "service_tier": "unheard_of"}).state == "no_variant"


GOOD = """
- id: one
  provider: openai
  models: [gpt-4o]
  meters: [input]
  context: {processing: batch}
  factor: 0.5
  valid_from: 2026-01-01
  source: https://example.org/prices
  checked_on: 2026-11-21
"""


def loaded(folder: Path, text: str) -> tuple[Supplement, ...]:
    (folder / "mine.yaml").write_text(text, "utf-8")
    return load_supplements(folder, PROVIDERS)


def test_a_file_is_read(tmp_path: Path):
    [row] = loaded(tmp_path, GOOD)
    assert (row.models, row.context, row.factor, row.valid_from) == (
        ("gpt-4o",),
        (("processing", "batch"),),
        Decimal("0.5"),
        date(2026, 1, 1),
    )


def test_a_context_with_several_values_is_a_row_for_each(tmp_path: Path):
    rows = loaded(tmp_path, GOOD.replace("{processing: batch}", "{region: [us, eu]}"))
    assert [(row.id, row.context) for row in rows] == [("one/us", (("region", "us"),)), ("one/eu", (("region", "eu"),))]


def test_a_unit_price_for_each_meter_is_a_row_for_each(tmp_path: Path):
    text = GOOD.replace("  meters: [input]\n", "").replace("factor: 0.5", "unit_price: {input: 0.1, output: 0.2}")
    assert [(row.id, row.meters, row.unit_price) for row in loaded(tmp_path, text)] == [
        ("one/input", ("input",), Decimal("0.1")),
        ("one/output", ("output",), Decimal("0.2")),
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (GOOD.replace("factor: 0.5", "factor: 0.5\n  colour: red"), "mine.yaml:8: colour: unknown; a supplement has id, provider"),
        (GOOD.replace("  source: https://example.org/prices\n", ""), "mine.yaml:2: source: missing"),
        (GOOD.replace("https://example.org/prices", "a friend"), "mine.yaml:9: source: is not a URL"),
        (GOOD.replace("provider: openai", "provider: opnai"), "mine.yaml:3: provider: 'opnai' is not in the price catalog"),
        (GOOD.replace("[input]", "[inputs]"), "mine.yaml:5: meters: 'inputs' is none of tokens"),
        (GOOD.replace("factor: 0.5", "factor: half"), "mine.yaml:7: factor: 'half' is not a number"),
        (GOOD.replace("factor: 0.5", "factor: -1"), "mine.yaml:7: factor: '-1' is not a number of 0 or more"),
        (GOOD.replace("factor: 0.5", "factor: 0.5\n  unit_price: 1"), "mine.yaml:8: unit_price: needs exactly one of factor"),
        (GOOD.replace("  factor: 0.5\n", ""), "mine.yaml:2: id: needs exactly one of factor"),
        (GOOD.replace("  context: {processing: batch}\n", ""), "mine.yaml:6: factor: needs a context"),
        (GOOD.replace("{processing: batch}", "batch"), "mine.yaml:6: context: is a mapping of words"),
        (GOOD.replace("2026-01-01", "1 January"), "mine.yaml:8: valid_from: '1 January' is not a day"),
        (GOOD.replace("2026-01-01", "2026-01-01\n  valid_to: 2026-01-01"), "mine.yaml:9: valid_to: 2026-01-01 is not after valid_from"),
        (GOOD.replace("factor: 0.5", "same_as_later: true"), "mine.yaml:5: meters: the catalog's own variant says"),
        (GOOD.replace("  meters: [input]\n", "").replace("factor: 0.5", "unit_price: 1"), "mine.yaml:6: unit_price: needs meters"),
        (GOOD.replace("factor: 0.5", "unit_price: {input: 1}"), "mine.yaml:7: unit_price: needs meters"),
        (
            GOOD.replace("  meters: [input]\n", "").replace("factor: 0.5", "unit_price: {inputs: 1}"),
            "mine.yaml:6: unit_price: 'inputs' is none",
        ),
        (
            GOOD.replace("  meters: [input]\n", "").replace("factor: 0.5", "unit_price: {input: x}"),
            "mine.yaml:6: unit_price: 'x' is not a number",
        ),
        (GOOD.replace("{processing: batch}", "{processing: []}"), "mine.yaml:6: context: is a mapping of words"),
        (GOOD + "  factor: 0.4\n", "mine.yaml:11: factor: given twice in one row"),
        (GOOD + GOOD, "mine.yaml:12: id: 'one' is taken by mine.yaml:2"),
        (
            GOOD + GOOD.replace("id: one", "id: two"),
            "mine.yaml:12: id: 'two' speaks of what 'one' (mine.yaml:2) speaks of at the same time",
        ),
        ("id: one", "mine.yaml:1: (top): is not a list"),
        ("- one", "mine.yaml:1: (row): is not a mapping"),
        ("- {", "YAML"),
    ],
    ids=range(25),
)
def test_a_mistake_names_file_line_and_mend(tmp_path: Path, text: str, says: str):
    with pytest.raises(UsageConfigError) as caught:
        loaded(tmp_path, text)
    assert says in str(caught.value)


def test_rows_that_follow_each_other_do_not_clash(tmp_path: Path):
    later = GOOD.replace("id: one", "id: two").replace("2026-01-01", "2026-06-01")
    first = GOOD.replace("2026-01-01", "2026-01-01\n  valid_to: 2026-06-01").replace("factor: 0.5", "factor: 0.4")
    rows = loaded(tmp_path, first + later)
    assert [row.factor for row in rows] == [Decimal("0.4"), Decimal("0.5")]


def test_the_price_of_a_unit_in_a_context_that_the_catalog_does_not_serve(tmp_path: Path):
    rows = loaded(tmp_path, GOOD.replace("openai", "azure").replace("factor: 0.5", "unit_price: 0.000001"))
    prices = prices_of("azure", "gpt-4o", {"processing": "batch"}, rows=rows)
    assert (prices["input"].unit_price, prices["input"].source) == (Decimal("0.000001"), "https://example.org/prices, checked 2026-11-21")
    assert prices["output"].unit_price == prices_of("azure", "gpt-4o", {})["output"].unit_price


def test_cached_tokens_without_a_price_of_their_own_follow_their_parent(tmp_path: Path):
    rows = loaded(tmp_path, GOOD.replace("gpt-4o", "gpt-4-turbo").replace("openai", "azure"))
    prices = prices_of("azure", "gpt-4-turbo", {"processing": "batch"}, rows=rows)
    assert (prices["cache_read"].priced_as, prices["cache_read"].unit_price) == ("input", prices["input"].unit_price)


def test_what_follows_a_new_price_has_its_factor_too(tmp_path: Path):
    """Audio at 0.000004 by a row, half in a batch; with a row for cached audio alone that has a price of its own, a quarter."""
    audio = GOOD.replace("openai", "azure").replace("  context: {processing: batch}\n", "").replace("factor: 0.5", "unit_price: 0.000004")
    audio = audio.replace("[input]", "[input_audio]").replace("id: one", "id: audio").replace("gpt-4o", "gpt-4-turbo")
    half = GOOD.replace("openai", "azure").replace("[input]", "[input_audio]").replace("gpt-4o", "gpt-4-turbo")
    quarter = half.replace("id: one", "id: two").replace("[input_audio]", "[cache_audio_read]").replace("0.5", "0.25")
    expected = [(half, "input_audio", 2), (quarter, None, 1), (half + quarter, None, Decimal("0.5"))]
    for more, priced_as, amount in expected:
        prices = prices_of("azure", "gpt-4-turbo", {"processing": "batch"}, rows=loaded(tmp_path, audio + more))
        cached = prices["cache_audio_read"]
        assert (cached.priced_as, cached.unit_price * MILLION) == (priced_as, amount)
        assert per_million(prices, "input", "cache_read", "cache_image_read") == [10, 10, 10]


def test_the_more_exact_context_wins_over_the_product(tmp_path: Path):
    texts = [GOOD, GOOD.replace("id: one", "id: two").replace("{processing: batch}", "{region: us}").replace("0.5", "1.1")]
    both = GOOD.replace("id: one", "id: both").replace("{processing: batch}", "{processing: batch, region: us}").replace("0.5", "0.6")
    context = {"processing": "batch", "region": "us"}
    standard = prices_of("azure", "gpt-4o", {}, rows=())["input"].unit_price
    for rows, factor in ((texts, "0.55"), ([*texts, both], "0.6")):
        prices = prices_of("azure", "gpt-4o", context, rows=loaded(tmp_path, "".join(rows).replace("openai", "azure")))
        assert prices["input"].unit_price == standard * Decimal(factor)
