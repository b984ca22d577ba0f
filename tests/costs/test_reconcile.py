"""One cause at a time: two or three views of one model, and what is told of where they differ. Prices are those of no real model."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from usage_pipeline import money
from usage_pipeline.costs.reconcile import Reconciled, reconcile
from usage_pipeline.costs.reconcile_lots import Lot
from usage_pipeline.errors import AccountingError
from usage_pipeline.tables.reconciled_bills import ReconciledBill
from usage_pipeline.tables.reconciled_usage import Known, KnownPrice, ReconciledUsage
from usage_pipeline.tables.reconciliations import (
    ADJUSTMENT,
    BOUNDARY,
    CACHE,
    CREDIT,
    NOT_FINAL,
    PRICE,
    PROCESSING,
    ROUNDING,
    TAX,
    TIER,
    UNBILLED,
    UNEXPLAINED,
    UNLOGGED,
)

DAY = date(2026, 10, 2)
NEXT = DAY + timedelta(days=1)
LISTED, NET = Decimal("0.000004"), Decimal("0.000003")
PRICES = {
    "input": (LISTED, NET),
    "cache_read": (LISTED / 10, NET / 10),
    "cache_write": (LISTED * 2, NET * 2),
    "output": (LISTED * 5, NET * 5),
}


def used(view: str, quantity: int, meter: str = "input", **columns: Any) -> ReconciledUsage:
    times = columns.pop("times", 1)
    listed, net = (price * times for price in PRICES[meter])
    unpriced = columns.get("price_state") == "unresolved_model"
    row: dict[str, Any] = {
        "day": DAY, "view": view, "channel": "openai", "project": "chat", "account": None, "provider": "openai", "named": "mini",
        "model": "mini", "region": None, "processing": "standard", "is_crossing": False, "is_unsplit": False, "rate_card": "c",
        "price_state": "priced", "meter": meter, "tier": -1, "list_unit_price": None if unpriced else listed,
        "net_unit_price": None if unpriced else net, "agreement": None, "quantity": Decimal(quantity),
        "list_cost": None if unpriced else quantity * listed, "net_cost": None if unpriced else quantity * net,
    }  # fmt: skip
    return ReconciledUsage(**(row | columns))


def billed(cost: Any, quantity: int | None = None, meter: str = "input", **columns: Any) -> ReconciledBill:
    row: dict[str, Any] = {
        "day": DAY, "source": "bill", "channel": "openai", "provider": "openai", "account": "proj_1", "project": "chat",
        "names_project": True, "invoice": "INV-1", "category": "Usage", "charge_class": None, "sku": f"mini {meter}", "meter": meter,
        "model": "mini", "service_tier": None, "region": None, "finality": "provisional", "lines": 1,
        "quantity": None if quantity is None else Decimal(quantity), "billed_cost": Decimal(cost), "decimals": 9,
    }  # fmt: skip
    return ReconciledBill(**(row | columns))


def known(*prices: KnownPrice, **more: Any) -> Known:
    return Known(prices=prices, **({"logged": frozenset({"openai"})} | more))


def price(net: Decimal, meter: str = "input", **columns: Any) -> KnownPrice:
    row: dict[str, Any] = {
        "channel": "openai", "provider": "openai", "model": "mini", "meter": meter, "processing": "standard", "region": None, "tier": -1,
        "book": None, "agreement": None, "list_unit_price": net, "net_unit_price": net, "valid_from": None, "valid_to": None,
    }  # fmt: skip
    return KnownPrice(**(row | columns))


def told(found: Reconciled) -> list[tuple[str, str, str, Decimal]]:
    return [(row.meter, row.step, row.cause, row.amount.normalize()) for row in found.causes]


def test_views_that_tie_have_no_cause() -> None:
    found = reconcile([used("provider", 1000), used("log", 1000)], [billed(1000 * NET, 1000)], known())
    assert found.causes == []
    (cell,) = found.cells
    assert (cell.billed_cost, cell.provider_cost, cell.logged_cost, cell.difference) == (Decimal("0.003"),) * 3 + (0,)
    assert (cell.account, cell.invoice, cell.finality) == ("proj_1", "INV-1", "provisional")


def test_a_view_that_does_not_speak_is_null_and_no_difference() -> None:
    (cell,) = reconcile([used("log", 1000)], [], known()).cells
    assert (cell.billed_cost, cell.provider_cost, cell.logged_cost, cell.difference) == (None, None, Decimal("0.003"), 0)
    (cell,) = reconcile([used("provider", 1000)], [], known(logged=frozenset())).cells
    assert (cell.logged_cost, cell.difference, cell.finality) == (None, 0, "open")


def test_a_silent_log_of_a_channel_that_is_logged_is_unlogged() -> None:
    found = reconcile([used("provider", 1000)], [], known())
    assert told(found) == [("input", "usage", UNLOGGED, Decimal("0.003"))]
    assert found.causes[0].evidence == "the provider's count has 1,000, the logs none (tokens)"


@pytest.mark.parametrize(("count", "cause", "amount"), [(1200, UNLOGGED, "0.0006"), (700, UNBILLED, "-0.0009")])
def test_more_or_less_than_the_logs(count: int, cause: str, amount: str) -> None:
    found = reconcile([used("log", 1000)], [billed(count * NET, count)], known())
    assert told(found) == [("input", "bill", cause, Decimal(amount))]
    assert found.causes[0].quantity == count - 1000


def test_a_bill_without_quantities_tells_them_by_its_price() -> None:
    found = reconcile([used("log", 1001)], [billed(1200 * NET)], known(price(NET)))
    assert [(row.cause, row.quantity) for row in found.causes] == [(UNLOGGED, 199)]
    assert found.causes[0].evidence == "the bill has 1,200, as its amount tells at 0.000003 (our price), the logs 1,001 (tokens)"


def test_the_list_price_instead_of_the_agreed_one() -> None:
    found = reconcile([used("log", 1000)], [billed(1000 * LISTED, 1000)], known(price(NET, list_unit_price=LISTED)))
    assert told(found) == [("input", "bill", PRICE, Decimal("0.001"))]
    assert found.causes[0].evidence == "the bill has it at 0.000004 (the list price), the logs at 0.000003"
    assert found.causes[0].mend == (
        '- {provider: openai, model: mini, meter: input, unit_price: 0.000004, valid_from: 2026-10-02, source: "the bill"}'
    )


def test_a_discount_that_nobody_wrote_down() -> None:
    found = reconcile([used("log", 1000)], [billed(1000 * LISTED * Decimal("0.85"))], known(price(NET)))
    assert told(found) == [("input", "bill", PRICE, Decimal("0.0004"))]
    assert "15 % below the list price" in found.causes[0].evidence
    assert found.causes[0].mend == (
        '- {provider: openai, model: mini, meter: input, discount_percent: 15, valid_from: 2026-10-02, source: "the bill"}'
    )
    agreed = reconcile([used("log", 1000, agreement="contract")], [billed(1000 * LISTED * Decimal("1.2"), 1000)], known(price(NET)))
    assert "20 % above the list price" in agreed.causes[0].evidence
    assert "unit_price: 0.0000048" in str(agreed.causes[0].mend)


def test_the_price_of_another_book() -> None:
    other = price(Decimal("0.0000037"), book="installed")
    found = reconcile([used("log", 1003)], [billed(1003 * Decimal("0.0000037"), 1003)], known(other))
    assert told(found) == [("input", "bill", PRICE, Decimal("0.0007021"))]
    assert found.causes[0].mend == "usage-pipeline prices adopt --from 2026-10-02"


def test_usage_without_a_rate() -> None:
    found = reconcile([used("log", 1000, price_state="unresolved_model")], [billed("0.0031", 1000)], known())
    assert told(found) == [("input", "bill", PRICE, Decimal("0.0031"))]
    assert "no price (mini: unresolved_model)" in found.causes[0].evidence


def test_a_model_by_another_name_is_an_alias() -> None:
    log = used("log", 777, named="prod-chat", model="prod-chat", price_state="unresolved_model")
    found = reconcile([used("provider", 777), log], [], known())
    assert [(row.model, row.cause, row.amount.normalize()) for row in found.causes] == [
        ("mini", PRICE, Decimal("0.002331")),
        ("prod-chat", PRICE, Decimal(0)),
    ]
    assert {row.mend for row in found.causes} == {"- {name: prod-chat, model: mini}"}


def test_batch_in_one_view_and_standard_in_the_other() -> None:
    batch = used("provider", 1000, processing="batch", times=Decimal("0.5"))
    found = reconcile([batch, used("log", 1000)], [], known())
    assert told(found) == [("input", "usage", PROCESSING, Decimal("-0.0015"))]


def test_batch_at_the_list_price_is_both() -> None:
    half = price(NET / 2, list_unit_price=LISTED / 2, processing="batch")
    found = reconcile([used("log", 1000)], [billed(1000 * LISTED / 2, 1000, service_tier="batch")], known(half))
    assert told(found) == [("input", "bill", PRICE, Decimal("0.0005")), ("input", "bill", PROCESSING, Decimal("-0.0015"))]


def test_long_context_that_a_count_of_many_requests_does_not_tell() -> None:
    log = [used("log", 600), used("log", 400, tier=200_000, times=2)]
    found = reconcile([used("provider", 1000), *log], [billed(600 * NET + 400 * 2 * NET, 1000)], known(price(2 * NET, tier=200_000)))
    assert told(found) == [("input", "bill", TIER, Decimal("0.0012")), ("input", "usage", TIER, Decimal("-0.0012"))]


def test_cached_in_one_view_and_not_in_the_other() -> None:
    count = [used("provider", 600), used("provider", 400, "cache_read"), used("provider", 50, "output")]
    found = reconcile([*count, used("log", 1000, is_unsplit=True), used("log", 50, "output")], [], known())
    assert told(found) == [("cache_read", "usage", CACHE, Decimal("0.00012")), ("input", "usage", CACHE, Decimal("-0.0012"))]
    assert found.causes[0].evidence == (
        "400 tokens are cache_read in the provider's count and input in the logs, which do not tell cached tokens apart"
    )


def test_a_bill_that_does_not_tell_images_from_text() -> None:
    usage = [replace(used(view, 900, "output"), meter="output_image") for view in ("provider", "log")]
    found = reconcile(usage, [billed(900 * 5 * NET, 900, "output")], known())
    assert told(found) == [("output", "bill", CACHE, Decimal("0.0135")), ("output_image", "bill", CACHE, Decimal("-0.0135"))]


def test_a_log_without_cached_tokens_and_without_some_requests() -> None:
    count = [used("provider", 6000), used("provider", 4000, "cache_read")]
    found = reconcile([*count, used("log", 5000)], [], known())
    assert [(row.meter, row.cause, row.quantity) for row in found.causes] == [
        ("cache_read", CACHE, 2000), ("cache_read", UNLOGGED, 2000), ("input", CACHE, -2000), ("input", UNLOGGED, 3000),
    ]  # fmt: skip


def test_requests_over_midnight_by_the_logs_own_times() -> None:
    count = [used("provider", 900), used("provider", 1100, day=NEXT)]
    log = [used("log", 800), used("log", 100, is_crossing=True), used("log", 50), used("log", 1000, day=NEXT)]
    found = reconcile([*count, *log], [], known())
    assert [(row.day, row.cause, row.quantity) for row in found.causes] == [
        (DAY, BOUNDARY, -50),
        (NEXT, BOUNDARY, 50),
        (NEXT, UNLOGGED, 50),
    ]
    assert "started on 2026-10-02 and ended on 2026-10-03" in found.causes[0].evidence


def test_equal_and_opposite_on_neighbouring_days() -> None:
    count = [used("provider", 900), used("provider", 1100, day=NEXT)]
    found = reconcile([*count, used("log", 1000), used("log", 1000, day=NEXT)], [], known())
    assert [(row.day, row.cause, row.quantity) for row in found.causes] == [(DAY, BOUNDARY, -100), (NEXT, BOUNDARY, 100)]
    alone = reconcile([*count, used("log", 1000), used("log", 1000, day=NEXT)], [], known(), [DAY])
    assert alone.causes == found.causes[:1]
    assert {row.day for row in alone.cells} == {DAY}


def test_lines_rounded_to_cents() -> None:
    found = reconcile([used("log", 7_777_777)], [billed("23.33", 7_777_777, decimals=2)], known())
    assert told(found) == [("input", "bill", ROUNDING, Decimal("-0.003331"))]
    assert found.causes[0].evidence == "1 line of the bill, rounded to 0.01 each"


def converted(cost: str, quantity: int | None = None, rate: str = "1.1725", **columns: Any) -> ReconciledBill:
    """A line of so many euros."""
    told = {"original_cost": Decimal(cost), "original_currency": "EUR", "exchange_rate": Decimal(rate), "decimals": 2}
    return billed(money.exact(Decimal(cost) * Decimal(rate)), quantity, **(told | columns))


def test_a_converted_bill_is_rounded_in_its_own_currency() -> None:
    """7,777,777 × 0.000003 USD are 23.333331 USD and 19.9005… EUR, of which the bill says 19.90."""
    found = reconcile([used("log", 7_777_777)], [converted("19.90", 7_777_777)], known())
    assert told(found) == [("input", "bill", ROUNDING, Decimal("-0.000581"))]
    assert found.causes[0].evidence == "1 line of the bill, rounded to 0.01 EUR each"


@pytest.mark.parametrize("rate", ["1.1725", "0.853242320819113", "162.37", "1.171212121212121"])
def test_conversion_alone_leaves_nothing_unexplained(rate: str) -> None:
    """Amounts that are exact in euros, at any rate: what the last digit loses is rounding."""
    for number in range(1, 60):
        cost = 1013 * number * NET
        own = money.in_proportion(cost, Decimal(1), Decimal(rate))
        line = converted(str(own), 1013 * number, rate, decimals=15)
        found = reconcile([used("log", 1013 * number)], [line], known())
        assert {row.cause for row in found.causes} <= {ROUNDING}
        assert abs(sum(row.amount for row in found.causes)) <= 200 * money.SMALLEST


def test_a_price_in_another_currency_is_another_price() -> None:
    found = reconcile([used("log", 1_000_000)], [converted("2.6", 1_000_000, decimals=9)], known(price(NET)))
    assert told(found) == [("input", "bill", PRICE, Decimal("0.0485"))]
    assert (
        found.causes[0].evidence
        == "the bill has it at 0.0000030485 (0.0000026 EUR on the bill, at the rate of the day), the logs at 0.000003"
    )
    assert found.causes[0].mend is None
    odd = reconcile([used("log", 1_000_013)], [converted("2.5123457", 1_000_013, decimals=9)], known(price(NET)))
    assert [row.cause for row in odd.causes] == [PRICE]
    far = reconcile([used("log", 1_000_013)], [converted("9.5123457", 1_000_013, decimals=9)], known(price(NET)))
    assert [row.cause for row in far.causes] == [UNEXPLAINED]


def test_a_part_of_a_line_for_a_month_is_rounded_as_its_whole() -> None:
    """7,777,777 a day are 723.333261 in 31 days, which the bill rounds to cents."""
    day = money.in_proportion(Decimal("723.33"), Decimal(1), Decimal(31))
    found = reconcile([used("log", 7_777_777)], [billed(day, 7_777_777, decimals=2, days=31)], known())
    assert [row.cause for row in found.causes] == [ROUNDING]
    other = money.in_proportion(Decimal("723.38"), Decimal(1), Decimal(31))
    assert UNEXPLAINED in {
        row.cause for row in reconcile([used("log", 7_777_777)], [billed(other, 7_777_777, decimals=2, days=31)], known(price(NET))).causes
    }


def test_lines_that_are_no_usage_are_causes_of_their_own() -> None:
    extras = [
        billed("-1.5", meter="unmapped", model=None, category="Credit", sku="promotion"),
        billed("0.7", meter="unmapped", model=None, category="Tax", sku="VAT"),
        billed("9", meter="unmapped", model=None, category="Purchase", sku="seats"),
        billed("-0.2", meter="unmapped", model=None, charge_class="Correction", sku="taken back"),
    ]
    found = reconcile([used("log", 1000)], [billed(1000 * NET, 1000), *extras], known())
    assert {(row.cause, row.amount.normalize()) for row in found.causes} == {
        (CREDIT, Decimal("-1.5")), (TAX, Decimal("0.7")), (ADJUSTMENT, Decimal(9)), (ADJUSTMENT, Decimal("-0.2")),
    }  # fmt: skip


def test_a_day_that_is_not_final_yet() -> None:
    words = {("openai", DAY): "the provider may still change the day"}
    found = reconcile([used("log", 1000)], [billed(700 * NET, 700)], known(open_days=words))
    assert told(found) == [("input", "bill", NOT_FINAL, Decimal("-0.0009"))]
    assert found.causes[0].mend == "usage-pipeline run --from 2026-10-02 --to 2026-10-02"
    more = reconcile([used("log", 700)], [billed(1000 * NET, 1000)], known(open_days=words))
    assert [row.cause for row in more.causes] == [UNLOGGED]


def test_an_amount_that_nothing_explains() -> None:
    found = reconcile([used("log", 1013)], [billed(1013 * NET + Decimal("1.37123"), 1013)], known())
    assert told(found) == [("input", "bill", UNEXPLAINED, Decimal("1.37123"))]


def test_a_charge_that_nothing_counts() -> None:
    found = reconcile([used("log", 1000)], [billed(1000 * NET, 1000), billed("2.5", meter="unmapped", model=None, sku="storage")], known())
    assert told(found) == [("unmapped", "bill", UNLOGGED, Decimal("2.5"))]
    assert found.causes[0].evidence == "billed without a quantity (storage); the logs have nothing of it"


def test_one_project_on_the_bill_another_in_the_logs() -> None:
    found = reconcile([used("log", 1000, project=None), used("log", 5, project="other")], [billed(1000 * NET, 1000)], known())
    assert [(row.project, row.cause) for row in found.causes] == [("chat", UNLOGGED), ("other", UNBILLED), ("unattributed", UNBILLED)]
    assert found.causes[0].mend == "usage-pipeline coverage --from 2026-10-02 --to 2026-10-02 --unowned"
    assert "it is the other way round under unattributed" in found.causes[0].evidence


def test_dimensions_that_a_view_does_not_name_are_left_out() -> None:
    shared = billed(3000 * NET, 3000, project=None, names_project=False)
    usage = [used("log", 1000), used("log", 2000, project="other")]
    (cell,) = reconcile(usage, [shared], known()).cells
    assert (cell.project, cell.model, cell.logged_quantity, cell.difference) == (None, "mini", 3000, 0)
    nameless = [used("log", 3000, project=None)]
    (cell,) = reconcile(nameless, [billed(3000 * NET, 3000)], known()).cells
    assert (cell.project, cell.difference) == (None, 0)
    whole = billed(1000 * NET + 100 * 5 * NET, meter="unmapped")
    (cell,) = reconcile([used("log", 1000), used("log", 100, "output")], [whole], known()).cells
    assert (cell.meter, cell.billed_quantity, cell.logged_quantity, cell.difference) == ("unmapped", None, None, 0)


@pytest.mark.parametrize(
    ("cost", "cause", "words"),
    [
        ("0.006", PRICE, "the list price"),
        ("0.0051", PRICE, "15 % below the list price"),
        ("0.0061237", UNEXPLAINED, "the bill has 0.0061237, the logs 0.0045 at our prices: the bill tells neither meter nor quantity"),
        ("0.0031237", UNEXPLAINED, "the bill has 0.0031237, the logs 0.0045 at our prices"),
        ("0.7", UNEXPLAINED, "the bill has 0.7, the logs 0.0045 at our prices"),
    ],
)
def test_a_bill_that_names_no_meter_is_compared_in_money(cost: str, cause: str, words: str) -> None:
    usage = [used("log", 1000), used("log", 100, "output")]
    found = reconcile(usage, [billed(cost, meter="unmapped")], known(price(NET)))
    assert {row.cause for row in found.causes} == {cause}
    assert sum(row.amount for row in found.causes) == Decimal(cost) - Decimal("0.0045")
    assert words in found.causes[0].evidence


def test_two_counts_beside_a_bill_that_names_no_meter() -> None:
    usage = [used("provider", 1000), used("provider", 100, "output"), used("log", 900), used("log", 60, "output")]
    found = reconcile(usage, [billed(Decimal("0.0045"), meter="unmapped")], known())
    assert told(found) == [("unmapped", "usage", UNLOGGED, Decimal("0.0009"))]


def test_sums_that_do_not_hold_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("usage_pipeline.costs.reconcile.name_rest", lambda *_: None)
    with pytest.raises(AccountingError, match="what is left of step bill"):
        reconcile([used("log", 1000)], [billed(1200 * NET, 1200)], known())


def test_money_without_units_goes_as_a_whole() -> None:
    """A request that was never answered, say, beside a bill's line that takes units back."""
    part, rest = Lot(quantity=Decimal(0), cost=Decimal("1.5")).part(Decimal(-3))
    assert rest is not None
    assert part.cost + rest.cost == Decimal("1.5")
