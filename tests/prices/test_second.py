"""The second opinion: what it disagrees on is listed, its floats are read exactly, and it changes none of our prices."""

import gzip
import json
import time
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from genai_prices.types import ClauseEquals, ClauseStartsWith, ModelInfo, ModelPrice, PriceVariant, Provider, Tier, TieredPrices

from usage_pipeline.errors import UsageConfigError
from usage_pipeline.prices.catalog import Catalog, current_catalog, installed_catalog
from usage_pipeline.prices.second import Disagreement, disagreements
from usage_pipeline.prices.second_map import EXTRACT, SecondCatalog, extract, read_second

DAY = date(2026, 11, 21)
BATCH = (("processing", "batch"),)


def catalog_of(prices: ModelPrice, variants: list[PriceVariant] | None = None) -> Catalog:
    info = ModelInfo(id="m", match=ClauseEquals("m"), prices=prices, price_variants=variants)
    return Catalog("1", [Provider(id="openai", name="O", api_pattern="", models=[info])])


def second_of(**fields: Any) -> SecondCatalog:
    return SecondCatalog("1", {"m": {"litellm_provider": "openai", **fields}})


def told(catalog: Catalog, second: SecondCatalog) -> list[tuple[str, str, int, Decimal | None, Decimal, str]]:
    return [
        (one.meter, str(dict(one.context)), one.input_tokens_gt, one.ours, one.theirs, one.kind)
        for one in disagreements(catalog, second, DAY)
    ]


def test_equal_prices_are_not_listed():
    ours = catalog_of(ModelPrice(input_mtok=Decimal("2.5"), output_mtok=Decimal(10), cache_read_mtok=Decimal("1.25")))
    theirs = second_of(input_cost_per_token=2.5e-06, output_cost_per_token=1e-05, cache_read_input_token_cost=1.25e-06)
    assert disagreements(ours, theirs, DAY) == []


def test_a_difference_has_both_prices_and_their_ratio():
    [one] = disagreements(catalog_of(ModelPrice(input_mtok=Decimal(2))), second_of(input_cost_per_token=3e-06), DAY)
    assert one == Disagreement(
        provider="openai",
        model="m",
        meter="input",
        context=(),
        input_tokens_gt=-1,
        ours=Decimal("0.000002"),
        theirs=Decimal("0.000003"),
        their_key="m",
    )
    assert (one.kind, one.ratio) == ("differs", Decimal("1.5"))


def test_a_price_that_only_they_have_is_a_gap():
    """A cache price of their own where ours charges cached tokens as input; a batch price where we have no variant."""
    ours = catalog_of(ModelPrice(input_mtok=Decimal(2)))
    theirs = second_of(input_cost_per_token=2e-06, cache_read_input_token_cost=5e-07, input_cost_per_token_batches=1e-06)
    assert told(ours, theirs) == [
        ("cache_read", "{}", -1, None, Decimal("5e-7"), "only_theirs"),
        ("input", "{'processing': 'batch'}", -1, None, Decimal("1e-6"), "only_theirs"),
    ]
    assert disagreements(ours, theirs, DAY)[0].ratio is None


def test_a_batch_price_is_compared_with_the_variant():
    variant = PriceVariant({"processing": "batch"}, ModelPrice(input_mtok=Decimal(1)))
    ours = catalog_of(ModelPrice(input_mtok=Decimal(2)), [variant])
    assert disagreements(ours, second_of(input_cost_per_token=2e-06, input_cost_per_token_batches=1e-06), DAY) == []
    [one] = disagreements(ours, second_of(input_cost_per_token_batches=1.2e-06), DAY)
    assert (one.context, one.ratio) == (BATCH, Decimal("1.2"))


def test_a_silent_zero_is_told_apart():
    [one] = disagreements(catalog_of(ModelPrice(input_mtok=Decimal(2))), second_of(input_cost_per_token=0.0), DAY)
    assert (one.kind, one.ratio) == ("theirs_zero", 0)
    assert disagreements(catalog_of(ModelPrice()), second_of(input_cost_per_token=0.0), DAY) == []


def test_tiers_are_compared_above_their_start():
    """Ours starts at 199,999 for a vendor that counts 200,000 as long: above 200,000 both are long."""
    tiered = TieredPrices(base=Decimal(2), tiers=[Tier(199_999, Decimal(4))])
    theirs = second_of(input_cost_per_token=2e-06, input_cost_per_token_above_200k_tokens=4e-06)
    assert disagreements(catalog_of(ModelPrice(input_mtok=tiered)), theirs, DAY) == []
    [one] = disagreements(catalog_of(ModelPrice(input_mtok=Decimal(2))), theirs, DAY)
    assert (one.input_tokens_gt, one.ratio) == (200_000, 2)


def test_floats_are_read_by_their_shortest_decimal_form():
    """0.1 + 0.2 is noise beyond 15 decimals; a third ends at 15 decimals on both sides."""
    ours = catalog_of(ModelPrice(input_mtok=Decimal("0.3"), output_mtok=Decimal("0.08333333333333334")))
    theirs = second_of(input_cost_per_token=(0.1 + 0.2) / 1e6, output_cost_per_token=8.333333333333333e-08)
    assert disagreements(ours, theirs, DAY) == []


def test_the_entry_of_the_same_name_speaks_for_a_model():
    info = ModelInfo(id="m", match=ClauseStartsWith("m"), prices=ModelPrice(input_mtok=Decimal(2)))
    ours = Catalog("1", [Provider(id="azure", name="A", api_pattern="", models=[info])])
    entry = {"litellm_provider": "azure", "input_cost_per_token": 3e-06}
    theirs = SecondCatalog("1", {"azure/m-2": entry, "azure/m": entry | {"input_cost_per_token": 2e-06}, "azure/eu/m": entry})
    assert disagreements(ours, theirs, DAY) == []
    [one] = disagreements(ours, SecondCatalog("1", {"azure/m-2": entry, "azure/eu/m": entry}), DAY)
    assert one.their_key == "azure/m-2"


def test_the_shipped_extract_is_small_dated_and_has_its_licence():
    content = EXTRACT.read_bytes()
    document = json.loads(gzip.decompress(content))
    assert len(content) < 200_000
    assert (document["version"], document["taken_on"]) == ("1.109.1", "2026-11-21")
    assert document["licence"].startswith("MIT")
    assert document["source"].startswith("https://github.com/BerriAI/litellm/")
    assert len(document["entries"]) > 1000
    assert extract(read_second(), document["taken_on"]) == content


def test_the_shipped_opinion_of_the_installed_catalog():
    """Differences known from both packages: a search fee, the base of a Bedrock id, batch prices that the catalog lacks."""
    catalog, second = installed_catalog(), read_second()
    began = time.process_time()
    found = {(one.provider, one.model, one.meter, one.context): one for one in disagreements(catalog, second, DAY)}
    assert time.process_time() - began < 5, "meant for half a second"
    search = found["openai", "gpt-4.1", "web_searches", ()]
    assert (search.ours, search.theirs, search.kind) == (Decimal("0.01"), Decimal("0.025"), "differs")
    azure = found["azure", "gpt-5", "input", BATCH]
    assert (azure.ours, azure.theirs, azure.their_key) == (None, Decimal("0.000000625"), "azure/gpt-5")
    assert ("openai", "gpt-4o", "input", ()) not in found


def test_supplements_close_gaps_and_agree_with_the_opinion_that_they_cite():
    second = read_second()
    bare, filled = (disagreements(catalog, second, DAY) for catalog in (installed_catalog(), current_catalog()))
    gaps = [{(one.model, one.meter, one.context) for one in found if one.kind == "only_theirs"} for found in (bare, filled)]
    assert gaps[1] < gaps[0]
    assert len(gaps[1]) < len(gaps[0]) / 2
    cited = [one for one in filled if one.provider == "azure" and one.context]
    assert all(one.kind == "only_theirs" for one in cited)


def test_a_file_that_the_user_names(tmp_path: Path):
    plain = tmp_path / "map.json"
    plain.write_text(
        json.dumps({"sample_spec": {"litellm_provider": "x"}, "m": {"litellm_provider": "openai", "input_cost_per_token": 1e-06}})
    )
    second = read_second(plain, "2.0")
    assert (second.name, list(second.keys)) == ("litellm 2.0", ["m"])
    assert [term.unit_price for term in second.terms("m")] == [Decimal("0.000001")]


@pytest.mark.parametrize("content", [b"", b"[1, 2]", b"not json", b"\x1f\x8bnot gzip"], ids=["empty", "list", "text", "gzip"])
def test_a_file_that_is_no_map_is_named_with_the_mend(tmp_path: Path, content: bytes):
    path = tmp_path / "prices.json"
    path.write_bytes(content)
    with pytest.raises(
        UsageConfigError, match=r"prices\.json: not a price map of litellm .*; name a model_prices_and_context_window\.json"
    ):
        read_second(path)
