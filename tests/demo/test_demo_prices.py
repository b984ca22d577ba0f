"""Prices per unit, added up, are what the library itself says for the whole request."""

from datetime import date, timedelta
from decimal import Decimal

import genai_prices
import pytest
from genai_prices.types import Usage

from usage_pipeline.demo.organisation import UNKNOWN_MODEL, WORKLOADS, Workload
from usage_pipeline.demo.prices import unit_price
from usage_pipeline.demo.requests import SUCCESS, Request, requests_of
from usage_pipeline.periods import start_of

DAYS = (date(2026, 8, 20), date(2026, 8, 21), date(2026, 10, 13), date(2026, 10, 31))


def _library_cost(request: Request) -> Decimal:
    """The library's price of the request as a whole; there, input holds cached tokens, and writes hold those for an hour."""
    meters, workload = request.meters, request.workload
    read, short, long = (meters.get(meter, 0) for meter in ("cache_read", "cache_write", "cache_write_1h"))
    usage = {
        "input_tokens": meters.get("input", 0) + read + short + long,
        "cache_read_tokens": read or None,
        "cache_write_tokens": short + long or None,
        "cache_write_1h_tokens": long or None,
        "output_tokens": meters.get("output"),
        "web_searches": meters.get("web_searches"),
    }
    price = genai_prices.calc_price(
        Usage(**{key: value for key, value in usage.items() if value is not None}),
        workload.model,
        provider_id=workload.provider,
        genai_request_timestamp=start_of(request.day) + timedelta(milliseconds=request.millisecond),
        price_context=dict([workload.context]) if workload.context else None,
    )
    return price.total_price


@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda workload: workload.name)
def test_each_request_costs_what_the_library_says(workload: Workload) -> None:
    requests = [one for day in DAYS for one in requests_of(workload, day, 11) if one.status == SUCCESS]
    assert requests
    for request in requests[:60]:
        if workload.model == UNKNOWN_MODEL:
            assert request.cost is None
        else:
            assert request.cost == _library_cost(request)


def test_price_changes_inside_the_window() -> None:
    before = unit_price("openai", "gpt-5.6-sol", "input", date(2026, 8, 20), None)
    after = unit_price("openai", "gpt-5.6-sol", "input", date(2026, 8, 21), None)
    assert (before, after) == (Decimal("0.000005"), Decimal("0.000004"))


def test_priority_and_batch_have_prices_of_their_own() -> None:
    day = date(2026, 10, 20)
    assert unit_price("openai", "gpt-5.6-terra", "output", day, ("service_tier", "priority")) == Decimal("0.000024")
    assert unit_price("openai", "gpt-4.1-nano", "input", day, ("processing", "batch")) == Decimal("0.00000005")


def test_unknown_model_has_no_price() -> None:
    assert unit_price("mistral", UNKNOWN_MODEL, "input", date(2026, 10, 1), None) is None
