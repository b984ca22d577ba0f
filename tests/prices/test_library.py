"""Our meters and the library's units: every price of the catalog is for a meter of ours, and the directions are the library's."""

from decimal import Decimal

from genai_prices.data import providers
from library_answers import OURS, REASONING_KEY, REQUESTS_KEY, UNITS, library_price
from library_cases import price_sets
from priced_events import Price, event

from usage_pipeline.prices.wide import INPUT_METERS, OUTPUT_METERS
from usage_pipeline.tables.meters import METERS

NEAR = Decimal("1e-9")
MODELS = [(provider.id, model) for provider in providers for model in provider.models]
USED = {
    unit.usage_key
    for _, model in MODELS
    for one in price_sets(model)
    for unit in UNITS.values()
    if getattr(one, unit.price_key) is not None
}


def test_every_priced_unit_of_the_catalog_is_a_meter_of_ours():
    ours = {unit.usage_key for unit in OURS.values()} | {REASONING_KEY, REQUESTS_KEY}
    assert len(USED) == 24
    assert USED - ours == {"input_audio_seconds"}, "always at the price of audio_seconds, which contains it"
    for _, model in MODELS:
        for one in price_sets(model):
            assert one.input_audio_hours in {None, one.audio_hours}


def test_every_meter_of_ours_has_a_unit_save_images():
    assert {meter.name for meter in METERS} - set(OURS) == {"images"}, "the library counts images by their tokens or pixels"


def test_input_and_output_meters_are_the_librarys():
    directions = {name: unit.dimensions.get("direction") for name, unit in OURS.items() if unit.dimensions["family"] == "tokens"}
    assert {name for name, direction in directions.items() if direction == "input"} == set(INPUT_METERS)
    assert {name for name, direction in directions.items() if direction == "output"} == set(OUTPUT_METERS)


def test_least_seconds_are_seen_wherever_the_library_has_them(price: Price):
    rows = [
        event(provider_id, model.id, audio_seconds=seconds, is_batch=is_batch)
        for provider_id, model in MODELS
        if any(one.audio_hours is not None for one in price_sets(model))
        for seconds in (Decimal(3), Decimal(12))
        for is_batch in (None, True)
    ]
    assert len(rows) > 40
    for row, priced in zip(rows, price(rows), strict=True):
        assert abs(priced["list_cost"] - library_price(row, row["provider"]).total_price) < NEAR, row


def test_ten_seconds_are_the_least_that_groq_charges_for_in_batch_too(price: Price):
    """Batch is half the price of a second: that does not make them twenty seconds."""
    rows = [event("groq", "whisper-large-v3", audio_seconds=Decimal(12), is_batch=one) for one in (None, True)]
    rows.append(event("groq", "whisper-large-v3", audio_seconds=Decimal(3)))
    now, batch, short = (row["list_cost"] for row in price(rows))
    assert (now, batch, short) == (Decimal("0.000369999999996"), Decimal("0.000185000000004"), Decimal("0.00030833333333"))
