"""The installed catalog: found by the library's matcher, named by its content."""

import genai_prices
from genai_prices.data import providers

from usage_pipeline.prices.catalog import Catalog, canonical, installed_catalog, short_hash


def test_the_name_tells_package_version_and_content():
    package, version, content = installed_catalog().name.split(" ")
    assert (package, version) == ("genai-prices", genai_prices.__version__)
    assert content == f"sha256:{short_hash(canonical(providers))}"


def test_a_custom_snapshot_of_the_process_is_not_asked():
    """Something else in the process may download newer prices: ours are those of the installed package."""
    genai_prices.data_snapshot.set_custom_snapshot(genai_prices.data_snapshot.DataSnapshot(providers=[], from_auto_update=True))
    try:
        openai = installed_catalog().provider("openai")
        assert openai is not None
        assert installed_catalog().find(openai, "gpt-4o") is not None
    finally:
        genai_prices.data_snapshot.set_custom_snapshot(None)


def test_a_fallbacks_entry_names_its_owner():
    catalog = installed_catalog()
    azure = catalog.provider("azure")
    assert azure is not None
    found = catalog.find(azure, "gpt-4o")
    assert found is not None
    assert (found.owner, found.is_own, found.name) == ("openai", False, "azure/openai/gpt-4o")


def test_models_are_named_apart():
    """A schedule is named by its model: no two entries of one provider may share an id."""
    names = [f"{provider.id}/{model.id}" for provider in providers for model in provider.models]
    assert len(names) == len(set(names))


def test_an_unknown_provider_is_none():
    assert Catalog("nothing", ()).provider("openai") is None
